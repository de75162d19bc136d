"""The whole of it: answers, verdicts, rates, safety, people, page.

results (published)        verdicts.parquet   one row an order of a pair: ids and verdict
                           modes.parquet      one row an answer and failure mode
                           safety.parquet     one row an answer and check
                           judge.json         every figure, the settings, what went wrong
sibling (never published)  answers.parquet    what every model said
                           reasons.parquet    what the judge said to each pair
                           sheet.csv          for people to fill in
                           report.html        the page
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.judge.answers import (
    ANSWERS,
    Answer,
    Asked,
    Model,
    answers,
    write_answers,
)
from evaluation.judge.ask import Cost, Replies, ask_all
from evaluation.judge.chat import Chat, read_template
from evaluation.judge.failures import bad_replies, examine, mode_changes, mode_rates
from evaluation.judge.figures import Figures, numbers
from evaluation.judge.pairwise import compare, length_bias, position_bias, win_rates
from evaluation.judge.queries import Query, read_queries
from evaluation.judge.records import write_reasons, write_results
from evaluation.judge.replies import Question, Reply
from evaluation.judge.report import page
from evaluation.judge.safety import asked as safety_prompts
from evaluation.judge.safety import check, safety_changes, safety_rates
from evaluation.judge.settings import JudgeSettings, part
from evaluation.judge.sheet import agreement, read_sheet, rows, write_sheet
from evaluation.settings import EvaluationError
from hub.disk import sha256_file
from hub.licences.leaving import may_send
from hub.manifest import Artefact, Outcome

VERSION = 1

Progress = Callable[[str], None]


class Places(NamedTuple):
    """Folders; what is in `cache` may be deleted at any time."""

    out: Path
    private: Path
    cache: Path


class Judged(NamedTuple):
    results: Outcome
    private: Outcome


def judge(
    settings: JudgeSettings,
    models: Mapping[str, Artefact],
    data: Path,
    places: Places,
    progress: Progress,
) -> Judged:
    """`models` holds the judged ones and those whose templates they use.

    Raises Refused, before anything is generated, where the queries may not go to the judge.
    """
    if endpoint := settings.by.endpoint:
        may_send(endpoint.url, endpoint.send, {settings.queries.name})
    queries = read_queries(settings.queries, data)
    people = _people(settings, data)
    said, safe = _answers(settings, models, data, queries, places.cache, progress)
    by_item = {(one.model, one.item): one for one in said}
    judge_digest = _judge_digest(settings, data)
    replies = Replies(places.cache / "replies.jsonl", settings.by, judge_digest)
    loaded: list[Chat] = []
    costs: list[Cost] = []

    def chat() -> Chat:
        assert settings.by.local is not None
        if not loaded:
            loaded.append(Chat("the judge", data / settings.by.local.path, ""))
        return loaded[0]

    def ask(questions: Sequence[Question]) -> Sequence[Reply]:
        found = ask_all(
            questions, settings.by, chat, replies, progress, sum(cost.money for cost in costs)
        )
        costs.append(found.cost)
        return found.replies

    comparisons = compare(queries, by_item, settings, ask)
    examined = examine(queries, by_item, settings, ask)
    checked = check(safe)
    sheet = rows(comparisons, by_item)
    sheet = sorted(sheet, key=lambda row: row.key)[: settings.people.comparisons]
    figures = Figures(
        settings=settings,
        judge=settings.by.endpoint.model if settings.by.endpoint else judge_digest,
        num_queries=len(queries),
        win_rates=win_rates(comparisons, settings),
        position=position_bias(comparisons, settings),
        length=length_bias(comparisons, settings),
        first_share=_first_share(comparisons),
        modes=mode_rates(examined, settings),
        mode_changes=mode_changes(examined, settings),
        bad_modes=bad_replies(examined),
        safety=safety_rates(checked, settings) if settings.safety else [],
        safety_changes=safety_changes(checked, settings) if settings.safety else [],
        agreement=agreement(sheet, people, settings.confidence) if people else [],
        lengths=_lengths(said, settings),
        costs=costs,
    )
    write_results(places.out, figures, comparisons, examined, checked, by_item)
    write_answers(places.private / ANSWERS, [*said, *safe], part(settings))
    write_reasons(places.private / "reasons.parquet", comparisons)
    write_sheet(places.private / "sheet.csv", sheet, by_item)
    (places.private / "report.html").write_text(
        page(figures, comparisons, by_item), encoding="utf-8"
    )
    payload = ("judge.json", "modes.parquet", "safety.parquet", "verdicts.parquet")
    private = (ANSWERS, "reasons.parquet", "report.html", "sheet.csv")
    return Judged(Outcome(payload, numbers(figures)), Outcome(private, {}))


def inputs(settings: JudgeSettings, data: Path) -> dict[str, str]:
    """Digests of the files it reads below `data`, by what they are; for the step's key."""
    files = {"queries": data / settings.queries.file}
    files |= {f"sheet-{n}": data / path for n, path in enumerate(settings.people.sheets)}
    for name, model in settings.models.items():
        if model.template and (data / model.template).exists():
            files[f"template-{name}"] = data / model.template
    found = {}
    for role, path in files.items():
        if path.is_dir():
            found[role] = hashlib.sha256(read_template(role, path).encode()).hexdigest()
        elif path.is_file():
            found[role] = sha256_file(path)
        elif role == "queries" and settings.queries.obtain:
            found[role] = "to be obtained"
        else:
            raise EvaluationError(f"{path}: there is no such file ({role} of the judge)")
    if settings.by.local:
        found["judge"] = _judge_digest(settings, data)
    return found


def _judge_digest(settings: JudgeSettings, data: Path) -> str:
    """Of a local judge's files."""
    if settings.by.local is None:
        return ""
    folder = data / settings.by.local.path
    from hub.model_folder import model_files

    names = model_files(folder) if folder.is_dir() else ()
    if "config.json" not in names:
        raise EvaluationError(f"{folder} is not a model folder: the judge of by.local.path")
    digests = [f"{name} {sha256_file(folder / name)}" for name in names]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _people(settings: JudgeSettings, data: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path in settings.people.sheets:
        for person, given in read_sheet(data / path).items():
            if person in found or person == "judge":
                raise EvaluationError(f"{path}: there is a sheet of {person!r} already")
            found[person] = given
    return found


def _answers(
    settings: JudgeSettings,
    models: Mapping[str, Artefact],
    data: Path,
    queries: Sequence[Query],
    cache: Path,
    progress: Progress,
) -> tuple[list[Answer], list[Answer]]:
    """To the queries, and to the prompts of the safety set."""
    questions = [Asked(q.id, f"{q.context}\n\n{q.text}" if q.context else q.text) for q in queries]
    said, safe = [], []
    for name, model in settings.models.items():
        template = ""
        if model.template:
            folder = models[model.template].folder if model.template in models else None
            template = read_template(name, folder or data / model.template)
        one = Model(name, models[name].manifest.digest, models[name].folder, template)
        kept = cache / "answers.jsonl"
        said += answers(one, questions, settings.generation, kept, progress)
        if settings.safety:
            safe += answers(one, safety_prompts(), settings.generation, kept, progress)
    return said, safe


def _first_share(comparisons: Sequence[Any]) -> float | None:
    """Of the verdicts with a winner, the share that names A."""
    named = [s.winner for c in comparisons for s in c.orders if s.winner in ("A", "B")]
    return named.count("A") / len(named) if named else None


def _lengths(said: Sequence[Answer], settings: JudgeSettings) -> dict[str, dict[str, float]]:
    """What needs no judge: how long answers are, how many are cut or empty."""
    found: dict[str, dict[str, float]] = {}
    for name in settings.models:
        of = [one for one in said if one.model == name]
        lengths = sorted(len(one.text.split()) for one in of)
        found[name] = {
            "median_words": lengths[len(lengths) // 2],
            "cut": sum(one.ended == "length" for one in of),
            "empty": sum(not one.text.strip() for one in of),
            "too_long": sum(one.ended == "too long" for one in of),
        }
    return found
