"""Cleaning and masking keep the meaning, on the real sets too; the papers' cleaning does not.

The real sets need ../shared/data. Here about 60 documents of each are looked at, evenly through the
set; `python -m benchmarks.cleaning` looks at every document of all of them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meaning import facts, lost
from medical_sets import SETS, documents

from corpus.boilerplate import Boilerplate, LineCounts
from corpus.clean import clean
from corpus.document import SourceDocument
from corpus.edits import Edit, apply, compose
from corpus.marks import (
    BREAKS,
    BROKEN,
    COMPOSES,
    CONTROL,
    RARE,
    SLASHES,
    SPACES,
    TRAILING,
    WWW,
    marks,
)  # fmt: skip
from corpus.mojibake import looks_broken
from corpus.personal_data import find, mask

_DATA = Path(__file__).parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not _DATA.is_dir(), reason="the real sets lie apart")

_PIECES = st.sampled_from(
    ["37,5 °C", "≥ 2,5 mg/L", "p<0,05", "30 µg/kg", "5  100", "120/80 mmHg", "10–20 %", "maître",
     "1 000 000 UI", "1,2-dichloroéthane", "β-lactamine", "CD4+", "H₂O", "\t", "a\u0301", "±0,5",
     "3×10⁹/L", "IC 95 % : 1,2–3,4", "\u00a0", "\u202f", "  ", " \n", "\n\n\n", "\r\n", "\x07",
     "&lt; 5",     "https://a.fr/b?c=1&amp;d", "www.ansm.sante.fr", "lâ€™Ã©tÃ©", "â‰¥ 3",
     "l\x92eau", "\u200b", "\x85"]
)  # fmt: skip
_TEXTS = st.lists(_PIECES | st.text(max_size=4), max_size=12).map("".join)


@pytest.mark.parametrize("cleaning", ["clinical", "flaubert"])
@given(text=_TEXTS)
@settings(deadline=None)
def test_the_edits_are_all_that_was_done(cleaning, text):
    cleaned = clean(text, cleaning)
    assert apply(text, cleaned.edits) == cleaned.text
    ends = [0, *(place for edit in cleaned.edits for place in (edit.start, edit.end)), len(text)]
    assert ends == sorted(ends)


@given(_TEXTS)
@settings(deadline=None)
def test_cleaning_again_changes_nothing(text):
    once = clean(text).text
    assert clean(once).edits == ()


@given(_TEXTS)
@settings(deadline=None, max_examples=300)
def test_looking_around_edits_finds_what_looking_at_everything_finds(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("corpus.clean._CHARACTERS_AN_EDIT", 1e9)
        everything = clean(text)
        patch.setattr("corpus.clean._CHARACTERS_AN_EDIT", 0)
        assert clean(text) == everything


@given(_TEXTS | st.text(max_size=80))
@settings(deadline=None)
def test_a_short_text_has_the_marks_of_a_long_one(text):
    assert marks(text[:80]) == marks("a" * 100 + text[:80])


@given(_TEXTS | st.text(max_size=40))
@settings(deadline=None)
def test_what_has_no_mark_has_nothing_to_search_for(text):
    seen = marks(text)
    assert seen & COMPOSES or unicodedata.is_normalized("NFC", text)
    assert seen & BROKEN or not looks_broken(text)
    assert seen & SPACES or "  " not in text
    assert seen & TRAILING or " \n" not in text
    assert seen & BREAKS or "\n" not in text
    assert seen & SLASHES or "//" not in text
    assert seen & WWW or "www." not in text
    assert seen & RARE or not set(text) & set("&\r\t")
    assert seen & CONTROL or all(c in "\t\n\r\x85" or unicodedata.category(c) != "Cc" for c in text)


_CUTS = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["", "x", "yz", "    "])), max_size=6
)


def _some_edits(text: str, cuts: list[tuple[int, str]]) -> list[Edit]:
    places = sorted({min(place, len(text)) for place, _ in cuts})
    pairs = list(zip(places[::2], places[1::2], strict=False))
    return [Edit(a, b, "spaces", by) for (a, b), (_, by) in zip(pairs, cuts, strict=False)]


@given(st.text("abc", max_size=12), _CUTS, _CUTS)
def test_two_lists_of_edits_are_one(text, cuts, more):
    first = _some_edits(text, cuts)
    between = apply(text, first)
    second = _some_edits(between, more)
    assert apply(text, compose(first, second, between)) == apply(between, second)


def test_an_edit_names_its_place_in_the_text_as_read():
    text = "Ã€ 5  mg &lt; 10, cf. https://a.fr/x\x07."
    assert [(text[e.start : e.end], e.kind, e.replacement) for e in clean(text).edits] == [
        ("Ã€", "mojibake", "À"), ("  ", "spaces", " "), ("&lt;", "entity", "<"),
        ("https://a.fr/x", "url", ""), ("\x07", "control", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("broken", "whole"),
    [("â‰¥ 30 Âµg/kg", "≥ 30 µg/kg"), ("Î²-lactamine", "β-lactamine"), ("RÃ‰SUMÃ‰", "RÉSUMÉ"),
     ("â‰¤ 2,5", "≤ 2,5"), ("l\x92enfant \x96 5 \x80", "l’enfant – 5 €"),
     ("endommagÃ©s) Â ouvrez", "endommagés) \xa0ouvrez")],
)  # fmt: skip
def test_misread_letters_come_back(broken, whole):
    assert clean(broken).text == whole


def test_the_papers_cleaning_as_published():
    text = "À 37,5 °C, où p<0,05 : ≥ 30 µg/kg, le maître Noël"
    assert clean(text, "flaubert").text == "À 37, 5 C, o p : 30 g/kg, le matre Nol"
    assert clean("deux mots", "flaubert").text == ""


_CLINICAL = (
    "Dose  de  5  100 à 30 µg/kg (IC 95 % : 1,2–3,4), p <0,05 ; ≥ 2,5 mg, 10² H₂O, où, 1,2-diol"
)
_DAMAGE: dict[str, Callable[[str], str]] = {
    "digit groups made": lambda text: re.sub(" +", " ", text),
    "compatibility forms": lambda text: unicodedata.normalize("NFKC", text),
    "another micro": lambda text: text.replace("µ", "μ"),
    "comparator lost": lambda text: text.replace("≥ ", ""),
    "threshold lost": lambda text: text.replace("<0,05", ""),
    "range cut": lambda text: text.replace("–", " "),
    "decimal split": lambda text: text.replace("2,5", "2, 5"),
    "accent lost": lambda text: text.replace("ù", "u"),
    "locant lost": lambda text: text.replace("1,2-d", "d"),
    "unit lost": lambda text: text.replace("2,5 mg", "2,5"),
}


@pytest.mark.parametrize("damage", _DAMAGE)
def test_the_extractor_sees_every_kind_of_damage(damage):
    damaged = _DAMAGE[damage](_CLINICAL)
    assert damaged != _CLINICAL
    assert lost(_CLINICAL, damaged, [])
    # Declaring the whole text as one edit is no excuse.
    assert lost(_CLINICAL, damaged, [Edit(0, len(_CLINICAL), "spaces", "")])


def _sample(files: str, most: int) -> Iterator[SourceDocument]:
    """Evenly through the set."""
    step = max(1, sum(1 for _ in documents(_DATA, files)) // most)
    return islice(documents(_DATA, files), 0, None, step)


@needs_data
@pytest.mark.parametrize("files", SETS)
def test_cleaning_a_real_set_keeps_its_meaning(files):
    for document in _sample(files, 60):
        cleaned = clean(document.text)
        assert lost(document.text, cleaned.text, cleaned.edits) == [], document.id


@needs_data
@pytest.mark.parametrize("files", ["e3c_json_l1l2/*/*/*.json", "jats_plos/*.xml"])
def test_the_papers_cleaning_loses_meaning_in_most_documents(files):
    found = [(d.text, clean(d.text, "flaubert")) for d in _sample(files, 25)]
    damaged = sum(bool(lost(text, done.text, done.edits)) for text, done in found)
    assert damaged > 0.5 * len(found)


_A_DOSE = re.compile(r"\d[\s\u00a0\u202f]*(?:[mµμkc]?g|m?L|ml|UI|mmol|mmHg|%|°C)\b")


@needs_data
@pytest.mark.parametrize("files", SETS)
def test_masking_a_real_set_keeps_its_meaning(files):
    for document in _sample(files, 25):
        text = clean(document.text).text
        masked, rest = mask(text, "fr"), text
        while spans := find(rest, "fr"):
            for start, end, _ in reversed(spans):
                assert not _A_DOSE.search(rest[start:end])
                rest = f"{rest[:start]}[X]{rest[end:]}"
        shown = re.sub(r"\[(?:EMAIL|PHONE|INSURANCE NUMBER|NAME)\]", "[X]", masked.text)
        assert facts(shown) == facts(rest), document.id


def _loses_no_figure(texts: list[str], path: Path) -> int:
    """By repeated lines: how many spans went, each of them looked at."""
    counts = LineCounts()
    for text in texts:
        counts.add(text)
    counts.save(path)
    repeated = Boilerplate.read([path], 10, 0.02)
    spans = 0
    for text in texts:
        removed = repeated.remove(text)
        kept = apply(text, [Edit(*span, "spaces", "\n") for span in removed.spans])
        assert facts(kept) == facts(removed.text)
        for start, end in removed.spans:
            assert not facts(text[start:end]).quantities
            assert not re.search("[<>≤≥]", text[start:end])
        spans += len(removed.spans)
    return spans


def test_repeated_lines_take_no_figure_along(tmp_path):
    notice, dose = (
        "Veuillez lire attentivement cette notice",
        "Prendre 2,5 mg (≥ 30 µg/kg) par jour",
    )
    texts = [f"{notice}\n{dose}\n\nCas {n} : IC 95 % 1,2–3,4\n{notice}" for n in range(20)]
    assert _loses_no_figure(texts, tmp_path / "lines.npz") == 40


@needs_data
@pytest.mark.parametrize("files", ["e3c_l3_pamj_fr/*.json", "mesconseilscovid_fr/*.md"])
def test_repeated_lines_of_a_real_set_take_no_figure_along(files, tmp_path):
    texts = [clean(document.text).text for document in documents(_DATA, files)]
    _loses_no_figure(texts, tmp_path / "lines.npz")
