"""A Gradio page of its own, `ask/`: one question to one of the models, where the Space names a
server that speaks the OpenAI protocol. Without PLAYGROUND_URL there is no such page.

    PLAYGROUND_URL      https://server.example.org/v1
    PLAYGROUND_MODELS   what the server calls its models, separated by commas
    PLAYGROUND_KEY      a secret of the Space; sent to that server and nowhere else

Answers stand in a Textbox: what a model writes is shown and never carried out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Self

from tables import tame

if TYPE_CHECKING:
    from gradio import Blocks

PATH = "/ask"
MAX_QUESTION = 4000
MAX_ANSWER = 20_000
"""characters"""
MAX_TOKENS = 512
PATIENCE_SECONDS = 60
_AT_ONCE = BoundedSemaphore(4)
"""questions on their way, of all who look at the page: the server is somebody's money"""
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[\w./-]*)?", re.ASCII)


@dataclass(frozen=True)
class Playground:
    url: str
    models: tuple[str, ...]
    key: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self | None:
        """None where no server is named, or not in a form that one can ask."""
        url = environ.get("PLAYGROUND_URL", "").rstrip("/")
        models = tuple(
            name.strip() for name in environ.get("PLAYGROUND_MODELS", "").split(",") if name.strip()
        )
        if not models or not _URL.fullmatch(url):
            return None
        return cls(url, models, environ.get("PLAYGROUND_KEY", ""))

    def ask(self, model: str, question: str) -> str:
        """The answer, or in a sentence why there is none."""
        if model not in self.models or not question.strip():
            return "Choose a model and write a question."
        if len(question) > MAX_QUESTION:
            return f"The question is longer than {MAX_QUESTION:,} characters."
        if not _AT_ONCE.acquire(blocking=False):
            return "Others are asking just now: try again in a moment."
        try:
            return self._answer(model, question)
        finally:
            _AT_ONCE.release()

    def _answer(self, model: str, question: str) -> str:
        import httpx

        body = {
            "model": model, "max_tokens": MAX_TOKENS,
            "messages": [{"role": "user", "content": question}],
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            # No redirect is followed: it would carry question and key to somebody else.
            answer = httpx.post(
                f"{self.url}/chat/completions", json=body, headers=headers,
                timeout=PATIENCE_SECONDS, follow_redirects=False,
            )  # fmt: skip
        except (httpx.HTTPError, OSError) as error:
            return f"The server does not answer ({type(error).__name__}): try again later."
        if answer.status_code == 429:
            return "The server has too much to do: try again in a minute."
        if answer.status_code != 200:
            return f"The server answers {answer.status_code}: it cannot be asked now."
        try:
            found: Any = answer.json()["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError):
            return "The server answered in no form that is known here."
        return tame(found, MAX_ANSWER, lines=True) if found else "The model said nothing."


def page(playground: Playground) -> "Blocks":
    import gradio as gr

    with gr.Blocks(title="Ask a model", analytics_enabled=False) as blocks:
        gr.Markdown(
            "# Ask a model\n\nWhat is written here goes to a server outside this page. Answers are "
            "a model's: no advice, and not looked at by anybody. [Back to the table](../)"
        )
        model = gr.Dropdown(
            label="Model", choices=list(playground.models), value=playground.models[0]
        )
        question = gr.Textbox(label="Question", lines=4, max_length=MAX_QUESTION)
        send = gr.Button("Ask")
        answer = gr.Textbox(label="Answer", interactive=False, lines=6, max_lines=30)

        def ask(name: str, text: str) -> str:
            return playground.ask(name, text)

        send.click(ask, [model, question], answer, queue=False, api_visibility="private")
    return blocks
