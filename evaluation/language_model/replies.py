"""What came of a question; whatever is no answer is counted as what it is.

said         a complete text; whether it is in the form that was asked for is for its reader to see
refused      the model or its provider would not
empty        nothing at all
cut          the answer was longer than it may be
rejected     the server does not take this question (too long, say)
unanswered   no answer after all retries; asked again by the next run
"""

import json
import re
from typing import Any, Literal, NamedTuple

How = Literal["said", "refused", "empty", "cut", "rejected", "unanswered"]


class Reply(NamedTuple):
    how: How
    text: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


Messages = list[dict[str, str]]


class Question(NamedTuple):
    """One request."""

    messages: Messages
    schema: dict[str, object]


_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?```\s*\Z", re.DOTALL)


def read_json(text: str) -> Any:
    """Raises ValueError for what is no JSON, or has a field twice.

    A fence around the whole is taken off: servers that do not hold a model to a schema often give
    one.
    """
    fenced = _FENCE.match(text)
    try:
        return json.loads(fenced[1] if fenced else text, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a field that is there twice neither counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field is there twice")
    return found
