"""What a run can be asked for: kept checkpoints, replay, adapters, other packing; and its end."""

import math
from pathlib import Path
from typing import Any

import pytest
from test_training_pretrain import TINY, make_corpus, toy_texts

from hub.manifest import Artefact, Outcome
from hub.model_folder import scan
from training.checkpoints import check_headers
from training.pretrain import Run, kept_checkpoints, kept_folder, pretrain
from training.settings import TinyModel, TrainingError, TrainingSettings
from training.tiny import create

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Artefact]:
    root = tmp_path_factory.mktemp("runs")
    corpus = make_corpus(root / "corpus", toy_texts())
    create(TinyModel(**TINY), corpus, root / "base")
    return root / "base", corpus


def settings(**more: Any) -> TrainingSettings:
    fields = {
        "max_steps": 3, "learning_rate": 1e-3, "gradient_accumulation_steps": 2,
        "save_strategy": "no", **more.pop("sft_config", {}),
    }  # fmt: skip
    return TrainingSettings(base="base", corpus="toy", threads=1, sft_config=fields, **more)


def trained(
    base: tuple[Path, Artefact], folder: Path, chosen: TrainingSettings, **more: Any
) -> tuple[Outcome, Run]:
    run = Run(*base, folder / "out", folder / "scratch", **more)
    return pretrain(chosen, run, lambda line: None), run


def test_checkpoints_asked_for_stay_as_models(base: tuple[Path, Artefact], tmp_path: Path) -> None:
    chosen = settings(checkpoints=(1, 3))
    outcome, run = trained(base, tmp_path, chosen)
    kept = kept_checkpoints(chosen, run)
    assert [kept[step].numbers["tokens_seen"].value for step in (1, 3)] == sorted(
        kept[step].numbers["tokens_seen"].value for step in (1, 3)
    )
    assert kept[3].payload == outcome.payload
    for name in outcome.payload:
        last = (kept_folder(run.scratch, 3) / name).read_bytes()
        assert last == (run.out / name).read_bytes(), name
    early = (kept_folder(run.scratch, 1) / "model.safetensors").read_bytes()
    assert early != (run.out / "model.safetensors").read_bytes()
    with pytest.raises(TrainingError, match="there is no checkpoint of step 9"):
        kept_checkpoints(settings(checkpoints=(9,)), run)


def test_general_text_is_replayed_in_its_share(base: tuple[Path, Artefact], tmp_path: Path) -> None:
    general = make_corpus(tmp_path / "general", toy_texts()[:30])
    chosen = settings(replay={"corpus": "general", "share": 0.5})
    outcome, _ = trained(base, tmp_path, chosen, replay=general)
    assert outcome.numbers["replay_share"].value == pytest.approx(50, abs=1)
    assert outcome.numbers["tokens_dropped"].value == 0


def test_adapters_train_and_the_whole_model_is_saved(
    base: tuple[Path, Artefact], tmp_path: Path
) -> None:
    _, run = trained(base, tmp_path, settings(lora={"r": 4}))
    assert scan(run.out) == scan(base[0])
    assert (run.out / "model.safetensors").read_bytes() != (
        base[0] / "model.safetensors"
    ).read_bytes()


def test_windows_that_overlap_are_trained_and_counted(
    base: tuple[Path, Artefact], tmp_path: Path
) -> None:
    outcome, _ = trained(base, tmp_path, settings(packing="overlap"))
    assert outcome.numbers["tokens_repeated"].value > 0
    assert outcome.numbers["packing_fill"].value < 90


@pytest.mark.parametrize("norm", [math.nan, 1e9])
def test_exploding_gradients_stop_before_they_are_saved(
    base: tuple[Path, Artefact], tmp_path: Path, norm: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The norm is set by hand: a toy's own never explodes while its loss is a number."""
    from training import trainer

    monkeypatch.setattr(trainer, "SETTLED", 1)
    theirs = trainer.ExactTrainer._get_grad_norm

    def exploding(self: Any, model: Any, grad_norm: Any = None) -> Any:
        return norm if self.state.global_step == 2 else theirs(self, model, grad_norm)

    monkeypatch.setattr(trainer.ExactTrainer, "_get_grad_norm", exploding)
    chosen = settings(sft_config={"save_strategy": "steps", "save_steps": 1})
    with pytest.raises(TrainingError, match=r"gradients exploded at step 3 .*last checkpoint"):
        trained(base, tmp_path, chosen)
    saved = sorted(path.name for path in (tmp_path / "scratch").glob("checkpoint-*"))
    assert saved == ["checkpoint-1", "checkpoint-2"]
    assert check_headers(tmp_path / "scratch" / "checkpoint-2")


def test_a_tokenizer_of_another_model_is_an_error(
    base: tuple[Path, Artefact], tmp_path: Path
) -> None:
    import shutil

    other = tmp_path / "other"
    create(TinyModel(**TINY | {"vocab_size": 390}), base[1], other)
    mixed = tmp_path / "mixed"
    shutil.copytree(base[0], mixed)
    shutil.copy(other / "tokenizer.json", mixed / "tokenizer.json")
    with pytest.raises(TrainingError, match="knows 390 tokens, but the model only 384"):
        trained((mixed, base[1]), tmp_path, settings())


def test_empty_tensors_are_noticed(tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    save_file({"lm_head.weight": np.zeros((0, 4))}, tmp_path / "model.safetensors")
    with pytest.raises(TrainingError, match=r"lm_head\.weight was saved empty"):
        check_headers(tmp_path)
    save_file({"lm_head.weight": np.zeros((9, 4))}, tmp_path / "model.safetensors")
    data = (tmp_path / "model.safetensors").read_bytes()
    for size in (len(data) - 8, 20, 4):
        (tmp_path / "model.safetensors").write_bytes(data[:size])
        with pytest.raises(TrainingError, match="was cut short"):
            check_headers(tmp_path)
    save_file({}, tmp_path / "model.safetensors")
    with pytest.raises(TrainingError, match="no weights were saved"):
        check_headers(tmp_path)
