"""What a run would do, and why, before anything is computed.

Every problem is found here that can be found without computing: the release file, missing sources,
space on the disk, models that do not fit together, licences that do not compose, runs that do not
fit the hardware they are meant for (`release.foresee`).
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hub.manifest import Artefact, ManifestError, read_artefact
from release import starts
from release.foresee import foresee
from release.recipe import Recipe
from release.run import MIN_FREE_BYTES, artefact_folder, step_key
from release.sources import Sought, in_papers, seek
from release.steps import steps
from release.steps.evaluation import unpinned_tasks
from release.steps.step import Stage, Step


@dataclass(frozen=True)
class Planned:
    """One step: what would become of it, and the reason."""

    name: str
    stage: Stage
    kind: str
    state: Literal["up to date", "to run"]
    why: str
    waits_for: list[str]
    """artefacts that have to be made first"""


@dataclass(frozen=True)
class Plan:
    steps: list[Planned]
    problems: list[str]
    refusals: list[str]
    """what a rule forbids, such as a licence"""
    notes: list[str]
    """what was foreseen of models and runs"""
    sought: Sought
    """sources that are not there"""
    unpinned: list[str]
    """models and tasks on the Hub of which no commit is known, or that are nowhere: they cannot be
    run yet"""


def plan(recipe: Recipe, workdir: Path) -> Plan:
    """Reads manifests and hashes sources; changes nothing. Raises SourceError, RecipeError."""
    have: dict[str, Artefact] = {}
    problems: list[str] = []
    planned = []
    sought = seek(recipe)
    for step in steps(recipe):
        try:
            planned.append(_plan_step(step, have, workdir))
        except ManifestError as error:
            problems.append(str(error))
    seen = foresee(recipe, have, _existing(workdir))
    problems += seen.problems
    free = shutil.disk_usage(_existing(workdir)).free
    if free < MIN_FREE_BYTES:
        problems.append(f"{free >> 20} MiB are free where {workdir} lies: a run needs more")
    unpinned, unusable = unpinned_tasks(recipe.release.evaluation)
    unpinned = starts.unpinned(recipe) + unpinned
    notes = [*in_papers(recipe), *seen.notes, *seen.absent]
    return Plan(planned, problems + unusable, seen.refusals, notes, sought, unpinned)


def _plan_step(step: Step, have: dict[str, Artefact], workdir: Path) -> Planned:
    state: Literal["up to date", "to run"] = "to run"
    missing = list(dict.fromkeys(name for _, name in step.needs if name not in have))
    if missing:
        why = f"needs {', '.join(missing)}, to be made first"
    else:
        key = step_key(step, have)
        artefact = read_artefact(artefact_folder(workdir, step, key))
        if artefact is not None:
            have[step.name] = artefact
            state, why = "up to date", f"made in {artefact.manifest.made_by.wall_seconds:.1f} s"
        else:
            why = _difference(step, have, workdir)
    return Planned(step.name, step.stage, step.kind, state, why, missing)


def _difference(step: Step, have: Mapping[str, Artefact], workdir: Path) -> str:
    """Why an earlier result of that name does not count."""
    earlier = _latest(step, workdir)
    if earlier is None:
        interrupted = (workdir / "scratch").glob(f"{step.name}-" + "[0-9a-f]" * 12)
        return "was interrupted" if any(interrupted) else "was never made"
    manifest = earlier.manifest
    changed = [name for name in step.settings if step.settings[name] != manifest.recipe.get(name)]
    before = {(entry.role, entry.name): entry.digest for entry in manifest.inputs}
    inputs = [*step.sources, *(have[name].as_input(role) for role, name in step.needs)]
    new = [e.name for e in inputs if before.get((e.role, e.name)) != e.digest]
    reasons = [f"changed settings: {', '.join(changed)}"] if changed else []
    reasons += [f"changed inputs: {', '.join(new)}"] if new else []
    return "; ".join(reasons) or "the step itself changed"


def _latest(step: Step, workdir: Path) -> Artefact | None:
    """The newest whole artefact of the step's name, whatever its key."""
    pattern = f"{step.name}-" + "[0-9a-f]" * 12 + "/manifest.json"
    found = sorted((workdir / step.stage).glob(pattern), key=lambda path: path.stat().st_mtime)
    return read_artefact(found[-1].parent) if found else None


def _existing(path: Path) -> Path:
    """The nearest folder that is there: the work folder may not be yet."""
    return next(parent for parent in [path.absolute(), *path.absolute().parents] if parent.exists())
