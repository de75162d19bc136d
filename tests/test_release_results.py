"""`imprimatur results import` and `stats`: figures from anywhere, compared where they are alike."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from hub.failure import BadInput
from release.results import import_files
from release.stats import stats

DATA = Path(__file__).parents[2] / "shared" / "data" / "lm_eval_v03_pythia"


def old(model: str, shots: int, **scores: float) -> dict[str, Any]:
    """As lm-eval wrote until 0.3."""
    return {
        "results": {
            task: {"acc": p, "acc_stderr": (p * (1 - p) / 99) ** 0.5} for task, p in scores.items()
        },
        "versions": dict.fromkeys(scores, 0),
        "config": {"model_args": f"pretrained={model}", "num_fewshot": shots},
    }


def new(model: str, shots: int, template: str, **scores: float) -> dict[str, Any]:
    """As it writes since 0.4."""
    return {
        "results": {
            task: {"acc,none": p, "acc_stderr,none": 0.05, "alias": task}
            for task, p in scores.items()
        },
        "configs": {task: {"doc_to_text": template} for task in scores},
        "versions": dict.fromkeys(scores, 1.0),
        "n-shot": dict.fromkeys(scores, shots),
        "n-samples": {task: {"original": 100, "effective": 100} for task in scores},
        "config": {"model_args": {"pretrained": model}},
        "model_name": model,
    }


def written(folder: Path, *found: dict[str, Any]) -> list[Path]:
    paths = []
    for number, one in enumerate(found):
        paths.append(folder / f"results_{number}.json")
        paths[-1].write_text(json.dumps(one))
    return paths


def consistency(out: Path) -> list[dict[str, str]]:
    with (out / "consistency.csv").open(encoding="utf-8") as opened:
        return [row for row in csv.DictReader(opened) if row["check"] == "asked-otherwise"]


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (new("c", 5, "Q: {{q}}", sciq=0.6, arc=0.5), "shots: 5 and 0 for 2 other models"),
        (new("c", 0, "{{q}}", sciq=0.6, arc=0.5), "template: "),
        (old("c", 0, sciq=0.6, arc=0.5), "template: version 0 and "),
    ],
)
def test_what_was_asked_otherwise_is_marked_and_not_ranked(
    tmp_path: Path, odd: dict[str, Any], said: str
) -> None:
    alike = (new(model, 0, "Q: {{q}}", sciq=0.7, arc=0.4) for model in "ab")
    table = tmp_path / "table.csv"
    found = import_files(written(tmp_path, *alike, odd), table, "acc", "en")
    assert (found.rows, found.models, found.tasks) == (6, 3, 2)
    stats(table, tmp_path / "out", "average", None, "holm", None)
    marked = consistency(tmp_path / "out")
    assert [row["model"] for row in marked] == ["c", "c"]
    assert all(said in row["detail"] and "not comparable" in row["detail"] for row in marked)
    with (tmp_path / "out" / "ranks.csv").open(encoding="utf-8") as opened:
        ranks = {row["model"]: row["avg_rank"] for row in csv.DictReader(opened)}
    assert ranks["c"] == ""
    assert ranks["a"] != ""


def test_a_change_is_not_computed_between_other_shots(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "model,variant,language,task,n,score,shots\n"
        "m,base,en,sciq,100,0.4,0\nm,tuned,en,sciq,100,0.8,0\nm,other,en,sciq,100,0.8,5\n"
    )
    for rule in ("unpaired-z", "overlap-1se"):
        stats(table, tmp_path / rule, "average", rule, "holm", None)
        with (tmp_path / rule / "changes.csv").open(encoding="utf-8") as opened:
            rows = {row["variant"]: row for row in csv.DictReader(opened)}
        assert rows["tuned"]["verdict"] == "increase"
        assert (rows["other"]["verdict"], rows["other"]["rule"]) == (
            "not-comparable", "asked otherwise",
        )  # fmt: skip


def test_answers_by_another_metric_are_no_pair(tmp_path: Path) -> None:
    table = tmp_path / "answers.csv"
    lines = ["model,variant,language,task,item,correct,metric"]
    for variant, metric in (("base", "acc"), ("tuned", "acc"), ("other", "acc_norm")):
        lines += [f"m,{variant},en,t,q{n},{int(n < 5)},{metric}" for n in range(10)]
    table.write_text("\n".join(lines))
    stats(table, tmp_path / "out", "average", None, "holm", None)
    with (tmp_path / "out" / "changes.csv").open(encoding="utf-8") as opened:
        rules = {row["variant"]: row["rule"] for row in csv.DictReader(opened)}
    assert rules["other"] == "asked otherwise"
    assert rules["tuned"].startswith("paired")


def test_foreign_files_are_all_named(tmp_path: Path) -> None:
    written(tmp_path, {"config_general": {}}, old("a", 0, sciq=0.5), {"adapter_spec": {}})
    with pytest.raises(BadInput, match=r"lighteval(.|\n)*HELM"):
        import_files([tmp_path], tmp_path / "table.csv", "acc", "en")
    assert not (tmp_path / "table.csv").exists()


def test_two_files_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    both = written(tmp_path, old("a", 0, sciq=0.5), old("a", 0, sciq=0.6))
    with pytest.raises(BadInput, match="different things of a, sciq, acc"):
        import_files(both, tmp_path / "table.csv", "acc", "en")
    with pytest.raises(BadInput, match="no figure of the metric acc_norm"):
        import_files(both[:1], tmp_path / "table.csv", "acc_norm", "en")


@pytest.mark.skipif(not DATA.is_dir(), reason="the files from the wild are not here")
def test_files_from_the_wild_become_a_table(tmp_path: Path) -> None:
    files = sorted(DATA.glob("pythia-v1__pythia-1.4b*.json"))
    found = import_files(files, tmp_path / "table.csv", "acc", "en")
    assert found.models == len(files)
    stats(tmp_path / "table.csv", tmp_path / "out", "average", None, "holm", None)
    assert any("shots" in row["detail"] for row in consistency(tmp_path / "out"))
