"""What is on the rehearsal Hub loads with `datasets`, `transformers`, the `hf` command and git."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rehearsal_server import ORGS, TOKENS, client_environment, run_client

from hub.rehearsal.serve import running


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("root"), TOKENS, ORGS) as address:
        yield address


LIBRARIES = r"""
from datasets import Dataset, get_dataset_config_names, load_dataset
from huggingface_hub import HfApi

rows = {"text": ["un", "deux", "trois"], "n": [1, 2, 3]}
Dataset.from_dict(rows).push_to_hub("lab/corpus", config_name="commercial")
Dataset.from_dict(rows).push_to_hub("lab/corpus", config_name="research", split="test")
assert sorted(get_dataset_config_names("lab/corpus")) == ["commercial", "research"]
loaded = load_dataset("lab/corpus", "commercial", split="train")
assert loaded["text"] == rows["text"]
streamed = load_dataset("lab/corpus", "research", split="test", streaming=True)
assert [row["n"] for row in streamed] == [1, 2, 3]

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast,
)

torch.manual_seed(0)
config = LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=32, num_hidden_layers=1,
                     num_attention_heads=2, num_key_value_heads=2)
model = LlamaForCausalLM(config)
words = Tokenizer(models.WordLevel({"<unk>": 0, "le": 1, "foie": 2}, unk_token="<unk>"))
words.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>")
model.push_to_hub("lab/tiny")
tokenizer.push_to_hub("lab/tiny")
HfApi().create_tag("lab/tiny", tag="v0.1.0")
HfApi().upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="lab/tiny")

again = AutoModelForCausalLM.from_pretrained("lab/tiny", revision="v0.1.0")
assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
assert AutoTokenizer.from_pretrained("lab/tiny", revision="v0.1.0")("le foie").input_ids == [1, 2]

from transformers import pipeline
commit = HfApi().model_info("lab/tiny", revision="v0.1.0").sha
write = pipeline("text-generation", model="lab/tiny", revision=commit)
assert write("le foie", max_new_tokens=2, do_sample=False)[0]["generated_text"].startswith("le")
print("all loaded")
"""


def test_datasets_and_transformers_load(url: str, tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    pytest.importorskip("transformers")
    environment = client_environment(url, tmp_path / "home", xet=True)
    assert run_client(LIBRARIES, environment).strip().endswith("all loaded")


def test_the_hf_command_uploads_and_downloads(url: str, tmp_path: Path) -> None:
    environment = client_environment(url, tmp_path / "home", xet=False)
    program = str(Path(sys.executable).parent / "hf")

    def hf(*arguments: str) -> str:
        command = [program, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "demo" in hf("auth", "whoami")
    (tmp_path / "weights.bin").write_bytes(bytes(range(256)) * 100)
    hf("upload", "demo/from-hf", str(tmp_path / "weights.bin"))
    hf("download", "demo/from-hf", "weights.bin", "--local-dir", str(tmp_path / "down"))
    assert (tmp_path / "down/weights.bin").read_bytes() == bytes(range(256)) * 100


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_clones(url: str, tmp_path: Path) -> None:
    script = (
        "from huggingface_hub import HfApi; api = HfApi(); api.create_repo('demo/cloned')\n"
        "api.upload_file(repo_id='demo/cloned', path_in_repo='a/b.txt', path_or_fileobj=b'here')\n"
        "api.upload_file(repo_id='demo/cloned', path_in_repo='w.bin', path_or_fileobj=b'large')\n"
    )
    run_client(script, client_environment(url, tmp_path / "home", xet=False))
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    command = ["git", "clone", "-q", f"{url}/demo/cloned", str(tmp_path / "clone")]
    subprocess.run(command, env=environment, check=True, timeout=60)
    assert (tmp_path / "clone/a/b.txt").read_text() == "here"
    assert "oid sha256:" in (tmp_path / "clone/w.bin").read_text()
