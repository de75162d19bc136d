"""Carries out what is not up to date, resumes what was interrupted, repeats nothing that is
finished.

work folder/
  corpus/medical-1a2b3c4d5e6f/     an artefact: NAME-KEY, whole once manifest.json is there
  scratch/medical-1a2b3c4d5e6f/    what a killed step can resume from
  cache/corpus/                    what several corpora or settings share; may be deleted
  run.json                         what the last run made, and from which settings
  summary.json                     one row a model, group and metric
"""

import os
import platform
import shutil
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from hub.failure import Failed
from hub.manifest import (
    Artefact,
    Kind,
    MadeBy,
    Manifest,
    Outcome,
    artefact_digest,
    artefact_key,
    describe_files,
    read_artefact,
    write_manifest,
)
from release.recipe import Recipe
from release.record import write_run
from release.sources import fetch_all
from release.steps import steps
from release.steps.step import EXCLUDED, STAGES, Place, Progress, Stage, Step

_PACKAGES: Mapping[Stage, tuple[str, ...]] = {
    "corpus": ("datatrove", "pyarrow", "lxml", "ftfy"),
    "training": ("torch", "transformers", "trl", "accelerate"),
    "merging": ("mergekit", "torch", "safetensors"),
    "evaluation": ("lm-eval", "transformers", "torch"),
}
"""what decides the bytes of a stage's result"""

MIN_FREE_BYTES = 200 << 20
"""below this a run does not start: a disk that fills half-way wastes the work"""

FULL_BYTES = 64 << 20
"""with less than this left, a failure is put down to the disk: a checkpoint would not fit"""


class DiskFull(Failed):
    """No room for what a run would write."""


@dataclass(frozen=True)
class Ran:
    """Every artefact of the release by name, and which of them were made just now."""

    artefacts: dict[str, Artefact]
    made: list[str]


def run(
    recipe: Recipe, workdir: Path, command: str, progress: Progress, until: Stage | None = None
) -> Ran:
    """Make every artefact up to and including the stage `until`; the caller holds the lock."""
    check_space(workdir)
    fetch_all(recipe, progress)
    have: dict[str, Artefact] = {}
    made: list[str] = []
    for step in wanted(steps(recipe), until):
        key = step_key(step, have)
        folder = artefact_folder(workdir, step, key)
        artefact = read_artefact(folder)
        if artefact is None:
            artefact = _make(step, key, workdir, have, command, progress)
            made.append(step.name)
        have[step.name] = artefact
        for suffix, _ in step.siblings:
            sibling = read_artefact(artefact_folder(workdir, step, key, suffix))
            if sibling is not None:
                have[step.name + suffix] = sibling
    write_run(workdir, recipe.release, have)
    return Ran(have, made)


def wanted(all_steps: list[Step], until: Stage | None) -> list[Step]:
    """The steps up to a stage, with everything that they need from later ones.

    A corpus is decontaminated against tasks, which the evaluation stage exports: stages are not a
    strict order, needs are.
    """
    if until is None:
        return all_steps
    last = STAGES.index(until)
    by_name = {step.name: step for step in all_steps}
    names: set[str] = set()
    queue = [step.name for step in all_steps if STAGES.index(step.stage) <= last]
    while queue:
        name = queue.pop()
        if name not in names:
            names.add(name)
            queue += [needed for _, needed in by_name[name].needs]
    return [step for step in all_steps if step.name in names]


def step_key(step: Step, have: Mapping[str, Artefact]) -> str:
    """Known before the step runs, once all it needs is there."""
    inputs = [*step.sources, *(have[name].as_input(role) for role, name in step.needs)]
    return artefact_key(step.kind, step.settings, inputs, step.version)


def artefact_folder(workdir: Path, step: Step, key: str, suffix: str = "") -> Path:
    return workdir / step.stage / f"{step.name}{suffix}-{key[:12]}"


def check_space(workdir: Path) -> None:
    free = shutil.disk_usage(workdir).free
    if free < MIN_FREE_BYTES:
        raise DiskFull(
            f"{free >> 20} MiB are free where {workdir} lies and a run needs "
            f"{MIN_FREE_BYTES >> 20}: free some, or choose another --workdir",
        )


def _make(
    step: Step,
    key: str,
    workdir: Path,
    have: Mapping[str, Artefact],
    command: str,
    progress: Progress,
) -> Artefact:
    """Run one step; the manifests are written last, the step's own after its siblings'."""
    folders = {
        suffix: artefact_folder(workdir, step, key, suffix)
        for suffix in ("", *(suffix for suffix, _ in step.siblings))
    }
    for folder in folders.values():  # a half-made one: without a manifest it is nothing
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    scratch = workdir / "scratch" / folders[""].name
    scratch.mkdir(parents=True, exist_ok=True)
    place = Place(
        out=folders[""],
        excluded=folders.get(EXCLUDED, folders[""]),
        scratch=scratch,
        cache=workdir / "cache" / step.stage,
        progress=lambda line: progress(f"{step.name}: {line}"),
    )
    place.progress("started")
    wall, cpu = time.monotonic(), _cpu_seconds()
    outcomes = _build(step, have, place)
    made_by = MadeBy(
        code=f"imprimatur {version('imprimatur')}",
        packages=_versions(step.stage),
        command=command,
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        accelerator=_accelerator(),
        wall_seconds=round(time.monotonic() - wall, 3),
        cpu_seconds=round(_cpu_seconds() - cpu, 3),
        finished=datetime.now(UTC).date().isoformat(),
    )
    kinds: dict[str, Kind] = {"": step.kind, **dict(step.siblings)}
    artefacts = {
        suffix: write_manifest(
            folders[suffix],
            _manifest(
                step, suffix, kinds[suffix], key, outcomes[suffix], folders[suffix], have, made_by
            ),
        )
        for suffix in sorted(kinds, reverse=True)
    }
    shutil.rmtree(scratch, ignore_errors=True)
    place.progress(f"done in {made_by.wall_seconds:.1f} s")
    return artefacts[""]


def _cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    taken = os.times()
    return taken.user + taken.system + taken.children_user + taken.children_system


def _accelerator() -> str:
    """The GPUs that torch sees, where a step has loaded it; a corpus does not."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return "none"
    names = [torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count())]
    return ", ".join(f"{count} × {name}" for name, count in Counter(names).items())


def _build(step: Step, have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
    """A full disk looks different in every library; what they have in common is a full disk."""
    try:
        return step.build(have, place)
    except Exception as error:
        if shutil.disk_usage(place.out).free < FULL_BYTES:
            raise DiskFull(
                f"the disk filled up while {step.name} was made: free some of it and run again, "
                "what is finished stays"
            ) from error
        raise


def _manifest(
    step: Step,
    suffix: str,
    kind: Kind,
    key: str,
    outcome: Outcome,
    folder: Path,
    have: Mapping[str, Artefact],
    made_by: MadeBy,
) -> Manifest:
    files = describe_files(folder, outcome.payload)
    return Manifest(
        kind=kind,
        name=step.name + suffix,
        key=key,
        digest=artefact_digest(kind, files),
        files=files,
        inputs=(*step.sources, *(have[name].as_input(role) for role, name in step.needs)),
        recipe=step.settings,
        numbers=dict(outcome.numbers),
        licence=outcome.licence,
        made_by=made_by,
    )


def _versions(stage: Stage) -> dict[str, str]:
    found = {}
    for package in _PACKAGES[stage]:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
