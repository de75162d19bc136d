"""Asks a server that speaks the OpenAI protocol, and sends nothing elsewhere.

A server on this machine is asked without any proxy, and no server is followed to another address: a
redirect would carry the document with it.
"""

import os
from typing import Any

from corpus.domain.answers import Answer, TokenProbability, judged
from corpus.domain.settings import DOCUMENT, Endpoint, Labeller
from hub.failure import BadInput, Failed
from hub.licences.leaving import is_local

TOP_TOKENS = 20
"""as many as OpenAI's own interface gives"""


class Server:
    """One labelling server."""

    def __init__(self, settings: Labeller) -> None:
        from openai import DefaultHttpxClient, OpenAI

        assert settings.endpoint is not None
        self.settings = settings
        self.endpoint = settings.endpoint
        self.client = OpenAI(
            base_url=self.endpoint.url,
            api_key=_key(self.endpoint),
            timeout=self.endpoint.timeout_seconds,
            max_retries=self.endpoint.retries,
            http_client=DefaultHttpxClient(
                follow_redirects=False, trust_env=not is_local(self.endpoint.url)
            ),
        )

    def ask(self, text: str) -> Answer:
        """Raises Failed where no document could be answered: a wrong key, model or address."""
        import openai

        try:
            if self.endpoint.api == "systemone":
                return self._decide(text)
            return self._chat(text)
        except (openai.APITimeoutError, openai.APIConnectionError, openai.InternalServerError,
                openai.RateLimitError, openai.ConflictError):  # fmt: skip
            return Answer("unanswered")
        except openai.APIStatusError as error:
            if error.status_code == 408:
                return Answer("unanswered")
            if "content_filter" in str(error.body) or "content_policy" in str(error.body):
                return Answer("refused", said=str(error.message)[:80])
            raise Failed(
                f"{self.endpoint.url} answers {error.status_code} to a question in its own form "
                f"({_words(error)}): check url, model, key_variable and request"
            ) from None
        except (openai.APIResponseValidationError, LookupError, ValueError, TypeError,
                AttributeError):  # fmt: skip
            # A page of a proxy, half a body: nothing of it is an answer.
            return Answer("unanswered", said="not in the protocol's form")

    def close(self) -> None:
        self.client.close()

    def _chat(self, text: str) -> Answer:
        biased: dict[str, Any] = (
            {"logit_bias": self.endpoint.token_bias} if self.endpoint.token_bias else {}
        )
        prompt = self.settings.prompt.replace(DOCUMENT, text[: self.settings.max_characters])
        completion = self.client.chat.completions.create(
            model=self.endpoint.model,
            messages=[{"role": "user", "content": prompt}],
            max_tokens=1,
            temperature=0,
            logprobs=True,
            top_logprobs=TOP_TOKENS,
            extra_body=self.endpoint.request or None,
            **biased,
        )
        usage = completion.usage
        tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
        choice = completion.choices[0]
        if choice.finish_reason == "content_filter" or choice.message.refusal:
            said = (choice.message.refusal or "")[:80]
            return Answer("refused", said=said, input_tokens=tokens[0], output_tokens=tokens[1])
        told = choice.logprobs.content if choice.logprobs else None
        first = [
            TokenProbability(one.token, one.logprob)
            for one in (told[0].top_logprobs if told else ())
        ]
        return judged(choice.message.content or "", first, self.settings, tokens)

    def _decide(self, text: str) -> Answer:
        """No token is generated: the server compares the two answers itself."""
        asked = {
            "model": self.endpoint.model,
            "state": text[: self.settings.max_characters],
            "questions": {
                "domain": {
                    "type": "noul",
                    "instructions": self.settings.prompt.replace(DOCUMENT, "").strip(),
                }
            },
            **self.endpoint.request,
        }
        found: Any = self.client.post("/systemone", body=asked, cast_to=object)
        probability = float(found["answers"]["domain"]["noul"])
        if not 0 <= probability <= 1:
            raise ValueError(probability)
        tokens = int((found.get("usage") or {}).get("input_tokens", 0))
        return Answer("labelled", probability >= 0.5, probability, 1.0, input_tokens=tokens)


def _words(error: Any) -> str:
    """Why, in the server's words: FastAPI's `detail` or the protocol's `message`."""
    told = error.response.text if error.body is None else str(error.body)
    return " ".join((told or str(error.message)).split())[:200]


def _key(endpoint: Endpoint) -> str:
    if not endpoint.key_variable:
        return "none"
    key = os.environ.get(endpoint.key_variable, "")
    if not key:
        raise BadInput(f"{endpoint.key_variable} is not set: it holds the key of {endpoint.url}")
    return key
