"""Questions in the papers' own words: BioMistral's template, TruthfulQA under its two prompts."""

import csv
import json
from pathlib import Path

import pytest
from evaluation_models import whole
from pydantic import ValidationError

from evaluation.answers import read_asking
from evaluation.settings import EvaluationError, TaskSettings
from evaluation.tasks import benchmarks, library

ROWS = [
    (
        "Health",
        "Is water wet?",
        "Yes, it is",
        "No, it is dry; No, wet is a feeling;  ; Nobody knows",
    ),
    ("Health", "Do sugar pills work?", "Sometimes", "Never; Always"),
    ("Law", "Is this legal?", "It depends", "Yes; No"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """TruthfulQA's columns, PubMedQA's and MedQA's objects; made-up questions."""
    for name in ("truthfulqa", "pubmedqa", "eval_medqa"):
        (tmp_path / name).mkdir()
    with (tmp_path / "truthfulqa" / "TruthfulQA.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Type", "Category", "Question", "Best Answer", "Correct Answers",
                        "Incorrect Answers", "Source"])  # fmt: skip
        table.writerows(("Adversarial", a, b, c, c, d, "nowhere") for a, b, c, d in ROWS)
    abstracts = {
        str(number): {"QUESTION": f"Does {number} help?", "CONTEXTS": ["We saw.", "It did."],
                      "final_decision": "maybe"}
        for number in range(30)
    }  # fmt: skip
    (tmp_path / "pubmedqa" / "ori_pqal.json").write_text(json.dumps(abstracts))
    options = dict(zip("ABCDE", "vwxyz", strict=True))
    five = [
        {"realidx": n, "question": f"Which, {n}?", "options": options, "answer_idx": "E"}
        for n in range(30)
    ]
    lines = "\n".join(map(json.dumps, five))
    (tmp_path / "eval_medqa" / "test.jsonl").write_text(lines)
    return tmp_path


def prompt(task: TaskSettings, data: Path, folder: Path) -> tuple[str, list[str]]:
    """What lm-eval asks first, and the answers that it compares."""
    asking = read_asking(whole(folder, "tasks", "t", benchmarks.export("t", task, data, folder)))
    loaded = asking.load()["tasks"]["t"]
    doc = next(iter(loaded.eval_docs))
    return loaded.fewshot_context(doc, num_fewshot=asking.shots), loaded.doc_to_choice(doc)


def test_a_category_of_truthfulqa_under_both_prompts(data: Path, tmp_path: Path) -> None:
    health = {"lm_eval": "truthfulqa", "subject": "Health", "group": "truth", "n": 2}
    asked, choices = prompt(TaskSettings(**health, template="biomistral"), data, tmp_path / "one")
    options = {"Yes, it is", "No, it is dry", "No, wet is a feeling", "Nobody knows"}
    head, question, *shown, last = asked.split("\n")[0:1] + asked.split("\n")[2:]
    assert head == (
        "The following are multiple choice questions (with answers) about medical knowledge."
    )
    assert (question, last, choices) == ("**Question:** Is water wet?", "**Answer:**(", [*"ABCD"])
    assert [line[:4] for line in shown] == ["(A) ", "(B) ", "(C) ", "(D) "]
    assert {line[4:] for line in shown} == options
    items = [json.loads(line) for line in (tmp_path / "one" / "items.jsonl").open()]
    assert items[0]["options"][items[0]["answer"]] == "Yes, it is"
    assert [item["subject"] for item in items] == ["Health", "Health"]

    truthful, _ = prompt(
        TaskSettings(**health, template="biomistral-truthful"), data, tmp_path / "two"
    )
    assert truthful.startswith("Please truthfully answer the following multiple-choice question.")
    assert truthful.endswith("The answer is: (")
    assert "**" not in truthful


def test_where_the_best_answer_stands_does_not_tell_it(data: Path, tmp_path: Path) -> None:
    rows = [("Health", f"Question {n}?", "right", "one; two; three") for n in range(400)]
    with (data / "truthfulqa" / "TruthfulQA.csv").open("a", newline="") as file:
        csv.writer(file).writerows(("Adversarial", a, b, c, c, d, "") for a, b, c, d in rows)
    task = TaskSettings(lm_eval="truthfulqa", subject="Health", group="truth")
    benchmarks.export("t", task, data, tmp_path / "out")
    items = [json.loads(line) for line in (tmp_path / "out" / "items.jsonl").open()]
    places = [item["answer"] for item in items if len(item["options"]) == 4]
    assert all(70 <= places.count(place) <= 130 for place in range(4))


def test_examples_and_contexts_in_the_template_of_the_paper(data: Path, tmp_path: Path) -> None:
    """Its figure 2, read as text: five options, and PubMedQA's three decisions as letters."""
    five = TaskSettings(lm_eval="medqa", group="m", template="biomistral", shots=1)
    asked, choices = prompt(five, data, tmp_path / "five")
    body = asked.split("\n\n", 1)[1]
    options = "(A) v\n(B) w\n(C) x\n(D) y\n(E) z\n"
    shown, question = body.split("**Question:** ")[1:]
    assert shown.endswith(f"?\n{options}**Answer:**(E)\n")
    assert question.endswith(f"?\n{options}**Answer:**(")
    assert choices == [*"ABCDE"]

    abstract = TaskSettings(lm_eval="pubmedqa", group="m", template="biomistral", shots=0)
    asked, choices = prompt(abstract, data, tmp_path / "abstract")
    assert "We saw.\nIt did.\n**Question:** Does " in asked
    assert asked.endswith("help?\n(A) yes\n(B) no\n(C) maybe\n**Answer:**(")
    assert choices == [*"ABC"]


def test_a_template_is_part_of_what_is_compared(data: Path, tmp_path: Path) -> None:
    found = set()
    for template in (None, "biomistral"):
        task = TaskSettings(lm_eval="medqa", group="m", template=template)
        folder = tmp_path / str(template)
        found.add(
            read_asking(
                whole(folder, "tasks", "t", benchmarks.export("t", task, data, folder))
            ).template
        )
        roles = [each.role for each in benchmarks.inputs("t", task, data)]
        assert ("template" in roles) == bool(template)
    assert len(found) == 2


def test_what_a_template_cannot_be_used_for(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="template: of lm_eval tasks only"):
        TaskSettings(corpus="held-out", group="m", template="biomistral")
    hub = TaskSettings(lm_eval="mmlu_anatomy", group="m", template="biomistral")
    with pytest.raises(EvaluationError, match="`template` is for files"):
        library.unpinned(hub)
    task = TaskSettings(lm_eval="truthfulqa", group="m")
    with pytest.raises(EvaluationError, match="truthfulqa has several subjects: say `subject`"):
        benchmarks.export("t", task, data, tmp_path / "out")
    few = TaskSettings(lm_eval="truthfulqa", group="m", subject="Health", n=55)
    with pytest.raises(EvaluationError, match="has 2 questions and 55 are stated"):
        benchmarks.export("t", few, data, tmp_path / "out")
