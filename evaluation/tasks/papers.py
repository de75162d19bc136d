"""The groups of the three papers: which task, how many questions, how many shots, which metric.

    evaluation:
      papers: [partages, biomistral]

`papers.yaml` declares them. What a paper asks with a dataset of the Hub needs its commit before it
can run: `revisions` of the release file, by lm-eval task. Until then `plan` lists them as unpinned.
`n` is the paper's: a task that has another number of questions is refused: it is not comparable.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.tasks.artefact import load_yaml

FILE = Path(__file__).parent / "papers.yaml"


class Declared(NamedTuple):
    """One task of a paper."""

    paper: str
    group: str
    name: str
    """of the task in the paper's tables"""
    lm_eval: str
    """in lm-eval's library; empty where it has none and `dataset` says where the questions are"""
    dataset: str
    n: int | None
    """questions, as the paper states them"""
    shots: int
    seeds: int
    """draws of examples"""
    metric: str
    note: str


@cache
def declared() -> tuple[Declared, ...]:
    """Every task of every paper, in the order of the file."""
    return tuple(_declared())


def names() -> list[str]:
    return list(dict.fromkeys(task.paper for task in declared()))


def of_paper(paper: str) -> list[Declared]:
    return [task for task in declared() if task.paper == paper]


def expanded(papers: list[str], revisions: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The tasks of `papers` that lm-eval has, as a release file would say them.

    Raises ValueError for a paper that is not declared.
    """
    if unknown := [paper for paper in papers if paper not in names()]:
        raise ValueError(f"no paper {unknown[0]} (there are: {', '.join(names())})")
    found = {}
    for paper in papers:
        for task in of_paper(paper):
            if task.lm_eval:
                found[f"{paper}-{task.group}-{task.name}"] = {
                    "lm_eval": task.lm_eval,
                    "group": f"{paper}-{task.group}",
                    "shots": task.shots,
                    "seeds": list(range(1234, 1234 + task.seeds)),
                    "n": task.n,
                    "revision": revisions.get(task.lm_eval, ""),
                }
    return found


def undefined(papers: list[str]) -> list[str]:
    """A sentence for each task whose questions lm-eval does not have."""
    return [
        f"{paper}-{task.group}-{task.name}: not run, it needs {task.dataset}"
        for paper in papers
        for task in of_paper(paper)
        if not task.lm_eval
    ]


def _declared() -> Iterator[Declared]:
    for paper, groups in load_yaml(FILE).items():
        for group, said in groups.items():
            for name, entry in said["tasks"].items():
                merged = {key: value for key, value in said.items() if key != "tasks"} | entry
                yield Declared(
                    paper, group, name, merged.get("lm_eval", ""), merged.get("dataset", ""),
                    merged.get("n"), merged["shots"], merged.get("seeds", 1), merged["metric"],
                    merged.get("note", ""),
                )  # fmt: skip
