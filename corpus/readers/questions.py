"""Multiple-choice questions (FrenchMedMCQA and its like) as text that can be read and trained on.

    L'adrénaline stimule tous ces processus métaboliques sauf un. Lequel ?
    a. Glycolyse
    b. Lipolyse
    Réponse : b. Lipolyse

A JSON list, or one object a line. `fields` maps `question`, `options` (a list, or an object from
letter to words) and `answer` (letters, positions from 0, or words; one or several); a record
without an answer (the hidden ones of a test set) is given without it. The id starts with the file's
name (`dev:d0f9…`), so that people can tell which partition a question is from.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.document import SourceDocument
from corpus.partitions import partition_name
from corpus.readers.files import Unreadable
from corpus.readers.language import language_code
from corpus.readers.records import iterate_file, iterate_lines, text_of
from corpus.settings import SourceSettings

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ANSWER = {
    "fr": ("Réponse : ", "Réponses : "),
    "de": ("Antwort: ", "Antworten: "),
    "en": ("Answer: ", "Answers: "),
}


def read_questions(source: str, settings: SourceSettings, path: Path) -> Iterator[SourceDocument]:
    iterate = iterate_lines if ".jsonl" in path.suffixes else iterate_file
    for name, record in iterate(path):
        if not isinstance(record, dict):
            problem = str(record) if isinstance(record, Unreadable) else "not a JSON object"
            yield SourceDocument(name, source, "", problem=problem)
            continue
        id = text_of(record.get(settings.fields.get("id", "id")))
        name = f"{path.stem}:{id}" if id else name
        text = _render(record, settings)
        said = text_of(record.get(settings.fields.get("partition", "partition")))
        problem = "" if text else "no question"
        yield SourceDocument(name, source, text, problem=problem, partition=partition_name(said))


def _render(record: dict[str, Any], settings: SourceSettings) -> str:
    question = text_of(record.get(settings.fields.get("question", "question"))).strip()
    options = _options(record.get(settings.fields.get("options", "options")))
    answers = record.get(settings.fields.get("answer", "answer"))
    right = [
        words
        for answer in (answers if isinstance(answers, list) else [answers])
        if (words := _answer(answer, options))
    ]
    if not question:
        return ""
    one, several = _ANSWER.get(language_code(settings.language), _ANSWER["en"])
    lines = [question, *(f"{letter}. {words}" for letter, words in options.items())]
    if right:
        lines.append((one if len(right) == 1 else several) + " ; ".join(right))
    return "\n".join(lines)


def _options(value: Any) -> dict[str, str]:
    if isinstance(value, list):
        value = {
            _LETTERS[place] if place < len(_LETTERS) else str(place + 1): option
            for place, option in enumerate(value)
        }
    if not isinstance(value, dict):
        return {}
    return {text_of(letter): text_of(words).strip() for letter, words in value.items()}


def _answer(answer: Any, options: dict[str, str]) -> str:
    """A letter or a position with its words; anything else as it stands."""
    if isinstance(answer, int) and not isinstance(answer, bool) and 0 <= answer < len(options):
        letter = list(options)[answer]
    else:
        letter = text_of(answer).strip()
    return f"{letter}. {options[letter]}" if letter in options else letter
