"""An audit to read: lines for a terminal, and one HTML page that loads nothing from anywhere."""

from collections import Counter
from dataclasses import asdict
from html import escape

from hub.licences.audit import Summary
from hub.licences.table import LICENCES

_COLOURS = {"allowed": "#2f7d4f", "refused": "#b3402e", "unknown": "#8a8a8a"}
_SHOWN = 20


def lines(summary: Summary) -> list[str]:
    """The report for a terminal."""
    found = [verdict_sentence(summary), ""]
    for source, licences in sorted(summary.licences.items()):
        found.append(f"{_clean(source)}: {sum(licences.values()):,} documents")
        for (licence, verdict), count in licences.most_common(_SHOWN):
            found.append(f"  {verdict:8} {count:10,}  {licence}")
    for title, rows in _findings(summary):
        found += ["", title]
        found += [f"  {count:10,}  {words}" for words, count in rows[:_SHOWN]]
        if len(rows) > _SHOWN:
            found.append(f"  … and {len(rows) - _SHOWN} more kinds, in ledger.parquet")
    return found


def verdict_sentence(summary: Summary) -> str:
    if not summary.documents and not summary.models:
        return "No documents were found."
    allowed, total = summary.verdicts["allowed"], summary.documents
    rest = f"{summary.verdicts['refused']:,} refused, {summary.verdicts['unknown']:,} unknown"
    passed = sum(model.verdict == "allowed" for model in summary.models)
    models = f" Models: {passed} of {len(summary.models)} allowed." if summary.models else ""
    judged = "Allowed" if summary.allowed else "Not allowed as a whole"
    return (
        f"{judged} for {summary.use} use: {allowed:,} of {total:,} documents may be trained on and "
        f"published cleaned; {rest}.{models}"
    )


def as_json(summary: Summary) -> dict[str, object]:
    return {
        "use": summary.use,
        "allowed": summary.allowed,
        "documents": summary.documents,
        "verdicts": dict(sorted(summary.verdicts.items())),
        "tiers": dict(sorted(summary.tiers.items())),
        "sources": {
            source: [
                {"licence": licence, "verdict": verdict, "documents": count}
                for (licence, verdict), count in counts.most_common()
            ]
            for source, counts in sorted(summary.licences.items())
        },
        "rules": [
            {"source": source, "rule": rule, "documents": count,
             "example": summary.examples[(source, rule)]}
            for (source, rule), count in summary.rules.most_common()
        ],
        "conflicts": [
            {"source": source, "licence": licence, "claim": claim, "documents": count}
            for (source, licence, claim), count in summary.conflicts.most_common()
        ],
        "models": [asdict(model) for model in summary.models],
        "missing": [
            {"source": source, "what": what, "documents": count}
            for (source, what), count in summary.missing.most_common()
        ],
    }  # fmt: skip


def html(summary: Summary, title: str) -> str:
    """One page; whatever a document says about itself is escaped."""
    bars = "".join(_source(source, counts) for source, counts in sorted(summary.licences.items()))
    sections = "".join(
        f"<h2>{escape(heading)}</h2><table>"
        + "".join(f"<tr><td class=n>{n:,}</td><td>{escape(w)}</td></tr>" for w, n in rows[:200])
        + "</table>"
        for heading, rows in _findings(summary)
    )
    key = "".join(
        f'<span class=key><i style="background:{colour}"></i>{word}</span>'
        for word, colour in _COLOURS.items()
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Licence audit: {escape(title)}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; \
padding: 0 1rem }}
.bar {{ display: flex; height: 1.4rem; border-radius: 3px; overflow: hidden }}
.bar i {{ min-width: 2px; border-right: 1px solid Canvas }}
.key {{ margin-right: 1.5rem }} .key i {{ display: inline-block; width: .8em; height: .8em; \
margin-right: .4em }}
td {{ padding: .15rem 1rem .15rem 0; vertical-align: top; overflow-wrap: anywhere }}
.n {{ text-align: right; font-variant-numeric: tabular-nums }}
</style></head><body>
<h1>Licence audit: {escape(title)}</h1>
<p><strong>{escape(verdict_sentence(summary))}</strong></p>
<p>{key}</p>
{bars}
{sections}
<p>Every document, the words that decided and the rule: <code>ledger.parquet</code>.</p>
</body></html>
"""


def _source(source: str, counts: Counter[tuple[str, str]]) -> str:
    total = sum(counts.values())
    parts, rows = [], []
    for (licence, verdict), count in counts.most_common():
        words = f"{licence}: {count:,} {verdict}"
        parts.append(
            f'<i style="flex:{count};background:{_COLOURS[verdict]}" title="{escape(words)}"></i>'
        )
        link = escape(licence)
        if licence in LICENCES:
            link = f'<a href="{escape(LICENCES[licence].url)}">{link}</a>'
        rows.append(f"<tr><td class=n>{count:,}</td><td>{verdict}</td><td>{link}</td></tr>")
    label = escape(f"{source}, {total} documents by licence and verdict")
    return (
        f"<h2>{escape(source)} <small>{total:,} documents</small></h2>"
        f'<div class=bar role=img aria-label="{label}">{"".join(parts)}</div>'
        f"<table>{''.join(rows)}</table>"
    )


def _findings(summary: Summary) -> list[tuple[str, list[tuple[str, int]]]]:
    """(heading, [(words, documents)]) of everything that somebody has to act on."""
    first = summary.examples
    sections = [
        (
            f"Models, for {summary.use} use",
            [
                (f"{_clean(model.name)} ({model.kind}): {model.verdict}, {_clean(model.rule)}", 1)
                for model in summary.models
            ],
        ),
        (
            f"Refused or unknown for {summary.use} use",
            [
                (
                    f"{_clean(source)}: {_clean(rule)} (first: {_clean(first[source, rule])})",
                    n,
                )
                for (source, rule), n in summary.rules.most_common()
            ],
        ),
        (
            "Conflicts: a claim of lower rank is more restrictive",
            [
                (f"{_clean(source)}: {licence}, but also “{_clean(claim)}”", n)
                for (source, licence, claim), n in summary.conflicts.most_common()
            ],
        ),
        (
            "Missing for attribution",
            [
                (f"{_clean(source)}: {what} not named", n)
                for (source, what), n in summary.missing.most_common()
            ],
        ),
    ]
    return [(heading, rows) for heading, rows in sections if rows]


def _clean(words: str) -> str:
    """What a document says of itself must not steer the reader's terminal."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return flat if len(flat) <= 160 else flat[:159] + "…"
