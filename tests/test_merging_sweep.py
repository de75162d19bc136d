"""The rule that chooses, the front as a figure, and what is asked of a merge after it was made."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from merging_models import LAYERS, make_parents

from hub.failure import Failed
from merging.merge import merge
from merging.postflight import Proof, distances, postflight
from merging.settings import MergingSettings
from merging.sweep import chosen_candidate, points

pytestmark = [
    # mergekit and transformers warn about their own next versions
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SCORES = {
    "base": {"medical": 3.0, "general": 2.00},
    "adapted": {"medical": 2.0, "general": 3.00},
    "as configured": {"medical": 2.6, "general": 2.20},
    "t=0.25": {"medical": 2.7, "general": 2.03},
    "t=0.5": {"medical": 2.3, "general": 2.15},
    "t=0.75": {"medical": 2.1, "general": 2.60},
}


def swept(**sweep: Any) -> MergingSettings:
    return MergingSettings.model_validate(
        {
            "mergekit": {
                "merge_method": "slerp",
                "base_model": "base",
                "models": [{"model": "base"}, {"model": "adapted"}],
                "parameters": {"t": 0.4},
            },
            "sweep": {"t": [0.25, 0.5, 0.75], "domain": "medical", "general": "general", **sweep},
        }
    )


@pytest.mark.parametrize(
    ("sweep", "chosen"),
    [
        ({}, "as configured"),
        ({"choose": "balance"}, "t=0.5"),
        ({"choose": "gain", "at_most": 0.02}, "t=0.25"),
        ({"choose": "gain", "at_most": 0.1}, "t=0.5"),
        ({"choose": "gain", "at_most": 1.0}, "t=0.75"),
    ],
)
def test_the_stated_rule_chooses(sweep: dict[str, Any], chosen: str) -> None:
    settings = swept(**sweep)
    rows = points("slerp", settings, SCORES)
    assert [row.candidate for row in rows if row.chosen] == [chosen]
    # t=0.5 is better than the merge as configured on both sides
    assert [row.candidate for row in rows if not row.on_front] == ["as configured"]
    again = chosen_candidate(settings, [asdict(row) for row in rows])
    assert again.label == chosen


def test_accuracy_is_better_when_higher() -> None:
    scores = {name: {g: 1 - v / 4 for g, v in groups.items()} for name, groups in SCORES.items()}
    settings = swept(choose="gain", at_most=0.1, measure="accuracy")
    rows = points("slerp", settings, scores)
    assert [row.candidate for row in rows if row.chosen] == ["t=0.5"]
    assert [row.candidate for row in rows if not row.on_front] == ["as configured"]


def test_nothing_within_the_accepted_loss_is_a_failure() -> None:
    with pytest.raises(Failed, match=r"no candidate loses at most 0\.001 of base in general"):
        points("slerp", swept(choose="gain", at_most=0.001), SCORES)


def test_a_merge_is_read_beside_its_parents(tmp_path: Path) -> None:
    parents = make_parents(tmp_path)
    lines: list[str] = []
    configuration = swept().mergekit | {"parameters": {"t": 0}, "dtype": "float32"}
    merge(MergingSettings(mergekit=configuration), parents, tmp_path / "out", lines.append)
    proof = postflight(
        tmp_path / "out", parents, {"medical": ["abcabcabc"], "short": ["a"]}, lines.append
    )
    assert "short" not in proof.perplexity["merge"]
    assert proof.perplexity["merge"] == pytest.approx(proof.perplexity["base"], rel=1e-4)
    assert not proof.worse_everywhere
    assert set(proof.distance["base"]) == {"embeddings", "rest", *map(str, range(LAYERS))}
    assert max(proof.distance["base"].values()) < 1e-6
    assert min(proof.distance["adapted"].values()) > 0.01
    assert distances(parents["base"], parents["base"])["0"] == 0
    assert proof.numbers()["distance.adapted.layer_0"].value == proof.distance["adapted"]["0"]
    assert any(line.startswith("perplexity, medical: merge ") for line in lines)


def test_worse_than_both_parents_everywhere_is_flagged() -> None:
    def proof(medical: float, general: float) -> Proof:
        merge = {"medical": medical, "general": general}
        parents = {
            "base": {"medical": 9.0, "general": 5.0},
            "adapted": {"medical": 4.0, "general": 8.0},
        }
        return Proof("", {"merge": merge, **parents}, {})

    assert proof(9.1, 8.1).worse_everywhere
    assert not proof(9.1, 7.9).worse_everywhere
    flag = proof(9.1, 8.1).numbers()["worse_than_both_parents_everywhere"]
    assert flag.value == 1
    assert not Proof("", {}, {}).worse_everywhere
