"""What no single field of a release file shows: undefined names, unknown licences, a name given
twice.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from evaluation.settings import EvaluationSettings, TaskSettings
from hub.licences.recognise import recognise
from merging.settings import MergingSettings, parents_of
from release import yaml
from release.schema import Release

Complaint = tuple[tuple[str | int, ...], str]


def inconsistencies(release: Release) -> Iterator[Complaint]:
    tasks = release.evaluation.tasks if release.evaluation else {}
    full = {**release.models, **release.training, **release.finetuning, **release.merging}
    models = {**full, **release.quantised}
    yield from _names_given_twice(release, tasks)
    for name, source in release.sources.items():
        where: tuple[str, ...] = ("sources", name, "terms", "licence")
        for said in source.terms:
            if recognise(said.licence) is None:
                yield (
                    where,
                    f"unknown licence “{said.licence}”: use an SPDX id, or leave the terms out",
                )
    for name, one in release.filters.items():
        yield from _undefined(("filters", name), one.sources, release.sources)
        if recognise(one.licence) is None:
            yield ("filters", name, "licence"), f"unknown licence “{one.licence}”: use an SPDX id"
    for name, corpus in release.corpora.items():
        named = [corpus.domain_filter] if corpus.domain_filter else []
        yield from _undefined(("corpora", name, "domain_filter"), named, release.filters)
        named = [corpus.sized_as] if corpus.sized_as else []
        yield from _undefined(("corpora", name, "sized_as"), named, release.corpora)
        named = [corpus.sized_in] if corpus.sized_in else []
        yield from _undefined(("corpora", name, "sized_in"), named, models)
        yield from _undefined(("corpora", name, "sources"), corpus.sources, release.sources)
        yield from _undefined(("corpora", name, "decontaminate"), corpus.decontaminate, tasks)
        if corpus.mix:
            named = [source for part in corpus.mix.parts for source in part.sources]
            known = dict.fromkeys(corpus.sources)
            yield from _undefined(("corpora", name, "mix", "parts"), named, known)
            counting = [corpus.mix.tokenizer] if corpus.mix.tokenizer else []
            yield from _undefined(("corpora", name, "mix", "tokenizer"), counting, models)
    for name in release.gates:
        yield from _undefined(("gates", name), [name], release.corpora)
    yield from _misplaced(release, tasks)
    for number, decision in enumerate(release.decisions):
        at: tuple[str | int, ...] = ("decisions", number)
        yield from _undefined((*at, "sources"), decision.sources, release.sources)
        if decision.licence and recognise(decision.licence) is None:
            yield (*at, "licence"), f"unknown licence “{decision.licence}”: use an SPDX id"
    for name, model in release.models.items():
        where = ("models", name)
        if model.tiny:
            where = ("models", name, "tiny")
            yield from _undefined((*where, "corpus"), [model.tiny.corpus], release.corpora)
        stated = model.tiny.licence if model.tiny else model.licence
        if stated and recognise(stated) is None:
            yield (*where, "licence"), f"unknown licence “{stated}”"
    for name, training in release.training.items():
        yield from _undefined(("training", name, "base"), [training.base], full)
        yield from _undefined(("training", name, "corpus"), [training.corpus], release.corpora)
        replayed = [training.replay.corpus] if training.replay else []
        yield from _undefined(("training", name, "replay"), replayed, release.corpora)
    for name, tuning in release.finetuning.items():
        yield from _undefined(("finetuning", name, "base"), [tuning.base], full)
        yield from _undefined(("finetuning", name, "examples"), [tuning.examples], release.sources)
        if tuning.examples in release.sources and not release.sources[tuning.examples].terms:
            why = f"sources.{tuning.examples} states no terms: examples need a licence to train on"
            yield ("finetuning", name, "examples"), why
    for name, merging in release.merging.items():
        yield from _undefined(("merging", name, "mergekit"), parents_of(merging), full)
        yield from _unfounded_sweep(name, merging, release)
    for name, quantised in release.quantised.items():
        yield from _undefined(("quantised", name, "model"), [quantised.model], full)
    if release.evaluation:
        yield from _undefined(("evaluation", "models"), release.evaluation.models, models)
        for name, members in release.evaluation.ensembles.items():
            where = ("evaluation", "ensembles", name)
            yield from _undefined(where, members, dict.fromkeys(release.evaluation.models))
            if name in models:
                yield where, f"{name} is the name of a model: an ensemble needs its own"
        if release.evaluation.judge:
            where = ("evaluation", "judge", "models")
            yield from _undefined(where, list(release.evaluation.judge.models), models)
            if "judge" in {**models, **release.corpora, **tasks}:
                yield where[:2], "judge is the name of what it makes: another artefact has it"
        yield from _unfounded_checkpoints(release, release.evaluation)
        yield from _unfounded_claims(release, release.evaluation)
        groups = {task.group: None for task in tasks.values()}
        for name, family in release.evaluation.significance.families.items():
            where = ("evaluation", "significance", "families", name)
            yield from _undefined((*where, "groups"), family.groups, groups)
            evaluated = dict.fromkeys(release.evaluation.models)
            yield from _undefined((*where, "models"), family.models, evaluated)
    for name, task in tasks.items():
        where = ("evaluation", "tasks", name, "corpus")
        yield from _undefined(where, [task.corpus] if task.corpus else [], release.corpora)
        if task.corpus in release.corpora and release.corpora[task.corpus].split == "train":
            yield (
                where,
                f"{task.corpus} is for training: a task needs a corpus of another split",
            )


def _misplaced(release: Release, tasks: dict[str, Any]) -> Iterator[Complaint]:
    """Repos that give way to others, and scores that belong to a benchmark."""
    published = {
        **dict.fromkeys(release.published_corpora),
        **release.training, **release.merging, **release.quantised,
    }  # fmt: skip
    for old, new in release.superseded.items():
        yield from _undefined(("superseded", old), [new], published)
        if old in published:
            yield ("superseded", old), f"{old} is part of this release: nothing takes its place"
    final = {
        name: task
        for name, task in tasks.items()
        if task.corpus in release.corpora and release.corpora[task.corpus].split == "held_out"
    }
    for name in release.benchmarks:
        yield from _undefined(("benchmarks", name), [name], final)


def _unfounded_sweep(name: str, settings: MergingSettings, release: Release) -> Iterator[Complaint]:
    """Candidates are compared on tasks of the validation split, which no final figure uses."""
    if settings.sweep is None:
        return
    tasks = release.evaluation.tasks.values() if release.evaluation else ()
    groups = {
        task.group: None
        for task in tasks
        if task.measure == settings.sweep.measure and _split(release, task) == "validation"
    }
    where = ("merging", name, "sweep")
    if not groups:
        measure = settings.sweep.measure.replace("_", " ")
        yield where, f"no task measures {measure} on a corpus of the validation split"
    for group in filter(None, (settings.sweep.domain, settings.sweep.general)):
        yield from _undefined(where, [group], groups)


def _unfounded_checkpoints(release: Release, settings: EvaluationSettings) -> Iterator[Complaint]:
    for name, rule in settings.checkpoints.items():
        where = ("evaluation", "checkpoints", name)
        yield from _undefined(where, [name], release.training)
        if name in release.training and not release.training[name].checkpoints:
            yield where, f"training.{name} keeps no checkpoints: name steps there"
        split = "held_out" if rule.rule == "most-improvements" else "validation"
        if not any(
            task.measure == rule.measure and _split(release, task) == split
            for task in settings.tasks.values()
        ):
            measure = rule.measure.replace("_", " ")
            yield where, f"no task of the {split} split measures {measure}"


def _unfounded_claims(release: Release, settings: EvaluationSettings) -> Iterator[Complaint]:
    """A claim is about models that are evaluated, and about a group of the final tasks."""
    final = {
        (task.group, task.measure)
        for task in settings.tasks.values()
        if _split(release, task) == "held_out"
    }
    for number, claim in enumerate(settings.claims):
        where = ("evaluation", "claims", number)
        evaluated = dict.fromkeys(settings.models)
        yield from _undefined(where, [claim.model, *claim.others], evaluated)
        if (claim.group, claim.measure) not in final:
            measure = claim.measure.replace("_", " ")
            yield where, f"no held-out task of group {claim.group} measures {measure}"


def _split(release: Release, task: TaskSettings) -> str:
    """Of a task; empty where its corpus is not defined."""
    if not task.corpus:
        return task.split
    return release.corpora[task.corpus].split if task.corpus in release.corpora else ""


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
        "filters": release.filters, "corpora": release.corpora, "models": release.models,
        "training": release.training, "finetuning": release.finetuning,
        "merging": release.merging, "quantised": release.quantised, "evaluation.tasks": tasks,
    }  # fmt: skip
    for section, names in sections.items():
        for name in names:
            if name in seen:
                yield (*section.split("."), name), f"{name} is already defined in {seen[name]}"
            seen[name] = section
