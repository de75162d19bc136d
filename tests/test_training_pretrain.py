"""Training on a toy: real runs of two layers, killed and resumed, compared byte by byte."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hub.manifest import Artefact, MadeBy, Manifest, artefact_digest, describe_files, write_manifest
from training.arguments import build
from training.checkpoints import WHOLE, last_whole
from training.pretrain import CURVE, Run, pretrain
from training.settings import TinyModel, TrainingError, TrainingSettings
from training.tiny import create

pytestmark = [
    # transformers and its friends warn about their own next versions
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

TINY: dict[str, Any] = {
    "corpus": "toy",
    "licence": "CC0-1.0",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "intermediate_size": 128,
    "vocab_size": 384,
    "max_position_embeddings": 64,
}
SIX_STEPS: dict[str, Any] = {"max_steps": 6, "learning_rate": 1e-3, "save_steps": 1}
VOCABULARY = """
le la un une patient médecin douleur fièvre soir matin ville rue été hiver lit eau main température
tension examen marche parle écrit voit prend donne après avant très bien mal
"""


@dataclass(frozen=True)
class Toy:
    base: Path
    corpus: Artefact
    undisturbed: Path
    scratch: Path


def make_corpus(folder: Path, texts: list[str]) -> Artefact:
    """A corpus artefact in two shards, as the corpus stage leaves it."""
    (folder / "data").mkdir(parents=True)
    half = len(texts) // 2
    for number, part in enumerate((texts[:half], texts[half:])):
        table = pa.table({"text": pa.array(part, pa.string())})
        pq.write_table(table, folder / f"data/train-{number:05}.parquet")
    files = describe_files(folder, [f"data/{path.name}" for path in (folder / "data").iterdir()])
    made_by = MadeBy(
        code="0", packages={}, command="", machine="", accelerator="", wall_seconds=0, cpu_seconds=0
    )
    manifest = Manifest(
        kind="corpus", name="toy", key="0" * 64, digest=artefact_digest("corpus", files),
        files=files, inputs=(), recipe={}, numbers={}, licence=("CC0-1.0",), made_by=made_by,
    )  # fmt: skip
    return write_manifest(folder, manifest)


def toy_texts() -> list[str]:
    chance, words = random.Random(0), VOCABULARY.split()
    return [" ".join(chance.choices(words, k=chance.randint(5, 120))) + "." for _ in range(80)]


def train(toy: Toy, out: Path, scratch: Path, **sft_config: Any) -> Any:
    settings = TrainingSettings(base="base", corpus="toy", sft_config=SIX_STEPS | sft_config)
    return pretrain(settings, Run(toy.base, toy.corpus, out, scratch), lambda line: None)


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    root = tmp_path_factory.mktemp("toy")
    corpus = make_corpus(root / "corpus", toy_texts())
    create(TinyModel(**TINY), corpus, root / "base")
    toy = Toy(root / "base", corpus, root / "undisturbed", root / "scratch")
    train(toy, toy.undisturbed, toy.scratch, save_total_limit=6)
    return toy


def test_the_tiny_model_is_the_same_bytes_anywhere(toy: Toy, tmp_path: Path) -> None:
    outcome = create(TinyModel(**TINY), toy.corpus, tmp_path / "elsewhere")
    assert outcome.licence == ("CC0-1.0",)
    assert outcome.payload == (
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
    )  # fmt: skip
    for name in outcome.payload:
        assert (tmp_path / "elsewhere" / name).read_bytes() == (toy.base / name).read_bytes(), name


def test_the_tiny_tokenizer_gives_back_any_text(toy: Toy) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(toy.base)
    for text in ("38,5 °C après 2 × 500 mg", "日本語 العربية", " deux  espaces\n\tet lignes "):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("<|endoftext|>", "<|pad|>")


def test_a_corpus_too_small_for_the_vocabulary_is_an_error(toy: Toy, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"vocabulary of only \d+ tokens"):
        create(TinyModel(**TINY | {"vocab_size": 4096}), toy.corpus, tmp_path)


def test_another_folder_gives_the_same_bytes(toy: Toy, tmp_path: Path) -> None:
    outcome = train(toy, tmp_path / "out", tmp_path / "scratch")
    for name in (*outcome.payload, CURVE):
        assert (tmp_path / "out" / name).read_bytes() == (toy.undisturbed / name).read_bytes(), name
    assert weights(toy.undisturbed) != weights(toy.base)


def test_every_token_is_trained_on_and_counted(toy: Toy, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(toy.base)
    expected = sum(len(tokenizer(text)["input_ids"]) + 1 for text in toy_texts())
    epoch = {"max_steps": -1, "num_train_epochs": 1, "save_strategy": "no"}
    numbers = train(toy, tmp_path / "out", tmp_path / "scratch", **epoch).numbers
    assert numbers["corpus_tokens"].value == numbers["tokens_seen"].value == expected
    assert numbers["tokens_dropped"].value == 0
    assert numbers["documents"].value == 80
    assert 80 < numbers["packing_fill"].value <= 100


def test_what_is_saved_is_the_model_and_nothing_of_this_machine(toy: Toy) -> None:
    names = {path.name for path in toy.undisturbed.iterdir()}
    assert names == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json", CURVE,
    }  # fmt: skip
    for path in toy.undisturbed.iterdir():
        assert str(toy.base.parent).encode() not in path.read_bytes(), path.name
    config = json.loads((toy.undisturbed / "config.json").read_bytes())
    assert config == json.loads((toy.base / "config.json").read_bytes())
    curve = json.loads((toy.undisturbed / CURVE).read_bytes())
    assert [entry["step"] for entry in curve] == [1, 2, 3, 4, 5, 6]
    assert curve[-1]["loss"] < curve[0]["loss"]


def test_killed_while_saving_it_ends_with_the_same_bytes(toy: Toy, tmp_path: Path) -> None:
    out, scratch = tmp_path / "out", tmp_path / "scratch"
    program = (
        "import sys; from pathlib import Path; from hub.manifest import read_artefact;"
        "from training.pretrain import Run, pretrain;"
        "from training.settings import TrainingSettings;"
        "base, corpus, out, scratch, settings = sys.argv[1:];"
        "run = Run(Path(base), read_artefact(Path(corpus)), Path(out), Path(scratch));"
        "pretrain(TrainingSettings.model_validate_json(settings), run, print)"
    )
    settings = TrainingSettings(base="base", corpus="toy", sft_config=SIX_STEPS)
    arguments = [toy.base, toy.corpus.folder, out, scratch, settings.model_dump_json()]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not (scratch / "checkpoint-3").exists() and process.poll() is None:
        assert time.monotonic() < deadline, "the run never saved its third checkpoint"
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()

    train(toy, out, scratch)
    assert weights(out) == weights(toy.undisturbed)
    assert (out / CURVE).read_bytes() == (toy.undisturbed / CURVE).read_bytes()


def test_a_checkpoint_cut_short_is_skipped(toy: Toy, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    shutil.copytree(toy.scratch, scratch)
    for step in (5, 6):
        shutil.rmtree(scratch / f"checkpoint-{step}")
    (scratch / "checkpoint-4" / WHOLE).unlink()
    optimizer = scratch / "checkpoint-3" / "optimizer.pt"
    optimizer.write_bytes(optimizer.read_bytes()[:1000])
    assert last_whole(scratch) == scratch / "checkpoint-2"
    assert not optimizer.exists()

    train(toy, tmp_path / "out", scratch)
    assert weights(tmp_path / "out") == weights(toy.undisturbed)


def test_killed_after_the_last_step_only_saves(toy: Toy, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    shutil.copytree(toy.scratch, scratch)
    outcome = train(toy, tmp_path / "out", scratch)
    assert weights(tmp_path / "out") == weights(toy.undisturbed)
    assert "tokens_per_second" not in outcome.numbers
    assert outcome.numbers["steps"].value == 6


def test_our_loss_is_trls_loss(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training import trainer

    monkeypatch.setattr(trainer, "MAX_LOGITS", 0)
    train(toy, tmp_path / "out", tmp_path / "scratch", save_strategy="no")
    ours, theirs = (
        [entry["loss"] for entry in json.loads((folder / CURVE).read_bytes())]
        for folder in (toy.undisturbed, tmp_path / "out")
    )
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_a_loss_that_is_not_a_number_stops_the_run(toy: Toy, tmp_path: Path) -> None:
    wild = {"learning_rate": 1e30, "max_grad_norm": 0.0, "lr_scheduler_type": "constant"}
    with pytest.raises(TrainingError, match=r"not a number|not finite|exploded"):
        train(toy, tmp_path / "out", tmp_path / "scratch", **wild)
    assert not (tmp_path / "out").exists()


def test_an_unknown_field_is_named_with_the_one_that_was_meant(toy: Toy, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"learning_rte: did you mean learning_rate\?"):
        train(toy, tmp_path / "out", tmp_path / "scratch", learning_rte=1e-3)


def test_both_names_of_activation_checkpointing_work(tmp_path: Path) -> None:
    for name in ("activation_checkpointing", "gradient_checkpointing"):
        settings = TrainingSettings(base="base", corpus="toy", sft_config={name: True})
        assert build(settings, tmp_path, max_positions=64).activation_checkpointing
    plain = build(TrainingSettings(base="base", corpus="toy"), tmp_path, max_positions=64)
    assert not plain.activation_checkpointing
    assert not plain.bf16
    assert plain.max_length == 64


def test_a_sequence_longer_than_the_base_model_is_an_error(toy: Toy, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="positions for 2 to 64"):
        train(toy, tmp_path / "out", tmp_path / "scratch", max_length=65)


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_an_empty_corpus_is_an_error(toy: Toy, tmp_path: Path, texts: list[str]) -> None:
    empty = Toy(toy.base, make_corpus(tmp_path / "corpus", texts), tmp_path, tmp_path)
    with pytest.raises(TrainingError, match="corpus toy has no text"):
        train(empty, tmp_path / "out", tmp_path / "scratch")


def test_a_broken_shard_is_an_error(toy: Toy, tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus", toy_texts())
    (corpus.folder / "data/train-00001.parquet").write_bytes(b"PAR1 cut short")
    broken = Toy(toy.base, corpus, tmp_path, tmp_path)
    with pytest.raises(TrainingError, match=r"train-00001.parquet of corpus toy cannot be read"):
        train(broken, tmp_path / "out", tmp_path / "scratch")


def test_pickled_weights_are_refused(toy: Toy, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(toy.base, base)
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    pickled = Toy(base, toy.corpus, tmp_path, tmp_path)
    with pytest.raises(TrainingError, match="no safetensors weights"):
        train(pickled, tmp_path / "out", tmp_path / "scratch")


def test_a_tokenizer_without_an_end_of_text_is_an_error(toy: Toy, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(toy.base, base)
    path = base / "tokenizer_config.json"
    config = json.loads(path.read_bytes())
    del config["eos_token"]
    path.write_text(json.dumps(config), encoding="utf-8")
    endless = Toy(base, toy.corpus, tmp_path, tmp_path)
    with pytest.raises(TrainingError, match="no end-of-text token"):
        train(endless, tmp_path / "out", tmp_path / "scratch")
