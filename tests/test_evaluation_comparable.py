"""Scores that were asked for otherwise are not set beside each other; the papers' groups."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.comparable import Conditions, conditions, differing, why_not
from evaluation.results import Sample
from evaluation.settings import EvaluationSettings
from evaluation.summary import estimate
from evaluation.tasks import papers
from release.steps.evaluation import unpinned_tasks

TABLE = Path(__file__).parents[2] / "shared" / "tables" / "partages_t2_tasks.csv"
ASKED = Conditions("acc", 3, "template", 100)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (ASKED, ""),
        (replace(ASKED, shots=5), "shots: 3 and 5"),
        (replace(ASKED, metric="acc_norm"), "metric: acc and acc_norm"),
        (replace(ASKED, template="another"), "template"),
        (replace(ASKED, template=""), "template: one is not known"),
        (replace(ASKED, n=99), "n: 100 and 99"),
        (replace(ASKED, n=None, shots=None), "shots: 3 and unknown; n: 100 and unknown"),
    ],
)
def test_what_differs_is_named(other: Conditions, said: str) -> None:
    assert why_not(ASKED, other) == said


def _answers(shots: int, seeds: tuple[int, ...] = (0,), items: int = 4) -> list[Sample]:
    return [
        Sample(
            "m", "exam", "medical", "accuracy", str(item), f"{item}/{seed}", correct=item % 2 == 0,
            seed=seed, shots=shots, metric="acc", template="t",
        )
        for item in range(items)
        for seed in seeds
    ]  # fmt: skip


def test_answers_to_the_same_questions_may_differ_in_number_but_not_in_shots() -> None:
    three, five, fewer = (
        conditions(answers) for answers in (_answers(3), _answers(5), _answers(3, items=3))
    )
    assert three["exam"].n == 4
    assert differing(three, five, paired=True) == "exam (shots: 3 and 5)"
    assert differing(three, fewer, paired=True) == ""
    assert differing(three, fewer) == "exam (n: 4 and 3)"


def test_asking_again_with_other_examples_is_no_new_question() -> None:
    """The interval of three equal draws is as wide as that of one, up to the bootstrap."""
    settings = EvaluationSettings(models=["m"], tasks={}, papers=["partages"], resamples=4000)
    one = estimate(_answers(3, items=400), settings)
    three = estimate(_answers(3, (0, 1, 2), items=400), settings)
    assert three.value == one.value
    assert three.stderr == pytest.approx(one.stderr, rel=0.05)
    assert three.high - three.low == pytest.approx(one.high - one.low, rel=0.05)


def test_a_papers_tasks_are_added_and_listed_as_unpinned_until_they_have_a_commit() -> None:
    settings = EvaluationSettings(models=["m"], tasks={}, papers=["biomistral"])
    unpinned, refused = unpinned_tasks(settings)
    assert not refused
    assert len(unpinned) == len(papers.of_paper("biomistral")) == 10
    assert any(
        "biomistral-medical-en-medqa: unpinned: GBaker/MedQA-USMLE-4-options-hf" in line
        for line in unpinned
    )
    assert any("pubmedqa: not run, it needs" in line for line in unpinned)
    task = settings.tasks["biomistral-medical-en-medqa"]
    assert (task.shots, task.n, len(task.seeds)) == (3, 1273, 3)
    pinned = EvaluationSettings(
        models=["m"], tasks={}, papers=["biomistral"], revisions={"medqa_4options": "a" * 40}
    )
    assert len(unpinned_tasks(pinned)[0]) == 9
    again = EvaluationSettings.model_validate(pinned.model_dump(mode="json"))
    assert again == pinned
    with pytest.raises(ValueError, match="no paper nature"):
        EvaluationSettings(models=["m"], tasks={}, papers=["nature"])


@pytest.mark.skipif(not TABLE.is_file(), reason="needs the papers' tables")
def test_the_groups_of_partages_have_the_n_and_metrics_of_its_table() -> None:
    with TABLE.open(newline="") as opened:
        table = sorted(
            (row["group"], int(row["n"]), row["metric"]) for row in csv.DictReader(opened)
        )
    for language in ("en", "fr"):
        ours = sorted(
            (task.group.removesuffix(f"-{language}").upper(), task.n or 0, task.metric)
            for task in papers.of_paper("partages")
            if task.group.endswith(language)
        )
        assert ours == table


@pytest.mark.skipif(not TABLE.is_file(), reason="needs the papers' tables")
def test_biomistrals_other_languages_have_the_n_of_its_appendix() -> None:
    with TABLE.with_name("biomistral_H_multilingual.csv").open(newline="") as opened:
        printed = {
            row["task"].replace("_", "-"): int(row["n"])
            for row in csv.DictReader(opened)
            if row["n"]
        }
    declared = papers.of_paper("biomistral-multilingual")
    for language in ("ar", "de", "es", "fr", "pt", "ru", "zh"):
        ours = {task.name: task.n for task in declared if task.group == f"medical-{language}"}
        assert ours == printed
    assert all(task.shots == 3 and task.seeds == 3 for task in declared)
    said = papers.undefined(["biomistral-multilingual"])
    assert len(said) == len(declared) == 70
