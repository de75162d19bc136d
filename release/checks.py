"""What no single field of a release file shows: undefined names, unknown licences, a name given
twice.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from evaluation.settings import EvaluationSettings
from hub.licences.recognise import recognise
from merging.settings import parents_of
from release import yaml
from release.schema import Release

Complaint = tuple[tuple[str | int, ...], str]


def inconsistencies(release: Release) -> Iterator[Complaint]:
    tasks = release.evaluation.tasks if release.evaluation else {}
    models = {**release.models, **release.training, **release.merging}
    yield from _names_given_twice(release, tasks)
    for name, source in release.sources.items():
        if source.terms and recognise(source.terms.licence) is None:
            where: tuple[str, ...] = ("sources", name, "terms", "licence")
            yield (
                where,
                f"unknown licence “{source.terms.licence}”: use an SPDX id, or leave the terms out",
            )
    for name, corpus in release.corpora.items():
        yield from _undefined(("corpora", name, "sources"), corpus.sources, release.sources)
        yield from _undefined(("corpora", name, "decontaminate"), corpus.decontaminate, tasks)
    for number, decision in enumerate(release.decisions):
        at: tuple[str | int, ...] = ("decisions", number)
        yield from _undefined((*at, "sources"), decision.sources, release.sources)
        if decision.licence and recognise(decision.licence) is None:
            yield (*at, "licence"), f"unknown licence “{decision.licence}”: use an SPDX id"
    for name, model in release.models.items():
        where = ("models", name, "tiny")
        yield from _undefined((*where, "corpus"), [model.tiny.corpus], release.corpora)
        if recognise(model.tiny.licence) is None:
            yield (*where, "licence"), f"unknown licence “{model.tiny.licence}”"
    for name, training in release.training.items():
        yield from _undefined(("training", name, "base"), [training.base], models)
        yield from _undefined(("training", name, "corpus"), [training.corpus], release.corpora)
        replayed = [training.replay.corpus] if training.replay else []
        yield from _undefined(("training", name, "replay"), replayed, release.corpora)
    for name, merging in release.merging.items():
        yield from _undefined(("merging", name, "mergekit"), parents_of(merging), models)
    if release.evaluation:
        yield from _undefined(("evaluation", "models"), release.evaluation.models, models)
        yield from _unfounded_claims(release, release.evaluation)
        groups = {task.group: None for task in tasks.values()}
        for name, family in release.evaluation.significance.families.items():
            where = ("evaluation", "significance", "families", name)
            yield from _undefined((*where, "groups"), family.groups, groups)
            evaluated = dict.fromkeys(release.evaluation.models)
            yield from _undefined((*where, "models"), family.models, evaluated)
    for name, task in tasks.items():
        where = ("evaluation", "tasks", name, "corpus")
        yield from _undefined(where, [task.corpus], release.corpora)
        if task.corpus in release.corpora and release.corpora[task.corpus].split == "train":
            yield (
                where,
                f"{task.corpus} is for training: a task needs a corpus of another split",
            )


def _unfounded_claims(release: Release, settings: EvaluationSettings) -> Iterator[Complaint]:
    """A claim is about models that are evaluated, and about a group of the final tasks."""
    final = {
        (task.group, task.measure)
        for task in settings.tasks.values()
        if task.corpus in release.corpora and release.corpora[task.corpus].split == "held_out"
    }
    for number, claim in enumerate(settings.claims):
        where = ("evaluation", "claims", number)
        evaluated = dict.fromkeys(settings.models)
        yield from _undefined(where, [claim.model, *claim.others], evaluated)
        if (claim.group, claim.measure) not in final:
            measure = claim.measure.replace("_", " ")
            yield where, f"no held-out task of group {claim.group} measures {measure}"


def _undefined(
    where: tuple[str | int, ...], names: Sequence[str], defined: dict[str, Any]
) -> Iterator[Complaint]:
    for name in names:
        if name not in defined:
            yield where, f"nothing is named {name}{yaml.suggestion(name, defined)}"


def _names_given_twice(release: Release, tasks: dict[str, Any]) -> Iterator[Complaint]:
    """Artefacts share one namespace: each is a folder of the work folder and a repo."""
    seen: dict[str, str] = {}
    sections: dict[str, dict[str, Any]] = {
        "corpora": release.corpora, "models": release.models, "training": release.training,
        "merging": release.merging, "evaluation.tasks": tasks,
    }  # fmt: skip
    for section, names in sections.items():
        for name in names:
            if name in seen:
                yield (*section.split("."), name), f"{name} is already defined in {seen[name]}"
            seen[name] = section
