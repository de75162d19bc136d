"""Builds the exact content of every repo of a release, and passes the gate, before anything is
pushed.
"""

import errno
import shutil
from collections.abc import Mapping
from pathlib import Path

from hub.disk import sync_tree, write_json
from hub.manifest import Artefact
from hub.publication import PUBLICATION, Publication, Superseded, digest_of
from release import claims, previous, table
from release.gate import gate
from release.publication import classifiers, corpora, models, results, space
from release.publication.context import Context
from release.recipe import Recipe
from release.run import DiskFull


def assemble(
    recipe: Recipe, artefacts: Mapping[str, Artefact], workdir: Path
) -> tuple[Publication, Path]:
    """The publication of these artefacts and its folder.

    Raises Refused where a licence says no, or a claim about the results does not hold; DiskFull.
    """
    building = workdir / "publication" / "building"
    try:
        return _assemble(recipe, artefacts, workdir, building)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        shutil.rmtree(building, ignore_errors=True)
        raise DiskFull(
            f"the disk filled up while the publication was put together in {workdir}: free some "
            "of it and run again, what is finished stays"
        ) from error


def _assemble(
    recipe: Recipe, artefacts: Mapping[str, Artefact], workdir: Path, building: Path
) -> tuple[Publication, Path]:
    gate(recipe, artefacts)
    judged = claims.judge(recipe, artefacts, workdir)
    scores = table.scores(recipe.release, artefacts)
    changed = previous.changed(recipe, artefacts, workdir)
    context = Context(recipe, artefacts, scores, judged, changed, workdir)
    shutil.rmtree(building, ignore_errors=True)
    repos = [
        *(corpora.repo(context, building, name) for name in context.corpora),
        *(classifiers.repo(context, building, name) for name in context.filters),
        *(models.repo(context, building, name) for name in context.models),
        results.repo(context, building),
        *([space.repo(context, building)] if recipe.release.space else []),
    ]
    release = recipe.release
    publication = Publication(
        release=release.release,
        version=release.version,
        namespace=release.namespace,
        digest=digest_of(tuple(repos)),
        repos=tuple(repos),
        key=release.signing_key,
        superseded=tuple(
            Superseded(
                type="dataset" if new in release.corpora else "model",
                id=old if "/" in old else context.repo(old),
                by=context.repo(new),
            )
            for old, new in release.superseded.items()
        ),
    )
    sync_tree(building)
    write_json(building / PUBLICATION, publication.model_dump(mode="json"))
    final = building.with_name(publication.digest[:12])
    for earlier in building.parent.iterdir():
        if earlier != building:
            shutil.rmtree(earlier)
    building.replace(final)
    return publication, final
