"""Cards that nobody here wrote: read in any state, and what people wrote by hand survives."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cards import reading

GOOD = "---\nlicense: mit\nlanguage: fr\n---\n\n# A model\n"

BROKEN = {
    "CRLF": GOOD.replace("\n", "\r\n").encode(),
    "old line ends": GOOD.replace("\n", "\r").encode(),
    "byte order mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "no header": b"# Only words\n",
    "empty": b"",
    "header that never ends": b"---\nlicense: mit\n# A model\n",
    "tabs": b"---\nlicense:\tmit\n\ttags: [a]\n---\nwords\n",
    "not a mapping": b"---\n- mit\n- other\n---\nwords\n",
    "two headers": GOOD.encode() * 2,
    "latin-1": "---\nlicense: mit\n---\n# Modèle\n".encode("latin-1"),
    "NUL": b"---\nlicense: mit\n---\n# A\x00B\n",
    "UTF-16": GOOD.encode("utf-16"),
    "model-index is a word": b"---\nmodel-index: none\n---\nwords\n",
    "model-index without metrics": b"---\nmodel-index:\n- name: a\n  results:\n  - task: {}\n---\n",
    "config is a number": (
        b"---\nmodel-index:\n- name: a\n  results:\n  - task: {type: x}\n    dataset: {type: d, "
        b"name: n, config: 3}\n    metrics: [{type: acc, value: 1}]\n---\n"
    ),
    "alias bomb": b"---\na: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\ne: &e [*d,*d]\n"
    b"f: &f [*e,*e]\ng: &g [*f,*f]\nh: &h [*g,*g]\ni: [*h,*h]\n---\n",
    "python object": b"---\na: !!python/object/apply:os.system ['true']\n---\n",
    "date": b"---\ndate: 2024-13-45\nlicense: 3\nlanguage: no\n---\n",
    "deep": b"---\na: " + b"[" * 1000 + b"]" * 1000 + b"\n---\n",
    "huge": b"---\nlicense: mit\n---\n" + b"word " * 3_000_000,
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_a_broken_card_is_read_and_told(name, kind):
    card = reading.read(BROKEN[name], kind)
    assert isinstance(card.header, dict)
    assert "\r" not in card.body
    if name in ("tabs", "not a mapping", "alias bomb", "python object", "no header", "UTF-16",
                "byte order mark", "huge", "latin-1", "NUL", "header that never ends"):  # fmt: skip
        assert card.problems, name


def test_what_can_be_read_of_a_damaged_card_is():
    for name in ("CRLF", "old line ends", "byte order mark", "two headers", "latin-1", "huge"):
        assert reading.read(BROKEN[name]).header["license"] == "mit", name
    assert "config" in " ".join(reading.read(BROKEN["config is a number"]).problems)


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(data):
    reading.read(data)


@given(st.text(alphabet="-\n\r\t :#[]{}&*!|>'\"abà\ufeff0", max_size=200))
def test_no_header_makes_it_raise(text):
    card = reading.read(f"---\n{text}\n---\n{text}")
    assert isinstance(card.problems, list)


def card_with(*inside: str) -> str:
    return f"{GOOD}\n{reading.block(inside)}\n\n## Scores\n\n1\n"


@given(st.lists(st.text(max_size=80), max_size=3))
def test_what_a_person_wrote_is_kept(parts):
    old = card_with(*(part for part in parts))
    kept = reading.keep_notes(old.encode("utf-8", "replace"), card_with().replace("1", "2"))
    assert reading.notes(kept) == reading.notes(reading.read(old.encode("utf-8", "replace")).body)
    assert kept.endswith("## Scores\n\n2\n")
    assert reading.keep_notes(kept, kept) == kept


def test_notes_go_to_the_end_where_a_card_has_no_place_for_them():
    kept = reading.keep_notes(card_with("Ask us first."), "# New\n")
    assert kept.startswith("# New\n") and reading.notes(kept) == ["Ask us first."]


def test_an_open_mark_loses_nothing():
    assert reading.notes(f"{reading.BEGIN}\nTo the end.\n") == ["To the end."]


def test_real_cards():
    """A folder of cards as they are out there, where one is given."""
    folder = Path(os.environ.get("IMPRIMATUR_CARDS", "absent"))
    if not folder.is_dir():
        pytest.skip("no folder of cards (IMPRIMATUR_CARDS)")
    for path in folder.rglob("*.md"):
        card = reading.read(path.read_bytes())
        assert reading.keep_notes(card.body, "# New\n").startswith("# New")
