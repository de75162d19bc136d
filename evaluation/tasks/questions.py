"""The formats in which benchmarks come -> questions of one form.

    lettered        JSON lines: question, options {"A": …}, answer_idx, realidx
    csv             a CSV file a subject: question, options, answer as letter or number
    pubmedqa        an object by PubMed id: QUESTION, CONTEXTS, final_decision
    frenchmedmcqa   a list: question, answers {"a": …}, correct_answers; one right answer only
    truthfulqa      a CSV file: Category, Question, Best Answer, Incorrect Answers by semicolons

A question is {"id", "context": the question, "options", "answer": index}, for PubMedQA with the
`passage` that it is about, for TruthfulQA with its category as `subject`. Raises EvaluationError
with file and place for anything else.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from evaluation.settings import EvaluationError

Question = dict[str, Any]

LETTERS = "ABCDEFGHIJ"
"""of the options; a benchmark has ten at most"""
DECISIONS = ("yes", "no", "maybe")


def read_questions(reader: str, path: Path) -> list[Question]:
    """In the order of the file, a question that it repeats once; ids are unique."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise EvaluationError(f"the questions in {path.name} are gone: {path} is not there") from (
            None
        )
    except UnicodeDecodeError:
        raise EvaluationError(f"{path} is not UTF-8") from None
    try:
        questions = list(READERS[reader](text))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, csv.Error) as error:
        raise EvaluationError(
            f"{path} is not in the format {reader}: {type(error).__name__} {error}"
        ) from None
    found: dict[str, Question] = {}
    for question in questions:
        _check(question, path)
        if found.setdefault(question["id"], question) != question:
            raise EvaluationError(f"{path} has two questions with the id {question['id']!r}")
    return list(found.values())


def _check(question: Question, path: Path) -> None:
    id, options = question["id"], question["options"]
    if not isinstance(question["context"], str) or not all(isinstance(o, str) for o in options):
        raise EvaluationError(f"{path}: question {id!r} is not made of texts")
    if not 2 <= len(options) <= len(LETTERS) or not 0 <= question["answer"] < len(options):
        raise EvaluationError(
            f"{path}: question {id!r} has {len(options)} options and its answer is number"
            f" {question['answer'] + 1}"
        )


def _question(id: object, context: str, options: list[str], answer: int, **more: str) -> Question:
    return {"id": str(id), "context": context, "options": options, "answer": answer, **more}


def _lettered(text: str) -> Iterator[Question]:
    for line in filter(str.strip, text.split("\n")):
        entry = json.loads(line)
        letters = sorted(entry["options"])
        options = [entry["options"][letter] for letter in letters]
        answer = letters.index(entry["answer_idx"])
        yield _question(entry["realidx"], entry["question"], options, answer)


def _csv(text: str) -> Iterator[Question]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    for number, row in enumerate(filter(None, rows)):
        context, *options, answer = row
        if number == 0 and (context, answer) == ("question", "answer"):
            continue
        place = LETTERS.index(answer) if answer in LETTERS else int(answer)
        yield _question(number, context, options, place)


def _pubmedqa(text: str) -> Iterator[Question]:
    entries: Mapping[str, Any] = json.loads(text)
    for pmid, entry in entries.items():
        answer = DECISIONS.index(entry["final_decision"])
        passage = "\n".join(entry["CONTEXTS"])
        yield _question(pmid, entry["QUESTION"], list(DECISIONS), answer, passage=passage)


def _frenchmedmcqa(text: str) -> Iterator[Question]:
    for entry in json.loads(text):
        letters = sorted(entry["answers"])
        right = entry["correct_answers"]
        if len(right) == 1:
            options = [entry["answers"][letter] for letter in letters]
            yield _question(entry["id"], entry["question"], options, letters.index(right[0]))


def _truthfulqa(text: str) -> Iterator[Question]:
    """The best answer stands among the incorrect ones where a hash puts it, so that the place tells
    nothing and any machine has the same order; as many are kept as there are letters."""
    for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), strict=True)):
        best, context = row["Best Answer"].strip(), row["Question"].strip()
        wrong = [each.strip() for each in row["Incorrect Answers"].split(";")]
        wrong = [each for each in dict.fromkeys(wrong) if each and each != best]
        options = [best, *wrong[: len(LETTERS) - 1]]
        options.sort(key=lambda option: sha256(f"{context}\x1f{option}".encode()).digest())
        answer = options.index(best)
        yield _question(number, context, options, answer, subject=row["Category"])


READERS: Mapping[str, Callable[[str], Iterator[Question]]] = {
    "lettered": _lettered,
    "csv": _csv,
    "pubmedqa": _pubmedqa,
    "frenchmedmcqa": _frenchmedmcqa,
    "truthfulqa": _truthfulqa,
}
