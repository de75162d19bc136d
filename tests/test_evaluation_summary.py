"""Groups pool their documents, and changes are read off the same documents."""

import math
from dataclasses import asdict, replace

import pytest

from evaluation.results import Sample
from evaluation.settings import EvaluationError, EvaluationSettings, TaskSettings
from evaluation.summary import compare, estimate, summarise

SETTINGS = EvaluationSettings(
    models=["base", "adapted"],
    tasks={"text": TaskSettings(corpus="heldout", measure="bits_per_byte", group="medical")},
    resamples=300,
)


def _text(item: str, bits_per_byte: float, task: str = "text", group: str = "medical") -> Sample:
    num_bytes = 500 + 37 * (sum(item.encode()) % 11)
    return Sample(
        "base", task, group, "bits_per_byte", item, f"sha-{item}",
        log_likelihood=-bits_per_byte * num_bytes * math.log(2), num_bytes=num_bytes,
    )  # fmt: skip


def _answer(item: str, correct: bool) -> Sample:
    return Sample(
        "base", "cloze", "medical", "accuracy", item, f"sha-{item}",
        option_log_likelihoods=(-1.0, -2.0), chosen=0, answer=0 if correct else 1, correct=correct,
    )  # fmt: skip


def _texts(group: str, level: float, task: str = "text") -> list[Sample]:
    return [
        _text(f"{group}-{index}", level + 0.3 * math.sin(index), task, group) for index in range(30)
    ]


def _shifted(samples: list[Sample], model: str, by_group: dict[str, float]) -> list[Sample]:
    """Another model that reads each document of a group worse by so many bits per byte."""
    return [
        replace(
            sample,
            model=model,
            log_likelihood=(sample.log_likelihood or 0)
            - by_group[sample.group] * (sample.num_bytes or 0) * math.log(2),
        )
        for sample in samples
    ]


def test_a_group_of_one_task_has_the_score_of_that_task() -> None:
    samples = _texts("medical", 2.0)
    (score,) = summarise(samples, SETTINGS)
    task = estimate(samples, SETTINGS)
    assert (score.value, score.ci_low, score.ci_high) == (task.value, task.low, task.high)
    assert list(asdict(score)) == ["model", "group", "metric", "value", "ci_low", "ci_high"]


def test_a_group_of_several_tasks_counts_every_byte_once() -> None:
    one, two = _texts("medical", 2.0), _texts("medical", 3.0, "more")[:5]
    (score,) = summarise([*one, *two], SETTINGS)
    nats = sum(sample.log_likelihood or 0 for sample in [*one, *two])
    num_bytes = sum(sample.num_bytes or 0 for sample in [*one, *two])
    assert score.value == pytest.approx(-nats / math.log(2) / num_bytes)
    assert score.ci_low < score.value < score.ci_high


def test_rows_are_one_a_model_group_and_metric() -> None:
    base = [
        *_texts("medical", 2.0),
        *_texts("general", 1.5),
        *(_answer(f"q{index}", index % 4 == 0) for index in range(20)),
    ]
    scores = summarise([*base, *(replace(each, model="adapted") for each in base)], SETTINGS)
    assert [(score.model, score.group, score.metric) for score in scores] == [
        (model, group, metric)
        for model in ("base", "adapted")
        for group, metric in [
            ("medical", "bits_per_byte"), ("general", "bits_per_byte"), ("medical", "accuracy"),
        ]
    ]  # fmt: skip
    accuracy = scores[2]
    assert accuracy.value == 0.25
    assert (round(accuracy.ci_low, 3), round(accuracy.ci_high, 3)) == (0.112, 0.469)


def test_changes_show_gain_and_loss_with_their_signs() -> None:
    base = [*_texts("medical", 2.0), *_texts("general", 1.5), _answer("q", True)]
    adapted = _shifted(base[:-1], "adapted", {"medical": -0.2, "general": 0.1})
    general, medical = compare(base, adapted, SETTINGS)
    assert (medical.before, medical.after, medical.documents) == ("base", "adapted", 30)
    assert medical.difference == pytest.approx(-0.2)
    assert general.difference == pytest.approx(0.1)
    assert medical.ci_high < 0 < general.ci_low
    unchanged = compare(base, base, SETTINGS)
    assert all(change.ci_low <= 0 <= change.ci_high for change in unchanged)


@pytest.mark.parametrize(
    "after",
    [
        [],
        _texts("medical", 2.0)[1:],
        [replace(each, text_sha256="another text") for each in _texts("medical", 2.0)],
    ],
)
def test_models_that_read_different_documents_cannot_be_compared(after: list[Sample]) -> None:
    with pytest.raises(EvaluationError, match="same documents only"):
        compare(_texts("medical", 2.0), after, SETTINGS)


def test_mixed_up_answers_are_refused() -> None:
    texts = _texts("medical", 2.0)
    with pytest.raises(EvaluationError, match="item 'medical-0' of task 'text' twice"):
        summarise([*texts, texts[0]], SETTINGS)
    with pytest.raises(EvaluationError, match="one model"):
        compare([*texts, replace(texts[0], model="other")], texts, SETTINGS)
    with pytest.raises(EvaluationError, match="one measure"):
        estimate([texts[0], _answer("q", True)], SETTINGS)
    with pytest.raises(EvaluationError, match="no log-likelihood"):
        estimate([replace(each, log_likelihood=None) for each in texts], SETTINGS)
    with pytest.raises(EvaluationError, match="no byte count"):
        estimate([replace(each, num_bytes=None) for each in texts], SETTINGS)
