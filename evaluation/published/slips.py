"""What the papers' tables say against themselves and against the papers' prose.

    python -m evaluation.published.slips > docs/published-results.md

Every line is computed from the tables of this folder; the sentences of the papers are quoted, and
what the figures give instead stands beside them.
"""

import sys
from collections import Counter
from collections.abc import Iterator

import numpy as np

from evaluation.changes import VERDICTS, changes
from evaluation.claims import judge_table
from evaluation.consistency import findings
from evaluation.published import RESULTS, published_table, rows
from evaluation.settings import Claim
from evaluation.statistics.ranks import Ties, average_ranks
from evaluation.tables import Table

PAPERS = ("partages", "definemed", "biomistral")
TIES: tuple[Ties, ...] = ("first", "min", "average")


def render() -> str:
    lines = [
        "# Published results, checked",
        "",
        "The tables of PARTAGES, DeFineMed and BioMistral lie in `evaluation/published` as tidy"
        " data. This page is computed from them (`python -m evaluation.published.slips`), and every"
        " line can be checked by hand. A finding says that figures do not fit each other, not why.",
        "",
        "## What follows from the tables",
        "",
        *_reproduced(),
        "",
        "## Inside each table",
    ]
    for name in RESULTS:
        lines += ["", f"### {name}", "", *inside(published_table(name))]
    lines += ["", "## Between two tables", "", *_between()]
    lines += ["", "## Prose against tables", ""]
    lines += [line for paper in PAPERS for line in prose(paper)]
    return "\n".join(lines) + "\n"


def prose(paper: str) -> Iterator[str]:
    """What a paper says that its tables do not give; `paper` is one of PAPERS."""
    checks = {"partages": _partages, "definemed": _definemed, "biomistral": _biomistral}
    return checks[paper]()


def rank_matches(ties: Ties) -> int:
    """How many of the average ranks of PARTAGES' Table 7 follow from its Tables 8 to 11."""
    table = published_table("partages-benchmark")
    printed = {row["model"]: row["avg_rank"] for row in rows("partages-ranks")}
    found = average_ranks(table.score[:, table.blocks("language")["fr"]], ties)
    names = [entrant.model for entrant in table.entrants]
    return sum(printed[name] == f"{rank:.2f}" for name, rank in zip(names, found, strict=True))


def _reproduced() -> Iterator[str]:
    ties = ", ".join(f"{rank_matches(rule)} with `{rule}`" for rule in TIES)
    yield (
        f"- PARTAGES, average ranks of Table 7 from Tables 8 to 11: of 35, {ties}. `first` (tied"
        " models in the order of the table) is the rule that was used."
    )
    for name in ("definemed", "biomistral-english", "biomistral-languages"):
        table = published_table(name)
        off = sum(finding.check == "average" for finding in findings(table))
        count = len(table.averages)
        yield f"- {name}: {count} printed averages, {off} that do not follow from their rows."


def inside(table: Table) -> Iterator[str]:
    """The findings about one table, a line each."""
    found = findings(table)
    for finding in found:
        if finding.check == "missing":
            continue
        where = " / ".join(
            text for text in (finding.model, finding.other_model, finding.task) if text
        )
        yield f"- `{finding.check}` {where}{': ' if where else ''}{finding.detail}"
    missing = Counter((f.model, f.language) for f in found if f.check == "missing")
    for (model, language), count in missing.items():
        yield f"- `missing` {model}: {count} tasks of {language}"


def _between() -> Iterator[str]:
    """The base models of PARTAGES' Tables 3 and 4 are in its Tables 8 to 11 too."""
    groups, benchmark = published_table("partages-groups"), published_table("partages-benchmark")
    models = {entrant.model: number for number, entrant in enumerate(benchmark.entrants)}
    places = {(c.language, c.task): number for number, c in enumerate(benchmark.columns)}
    half = groups.half_unit("score")
    for entrant, (model, variant) in enumerate(groups.entrants):
        for number, column in enumerate(groups.columns):
            place = places.get((column.language, column.task))
            if variant != "base" or place is None or model not in models:
                continue
            here, there = groups.score[entrant, number], benchmark.score[models[model], place]
            if abs(here - there) > half[entrant, number] + 1e-9:
                one = groups.sources[groups.source[entrant, number]]
                two = benchmark.sources[benchmark.source[models[model], place]]
                yield (
                    f"- {model}, {column.task} ({column.language}): {here * 100:.1f} in {one},"
                    f" {there * 100:.2f} in {two}"
                )


def _partages() -> Iterator[str]:
    table = published_table("partages-groups")
    found = changes(table, "overlap-1se")
    changed = [
        (table.columns[column].group, table.entrants[entrant], table.columns[column].task,
         VERDICTS[verdict])
        for entrant, column, verdict in zip(
            found.entrant, found.column, found.verdict.tolist(), strict=True
        )
        if VERDICTS[verdict] in ("increase", "decrease")
    ]  # fmt: skip
    medical = Counter(verdict for group, *_, verdict in changed if group == "FR-MEDICAL")
    yield (
        "- PARTAGES: “for FR-MEDICAL, there were 8 statistically significant changes, of which only"
        f" 1 was negative”. By its own rule Table 3 gives {sum(medical.values())}:"
        f" {medical['increase']} increases and {medical['decrease']} decrease."
    )
    others = [
        f"{who.model} {who.variant} on {task} ({group})"
        for group, who, task, verdict in changed
        if verdict == "increase" and group != "FR-MEDICAL"
    ]
    yield (
        "- PARTAGES: in the other groups “only one significant positive change (the model"
        " Qwen3-8B-Base+PDAPT+SLERP on the MMLU-Pro-X Business dataset in English)”. Tables 4 to 6"
        f" give: {'; '.join(others)}. Those on Phil. rest on the base score of 4.9 flagged above."
    )
    merged = [
        f"{who.model} on {task} ({group})"
        for group, who, task, verdict in changed
        if verdict == "decrease" and who.variant == "PDAPT+SLERP"
    ]
    yield (
        "- PARTAGES: after merging “there are no longer any statistically significant decreases”."
        f" The tables give {len(merged)}: {'; '.join(merged)}."
    )
    tested = Counter(VERDICTS[verdict] for verdict in changes(table).verdict.tolist())
    yield (
        f"- PARTAGES, all {len(found.entrant)} comparisons by a z test with Holm's correction"
        f" within each table: {tested['increase']} increases, {tested['decrease']} decreases."
    )
    yield (
        "- PARTAGES: “the top three models being the three largest in terms of parameter count”."
        " GPT-OSS-20B is larger than Qwen3-14B and ranks eleventh."
    )


def _definemed() -> Iterator[str]:
    table = published_table("definemed")
    group = "de (DeFineMed table 4)"
    best = "DeFineMed-Mistral-Small-24B-SLERP"
    columns = table.blocks("group")[group]
    asked = np.flatnonzero(table.present[:, columns].any(axis=1)).tolist()
    names = [table.labels()[entrant] for entrant in asked]
    claim = Claim(claim="best of", model=best, among=tuple(names), group=group, measure="accuracy")
    judgement = judge_table(claim, table)
    unproved = ", ".join(
        f"{gain.other} (weighted gain {gain.value:+.2f}, lower bound {gain.bound:+.2f})"
        for gain in judgement.gains
        if gain.bound <= 0
    )
    yield (
        f"- DeFineMed: {best} “significantly outperforming all other models” (Table 4). Unpaired,"
        f" one-sided 95%, it is not told apart from {unproved}."
    )
    labels = table.labels()
    mean = table.score[:, columns].mean(axis=1) * 100
    flat = [
        table.columns[column].task
        for column in columns
        if table.score[labels.index(best.removesuffix("-SLERP")), column]
        == table.score[labels.index("Mistral-Small-24B-Instruct"), column]
    ]
    yield (
        "- DeFineMed: continual pre-training “consistently improves performance”. Of"
        f" Mistral-Small-24B, {', '.join(flat)} is the same before and after"
        f" (average {mean[labels.index('Mistral-Small-24B-Instruct')]:.2f} and"
        f" {mean[labels.index(best.removesuffix('-SLERP'))]:.2f})."
    )


def _biomistral() -> Iterator[str]:
    table = published_table("biomistral-english")
    labels = table.labels()
    tasks = [column.task for column in table.columns]
    own = table.score[labels.index("BioMistral 7B (3shot)")] * 100
    better = [
        f"{task} ({own[at]:.1f}; {name.removesuffix(' (3shot)')}"
        f" {table.score[labels.index(name), at] * 100:.1f})"
        for name in (
            "MedAlpaca 7B (3shot)",
            "PMC-LLaMa 7B",
            "MedIron-7B",
            "BioMedGPT-LM-7B (3shot)",
        )
        for at, task in enumerate(tasks)
        if table.score[labels.index(name), at] * 100 > own[at]
    ]
    yield (
        "- BioMistral: BioMistral 7B “surpasses all other open-source biomedical baselines on all"
        f" tasks in this 3-shot scenario” (Table 2). It does not on {', '.join(better)}."
    )
    quantised = [n for n, e in enumerate(table.entrants) if e.variant == "quant"][1:]
    at = tasks.index("medmcqa")
    drop = own[at] - float(np.mean(table.score[quantised, at])) * 100
    yield (
        "- BioMistral: MedMCQA drops by “4.05% across all quantization methods” (Table 4). The mean"
        f" of the four is {drop:.2f} points lower, {drop / own[at] * 100:.2f}% of the score. The"
        " other losses of that paragraph are relative, the 24.1% of PubMedQA are points."
    )


if __name__ == "__main__":
    sys.stdout.write(render())
