"""What a release file may say about training, and how a slip is answered."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from training.settings import TinyModel, TrainingSettings
from training.tokens import tokenise


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"packing_strategy": "bfd"}, "'bfd' drops the tokens that overflow"),
        ({"packing": False}, "cuts every document"),
        ({"save_total_limit": 1}, "use 2 or more"),
        ({"output_dir": "elsewhere"}, "sft_config.output_dir is set by the kit"),
        ({"push_to_hub": True}, "sft_config.push_to_hub is set by the kit"),
    ],
)
def test_what_would_lose_something_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        TrainingSettings(base="base", corpus="medical", sft_config=fields)


def test_heads_must_divide() -> None:
    with pytest.raises(ValidationError, match="must be a multiple of num_key_value_heads"):
        TinyModel(corpus="general", licence="CC0-1.0", num_key_value_heads=4)


def test_the_settings_load_no_heavy_library() -> None:
    program = (
        "import sys, training.settings, training.pretrain, training.tiny, training.arguments;"
        "print({'torch', 'transformers', 'trl', 'datasets', 'pyarrow'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "set()"


class Speller:
    """A tokenizer of letters, which ends its texts itself or does not."""

    eos_token_id = 0

    def __init__(self, ends: bool) -> None:
        self.ends = ends

    def __call__(self, texts: list[str], **options: Any) -> dict[str, list[list[int]]]:
        assert options["split_special_tokens"]
        end = [self.eos_token_id] if self.ends else []
        return {"input_ids": [[ord(letter) for letter in text] + end for text in texts]}


@pytest.mark.parametrize("ends", [True, False])
def test_each_document_ends_once(ends: bool) -> None:
    tokenizer: Any = Speller(ends)
    assert tokenise(["ab", ""], tokenizer) == [[97, 98, 0], [0]]
