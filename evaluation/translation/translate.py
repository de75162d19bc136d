"""Translates a `tasks` artefact, question by question; what was answered once is not asked again.

    outcome = translate("medqa-fr", settings, artefact, data, cache, out, print)

    items.jsonl       the questions that came back aligned: id, number and order of the options and
                      answer are those of the task
    shots.jsonl       its examples, translated or as they are
    set_aside.jsonl   id and reason of every question that did not
    task.yaml         lm-eval's definition, as the task's but for what `asked` says

Options that are the same for every question (yes, no, maybe) are translated once for all.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.language_model.ask import Asked, Replies, ask_all
from evaluation.language_model.chat import Chat, digest_of
from evaluation.language_model.prompts import render
from evaluation.language_model.replies import Question, read_json
from evaluation.settings import EvaluationError
from evaluation.tasks.artefact import ITEMS, SHOTS, read_definition, read_items, write_task
from evaluation.tasks.library import LIBRARY
from evaluation.tasks.questions import LETTERS
from evaluation.translation.aligned import OPTION, Texts, why_not
from evaluation.translation.settings import TranslationSettings
from hub.failure import Failed
from hub.licences.leaving import may_send
from hub.manifest import Artefact, Input, Number, Outcome

VERSION = 1
"""Raise it when the same replies would make another task."""

SET_ASIDE = "set_aside.jsonl"

Item = Mapping[str, Any]


class Translated(NamedTuple):
    texts: Texts
    """empty where it is set aside"""
    why: str


def inputs(settings: TranslationSettings, data: Path) -> tuple[Input, ...]:
    """Of the step's key; raises Refused where the questions may not go to the translator."""
    if endpoint := settings.by.endpoint:
        may_send(endpoint.url, endpoint.send, {settings.of})
        return ()
    return (Input(role="translator", name="local", digest=digest_of(settings.by, data)),)


def translate(
    name: str,
    settings: TranslationSettings,
    task: Artefact,
    data: Path,
    cache: Path,
    out: Path,
    progress: Callable[[str], None],
) -> Outcome:
    """Raises Failed where fewer than `least` of the questions come back aligned."""
    definition = read_definition(task)
    items, shown = read_items(task, ITEMS), read_items(task, SHOTS)
    if LIBRARY in definition or not all("options" in item for item in items):
        raise EvaluationError(
            f"task {settings.of!r} has no questions with options of our own form: translate a task"
            " on files, as medqa is"
        )
    fixed = _fixed([*items, *shown])
    wanted = [_texts(item, fixed) for item in [*items, *shown]]
    if settings.shots == "original":
        wanted = wanted[: len(items)]
    constant = {f"{OPTION}{letter}": text for letter, text in zip(LETTERS, fixed, strict=False)}
    found = _translated([*([constant] if fixed else []), *wanted], settings, data, cache, progress)
    options: tuple[str, ...] = ()
    if fixed:
        first = found.pop(0)
        if first.why:
            raise Failed(
                f"the options of every question of {settings.of} came back with {first.why}"
            )
        options = tuple(first.texts.values())
    asked = _kept(items, found, options)
    pool = (
        shown
        if settings.shots == "original"
        else _kept(shown, found[len(items) :], options) or asked[:1]
    )
    aside = [
        {"id": item["id"], "why": one.why}
        for item, one in zip(items, found, strict=False)
        if one.why
    ]
    progress(f"{len(asked)} of {len(items)} questions came back aligned")
    if len(asked) < max(2, settings.least * len(items)) or len(pool) < definition["num_fewshot"]:
        said = ", ".join(f"{why} {n}" for why, n in Counter(each["why"] for each in aside).items())
        raise Failed(
            f"{len(asked)} of {len(items)} questions of {settings.of} came back aligned"
            f" ({said}) with {len(pool)} examples: replies are kept, change the prompt or `least`"
        )
    metadata = {**(definition.get("metadata") or {}), "translation_of": settings.of}
    definition |= {"task": name, "metadata": metadata}
    definition |= {str(field): text for field, text in settings.asked.items()}
    payload = write_task(out, definition, {ITEMS: asked, SHOTS: pool, SET_ASIDE: aside})
    return Outcome(payload, _numbers(items, asked, aside), task.manifest.licence)


def _numbers(
    items: Sequence[Item], asked: Sequence[Item], aside: Iterable[Item]
) -> dict[str, Number]:
    found = {
        "items": Number(value=len(asked), unit="questions"),
        "in_task": Number(value=len(items), unit="questions"),
    }
    for why, count in sorted(Counter(each["why"].split(" of ")[0] for each in aside).items()):
        found[f"set_aside.{why}"] = Number(value=count, unit="questions")
    return found


def _fixed(items: Sequence[Item]) -> tuple[str, ...]:
    """The options, where every question has the same ones."""
    found = {tuple(item["options"]) for item in items}
    return found.pop() if len(found) == 1 and len(items) > 1 else ()


def _texts(item: Item, fixed: Sequence[str]) -> Texts:
    texts = {"question": item["context"]}
    if "passage" in item:
        texts["passage"] = item["passage"]
    options = () if fixed else item["options"]
    return texts | {f"{OPTION}{LETTERS[n]}": text for n, text in enumerate(options)}


def _kept(
    items: Iterable[Item], found: Iterable[Translated], options: Sequence[str]
) -> list[dict[str, Any]]:
    """The items that came back aligned, in the other language."""
    kept = []
    for item, one in zip(items, found, strict=False):
        if one.why:
            continue
        said = [text for name, text in one.texts.items() if name.startswith(OPTION)]
        changed = {"context": one.texts["question"], "options": list(options or said)}
        if "passage" in item:
            changed["passage"] = one.texts["passage"]
        kept.append({**item, **changed})
    return kept


def _translated(
    wanted: Sequence[Texts],
    settings: TranslationSettings,
    data: Path,
    cache: Path,
    progress: Callable[[str], None],
) -> list[Translated]:
    if endpoint := settings.by.endpoint:
        may_send(endpoint.url, endpoint.send, {settings.of})
    local = settings.by.local

    def chat() -> Chat:
        assert local is not None
        return Chat("the translator", data / local.path, "")

    replies = Replies(cache / "replies.jsonl", settings.by, digest_of(settings.by, data))
    questions = [_question(texts, settings) for texts in wanted]
    asked: Asked = ask_all(questions, settings.by, chat, replies, progress)
    found = []
    for texts, reply in zip(wanted, asked.replies, strict=True):
        if reply.how == "unanswered":
            raise Failed(
                "the translator left a question unanswered: what it said is kept, run again"
            )
        if reply.how != "said":
            found.append(Translated({}, reply.how))
            continue
        try:
            said = read_json(reply.text)
        except ValueError:
            found.append(Translated({}, "not JSON"))
            continue
        why = why_not(texts, said)
        ordered = {} if why else {name: said[name].strip() for name in texts}
        found.append(Translated(ordered, why))
    return found


def _question(texts: Texts, settings: TranslationSettings) -> Question:
    schema = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in texts},
        "required": list(texts),
        "additionalProperties": False,
    }
    material = json.dumps(dict(texts), ensure_ascii=False, indent=1)
    messages = render(settings.by.prompt, schema, material=material, language=settings.called)
    return Question(messages, schema)
