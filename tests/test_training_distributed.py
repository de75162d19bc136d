"""Two processes on CPUs: really sharded, the losses of one process, weights whole, exact resume."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from test_environment import PLANTED, processes_with
from test_training_pretrain import TINY, make_corpus, toy_texts

from hub.manifest import Artefact
from training.checkpoints import WHOLE
from training.pretrain import CURVE, Run, pretrain
from training.settings import TinyModel, TrainingError, TrainingSettings
from training.tiny import create

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

STEPS = 4


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Artefact]:
    root = tmp_path_factory.mktemp("distributed")
    corpus = make_corpus(root / "corpus", toy_texts())
    create(TinyModel(**TINY), corpus, root / "base")
    return root / "base", corpus


def settings(system: str, processes: int, **more: Any) -> TrainingSettings:
    """The same eight sequences a step, whoever reads them."""
    fields = {
        "max_steps": STEPS, "learning_rate": 1e-3, "save_steps": 2,
        "gradient_accumulation_steps": 8 // processes, **more,
    }  # fmt: skip
    return TrainingSettings(
        base="base", corpus="toy", sft_config=fields, system=system, processes=processes, threads=1
    )


def losses(folder: Path) -> list[float]:
    return [entry["loss"] for entry in json.loads((folder / CURVE).read_bytes())]


@pytest.fixture(scope="module")
def alone(base: tuple[Path, Artefact], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("alone")
    run = Run(*base, root / "out", root / "scratch")
    pretrain(settings("cpu", 1), run, lambda line: None)
    return root / "out"


@pytest.mark.parametrize("system", ["zero3", "fsdp2"])
def test_two_processes_train_what_one_does(
    system: str,
    base: tuple[Path, Artefact],
    alone: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from safetensors.numpy import load_file

    monkeypatch.setenv("HF_TOKEN", PLANTED)
    run = Run(*base, tmp_path / "out", tmp_path / "scratch")
    lines: list[str] = []
    having_the_token: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        having_the_token.extend(processes_with(PLANTED))

    outcome = pretrain(settings(system, 2), run, say)
    assert not having_the_token
    assert losses(run.out) == pytest.approx(losses(alone), rel=1e-4)
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (run.out, alone))
    assert {name: w.shape for name, w in ours.items()} == {n: w.shape for n, w in theirs.items()}
    for name, weight in ours.items():
        assert weight == pytest.approx(theirs[name], abs=2e-4), name
    assert outcome.numbers["tokens_dropped"].value == 0
    assert any("step 4/4" in line for line in lines)

    # Killed after its second step: the rest again, to the same bytes.
    whole = (run.out / "model.safetensors").read_bytes()
    shutil.rmtree(run.out)
    shutil.rmtree(run.scratch / "model")
    (run.scratch / "answer.json").unlink()
    (run.scratch / "checkpoint-4" / WHOLE).unlink()
    pretrain(settings(system, 2), run, lines.append)
    assert any("resuming after step 2" in line for line in lines)
    assert (run.out / "model.safetensors").read_bytes() == whole

    with pytest.raises(TrainingError, match="saved by 2 processes and cannot be resumed by 1"):
        pretrain(settings("cpu", 1), run, lines.append)
