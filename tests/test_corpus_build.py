"""The corpus stage on small made-up sources: cleaning, copies, contamination, broken records."""

import json
import re
import unicodedata
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.build import SourceError, build, source_files
from corpus.clean import clean
from corpus.decontaminate import Item, Questions
from corpus.dedup.grams import hash_words
from corpus.fingerprint import Shares, fingerprint, split_of
from corpus.outcome import Built
from corpus.settings import CorpusSettings, SourceSettings

# Written without a look at the cleaner: numbers, in digit groups or not, and what stands by them.
_QUANTITY = re.compile(
    r"[<>≤≥=±~]?\s*\d+(?:[ \u00a0\u202f]\d{3})*(?:[.,]\d+)*\s*[-–/x×%‰°µμA-Za-zÀ-ÿ⁰-⁹]*"
)


def quantities(text: str) -> list[str]:
    found = _QUANTITY.findall(unicodedata.normalize("NFC", text))
    return [re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", entry) for entry in found]


pieces = st.sampled_from(
    ["37,5 °C", "≥ 2,5 mg/L", "p<0,05", "30 µg/kg", "5  100", "120/80 mmHg", "10–20 %", "maître",
     "Noël", "où", "1 000 000 UI", "1,2-dichloroéthane", "β-lactamine", "CD4+", "H₂O", "x  y", "\t",
     "a\u0301", "±0,5", "3×10⁹/L", "IC 95 % : 1,2–3,4", "n = 12", "\u00a0", "\u202f", "5\u00a0mg"]
)  # fmt: skip
clinical = st.lists(pieces, min_size=1, max_size=12).map(" ".join)


@given(clinical)
def test_cleaning_changes_no_quantity_unit_comparator_or_accent(text):
    assert quantities(clean(text).text) == quantities(text)
    words = re.findall(r"\w*[À-ÿβœ]\w*", unicodedata.normalize("NFC", text))
    assert re.findall(r"\w*[À-ÿβœ]\w*", clean(text).text) == words


@given(st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once(text):
    once = clean(text).text
    assert clean(once).text == once


def test_two_numbers_never_become_one():
    assert clean("5  100").text == "5  100"
    assert clean("5      100").text == "5  100"
    assert clean("dose  de  5").text == "dose de 5"


def test_what_is_removed_is_counted():
    cleaned = clean("voir https://exemple.org/a\x07  ici, l'Ã©tÃ©")
    assert cleaned.text == "voir ici, l'été"
    assert cleaned.counts == {"url": 1, "mojibake": 2}  # with the space and the bell beside it


@given(st.text(max_size=80), st.floats(0, 1))
def test_copies_fall_on_one_side_of_the_split(text, share):
    copy = "  ".join(text.upper().lower().split(" "))
    assert fingerprint(copy) == fingerprint(text.upper().lower())
    shares = Shares(share / 2, share / 4)
    assert split_of(fingerprint(copy), shares) == split_of(
        fingerprint(text.upper().lower()), shares
    )


def test_the_held_out_share_is_near_what_was_asked():
    shares = Shares(held_out=0.1, validation=0.2)
    splits = [split_of(fingerprint(f"document {n}"), shares) for n in range(5000)]
    assert 400 < splits.count("held_out") < 600
    assert 850 < splits.count("validation") < 1150


QUESTION = (
    "le patient présente une fièvre à trente neuf degrés avec des frissons depuis trois jours"
)


def found_in(questions: Questions, text: str) -> str | None:
    """The id of the question that most of is in `text`."""
    return questions.worst_by_document(questions.hits([0], hash_words([text]))).get(0)


def test_a_question_is_found_inside_a_longer_text():
    questions = Questions([Item("q1", QUESTION)])
    assert found_in(questions, f"Avant. {QUESTION.upper()} ! Après.") == "q1"
    assert found_in(questions, "rien à voir") is None


def test_a_short_question_matches_as_a_whole_and_a_template_not_at_all():
    short = Questions([Item("q", "quel est le diagnostic retenu")])
    assert found_in(short, "Alors : quel est le diagnostic retenu ?") == "q"
    template = "parmi les propositions suivantes laquelle ou lesquelles est ou sont exactes"
    assert found_in(Questions([Item(f"q{n}", template) for n in range(3)]), template) is None


def written(tmp_path: Path, records: list[dict[str, str]], use: str = "commercial") -> Built:
    data = tmp_path / "data"
    data.mkdir()
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (data / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return build(
        CorpusSettings(sources=("a",), use=use),
        {"a": SourceSettings(reader="jsonl", files="*.jsonl")},
        data,
        {},
        Shares(0.0, 0.0),
        1,
        tmp_path / "out",
        tmp_path / "excluded",
        tmp_path / "scratch",
        print,
    )


def ledger(tmp_path: Path) -> dict[str, dict[str, str]]:
    return {row["id"]: row for row in pq.read_table(tmp_path / "out/ledger.parquet").to_pylist()}


def test_every_record_is_accounted_for_whatever_it_is(tmp_path):
    written(
        tmp_path,
        [
            {"id": "good", "text": "Un texte.", "licence": "CC0"},
            {"id": "none", "text": "Un autre texte."},
            {"id": "empty", "text": "  ", "licence": "CC0"},
            "not json",
            "[1, 2]",
            {"id": "good", "text": "Même identifiant.", "licence": "CC0"},
        ],
    )
    rows = ledger(tmp_path)
    assert {id: row["reason"] for id, row in rows.items()} == {
        "good": "", "none": "licence", "a:3": "unreadable", "a:4": "unreadable",
        "a:5": "unreadable", "good#2": "",
    }  # fmt: skip
    kept = pq.read_table(tmp_path / "out" / "data").to_pylist()
    assert [row["id"] for row in kept] == ["good", "good#2"]


def test_a_copy_under_better_words_does_not_launder_the_original(tmp_path):
    written(
        tmp_path,
        [
            {"id": "nc", "text": "Le même texte ici.", "licence": "CC BY-NC 4.0"},
            {"id": "by", "text": "le même  TEXTE ici", "licence": "CC BY 4.0"},
        ],
    )
    assert {row["reason"] for row in ledger(tmp_path).values()} == {"licence"}


def test_a_source_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(SourceError, match="is not a folder"):
        source_files(SourceSettings(reader="jsonl", files="*"), tmp_path / "none")
    with pytest.raises(SourceError, match="no file matches"):
        source_files(SourceSettings(reader="jsonl", files="*.x"), tmp_path)
