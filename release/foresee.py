"""What can be known of training and merging before anything is computed: for `plan`.

    merges      do the parents fit together? from headers where they are made, else from what the
                release file says of the model that they go back to
    licences    may this be trained, merged, copied? under which licence would the result be?
    estimates   memory, steps, hours, energy and cost of a run, for hardware that is named

`BadInput` found here is a problem (exit code 2), `Refused` a refusal (3).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from hub.failure import BadInput, Refused
from hub.licences import compose
from hub.licences.expression import permission
from hub.licences.recognise import recognise
from hub.licences.table import Act
from hub.manifest import Artefact
from merging import headers, preflight
from merging.settings import parents_of
from release.gate import may_train, may_tune, terms, use_of
from release.schema import Release
from training.arguments import MAX_LENGTH
from training.estimate import Shape, estimate
from training.settings import RunSettings, TinyModel, TrainingSettings

TOKENS_A_WORD = 1.6
"""to foretell the steps of an epoch; between what a French and a German text take of a Qwen 3"""

ACTS: tuple[Act, ...] = ("train", "publish_adapted")
"""that the licence of a published model has to allow"""


@dataclass(frozen=True)
class Foreseen:
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def foresee(
    release: Release, have: Mapping[str, Artefact], folder: Path, publish: bool = True
) -> Foreseen:
    """`have` holds what is up to date; `folder` is where a merge would be written, or above it.

    `publish`: whether models that could be made and not be published are refusals.
    """
    found = Foreseen()
    if _circular(release):  # which `steps` says with its names
        return found
    looks: list[Callable[[], Iterable[str]]] = [
        *(partial(_merge, release, name, have, folder) for name in release.merging),
        *(partial(_licence, release, name, have) for name in _made(release)),
        *(partial(_publishable, release, name, have) for name in _made(release) if publish),
        *(partial(_run, release, name, have) for name in release.training),
        *(partial(_tuning, release, name, have) for name in release.finetuning),
    ]
    for look in looks:
        try:
            found.notes.extend(look())
        except Refused as refusal:
            found.refusals.append(str(refusal))
        except BadInput as problem:
            found.problems.append(str(problem))
    return found


def check(release: Release, folder: Path) -> None:
    """Before a run: raises BadInput, else Refused, with all that can be told beforehand."""
    found = foresee(release, {}, folder, publish=False)
    if found.problems:
        raise BadInput("\n".join([*found.problems, *found.refusals]))
    if found.refusals:
        raise Refused("\n".join(found.refusals))


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


def _merge(
    release: Release, name: str, have: Mapping[str, Artefact], folder: Path
) -> Iterable[str]:
    mergekit = release.merging[name].mergekit
    parents = parents_of(release.merging[name])
    try:
        if all(parent in have for parent in parents):
            described = {parent: headers.read(parent, have[parent].folder) for parent in parents}
        else:
            described = {
                parent: _announced(parent, tiny)
                for parent in parents
                if (tiny := origin(release, parent))
            }
        notes = preflight.check(described) if len(described) > 1 else []
        preflight.check_configuration(mergekit, described)
        if parents[0] in described:
            preflight.check_room(mergekit, described[parents[0]], folder)
    except BadInput as error:
        raise BadInput(f"merging.{name}: {error}") from error
    return [f"{name}: {note}" for note in notes]


def _announced(name: str, tiny: TinyModel) -> headers.Parent:
    """A parent that is yet to be made, as far as the model that it goes back to tells."""
    width, heads = tiny.hidden_size, tiny.num_attention_heads * tiny.head_dim
    shapes = {
        "model.embed_tokens.weight": (tiny.vocab_size, width),
        "model.layers.0.self_attn.q_proj.weight": (heads, width),
        "model.layers.0.self_attn.k_proj.weight": (tiny.num_key_value_heads * tiny.head_dim, width),
        "model.layers.0.mlp.gate_proj.weight": (tiny.intermediate_size, width),
    }
    return headers.Parent(
        name, tiny.model_dump(),
        {key: headers.Tensor(shape, "F32") for key, shape in shapes.items()},
        (tiny.corpus, tiny.vocab_size), {}, None,
    )  # fmt: skip


def _licence(release: Release, name: str, have: Mapping[str, Artefact]) -> Iterable[str]:
    """Raises Refused where it may not be trained."""
    if name in release.training:
        training = release.training[name]
        base = licences(release, training.base, have)
        may_train(name, use_of(release, training), base, _corpora(training, have))
    elif name in release.finetuning:
        tuning = release.finetuning[name]
        said = terms(release.sources[tuning.examples])
        may_tune(name, tuning.use, licences(release, tuning.base, have), said)
    return []


def _publishable(release: Release, name: str, have: Mapping[str, Artefact]) -> Iterable[str]:
    """Raises Refused where what comes of it could not be published, as the gate would."""
    found = licences(release, name, have)
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


def licences(release: Release, name: str, have: Mapping[str, Artefact]) -> tuple[str, ...]:
    """By which a model is bound, or would be: it is composed as the run will compose it."""
    if name in have:
        return have[name].manifest.licence
    if name in release.models:
        stated = release.models[name].tiny.licence
        return (recognise(stated) or stated,)
    if name in release.training:
        training = release.training[name]
        texts = {one for corpus in _corpora(training, have) for one in corpus.manifest.licence}
        base = licences(release, training.base, have)
        return compose.adapted(base, use_of(release, training), texts, release.training_position)
    if name in release.finetuning:
        tuning = release.finetuning[name]
        base = licences(release, tuning.base, have)
        said = terms(release.sources[tuning.examples])
        return compose.adapted(base, tuning.use, said, release.training_position)
    parents = (
        parents_of(release.merging[name])
        if name in release.merging
        else [release.quantised[name].model]
    )
    return compose.merged(licences(release, parent, have) for parent in parents)


def _run(release: Release, name: str, have: Mapping[str, Artefact]) -> Iterable[str]:
    settings = release.training[name]
    corpus = have.get(settings.corpus)
    words = corpus.manifest.numbers.get("words") if corpus else None
    num_tokens = round(TOKENS_A_WORD * words.value) if words else None
    return _estimate(release, f"training.{name}", settings, num_tokens, have)


def _tuning(release: Release, name: str, have: Mapping[str, Artefact]) -> Iterable[str]:
    return _estimate(release, f"finetuning.{name}", release.finetuning[name], None, have)


def _estimate(
    release: Release,
    where: str,
    settings: RunSettings,
    num_tokens: int | None,
    have: Mapping[str, Artefact],
) -> Iterable[str]:
    if settings.hardware is None:
        return []
    shape = _shape(release, settings.base, have)
    if shape is None:
        return [f"{where}: nothing can be estimated before {settings.base} is made"]
    length = int(settings.sft_config.get("max_length", MAX_LENGTH))
    try:
        found = estimate(shape, settings, num_tokens, length)
    except BadInput as error:
        raise BadInput(f"{where}.hardware: {error}") from error
    if found.refusal:
        raise BadInput(f"{where} does not fit: {found.refusal}")
    return [f"{where}: {found}"]


def _shape(release: Release, base: str, have: Mapping[str, Artefact]) -> Shape | None:
    if base in have:
        return Shape.of(json.loads((have[base].folder / "config.json").read_bytes()))
    tiny = origin(release, base)
    return Shape.of(tiny.model_dump()) if tiny else None


def origin(release: Release, name: str) -> TinyModel | None:
    """The built-in model whose shape a model has; None where that is not certain."""
    seen: set[str] = set()
    runs: dict[str, RunSettings] = {**release.training, **release.finetuning}
    while name in runs and name not in seen:
        seen.add(name)
        name = runs[name].base
    if name in release.merging:
        parents = parents_of(release.merging[name])
        if not parents or "slices" in release.merging[name].mergekit:  # it may have other layers
            return None
        return origin(release, parents[0])
    return release.models[name].tiny if name in release.models else None
