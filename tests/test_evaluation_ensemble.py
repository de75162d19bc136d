"""The answers of two models added up, from what was kept of each."""

import json
import math
from dataclasses import replace

import evaluation_models
import pytest

from evaluation.ensemble import ensemble, together
from evaluation.results import SCORES, Sample, write_results
from evaluation.settings import EvaluationError, EvaluationSettings
from hub.manifest import Artefact, Outcome


def answer(model: str, nats: tuple[float, ...], text: str = "x", item: str = "1") -> Sample:
    chosen = nats.index(max(nats))
    return Sample(
        model, "choice", "medical", "accuracy", item, text,
        option_log_likelihoods=nats, chosen=chosen, answer=1, correct=chosen == 1,
    )  # fmt: skip


def test_the_surer_model_decides() -> None:
    unsure = answer("base", (math.log(0.4), math.log(0.35), math.log(0.25)))
    sure = answer("adapted", (math.log(0.1) - 50, math.log(0.8) - 50, math.log(0.1) - 50))
    (both,) = together("both", [[unsure], [sure]])
    assert (both.model, both.chosen, both.correct) == ("both", 1, True)
    assert both.option_log_likelihoods == pytest.approx(
        [math.log(0.4 * 0.1), math.log(0.35 * 0.8), math.log(0.25 * 0.1)]
    )


def test_a_model_with_itself_answers_as_alone() -> None:
    alone = answer("base", (-3.0, -9.0, -1.0))
    (both,) = together("both", [[alone], [alone]])
    assert both.chosen == alone.chosen


def test_a_question_that_was_drawn_twice_is_one_question(tmp_path) -> None:
    """Two draws of examples are two answers to each question, which are not independent."""

    def given(name: str) -> Artefact:
        folder = tmp_path / name
        folder.mkdir()
        answers = [
            replace(answer(name, (-1.0, -1.0 - k), text=f"{k}-{seed}", item=str(k)), seed=seed)
            for k in (-1, 1, 2, -2)
            for seed in (1, 2)
        ]
        payload = write_results(folder, answers, [])
        return evaluation_models.whole(folder, "results", name, Outcome(payload, {}))

    settings = EvaluationSettings.model_validate({
        "models": ["a", "b"], "resamples": 100,
        "tasks": {"choice": {"corpus": "c", "measure": "accuracy", "group": "medical"}},
    })  # fmt: skip
    ensemble("both", [given("a"), given("b")], settings, tmp_path / "out")
    (score,) = json.loads((tmp_path / "out" / SCORES).read_bytes())
    assert score["n"] == 4
    assert "bootstrap over questions, each with its 2 draws" in score["method"]


def test_other_questions_are_refused() -> None:
    one, two = answer("a", (-1.0, -2.0)), answer("b", (-1.0, -2.0), text="y")
    with pytest.raises(EvaluationError, match="asked other questions"):
        together("both", [[one], [two]])
    with pytest.raises(EvaluationError, match="asked other questions"):
        together("both", [[one], [answer("b", (-1.0, -2.0), item="2")]])
    text = Sample("a", "t", "medical", "bits_per_byte", "1", "x", log_likelihood=-1.0, num_bytes=2)
    with pytest.raises(EvaluationError, match="needs a task of accuracy"):
        together("both", [[text], [text]])
