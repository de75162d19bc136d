"""From a reply to a verdict, or to what it is instead: a bad answer is never turned into a win.

    judged      a verdict in the form that was asked for
    prose       not JSON
    form        JSON of another form: a wrong winner, a missing field, a field too many
    refused, empty, cut, rejected, unanswered      as in `replies`

Nothing is repaired but a fence around the whole: who mends an answer decides what it said.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from evaluation.judge.refusals import refuses
from evaluation.language_model.replies import Reply, read_json

Outcome = Literal[
    "judged", "prose", "form", "refused", "empty", "cut", "rejected", "unanswered", "identical"
]
"""identical: both answers are the same text, a tie that nobody was asked about"""
BAD = ("prose", "form", "refused", "empty", "cut", "rejected", "unanswered")


class Verdict(NamedTuple):
    outcome: Outcome
    fields: dict[str, Any] = {}  # noqa: RUF012 (never written to)


def verdict(reply: Reply, schema: Mapping[str, Any]) -> Verdict:
    if reply.how != "said":
        return Verdict(reply.how)
    try:
        found = read_json(reply.text)
    except ValueError:
        return Verdict("refused" if refuses(reply.text) else "prose")
    return Verdict("judged", found) if _fits(found, schema) else Verdict("form")


_TYPES = {"string": str, "boolean": bool}


def _fits(found: Any, schema: Mapping[str, Any]) -> bool:
    """Of our own schemas: a flat object of strings, one of a few values perhaps, and booleans."""
    if not isinstance(found, dict) or found.keys() != schema["properties"].keys():
        return False
    for name, field in schema["properties"].items():
        value = found[name]
        if not isinstance(value, _TYPES[field["type"]]) or value not in field.get("enum", [value]):
            return False
    return True
