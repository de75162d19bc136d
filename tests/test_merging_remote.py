"""Parents on a Hub: the same answers as from their folders, and no weights downloaded."""

import json
from pathlib import Path

import pytest
from merging_models import make_parents
from rehearsal_server import ORGS, TOKENS, client_environment, run_client

from hub.rehearsal.serve import running
from merging.headers import read

SCRIPT = r"""
import json, sys
from pathlib import Path
from huggingface_hub import HfApi
from merging import remote
from merging.headers import read
from merging.preflight import check
from merging.settings import MergeError

root = Path(sys.argv[1])
api = HfApi()
def push(name, **options):
    api.create_repo(f"lab/{name}")
    api.upload_folder(folder_path=root / name.split("-")[0], repo_id=f"lab/{name}", **options)
push("base")
push("adapted")
api.create_repo("lab/pickle")
api.upload_file(path_or_fileobj=b"x", path_in_repo="pytorch_model.bin", repo_id="lab/pickle")
api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="lab/pickle")
api.create_repo("lab/lora")
api.upload_file(path_or_fileobj=b"{}", path_in_repo="adapter_config.json", repo_id="lab/lora")
api.create_repo("lab/cut")
index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
api.upload_file(path_or_fileobj=b"{}", path_in_repo="config.json", repo_id="lab/cut")
api.upload_file(path_or_fileobj=json.dumps(index).encode(),
                path_in_repo="model.safetensors.index.json", repo_id="lab/cut")

found = remote.read("adapted", "lab/adapted", "main")
assert found == read("adapted", root / "adapted"), found
assert check({"base": root / "base", "adapted": found}) == []
said = {}
for name in ("pickle", "lora", "cut", "nowhere"):
    try:
        remote.read(name, f"lab/{name}", "main")
    except MergeError as error:
        said[name] = str(error)
downloaded = [path.name for path in Path(sys.argv[2]).rglob("*.safetensors")]
print(json.dumps([said, downloaded]))
"""


@pytest.mark.filterwarnings("ignore")
def test_headers_on_a_hub_tell_what_the_folder_tells(tmp_path: Path) -> None:
    parents = make_parents(tmp_path / "models")
    assert read("base", parents["base"]).tokens == {"eos_token": "<|endoftext|>"}
    home = tmp_path / "home"
    with running(tmp_path / "hub", TOKENS, ORGS) as url:
        environment = client_environment(url, home, xet=False)
        environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
        printed = run_client(SCRIPT, environment, str(tmp_path / "models"), str(home))
    said, downloaded = json.loads(printed.splitlines()[-1])
    assert downloaded == []
    assert "no safetensors weights" in said["pickle"]
    assert "is a LoRA adapter" in said["lora"]
    assert "lacks a weight file" in said["cut"]
    assert "there is no lab/nowhere" in said["nowhere"]
