"""What can be known of training and merging before anything is computed: for `plan`.

    merges      do the parents fit together? from headers where they are made, else from what the
                release file says of the model that they go back to
    licences    may this be trained, merged, copied? under which licence would the result be?
    estimates   memory, steps, hours, energy and cost of a run, for hardware that is named

`BadInput` found here is a problem (exit code 2), `Refused` a refusal (3).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from hub.failure import BadInput, Refused
from hub.licences import compose
from hub.licences.expression import permission
from hub.licences.table import Act
from hub.manifest import Artefact, read_artefact
from merging import headers, preflight
from merging.quantise import missing
from merging.settings import parents_of
from release import estimates, starts
from release.gate import may_train, may_tune, terms, use_of
from release.recipe import Recipe
from release.run import artefact_folder, step_key
from release.schema import Release
from release.steps.starts import from_hub
from training.settings import RunSettings, TrainingSettings

ACTS: tuple[Act, ...] = ("train", "publish_adapted")
"""that the licence of a published model has to allow"""


@dataclass(frozen=True)
class Foreseen:
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    """libraries that a step needs and that are not installed here"""


def foresee(
    recipe: Recipe, have: Mapping[str, Artefact], folder: Path, publish: bool = True
) -> Foreseen:
    """`have` holds what is up to date; `folder` is where a merge would be written, or above it.

    `publish`: whether models that could be made and not be published are refusals.
    """
    release, found = recipe.release, Foreseen()
    if _circular(release):  # which `steps` says with its names
        return found
    looks: list[Callable[[], Iterable[str]]] = [
        *(partial(_merge, recipe, name, have, folder) for name in release.merging),
        *(partial(_licence, recipe, name, have) for name in _made(release)),
        *(partial(_publishable, recipe, name, have) for name in _made(release) if publish),
        *(
            partial(estimates.of_run, recipe, name, have)
            for name in (*release.training, *release.finetuning)
        ),
    ]
    found.notes.extend(starts.notes(recipe))
    found.problems.extend(starts.problems(recipe))
    for look in looks:
        try:
            found.notes.extend(look())
        except starts.Unpinned as unknown:
            found.notes.append(str(unknown))
        except Refused as refusal:
            found.refusals.append(str(refusal))
        except BadInput as problem:
            found.problems.append(str(problem))
    found.notes.extend(estimates.total(recipe, have))
    found.absent.extend(
        f"quantised.{name}: {said}"
        for name, settings in release.quantised.items()
        if (said := missing(settings))
    )
    return found


def check(recipe: Recipe, folder: Path) -> None:
    """Before a run: raises BadInput, else Refused, with all that can be told beforehand.

    What was taken from the Hub already is looked at where it lies: a second run asks nobody.
    """
    found = foresee(recipe, _taken(recipe, folder), folder, publish=False)
    if problems := [*found.problems, *found.absent]:
        raise BadInput("\n".join([*problems, *found.refusals]))
    if found.refusals:
        raise Refused("\n".join(found.refusals))


def _taken(recipe: Recipe, folder: Path) -> dict[str, Artefact]:
    """The models of the Hub that are in the work folder."""
    found = {}
    for name, model in recipe.release.models.items():
        if starts.pinned(recipe, name):
            step = from_hub(name, model, recipe)
            artefact = read_artefact(artefact_folder(folder, step, step_key(step, {})))
            if artefact:
                found[name] = artefact
    return found


def _circular(release: Release) -> bool:
    runs: dict[str, RunSettings] = {**release.training, **release.finetuning}
    parents = {name: [run.base] for name, run in runs.items()}
    parents |= {name: parents_of(merge) for name, merge in release.merging.items()}
    try:
        TopologicalSorter(parents).prepare()
    except CycleError:
        return True
    return False


def _made(release: Release) -> list[str]:
    return [*release.training, *release.finetuning, *release.merging, *release.quantised]


def _merge(recipe: Recipe, name: str, have: Mapping[str, Artefact], folder: Path) -> Iterable[str]:
    mergekit = recipe.release.merging[name].mergekit
    parents = parents_of(recipe.release.merging[name])
    try:
        if all(parent in have for parent in parents):
            described = {parent: headers.read(parent, have[parent].folder) for parent in parents}
        else:
            described = _announced(recipe, parents, have)
        notes = preflight.check(described) if len(described) > 1 else []
        preflight.check_configuration(mergekit, described)
        if parents[0] in described:
            preflight.check_room(mergekit, described[parents[0]], folder)
    except BadInput as error:
        raise BadInput(f"merging.{name}: {error}") from error
    return [f"{name}: {note}" for note in notes]


def _announced(
    recipe: Recipe, parents: list[str], have: Mapping[str, Artefact]
) -> dict[str, headers.Parent]:
    """Parents that are yet to be made, as far as the models that they go back to tell."""
    roots = {parent: root for parent in parents if (root := starts.origin(recipe, parent))}
    read = {
        root: headers.read(root, have[root].folder)
        if root in have
        else starts.headers_of(recipe, root)
        for root in dict.fromkeys(roots.values())
    }
    if not all(read.values()):  # what is known of all of them is their configuration
        read = {root: headers.announced(root, starts.config(recipe, root)) for root in read}
    found = {parent: read[root] for parent, root in roots.items()}
    return {parent: one._replace(name=parent) for parent, one in found.items() if one}


def _licence(recipe: Recipe, name: str, have: Mapping[str, Artefact]) -> Iterable[str]:
    """Raises Refused where it may not be trained."""
    release = recipe.release
    if name in release.training:
        training = release.training[name]
        base = licences(recipe, training.base, have)
        may_train(name, use_of(release, training), base, _corpora(training, have))
    elif name in release.finetuning:
        tuning = release.finetuning[name]
        said = terms(release.sources[tuning.examples])
        may_tune(name, tuning.use, licences(recipe, tuning.base, have), said)
    return []


def _publishable(recipe: Recipe, name: str, have: Mapping[str, Artefact]) -> Iterable[str]:
    """Raises Refused where what comes of it could not be published, as the gate would."""
    root = starts.origin(recipe, name)
    pin = starts.pinned(recipe, root) if root else None
    if pin and pin.private:
        raise Refused(
            f"{name} could not be published: {recipe.release.models[str(root)].hub}, which it goes "
            "back to, is private, so that nobody could check it"
        )
    found = licences(recipe, name, have)
    if wrong := [one for one in found if permission(one, ACTS) != "allowed"]:
        raise Refused(
            f"{name} could not be published: {', '.join(wrong)} does not allow publishing what was "
            "made from it"
        )
    return [f"{name}: would be under {' and '.join(found)}"]


def _corpora(training: TrainingSettings, have: Mapping[str, Artefact]) -> list[Artefact]:
    """Those that are made."""
    names = [training.corpus, *([training.replay.corpus] if training.replay else [])]
    return [have[name] for name in names if name in have]


def licences(recipe: Recipe, name: str, have: Mapping[str, Artefact]) -> tuple[str, ...]:
    """By which a model is bound, or would be: it is composed as the run will compose it."""
    release = recipe.release
    if name in have:
        return have[name].manifest.licence
    if name in release.models:
        return starts.licence(recipe, name)
    if name in release.training:
        training = release.training[name]
        texts = {one for corpus in _corpora(training, have) for one in corpus.manifest.licence}
        base = licences(recipe, training.base, have)
        return compose.adapted(base, use_of(release, training), texts, release.training_position)
    if name in release.finetuning:
        tuning = release.finetuning[name]
        base = licences(recipe, tuning.base, have)
        said = terms(release.sources[tuning.examples])
        return compose.adapted(base, tuning.use, said, release.training_position)
    parents = (
        parents_of(release.merging[name])
        if name in release.merging
        else [release.quantised[name].model]
    )
    return compose.merged(licences(recipe, parent, have) for parent in parents)
