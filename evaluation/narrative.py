"""The readable report of a table: what was found, and by which rule, in Markdown."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from evaluation.changes import NOT_COMPARABLE, VERDICTS, Changes, family_sizes
from evaluation.copies import Finding
from evaluation.statistics.differences import POWER, detectable
from evaluation.tables import Table

if TYPE_CHECKING:
    from evaluation.paired_groups import GroupChange
    from evaluation.report import Choices, GroupScores, LanguageRanks, Statistics

SHOWN = 60
"""rows of a table in the report; the CSV has them all"""

TIES = {
    "average": "tied models each get the mean of the places they share",
    "min": "tied models each get the best of the places they share",
    "first": "tied models are placed in the order of the table",
}


def report(table: Table, found: "Statistics", choices: "Choices", name: str) -> str:
    lines = [f"# Statistics of {name}", "", *_about(table), ""]
    lines += ["## Ranks", "", *_ranks(table, found.ranks, choices), ""]
    lines += ["## Groups", "", *_groups(table, found.groups), ""]
    lines += ["## Changes", "", *_changes(table, found.changes, choices), ""]
    if found.group_changes:
        lines += ["### Groups of tasks", "", *_group_changes(table, found.group_changes), ""]
    lines += ["## Consistency", "", *_consistency(found.findings)]
    return "\n".join(lines) + "\n"


def _about(table: Table) -> Iterator[str]:
    scale = "in percent" if table.scale == "percent" else "shares between 0 and 1"
    how = "as declared" if table.declared else "as the scores show; nothing declares it"
    yield (
        f"{len(table.entrants)} models, {len(table.columns)} tasks,"
        f" {int(table.present.sum())} scores, {scale} ({how})."
    )
    for source, fits in zip(table.sources, table.printed_errors_fit(), strict=True):
        if not fits:
            yield (
                f"The errors that {source or 'the table'} prints are no standard errors of n"
                " answers; √(p(1−p)/(n−1)) is used instead."
            )


def _ranks(table: Table, found: Sequence["LanguageRanks"], choices: "Choices") -> Iterator[str]:
    labels = table.labels()
    yield (
        f"Average rank over the tasks of a language, 1 is best; ties: `{choices.ties}`,"
        f" {TIES[choices.ties]}. {choices.confidence:.0%} intervals, seed"
        f" {choices.seed}. Models of one group letter cannot be told apart from its first."
    )
    for language, entrants, left_out, ranked, how in found:
        yield from ("", f"### {language}", "")
        if ranked:
            leaders = list(
                dict.fromkeys(ranked.tied_with[np.argsort(ranked.average, kind="stable")].tolist())
            )
            rows = []
            for at in np.argsort(ranked.average, kind="stable").tolist():
                rows.append(
                    [
                        labels[entrants[at]], f"{ranked.average[at]:.2f}",
                        f"{ranked.low[at]:.2f} – {ranked.high[at]:.2f}",
                        _letter(leaders.index(int(ranked.tied_with[at]))),
                    ]
                )  # fmt: skip
            yield from _table(("model", "average rank", "interval", "group"), rows)
            yield from ("", f"Intervals: {how}, {ranked.draws} draws.")
        if left_out:
            names = ", ".join(labels[entrant] for entrant in left_out[:SHOWN])
            yield from (
                "",
                f"Not ranked (a task is missing, or has another number of questions): {names}.",
            )


def _letter(number: int) -> str:
    return (
        chr(ord("A") + number)
        if number < 26
        else f"{_letter(number // 26 - 1)}{_letter(number % 26)}"
    )


def _groups(table: Table, found: Sequence["GroupScores"]) -> Iterator[str]:
    yield (
        "Weighted by questions, standard error √Σ(nᵢ/N)²seᵢ²; plain mean, standard error √Σseᵢ²/k."
    )
    labels = table.labels()
    for group, entrants, questions, weighted, plain in found:
        yield from ("", f"### {group}", "")
        rows = []
        for at, entrant in enumerate(entrants):
            means = [
                "not comparable"
                if np.isnan(means.mean[at])
                else f"{means.mean[at] * table.unit:.4g} ± {means.stderr[at] * table.unit:.2g}"
                for means in (weighted, plain)
            ]
            rows.append([labels[entrant], *means, str(int(questions[at]))])
        yield from _table(("model", "weighted mean", "plain mean", "questions"), rows)


def _changes(table: Table, found: Changes, choices: "Choices") -> Iterator[str]:
    if choices.rule == "overlap-1se":
        yield (
            "Rule `overlap-1se`: a change is one where score ± 1 standard error of model and base"
            " do not overlap; touching counts as overlapping. This is the rule of PARTAGES; it is"
            " no test at 5% (two equal models differ so in 16% of comparisons), and nothing is"
            " corrected for their number."
        )
    elif choices.rule == "paired":
        yield (
            "Rule `paired`: the same questions, answered by both. One answer a question: McNemar's"
            " exact test and Newcombe's interval; several seeds or translations: bootstrap by"
            f" source question, seed {choices.seed}. Correction: {choices.correction} over the"
            f" table; intervals of differences are {choices.confidence:.0%}, not corrected."
        )
    else:
        families = family_sizes(table, found)
        sizes = ", ".join(f"{name or 'the table'}: {size}" for name, size in families.items())
        yield (
            "Rule `unpaired-z`: the answers to each question are not at hand, so models that read"
            " the same questions are compared as if they had not; real changes may be missed."
            f" Correction: {choices.correction} over each family of comparisons"
            f" ({sizes or 'none'})."
            f" Intervals of differences are {choices.confidence:.0%}, not corrected."
        )
    counts = Counter(VERDICTS[verdict] for verdict in found.verdict.tolist())
    yield from ("", ", ".join(f"{name}: {counts[name]}" for name in VERDICTS) + ".", "")
    shown = np.flatnonzero((found.verdict > 0) & (found.verdict < NOT_COMPARABLE)).tolist()
    labels = table.labels()
    rows = []
    for at in shown[:SHOWN]:
        column = table.columns[found.column[at]]
        smallest = detectable(float(found.stderr[at]), choices.confidence) * table.unit
        rows.append(
            [
                labels[found.entrant[at]], f"{column.task}, {column.group}",
                f"{found.delta[at] * table.unit:+.4g}",
                f"{found.low[at] * table.unit:+.4g} – {found.high[at] * table.unit:+.4g}",
                f"{found.effect[at]:+.2f}", f"{smallest:.3g}", VERDICTS[found.verdict[at]],
            ]
        )  # fmt: skip
    if rows:
        header = ("model", "task", "change", "interval", "Cohen's h", "detectable", "verdict")
        yield from _table(header, rows)
        yield from (
            "",
            f"Detectable: the smallest true difference found with {POWER:.0%} probability.",
        )
    if len(shown) > SHOWN:
        yield from ("", f"{len(shown) - SHOWN} more in changes.csv.")


def _group_changes(table: Table, found: Sequence["GroupChange"]) -> Iterator[str]:
    yield "All answers of a group, by source question within each task; the groups are one family."
    yield ""
    labels = table.labels()
    rows = []
    for group, entrant, _, _, change, verdict, rule in found:
        if change is None:
            rows.append([labels[entrant], group, "", "", f"{VERDICTS[verdict]}: {rule}"])
            continue
        low, high = (f"{bound * table.unit:+.4g}" for bound in (change.low, change.high))
        delta = f"{change.delta * table.unit:+.4g}"
        rows.append([labels[entrant], group, delta, f"{low} – {high}", VERDICTS[verdict]])
    yield from _table(("model", "group", "change", "interval", "verdict"), rows)


def _consistency(found: Sequence[Finding]) -> Iterator[str]:
    if not found:
        yield "Nothing in the table contradicts itself."
        return
    counts = Counter(finding.check for finding in found)
    yield ", ".join(f"{check}: {count}" for check, count in counts.items()) + "."
    yield ""
    for finding in found[:SHOWN]:
        where = ", ".join(
            text
            for text in (finding.model, finding.other_model, finding.task, finding.language)
            if text
        )
        yield f"- `{finding.check}` {where}{': ' if where else ''}{finding.detail}"
    if len(found) > SHOWN:
        yield from ("", f"{len(found) - SHOWN} more in consistency.csv.")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows[:SHOWN]:
        yield f"| {' | '.join(cell.replace('|', '∣') for cell in row)} |"
    if len(rows) > SHOWN:
        yield from ("", f"{len(rows) - SHOWN} more in the CSV file.")
