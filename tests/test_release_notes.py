"""What people wrote for a card: with the release file, and on the Hub between the marked lines."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.cards import reading, sections
from hub.failure import BadInput
from release import notes
from release.schema import Release


def recipe(folder: Path, namespace: str = "lab") -> Any:
    release = Release(
        release="demo", version="0.1.0", namespace=namespace, description="d", notes="words",
        sources={}, corpora={},
    )  # fmt: skip
    return SimpleNamespace(release=release, path=folder / "demo.yaml")


def keep(workdir: Path, said: dict[str, str]) -> None:
    (workdir / notes.KEPT).write_text(json.dumps({"results": "lab/demo-results", "notes": said}))


def test_a_card_has_what_the_release_brings_and_what_the_hub_has(tmp_path):
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "model.md").write_text("\ufeff## From us\n\nRead this.\n")
    keep(tmp_path, {"model": "From *them*."})
    found = notes.of(recipe(tmp_path), tmp_path, "model")
    card = sections.by_hand(found)
    assert card.startswith("## From us\n\nRead this.\n\n" + reading.BEGIN)
    assert reading.notes(card) == ["From *them*."]
    assert notes.of(recipe(tmp_path), tmp_path, "other") == reading.NO_NOTES


def test_an_earlier_card_among_the_notes_is_not_printed_twice(tmp_path):
    (tmp_path / "words").mkdir()
    earlier = f"---\nlicense: mit\n---\n# Card\n\n{reading.block('Ask us.')}\n\n## Scores\n"
    (tmp_path / "words" / "model.md").write_text(earlier)
    keep(tmp_path, {"model": "Ask us.\n\nFirst."})
    found = notes.of(recipe(tmp_path), tmp_path, "model")
    assert found.written == "Ask us."
    assert sections.by_hand(found) == reading.block("Ask us.\n\nFirst.")


def test_cards_of_another_namespace_have_other_notes(tmp_path):
    keep(tmp_path, {"model": "Ask us."})
    assert notes.of(recipe(tmp_path, "other"), tmp_path, "model") == reading.NO_NOTES


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    for said in ("{", "[]", '{"results": "lab/demo-results"}'):
        (tmp_path / notes.KEPT).write_text(said)
        with pytest.raises(BadInput, match="is damaged: remove it"):
            notes.of(recipe(tmp_path), tmp_path, "model")
    (tmp_path / notes.KEPT).unlink()
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "model.md").write_bytes("été".encode("latin-1"))
    with pytest.raises(BadInput, match="is not UTF-8"):
        notes.of(recipe(tmp_path), tmp_path, "model")
