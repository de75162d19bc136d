"""What `plan` tells of training and merging before anything is computed."""

from pathlib import Path

import pytest
from conftest import DEMO, imprimatur

from hub.failure import BadInput, Refused
from release.foresee import Foreseen, check, foresee
from release.recipe import load


def seen(*sets: str) -> Foreseen:
    return foresee(load(Path(DEMO), None, sets), {}, Path.cwd())


def test_the_demo_is_foreseen_whole() -> None:
    found = seen("training.adapted.hardware={gpu: h100, eur_per_hour: 3, utilisation: 0.25}")
    assert not found.problems
    assert not found.refusals
    assert "adapted-slerp: would be under CC0-1.0" in found.notes
    (estimate,) = [note for note in found.notes if "h100" in note]
    assert "195 steps" in estimate
    assert "EUR at the price in the release file (assuming 25% of the peak)" in estimate
    (priceless,) = [n for n in seen("training.adapted.hardware={gpu: l40s}").notes if "l40s" in n]
    assert "EUR" not in priceless


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("training.adapted.hardware={gpu: h9}", "nothing is known of the hardware h9"),
        (
            "merging.adapted-slerp.mergekit.parameters.t=[0, 0.1, 0.2, 0.3, 0.4, 1]",
            "merging.adapted-slerp: a schedule has 6 values for 4 layers",
        ),
        (
            "merging.adapted-slerp.mergekit.slices=[{sources: [{model: base, layer_range: [0, 9]},"
            " {model: adapted, layer_range: [0, 9]}]}]",
            "does not lie in base, which has 4 layers",
        ),
    ],
)
def test_what_cannot_work_is_a_problem(change: str, sentence: str) -> None:
    (problem,) = seen(change).problems
    assert sentence in problem


def test_what_cannot_fit_is_a_problem() -> None:
    found = seen("models.blank.tiny.hidden_size=1048576", "training.base.hardware={gpu: h200}")
    assert any("training.base does not fit" in problem for problem in found.problems)
    assert any("of memory and this machine has" in problem for problem in found.problems)


def test_parents_of_two_origins_are_held_against_each_other(tmp_path: Path) -> None:
    other = "{tiny: {corpus: general, licence: CC0-1.0, hidden_size: 96}}"
    text = Path(DEMO).read_text(encoding="utf-8").replace("data: demo", f"data: {DEMO}/../demo")
    recipe = tmp_path / "demo.yaml"
    recipe.write_text(text.replace("\ntraining:\n", f"  other: {other}\n\ntraining:\n"))
    found = foresee(load(recipe, None, ("training.adapted.base=other",)), {}, tmp_path)
    (problem,) = found.problems
    assert "base and adapted cannot be merged: model.embed_tokens.weight has shape" in problem


def test_a_licence_that_does_not_compose_is_a_refusal() -> None:
    found = seen("models.blank.tiny.licence=CC-BY-ND-4.0")
    assert not found.problems
    assert any("adapted-slerp could not be published: CC-BY-ND-4.0" in r for r in found.refusals)
    check(load(Path(DEMO), None, ("models.blank.tiny.licence=CC-BY-ND-4.0",)), Path.cwd())
    tuned = (
        "sources.essays.terms={licence: CC-BY-NC-4.0}",
        "finetuning={answering: {base: adapted, examples: essays}}",
    )
    with pytest.raises(Refused, match=r"CC-BY-NC-4\.0 of its texts does not allow commercial"):
        check(load(Path(DEMO), None, tuned), Path.cwd())
    with pytest.raises(BadInput, match="h9"):
        check(load(Path(DEMO), None, ("training.base.hardware.gpu=h9",)), Path.cwd())


def test_plan_ends_with_the_code_of_what_it_found(tmp_path: Path) -> None:
    refused = ("--workdir", tmp_path, "--set", "models.blank.tiny.licence=CC-BY-ND-4.0")
    assert imprimatur("plan", DEMO, *refused).returncode == 3
    wrong = (*refused, "--set", "training.base.hardware.gpu=h9")
    done = imprimatur("plan", DEMO, *wrong)
    assert done.returncode == 2
    assert "CC-BY-ND-4.0" in done.stderr  # refusals are listed with the problems
