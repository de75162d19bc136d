"""What came of a question to the judge; whatever is not a verdict is counted as what it is.

said         a complete text; whether it is a verdict is for `verdicts` to see
refused      the judge or its provider would not
empty        nothing at all
cut          the answer was longer than it may be
rejected     the server does not take this question (too long, say)
unanswered   no answer after all retries; asked again by the next run
"""

from typing import Literal, NamedTuple

How = Literal["said", "refused", "empty", "cut", "rejected", "unanswered"]


class Reply(NamedTuple):
    how: How
    text: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


Messages = list[dict[str, str]]


class Question(NamedTuple):
    """One request to the judge."""

    messages: Messages
    schema: dict[str, object]
