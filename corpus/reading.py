"""Units that are not in the cache yet are made; those that are stay as they are."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from corpus.boilerplate import Boilerplate
from corpus.decontaminate import Questions, indexed
from corpus.dedup.minhash import PROFILES
from corpus.personal_data import KINDS, Kind
from corpus.pipeline import (
    Clean,
    CountLines,
    Examine,
    Languages,
    PersonalData,
    Read,
    Spill,
    WithoutBoilerplate,
)
from corpus.settings import CorpusSettings, SourceSettings
from corpus.units import Unit
from hub.disk import sha256_file
from hub.manifest import MANIFEST, canonical_sha256

READ_VERSION = 5
"""Raise it when reading, cleaning or masking would give other texts: units are made again."""

SCORE_VERSION = 1
"""The same for scores of a domain classifier."""

EXAMINE_VERSION = 1
"""The same for signatures and for what is found of test questions."""

Run = Callable[[str, Sequence[Any], int], None]
"""(name, steps, tasks)"""


class Examined(NamedTuple):
    """What was found in the units, and the folders beside them where it lies."""

    questions: Questions
    hits_folder: str | None
    signatures_folder: str | None


def read_units(
    settings: CorpusSettings,
    sources: Mapping[str, SourceSettings],
    data: Path,
    files: Mapping[str, Sequence[Path]],
    digests: Mapping[str, str],
    cache: Path,
    run: Run,
) -> list[Unit]:
    """All units of the corpus, shard by shard and in the recipe's order of sources.

    The files of a source are dealt to the shards in turn, beginning at one that its name decides,
    so that another source moves none of them.
    """
    masks = settings.personal_data == "mask"
    kinds = searched_kinds(settings)
    units: list[Unit] = []
    for name, source in sources.items():
        folder = cache / f"{name}-{_unit_key(settings, source, digests[name])[:16]}"
        start = zlib.crc32(name.encode())
        for part in range(settings.shards):
            mine = tuple(files[name][(part - start) % settings.shards :: settings.shards])
            if mine:
                units.append(Unit(name, part, mine, folder))
    order = {name: number for number, name in enumerate(sources)}
    units.sort(key=lambda unit: (unit.part, order[unit.source]))
    missing = [unit for unit in units if not unit.facts.exists()]
    for unit in missing:
        unit.folder.mkdir(parents=True, exist_ok=True)
    prepare = [Clean(settings.clean), Languages(dict(sources), data)]
    steps: list[Any] = [Read(missing, dict(sources)), *prepare]
    if settings.boilerplate and missing:
        lines = _repeated_lines(settings, sources, units, missing, prepare, run)
        steps.append(WithoutBoilerplate(missing, lines))
    run("read", [*steps, PersonalData(masks, kinds), Spill(missing)], len(missing))
    return units


def searched_kinds(settings: CorpusSettings) -> tuple[Kind, ...]:
    """Of personal data: all, but for names where capitals after a title are no patients."""
    return tuple(kind for kind in KINDS if settings.names or kind != "name")


def examine_units(
    settings: CorpusSettings, units: Sequence[Unit], tasks: Mapping[str, Path], run: Run
) -> Examined:
    """Signatures for the profile asked for, and the test questions of `tasks`."""
    signatures = questions = None
    if settings.dedup != "exact":
        profile = PROFILES[settings.dedup]
        shape = [profile.n, profile.bands, profile.rows, EXAMINE_VERSION]
        signatures = f"signatures-{canonical_sha256(shape)[:16]}", profile
    if tasks:
        content = [[name, sha256_file(path)] for name, path in tasks.items()]
        questions = (
            f"questions-{canonical_sha256([content, EXAMINE_VERSION])[:16]}",
            tuple(tasks.items()),
        )
    folders = [entry[0] for entry in (signatures, questions) if entry]
    missing = [u for u in units if not all(u.beside(folder).exists() for folder in folders)]
    run("examine", [Examine(missing, signatures, questions)], len(missing))
    return Examined(
        indexed(questions[1]) if questions else Questions([]),
        questions[0] if questions else None,
        signatures[0] if signatures else None,
    )


def score_units(units: Sequence[Unit], classifier: Path, run: Run) -> str:
    """The folder beside the units where their scores lie; it is named by the classifier."""
    from corpus.domain.apply import Score

    content = [
        [path.relative_to(classifier).as_posix(), sha256_file(path)]
        for path in sorted(classifier.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    ]
    name = f"domain-{canonical_sha256([content, SCORE_VERSION])[:16]}"
    missing = [unit for unit in units if not unit.beside(name).exists()]
    run("score", [Score(missing, classifier, name)], len(missing))
    return name


def _unit_key(settings: CorpusSettings, source: SourceSettings, digest: str) -> str:
    """Over all that decides the text and facts of a source's documents, and nothing else."""
    reading = source.model_dump(mode="json", exclude={"terms", "attribution", "rights_basis"})
    return canonical_sha256(
        {
            "version": READ_VERSION,
            "source": reading,
            "content": digest,
            "clean": settings.clean,
            "masked": settings.personal_data == "mask",
            "names": settings.names,
            "boilerplate": settings.boilerplate.model_dump() if settings.boilerplate else None,
            "shards": settings.shards,
        }
    )


def _repeated_lines(
    settings: CorpusSettings,
    sources: Mapping[str, SourceSettings],
    units: Sequence[Unit],
    missing: Sequence[Unit],
    prepare: Sequence[Any],
    run: Run,
) -> dict[str, Boilerplate]:
    """By source: its lines are counted over all its documents before any of them is written."""
    assert settings.boilerplate
    names = {unit.source for unit in missing}
    counted = [unit for unit in units if unit.source in names]
    uncounted = [unit for unit in counted if not unit.beside("lines").exists()]
    steps = [Read(uncounted, dict(sources)), *prepare, CountLines(uncounted)]
    run("count-lines", steps, len(uncounted))
    return {
        name: Boilerplate.read(
            [unit.beside("lines") for unit in counted if unit.source == name],
            settings.boilerplate.min_documents,
            settings.boilerplate.min_share,
        )
        for name in sorted(names)
    }
