"""The medical and other texts that `benchmarks.domain_filter` measures on, with their sources.

A source is held out in all its languages: MANTRA's sentences are translations of each other.
Statutes are a document a paragraph, questionnaires a document a person.
"""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from corpus.domain.linear import Example
from corpus.readers.registry import READERS
from corpus.settings import SourceSettings

FEWEST_WORDS = 5
_E3C: dict[str, Any] = {
    "reader": "json", "fields": {"attribution": "authors"}, "licence_by": "aggregator",
}  # fmt: skip
_QUESTIONS = {"options": "answers", "answer": "correct_answers"}


class Set(NamedTuple):
    name: str
    language: str
    label: bool
    settings: dict[str, Any]


SETS = (
    Set("pamj", "fr", True, {**_E3C, "files": "e3c_l3_pamj_fr/*.json"}),
    Set("leaflets", "fr", True, {**_E3C, "files": "e3c_l3_bdpm_notices_fr/*.json"}),
    Set("e3c", "fr", True, {**_E3C, "files": "e3c_json_l1l2/French/*/*.json"}),
    Set("quaero", "fr", True, {"reader": "brat", "files": "quaero_brat/*/*/*.txt"}),
    Set("mantra", "fr", True, {"reader": "brat", "files": "mantra_gsc_brat/French/*/*.txt"}),
    Set("mantra", "de", True, {"reader": "brat", "files": "mantra_gsc_brat/German/*/*.txt"}),
    Set("exam", "fr", True,
        {"reader": "questions", "files": "frenchmedmcqa/*.json", "fields": _QUESTIONS}),
    Set("dialogues", "fr", True,
        {"reader": "dialogues", "files": "labforsims2_dialogues_fr/Interne*.txt"}),
    Set("advice", "fr", True, {"reader": "markdown", "files": "mesconseilscovid_fr/*.md"}),
    Set("sequoia-emea", "fr", True,
        {"reader": "sentences", "files": "ud_french_sequoia/derived_txt/emea*.txt"}),
    Set("civil", "fr", False, {"reader": "jsonl", "files": "code_civil_fr/*.jsonl"}),
    Set("gsd", "fr", False, {"reader": "sentences", "files": "ud_french_gsd/derived_txt/*.txt"}),
    Set("gsd", "de", False, {"reader": "sentences", "files": "ud_german_gsd/derived_txt/*.txt"}),
    Set("sequoia", "fr", False,
        {"reader": "sentences", "files": "ud_french_sequoia/derived_txt/[!e]*.txt"}),
    Set("tico", "fr", True,
        {"reader": "tmx", "files": "tico19_tmx/*.tmx", "language": "fr"}),
    # English is learned along: what it shares with the others are the words of science.
    Set("e3c-en", "en", True, {**_E3C, "files": "e3c_l3_en_mixed_licences/*.json"}),
    Set("plos", "en", True, {"reader": "jats", "files": "jats_plos/*.xml"}),
    Set("gum", "en", False, {"reader": "text", "files": "ud_english_gum/derived_txt/*.txt"}),
)  # fmt: skip
BORDERLINE = "health-law"
FRESH = ("tico", "medqa", "pubmedqa", "faiths")
"""sources that are neither learned from nor judged in the development pairs"""


def examples(data: Path, most: int) -> dict[str, list[Example]]:
    """By source, at most `most` of each source and language, evenly over the source."""
    found: dict[str, list[Example]] = {}
    for one in SETS:
        shortest = 20 if one.name == "advice" else FEWEST_WORDS
        texts = [text for text in _texts(data, one) if len(text.split()) >= shortest]
        _add(found, one.name, one.language, one.label, texts, most)
    news = data / "10kgnad_news_de" / "test.csv"
    lines = news.read_text("utf-8").splitlines()
    _add(found, "news", "de", False, [line.partition(";")[2].strip("'") for line in lines], most)
    _add(found, "laws", "de", False, list(_paragraphs(data, "gesetze_de_nonmedical")), most)
    _add(found, BORDERLINE, "de", True, list(_paragraphs(data, "gesetze_de_medizinrecht")), most)
    _add(found, "germediq", "de", True, _interviews(data), most)
    _add(found, "medqa", "en", True, _questions(data), most)
    _add(found, "pubmedqa", "en", True, _abstracts(data), most)
    _add(found, "faiths", "en", False, _faiths_and_algebra(data), most)
    return found


def _add(
    found: dict[str, list[Example]], name: str, language: str, label: bool, texts: list[str],
    most: int,
) -> None:  # fmt: skip
    step = max(1, len(texts) / most)
    chosen = [texts[int(place * step)] for place in range(int(len(texts) / step))]
    found.setdefault(name, []).extend(Example(text, label, language, name) for text in chosen)


def _texts(data: Path, one: Set) -> Iterator[str]:
    settings = SourceSettings(**one.settings)
    for path in sorted(data.glob(settings.files)):
        for document in READERS[settings.reader](one.name, settings, path):
            if document.text.strip():
                yield document.text


def _paragraphs(data: Path, folder: str) -> Iterator[str]:
    for path in sorted((data / folder).glob("*.md")):
        for part in re.split(r"\n(?=#{2,5} )", path.read_text("utf-8")):
            if len(part.split()) >= 25:
                yield part


def _interviews(data: Path) -> list[str]:
    answers: dict[str, list[str]] = {}
    with (data / "germediq_de" / "GerMedIQ-Human.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream, delimiter=";"):
            said = f"{row['question']} {row['response']}"
            answers.setdefault(row["participant_id"], []).append(said)
    return ["\n".join(said) for said in answers.values()]


def _questions(data: Path) -> list[str]:
    lines = (data / "eval_medqa" / "test.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [" ".join([row["question"], *row["options"].values()]) for row in rows]


def _abstracts(data: Path) -> list[str]:
    rows = json.loads((data / "pubmedqa" / "ori_pqal.json").read_bytes())
    return [" ".join([row["QUESTION"], *row["CONTEXTS"]]) for row in rows.values()]


def _faiths_and_algebra(data: Path) -> list[str]:
    """Examination questions that are not medical: beside MedQA it is not the genre that tells."""
    found = []
    for subject in ("world_religions", "abstract_algebra"):
        path = data / "eval_mmlu_csv" / "mmlu_test" / f"{subject}_test.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            found += [" ".join(row[:5]) for row in csv.reader(stream)]
    return [text for text in found if len(text.split()) >= FEWEST_WORDS]
