"""Fine-tuning a toy with adapters: only the answers are learnt, nothing is cut."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_training_pretrain import TINY, make_corpus, toy_texts

from training.finetune import finetune, read
from training.settings import FineTuningSettings, TinyModel, TrainingError
from training.tiny import create

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("base")
    create(TinyModel(**TINY), make_corpus(root / "corpus", toy_texts()), root / "base")
    return root / "base"


def answers(path: Path, chat: bool, length: int = 3) -> Path:
    def side(role: str, text: str) -> Any:
        return [{"role": role, "content": text}] if chat else text

    rows = [
        {"prompt": side("user", "fièvre ?"), "completion": side("assistant", " oui" * length)},
        {"prompt": side("user", "douleur ?"), "completion": side("assistant", " non" * length)},
    ] * 8
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def tuned(base: Path, examples: Path, tmp_path: Path, **more: Any) -> Any:
    settings = FineTuningSettings.model_validate(
        {
            "base": "base", "examples": "qa", "lora": {"r": 4}, "threads": 1,
            "sft_config": {"max_steps": 4, "learning_rate": 1e-2, "save_strategy": "no",
                           "gradient_accumulation_steps": 2},
        } | more
    )  # fmt: skip
    return finetune(settings, base, [examples], tmp_path / "out", tmp_path / "s", lambda line: None)


def test_adapters_learn_the_answers_and_are_merged(base: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    examples = answers(tmp_path / "qa.jsonl", chat=True)
    outcome = tuned(base, examples, tmp_path, chat_template=TEMPLATE)
    curve = json.loads((tmp_path / "out" / "training_curve.json").read_bytes())
    assert curve[-1]["loss"] < curve[0]["loss"]
    before, after = (load_file(f / "model.safetensors") for f in (base, tmp_path / "out"))
    assert before.keys() == after.keys()
    changed = {name for name in before if (before[name] != after[name]).any()}
    assert changed
    assert all("_proj" in name for name in changed)
    assert "chat_template.jinja" in outcome.payload


def test_an_answer_that_would_be_cut_is_an_error(base: Path, tmp_path: Path) -> None:
    examples = answers(tmp_path / "qa.jsonl", chat=False, length=100)
    with pytest.raises(TrainingError, match=r"example 1 has \d+ tokens and max_length is 64"):
        tuned(base, examples, tmp_path)


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b'{"prompt": "a"}', b'{"prompt": "", "completion": "b"}',
     b'{"prompt": "\xff", "completion": "b"}'],
)  # fmt: skip
def test_what_is_no_example_is_named(line: bytes, base: Path, tmp_path: Path) -> None:
    examples = tmp_path / "qa.jsonl"
    examples.write_bytes(line + b"\n")
    with pytest.raises(TrainingError, match=r"line 1 of qa\.jsonl is not an example"):
        tuned(base, examples, tmp_path)


def test_only_a_line_end_ends_an_example(tmp_path: Path) -> None:
    pair = {"prompt": "fièvre\u2028ou\u0085douleur ?", "completion": "oui"}
    written = json.dumps(pair, ensure_ascii=False)
    (tmp_path / "qa.jsonl").write_bytes(f"{written}\r\n\n{written}\n".encode())
    assert read(tmp_path / "qa.jsonl") == [pair, pair]
