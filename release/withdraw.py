"""A document leaves a release: recorded, left out of what is built, gone from what is published.

1. Who holds it is read from the Hub, and from the work folder: releases, corpora, models.
2. It is recorded beside the release file, with who and why: it holds for every later run.
3. The release is made anew without it, rehearsed and published as a new version.
4. Where asked, the history of the repos that held it goes.

Each part is done once: killed anywhere, the same command goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.failure import BadInput, Refused
from hub.licences.rights import Holder, Withdrawal
from hub.manifest import Artefact
from hub.publish.holders import descendants, in_ledger
from release import outside, withdrawals
from release.recipe import Recipe
from release.record import read_run
from release.steps.step import Progress


@dataclass(frozen=True)
class Held:
    """Where a document is."""

    tags: list[str]
    """of every release that is published"""
    published: list[Holder]
    here: Holder | None
    """by the last run in the work folder"""


def look(
    recipe: Recipe, workdir: Path, document: str, endpoint: str, token: str, progress: Progress
) -> Held:
    """Reads only; raises BadInput where neither a release nor a run knows the document."""
    release = recipe.release
    results = release.repo("results")
    home = workdir / "hf-home"
    tags, found = outside.holders(results, document, endpoint, token, home, progress)
    here = _here(workdir, document)
    if here and here.version in tags and here.version not in [one.version for one in found]:
        found.append(here)  # in a corpus that is trained on and not published
    held = Held(tags, found, here)
    known = any(entry.document == document for entry in release.withdrawn)
    if not found and held.here is None and not known:
        raise BadInput(
            f"no corpus holds a document {document}: not those of {len(tags)} published releases, "
            f"nor those of the last run in {workdir}"
        )
    return held


def _here(workdir: Path, document: str) -> Holder | None:
    try:
        release, artefacts = read_run(workdir)
    except BadInput:
        return None
    corpora = [n for n, one in artefacts.items() if _in_corpus(one, document)]
    manifests = {name: one.manifest for name, one in artefacts.items()}
    models = tuple(descendants(manifests, corpora))
    version = f"v{release['version']}"
    return Holder(version=version, corpora=tuple(corpora), models=models) if corpora else None


def _in_corpus(artefact: Artefact, document: str) -> bool:
    ledger = artefact.folder / "ledger.parquet"
    return artefact.manifest.kind == "corpus" and ledger.is_file() and in_ledger(ledger, document)


def lines(document: str, held: Held) -> list[str]:
    """What is to be said about it, whether or not anything is done."""
    found = [
        f"{document} is published in {one.version}: {', '.join(one.corpora)}"
        + (f"; trained on it: {', '.join(one.models)}" if one.models else "")
        for one in held.published
    ]
    if held.here:
        found.append(f"{document} is in the work folder: {', '.join(held.here.corpora)}")
    return found


def record(recipe: Recipe, document: str, who: str, why: str, held: Held) -> Withdrawal:
    known = recipe.release.withdrawn
    return withdrawals.record(recipe.path, known, document, who, why, held.published)


def check_version(recipe: Recipe, held: Held) -> None:
    """A version is published once: one that holds the document cannot come without it."""
    tag = f"v{recipe.release.version}"
    if any(one.version == tag for one in held.published):
        raise Refused(
            f"{tag} is published with the document in it: raise `version` in the release file, "
            "then run again (the withdrawal is recorded)"
        )


def to_squash(
    recipe: Recipe, withdrawal: Withdrawal, publishes: Sequence[str]
) -> dict[str, list[str]]:
    """By repo id: the versions that held it. Raises BadInput for a repo that no longer belongs to
    the release, since nothing new would come in its place."""
    release = recipe.release
    found: dict[str, list[str]] = {}
    for holder in withdrawal.held_by:
        for corpus in holder.corpora:
            if corpus in publishes or corpus not in release.corpora:
                found.setdefault(corpus, []).append(holder.version)
    left = [f"{release.namespace}/{release.release}-{n}" for n in found if n not in publishes]
    if left:
        raise BadInput(
            f"{', '.join(left)} held it and is not part of this release: delete it on the Hub, or "
            "take the corpus into the release again"
        )
    return {f"{release.namespace}/{release.release}-{n}": tags for n, tags in found.items()}
