"""What a release prints as a difference is judged together with the rest of its family."""

import pytest
from conftest import DEMO
from pydantic import ValidationError

from evaluation.settings import EvaluationSettings
from evaluation.summary import Change
from release.recipe import RecipeError, load
from release.steps import steps
from release.table import judged, judged_how

P = {("adapted", "medical"): 0.001, ("adapted", "general"): 0.03, ("merge", "medical"): 0.02,
     ("merge", "general"): 0.04}  # fmt: skip
FOUND = [
    ("adaptation", Change("base", model, group, -0.1, -0.2, -0.01, p, 30))
    for (model, group), p in P.items()
]


def settings(**significance: object) -> EvaluationSettings:
    return EvaluationSettings.model_validate(
        {
            "models": ["base", "adapted", "merge"],
            "tasks": {"text": {"corpus": "c", "measure": "bits_per_byte", "group": "medical"}},
            "significance": significance,
        }
    )


@pytest.mark.parametrize(
    ("significance", "adjusted"),
    [
        ({}, [0.004, 0.06, 0.06, 0.06]),
        ({"correction": "none"}, [0.001, 0.03, 0.02, 0.04]),
        ({"correction": "benjamini-hochberg"}, [0.004, 0.04, 0.04, 0.04]),
        ({"correction": "bh"}, [0.004, 0.04, 0.04, 0.04]),
        # two by two
        ({"families": {"gain": {"groups": ["medical"]}}}, [0.002, 0.06, 0.02, 0.06]),
        ({"families": {"m": {"models": ["merge"]}}}, [0.002, 0.03, 0.04, 0.04]),
        (
            {"families": {"one": {"models": ["merge"], "groups": ["general"]}}},
            [0.003, 0.04, 0.04, 0.04],
        ),
    ],
)
def test_p_values_are_adjusted_within_their_family(significance, adjusted):
    found = judged(FOUND, settings(**significance))
    assert [each.p_adjusted for each in found] == pytest.approx(adjusted)
    assert [each.verdict == "better" for each in found] == [p < 0.05 for p in adjusted]


def test_the_card_names_the_correction_and_its_families():
    found = judged(FOUND, settings())
    said = judged_how(settings(), found)
    assert said.endswith("below 0.05, corrected by Holm over the 4 differences of this table.")
    by_group = settings(correction="bh", families={"gain": {"groups": ["medical"]}})
    said = judged_how(by_group, judged(FOUND, by_group))
    assert "Benjamini-Hochberg over each family: gain (2), all others (2)." in said
    plain = settings(correction="none")
    assert "is not corrected" in judged_how(plain, judged(FOUND, plain))
    assert judged_how(settings(), []) == ""


@pytest.mark.parametrize(
    "families",
    [
        {"a": {"groups": ["medical"]}, "b": {"models": ["merge"]}},
        {"a": {"groups": ["medical", "general"]}, "b": {"groups": ["general"]}},
        {"a": {}, "b": {"groups": ["general"]}},
    ],
)
def test_a_difference_is_in_one_family_only(families):
    with pytest.raises(ValidationError, match="a and b share differences"):
        settings(families=families)


def test_families_name_what_is_evaluated():
    change = "evaluation.significance.families"
    with pytest.raises(RecipeError, match="nothing is named medcal; did you mean medical"):
        load(DEMO, "quick", [f"{change}={{x: {{groups: [medcal]}}}}"])
    with pytest.raises(RecipeError, match="nothing is named adaptd; did you mean adapted"):
        load(DEMO, "quick", [f"{change}={{x: {{models: [adaptd]}}}}"])


def test_how_differences_are_judged_repeats_no_work():
    plain = load(DEMO, "quick", [])
    other = load(DEMO, "quick", ["evaluation.significance={correction: none}"])
    assert other.release.evaluation != plain.release.evaluation
    assert [step.settings for step in steps(other)] == [step.settings for step in steps(plain)]
