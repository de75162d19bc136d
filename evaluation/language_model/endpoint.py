"""Asks a server that speaks the OpenAI protocol, and sends nothing elsewhere.

How it is kept from sending elsewhere: `hub.licences.leaving`. Waiting is ours, not the client's:
when a server says 429 and how long, every thread waits, not only the one that was told.
"""

import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from evaluation.language_model.replies import Question, Reply
from evaluation.language_model.settings import LanguageModel
from hub.failure import Failed
from hub.licences.leaving import client, words

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
"""between retries where the server does not say how long"""


class Pace:
    """When the next request may go, for all threads together."""

    def __init__(self, requests_per_minute: float | None) -> None:
        self._between = 60 / requests_per_minute if requests_per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self, sleep: Callable[[float], None] = time.sleep) -> None:
        with self._lock:
            start = max(time.monotonic(), self._next)
            self._next = start + self._between
        sleep(max(0.0, start - time.monotonic()))

    def hold(self, seconds: float) -> None:
        """Nobody asks before `seconds` from now."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


class Server:
    """One server; `ask` is called from many threads."""

    def __init__(self, by: LanguageModel) -> None:
        assert by.endpoint is not None
        self.endpoint = by.endpoint
        self.max_tokens = by.max_tokens
        self.pace = Pace(self.endpoint.requests_per_minute)
        self.client = client(
            self.endpoint.url, self.endpoint.key_variable, self.endpoint.timeout_seconds,
            retries=0,
        )  # fmt: skip

    def ask(self, question: Question) -> Reply:
        """Raises Failed where no question could be answered: a wrong key, model or address."""
        import openai

        last = ""
        for attempt in range(self.endpoint.retries + 1):
            self.pace.wait()
            try:
                return self._chat(question)
            except openai.APIConnectionError as error:  # also: no answer in time
                last, wait = type(error).__name__, None
            except openai.APIStatusError as error:
                if error.status_code not in (408, 409, 429) and error.status_code < 500:
                    return self._rejected(error)
                last, wait = f"status {error.status_code}", _retry_after(error)
            except (openai.APIResponseValidationError, LookupError, ValueError, TypeError,
                    AttributeError):  # fmt: skip
                # A page of a proxy, half a body: nothing of it is an answer.
                last, wait = "not in the protocol's form", None
            if wait is not None and wait > self.endpoint.patience_seconds:
                raise Failed(
                    f"{self.endpoint.url} asks to wait {wait:,.0f} seconds, longer than"
                    " patience_seconds: answers so far are kept, run again later"
                )
            if attempt < self.endpoint.retries:
                doubling = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt)
                self.pace.hold(doubling if wait is None else wait)
        return Reply("unanswered", last)

    def close(self) -> None:
        self.client.close()

    def _chat(self, question: Question) -> Reply:
        messages: Any = question.messages
        completion = self.client.chat.completions.create(
            model=self.endpoint.model,
            messages=messages,
            max_tokens=self.max_tokens,
            temperature=0,
            extra_body=self.endpoint.request or None,
            **self._form(question),
        )
        usage, choice = completion.usage, completion.choices[0]
        tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
        if choice.finish_reason == "content_filter" or choice.message.refusal:
            return Reply("refused", choice.message.refusal or "", *tokens)
        text = choice.message.content or ""
        if choice.finish_reason == "length":
            return Reply("cut", text, *tokens)
        return Reply("said" if text.strip() else "empty", text, *tokens)

    def _form(self, question: Question) -> dict[str, Any]:
        if self.endpoint.structured == "none":
            return {}
        if self.endpoint.structured == "json_object":
            return {"response_format": {"type": "json_object"}}
        schema = {"name": "answer", "strict": True, "schema": question.schema}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}

    def _rejected(self, error: Any) -> Reply:
        """A status that asking again does not change."""
        if "content_filter" in str(error.body) or "content_policy" in str(error.body):
            return Reply("refused", words(error))
        if error.status_code in (400, 413, 422):
            return Reply("rejected", words(error))
        raise Failed(
            f"{self.endpoint.url} answers {error.status_code} ({words(error)}): check url, model"
            " and key_variable"
        ) from None


def _retry_after(error: Any) -> float | None:
    """Seconds; the header holds seconds or a date."""
    said = error.response.headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
