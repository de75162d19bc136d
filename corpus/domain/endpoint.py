"""Asks a server that speaks the OpenAI protocol, and sends nothing elsewhere.

How it is kept from sending elsewhere: `hub.licences.leaving`.
"""

from typing import Any

from corpus.domain.answers import Answer, TokenProbability, judged
from corpus.domain.settings import DOCUMENT, Labeller
from hub.failure import Failed
from hub.licences.leaving import client, words

TOP_TOKENS = 20
"""as many as OpenAI's own interface gives"""


class Server:
    """One labelling server."""

    def __init__(self, settings: Labeller) -> None:
        assert settings.endpoint is not None
        self.settings = settings
        self.endpoint = settings.endpoint
        self.client = client(
            self.endpoint.url, self.endpoint.key_variable, self.endpoint.timeout_seconds,
            retries=self.endpoint.retries,
        )  # fmt: skip

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
                f"({words(error)}): check url, model, key_variable and request"
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
