"""A claim holds when its bound says so, was planned or not, and a false one stops the release."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
from conftest import DEMO, imprimatur
from pydantic import ValidationError

from evaluation.claims import claim_hash, judge, judge_table
from evaluation.published import published_table
from evaluation.results import Sample
from evaluation.settings import Claim, EvaluationError, EvaluationSettings
from hub.cards.results import ResultsCard, render
from release.claims import Judged, register, registered
from release.recipe import RecipeError, load

TASK = {"corpus": "held-out", "group": "medical"}


def settings(*claims: Claim) -> EvaluationSettings:
    return EvaluationSettings.model_validate(
        {
            "models": ["a", "b", "c"],
            "tasks": {
                "text": {**TASK, "measure": "bits_per_byte"},
                "cloze": {**TASK, "measure": "accuracy"},
            },
            "claims": claims,
        }
    )


def claim(kind: str, measure: str = "bits_per_byte", **fields: object) -> Claim:
    return Claim.model_validate(
        {"claim": kind, "model": "b", "group": "medical", "measure": measure, **fields}
    )


def read_texts(model: str, harder: float) -> list[Sample]:
    generator = np.random.default_rng(0)
    return [
        Sample(
            model, "text", "medical", "bits_per_byte", f"d{i}", f"h{i}",
            log_likelihood=-float(generator.gamma(20, 30)) * (1 + harder), num_bytes=400,
        )
        for i in range(60)
    ]  # fmt: skip


def answered(model: str, share: float, seed: int, questions: int = 300) -> list[Sample]:
    generator = np.random.default_rng(seed)
    return [
        Sample(
            model, "cloze", "medical", "accuracy", f"q{i}", f"h{i}",
            correct=bool(generator.random() < share),
        )
        for i in range(questions)
    ]  # fmt: skip


ANSWERS = {
    "a": [*read_texts("a", 0.0), *answered("a", 0.5, 1)],
    "b": [*read_texts("b", -0.05), *answered("b", 0.8, 2)],
    "c": [*read_texts("c", -0.05), *answered("c", 0.78, 3)],
}


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        (claim("better", than="a"), True),
        (claim("better", "accuracy", than="a"), True),
        (claim("better", than="c"), False),
        (claim("not worse", than="c", margin=0.01), True),
        # no difference is found between the two, which shows nothing
        (claim("not worse", "accuracy", than="c", margin=0.001), False),
        (claim("not worse", "accuracy", than="c", margin=0.2), True),
        (claim("best of", "accuracy", among=["a", "b"]), True),
        (claim("best of", "accuracy", among=["a", "b", "c"]), False),
    ],
)
def test_claims_hold_by_their_one_sided_bound(claim, holds):
    found = judge(claim, ANSWERS, settings(claim))
    assert found.holds is holds
    least = -(claim.margin or 0)
    assert holds == all(gain.bound > least for gain in found.gains)
    assert ("was not shown" in found.sentence()) is not holds


def test_other_questions_cannot_be_paired():
    fewer = {**ANSWERS, "a": ANSWERS["a"][1:]}
    with pytest.raises(EvaluationError, match="answers to the same questions"):
        judge(claim("better", than="a"), fewer, settings())
    changed = {**ANSWERS, "a": [replace(s, text_sha256="other") for s in ANSWERS["a"]]}
    with pytest.raises(EvaluationError, match="answers to the same questions"):
        judge(claim("better", than="a"), changed, settings())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"claim": "not worse", "than": "a"}, "needs a `margin`"),
        ({"claim": "better", "than": "a", "margin": 0.1}, "and only that"),
        ({"claim": "better"}, "needs `than`"),
        ({"claim": "better", "than": "b"}, "than itself"),
        ({"claim": "best of", "among": ["b"]}, "needs `among`"),
        ({"claim": "best of", "among": ["a"], "than": "c"}, "not `than`"),
    ],
)
def test_incomplete_claims_are_refused(fields, words):
    with pytest.raises(ValidationError, match=words):
        Claim.model_validate({"model": "b", "group": "g", "measure": "accuracy", **fields})


def test_false_alarms_of_not_worse_stay_at_five_percent():
    """Truly worse by just the margin: the claim may hold in 1 of 20."""
    margin, held = 0.1, 0
    told = claim("not worse", "accuracy", than="a", margin=margin)
    for seed in range(200):
        answers = {
            "a": answered("a", 0.7, 2 * seed, 150),
            "b": answered("b", 0.7 - margin, 2 * seed + 1, 150),
        }
        held += judge(told, answers, settings()).holds
    assert held / 200 < 0.09


def test_a_published_table_is_unpaired_and_says_so():
    table = published_table("partages-groups")
    told = Claim(
        claim="better", model="Qwen3-0.6B-Base (PDAPT)", than="Qwen3-0.6B-Base (base)",
        group="FR-MEDICAL", measure="accuracy",
    )  # fmt: skip
    found = judge_table(told, table)
    assert found.gains[0].value == pytest.approx(2.98, abs=0.01)
    assert "no answers to pair" in found.test


BETTER = "{claim: better, model: adapted, than: base, group: medical, measure: bits_per_byte}"


def recipe(*claims: str):
    return load(DEMO, "quick", [f"evaluation.claims=[{', '.join(claims)}]"])


def test_claims_are_planned_until_there_are_results(tmp_path):
    first = recipe(BETTER)
    register(first, tmp_path)
    (tmp_path / "evaluation" / "adapted-results-0123").mkdir(parents=True)
    (tmp_path / "evaluation" / "adapted-results-0123" / "manifest.json").write_text("{}")
    later = recipe(BETTER, BETTER.replace("medical", "general"))
    register(later, tmp_path)
    evaluation = later.release.evaluation
    assert evaluation
    hashes = [claim_hash(each, evaluation) for each in evaluation.claims]
    assert [registered(tmp_path)[sha256] for sha256 in hashes] == [True, False]


def test_a_claim_names_evaluated_models_and_final_tasks():
    with pytest.raises(RecipeError, match="nothing is named adaptd; did you mean"):
        recipe(BETTER.replace("model: adapted", "model: adaptd"))
    with pytest.raises(RecipeError, match="no held-out task of group legal measures"):
        recipe(BETTER.replace("medical", "legal"))


SCORE = {"model": "a", "group": "medical", "metric": "accuracy", "value": 0.5, "ci_low": 0.4,
         "ci_high": 0.6}  # fmt: skip


def test_the_card_says_what_was_claimed_and_nothing_otherwise():
    told = claim("better", "accuracy", than="a")
    judged = Judged(judge(told, ANSWERS, settings(told)), "0" * 64, planned=False)
    card = ResultsCard(
        repo="n/r", tag="v1", title="t", description="d", scores=[SCORE], confidence=0.9,
        claims=[judged.sentence()], changes=[], fronts=[], links={},
    )  # fmt: skip
    text = render(card)
    assert "## What is claimed" in text
    assert "b is better than a on medical (accuracy): gain +0." in text
    assert "(post hoc)." in text
    assert "90% interval" in text
    assert "95% interval" not in text
    assert "What is claimed" not in render(dataclasses.replace(card, claims=[]))


def test_a_false_claim_refuses_the_rehearsal(demo, tmp_path):
    """The short training changes next to nothing, so the general text did not get better by it."""
    false = BETTER.replace("model: adapted, than: base", "model: base, than: adapted-slerp")
    done = imprimatur(
        "rehearse", DEMO, "--scale", "quick", "--workdir", demo.path,
        "--set", f"evaluation.claims=[{false}]",
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "claim does not hold: base was not shown to be better than adapted-slerp" in done.stderr
    (demo.path / "claims.json").unlink()
