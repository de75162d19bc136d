"""A Gradio page of its own, `answers/`: the questions of a score one by one, as two models answered
them. Where questions are read one after the other, Gradio's own fields serve best.

    answers/?before=base&after=adapted&group=medical&metric=accuracy

Every text stands in a Textbox, a Radio or a Dropdown, which show it as it is: Markdown and HTML
would load what a question names.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from answers import Answer, Pair
from tables import Unreadable, tame

if TYPE_CHECKING:
    from gradio import Blocks, Request
    from library import Library

PATH = "/answers"
PAGE_ROWS = 20
MAX_MODELS = 1000
KINDS = ("all", "gained", "lost", "both right", "both wrong")
SHORT = 90
UNQUEUED: Mapping[str, Any] = {"queue": False, "api_visibility": "private"}
"""Gradio starts the queue of the page that it serves itself, and not of one mounted beside it."""


def page(library: "Library") -> "Blocks":
    import gradio as gr

    with gr.Blocks(title="Answers one by one", analytics_enabled=False) as blocks:
        gr.Markdown("# Answers one by one\n\n[Back to the table](../)")
        with gr.Row():
            before = gr.Dropdown(label="Model", choices=[], interactive=True)
            after = gr.Dropdown(label="Beside", choices=[], interactive=True)
            column = gr.Dropdown(label="Group and metric", choices=[], interactive=True)
        with gr.Row():
            kind = gr.Dropdown(label="Which", choices=list(KINDS), value="all", interactive=True)
            sought = gr.Textbox(label="Find in task, id and words", max_lines=1)
            number = gr.Number(label="Page", value=1, precision=0, minimum=1)
        found = gr.Textbox(label="Found", interactive=False, max_lines=2)
        choice = gr.Radio(label="Questions", choices=[], interactive=True)
        words = gr.Textbox(label="Question", interactive=False, lines=4, max_lines=20)
        options = gr.Textbox(label="Answers", interactive=False, lines=4, max_lines=14)

        asked = [before, after, column, kind, sought, number]
        listed = [found, choice, words, options]

        def begin(request: gr.Request) -> list[Any]:
            return _begin(library, request)

        def fill(*chosen: Any) -> list[Any]:
            return _listed(library, *chosen)

        def show(position: int | None, *chosen: Any) -> list[str]:
            return _shown(library, position, *chosen)

        blocks.load(begin, None, [before, after, column], **UNQUEUED).then(
            fill, asked, listed, **UNQUEUED
        )
        for field in (before, after, column, kind, number):
            field.input(fill, asked, listed, **UNQUEUED)
        sought.submit(fill, asked, listed, **UNQUEUED)
        choice.input(show, [choice, *asked], [words, options], **UNQUEUED)
    return blocks


def _begin(library: "Library", request: "Request") -> list[Any]:
    """The choices there are, and of them what the address asks for."""
    import gradio as gr

    try:
        board = library.reading().board
    except Unreadable:
        board = None
    if board is None:
        return [gr.Dropdown(choices=[]) for _ in range(3)]
    names = [model.name for model in board.models][:MAX_MODELS]
    columns = list(dict.fromkeys((c.group, c.metric) for c in board.columns if not c.task))
    choices = [f"{group}, {metric}" for group, metric in columns]
    wanted = dict(request.query_params)
    first = _among(wanted.get("before"), names, 0)
    pair = f"{wanted.get('group')}, {wanted.get('metric')}"
    return [
        gr.Dropdown(choices=names, value=first),
        gr.Dropdown(choices=names, value=_among(wanted.get("after"), names, 1)),
        gr.Dropdown(
            choices=list(zip(choices, map(_joined, columns), strict=True)),
            value=_among(_joined((wanted.get("group"), wanted.get("metric"))) if pair else None,
                         [_joined(each) for each in columns], 0),
        ),
    ]  # fmt: skip


def _among(wanted: str | None, there: Sequence[str], usual: int) -> str | None:
    if wanted in there:
        return wanted
    return there[min(usual, len(there) - 1)] if there else None


def _joined(column: Sequence[str | None]) -> str:
    return "\x1f".join(part or "" for part in column)


def _pairs(
    library: "Library", before: str, after: str, column: str, kind: str, sought: str
) -> list[Pair]:
    group, _, metric = (column or "").partition("\x1f")
    found = library.pairs(str(before), str(after), group, metric)
    words = (sought or "").strip().lower()
    return [pair for pair in found if _is(pair, kind) and words in _all_words(pair)]


def _is(pair: Pair, kind: str) -> bool:
    if kind == "gained":
        return pair.change > 0
    if kind == "lost":
        return pair.change < 0
    if kind in ("both right", "both wrong"):
        return pair.before.outcome is pair.after.outcome is (kind == "both right")
    return True


def _all_words(pair: Pair) -> str:
    said = pair.question
    return "\n".join((pair.task, pair.item, *((said.text, *said.options) if said else ()))).lower()


def _listed(
    library: "Library", before: str, after: str, column: str, kind: str, sought: str, number: int
) -> list[Any]:
    import gradio as gr

    try:
        found = _pairs(library, before, after, column, kind, sought)
    except Unreadable as error:
        return [f"Nothing to show: {error}.", gr.Radio(choices=[], value=None), "", ""]
    pages = max(1, -(-len(found) // PAGE_ROWS))
    start = (max(1, min(int(number or 1), pages)) - 1) * PAGE_ROWS
    choices = [(_line(pair), start + i) for i, pair in enumerate(found[start:][:PAGE_ROWS])]
    said = f"{len(found)} questions, page {start // PAGE_ROWS + 1} of {pages}."
    return [said, gr.Radio(choices=choices, value=None), "", ""]


def _line(pair: Pair) -> str:
    words = " ".join(pair.question.text.split()) if pair.question else ""
    short = f": {words[:SHORT]}{'…' if len(words) > SHORT else ''}" if words else ""
    before, after = _outcome(pair.before), _outcome(pair.after)
    return f"{before} → {after}, {tame(pair.task)} {tame(pair.item)}{short}"


def _outcome(answer: Answer) -> str:
    if isinstance(answer.outcome, bool):
        return "right" if answer.outcome else "wrong"
    return f"{answer.outcome:.3f}"


def _shown(library: "Library", position: int | None, *chosen: Any) -> list[str]:
    before, after, column, kind, sought, _ = chosen
    try:
        found = _pairs(library, before, after, column, kind, sought)
    except Unreadable as error:
        return [f"Nothing to show: {error}.", ""]
    if position is None or not 0 <= int(position) < len(found):
        return ["", ""]
    pair = found[int(position)]
    return [_words(pair), _options(pair, str(before), str(after))]


def _words(pair: Pair) -> str:
    if pair.question is None:
        return "Its words are not published: only a hash of them, and how it was answered."
    licence = " · ".join(filter(None, (pair.question.licence, pair.question.attribution)))
    return f"{pair.question.text}\n\n[{licence or 'licence not stated'}]"


def _options(pair: Pair, before: str, after: str) -> str:
    """A line an option: who chose it, how likely each found it, and which is right."""
    models = ((before, pair.before), (after, pair.after))
    texts = pair.question.options if pair.question else ()
    right = pair.question.answer if pair.question else None
    lines = []
    for i in range(max(len(texts), *(len(answer.log_likelihoods) for _, answer in models))):
        marks = ["right"] if i == right else []
        marks += [f"chosen by {tame(name)}" for name, answer in models if answer.chosen == i]
        likely = [
            f"{answer.log_likelihoods[i]:.2f}" if i < len(answer.log_likelihoods) else "–"
            for _, answer in models
        ]
        text = texts[i] if i < len(texts) else "(words not published)"
        lines.append(f"{i + 1}. {text} [{' / '.join(likely)} nats] {', '.join(marks)}".rstrip())
    return "\n".join(lines) or f"{_outcome(pair.before)} → {_outcome(pair.after)}"
