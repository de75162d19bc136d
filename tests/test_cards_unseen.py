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


def card_with(kept: str = "", scores: int = 1) -> str:
    return f"{GOOD}\n{reading.block(kept)}\n\n## Scores\n\n{scores}\n"


@given(st.text(max_size=200))
def test_what_a_person_wrote_is_kept(said):
    """However it was written: put back between the lines it reads the same, again and again."""
    written = reading.notes(reading.read(card_with(said).encode("utf-8", "replace")).body)
    for _ in range(2):
        kept = "\n\n".join(written)
        again = card_with(kept, scores=2)
        assert "\n\n".join(reading.notes(reading.read(again).body)) == kept
        assert again.endswith("## Scores\n\n2\n")


@given(st.text(alphabet="ab \n#|-", max_size=60))
def test_all_but_the_notes_is_compared(said):
    plain = reading.without_notes(card_with())
    assert reading.without_notes(card_with("x")) == reading.without_notes(card_with(f"y{said}z"))
    assert reading.without_notes(card_with("x", scores=3)) != plain
    crlf = card_with(f"y{said}z").replace("\n", "\r\n")
    assert reading.without_notes(crlf) == reading.without_notes(card_with("x"))


def test_an_open_mark_loses_nothing():
    assert reading.notes(f"{reading.BEGIN}\nTo the end.\n") == ["To the end."]


def test_real_cards():
    """A folder of cards as they are out there, where one is given: as they are and with CRLF."""
    folder = Path(os.environ.get("IMPRIMATUR_CARDS", "absent"))
    if not folder.is_dir():
        pytest.skip("no folder of cards (IMPRIMATUR_CARDS)")
    by_hand, other = reading.block("Xyzzy, by *hand*."), reading.block("Something\n\nelse.")
    for path in folder.rglob("*.md"):
        plain = path.read_bytes().replace(b"\r\n", b"\n")
        for data in (path.read_bytes(), plain.replace(b"\n", b"\r\n")):
            for kind in ("dataset", "model"):
                card = reading.read(data, kind)
                assert card.header or card.problems, path
            text = data.decode("utf-8", "replace")
            written = reading.read(f"{text}\n{by_hand}\n")
            assert reading.notes(written.body) == ["Xyzzy, by *hand*."], path
            one, two = (reading.without_notes(f"{text}\n{said}\n") for said in (by_hand, other))
            assert one == two, path
