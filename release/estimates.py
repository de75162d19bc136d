"""What the runs of a release will need on the hardware that it names, and all of them together."""

import json
from collections.abc import Iterable, Iterator, Mapping

from hub.failure import BadInput
from hub.manifest import Artefact
from release import starts
from release.recipe import Recipe
from training.arguments import MAX_LENGTH
from training.estimate import Estimate, Shape, estimate
from training.settings import RunSettings

TOKENS_A_WORD = 1.6
"""to foretell the steps of an epoch; between what a French and a German text take of a Qwen 3"""


def of_run(recipe: Recipe, name: str, have: Mapping[str, Artefact]) -> Iterable[str]:
    """Of one training or fine-tuning; raises BadInput where it does not fit its hardware."""
    where, settings = _settings(recipe, name)
    if settings.hardware is None:
        return []
    try:
        found = _estimate(recipe, name, have)
    except BadInput as error:
        raise BadInput(f"{where}.hardware: {error}") from error
    if found is None:
        return [f"{where}: nothing can be estimated before {settings.base} is made"]
    if found.refusal:
        raise BadInput(f"{where} does not fit: {found.refusal}")
    return [f"{where}: {found}"]


def total(recipe: Recipe, have: Mapping[str, Artefact]) -> Iterator[str]:
    """Of all runs whose steps are known; nothing where it is one or none."""
    named = [*recipe.release.training, *recipe.release.finetuning]
    try:
        found = [one for name in named if (one := _estimate(recipe, name, have))]
    except BadInput:
        return  # which `of_run` says
    known = [one for one in found if one.hours is not None and one.kwh is not None]
    if len(known) < 2:
        return
    gpu_hours = sum((one.hours or 0) * one.gpus for one in known)
    said = f"{gpu_hours:,.0f} GPU-hours, {sum(one.kwh or 0 for one in known):,.0f} kWh"
    if all(one.eur is not None for one in known):
        said += f", {sum(one.eur or 0 for one in known):,.0f} EUR"
    rest = len(found) - len(known)
    yield f"all {len(known)} runs: {said}" + (f", without {rest} of unknown length" * bool(rest))


def _settings(recipe: Recipe, name: str) -> tuple[str, RunSettings]:
    release = recipe.release
    if name in release.training:
        return f"training.{name}", release.training[name]
    return f"finetuning.{name}", release.finetuning[name]


def _estimate(recipe: Recipe, name: str, have: Mapping[str, Artefact]) -> Estimate | None:
    """None without named hardware, or where the base's shape is not known."""
    _, settings = _settings(recipe, name)
    shape = _shape(recipe, settings.base, have) if settings.hardware else None
    if shape is None:
        return None
    length = int(settings.sft_config.get("max_length", MAX_LENGTH))
    return estimate(shape, settings, _tokens(recipe, name, have), length)


def _tokens(recipe: Recipe, name: str, have: Mapping[str, Artefact]) -> int | None:
    """Of one epoch, where its corpus is made."""
    training = recipe.release.training.get(name)
    corpus = have.get(training.corpus) if training else None
    words = corpus.manifest.numbers.get("words") if corpus else None
    return round(TOKENS_A_WORD * words.value) if words else None


def _shape(recipe: Recipe, base: str, have: Mapping[str, Artefact]) -> Shape | None:
    if base in have:
        return Shape.of(json.loads((have[base].folder / "config.json").read_bytes()))
    root = starts.origin(recipe, base)
    return starts.shape_of(recipe, root) if root else None
