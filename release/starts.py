"""The models that a release starts from: what is known of them before they are there.

Of one on the Hub the lock knows what was read; before that, what the release file expects counts.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from hub.failure import BadInput, Failed, Refused, Unreachable
from hub.licences.recognise import recognise
from hub.pins import PinnedModel
from merging import headers, remote
from merging.settings import parents_of
from release.recipe import Recipe
from training.estimate import Shape
from training.settings import RunSettings


class Unpinned(Failed):
    """Of a model on the Hub nothing was read yet, and the release file states nothing."""


def pinned(recipe: Recipe, name: str) -> PinnedModel | None:
    """What is pinned of model `name`; None for one that is not on the Hub, or not yet pinned."""
    return recipe.lock.models.get(recipe.release.models[name].at)


def unpinned(recipe: Recipe) -> list[str]:
    """Models on the Hub of which nothing is pinned, a sentence each."""
    return [
        f"{name}: unpinned: {model.at} on the Hub"
        for name, model in recipe.release.models.items()
        if model.hub and pinned(recipe, name) is None
    ]


def licence(recipe: Recipe, name: str) -> tuple[str, ...]:
    """What model `name` is under: by its card where that names licences, else as stated.

    Raises Unpinned, and Refused where the card was read and neither says it.
    """
    model, pin = recipe.release.models[name], pinned(recipe, name)
    read = [recognise(said) for said in pin.licence] if pin else []
    known = tuple(each for each in read if each)
    if known and len(known) == len(read):
        return known
    stated = model.tiny.licence if model.tiny else model.licence
    if stated:
        return (recognise(stated) or stated,)
    if pin is None:
        raise Unpinned(f"nothing is known of the licence of {model.at} before it is pinned")
    raise Refused(
        f"models.{name}: the card of {model.hub} names "
        + (f"{', '.join(pin.licence)}, of which nothing is known" if pin.licence else "no licence")
        + ": state its licence in the release file, if you know it"
    )


def config(recipe: Recipe, name: str) -> dict[str, Any]:
    """Fields of its config.json that are known; empty where nothing is."""
    model = recipe.release.models[name]
    if model.tiny:
        return model.tiny.model_dump()
    if model.folder is not None:
        path = recipe.data / model.folder / "config.json"
        return dict(json.loads(path.read_bytes())) if path.is_file() else {}
    pin = pinned(recipe, name)
    return pin.config if pin else dict(model.expected)


def shape_of(recipe: Recipe, name: str) -> Shape | None:
    """As its configuration says; None where too little of that is known."""
    try:
        return Shape.of(config(recipe, name))
    except KeyError:
        return None


def headers_of(recipe: Recipe, name: str) -> headers.Parent | None:
    """Every tensor, from a folder or from the Hub without its weights; None where out of reach."""
    model, pin = recipe.release.models[name], pinned(recipe, name)
    if model.folder is not None:
        return headers.read(name, recipe.data / model.folder)
    if model.hub is None or pin is None:
        return None
    try:
        return _on_hub(model.hub, pin.commit)
    except Unreachable:
        return None


@cache
def _on_hub(repo: str, commit: str) -> headers.Parent:
    """A commit does not change: what several merges ask about is read once."""
    return remote.read(repo, repo, commit)


def problems(recipe: Recipe) -> Iterator[str]:
    """What does not fit between the release file and what is there."""
    for name, model in recipe.release.models.items():
        where, pin = f"models.{name}", pinned(recipe, name)
        if model.folder is not None:
            try:
                headers.read(where, recipe.data / model.folder)
            except BadInput as error:
                yield str(error)
        if pin is None:
            continue
        read = {recognise(said) for said in pin.licence}
        if model.licence and read and None not in read and read != {recognise(model.licence)}:
            yield (
                f"{where}: the card of {model.hub} says {', '.join(pin.licence)} and the release "
                f"file {model.licence}: correct the release file"
            )
        for field, value in model.expected.items():
            if pin.config.get(field) != value:
                yield (
                    f"{where}: {field} is {pin.config.get(field)} in the config.json of "
                    f"{model.hub}, and the release file expects {value}"
                )


def notes(recipe: Recipe) -> Iterator[str]:
    """A line for each that is on the Hub."""
    for name, model in recipe.release.models.items():
        if model.hub and not pinned(recipe, name) and (shape := shape_of(recipe, name)):
            weights = shape.num_weights / 1e9
            yield (
                f"{name}: {model.at} is expected to have {weights:.2f} billion weights, "
                f"{2 * weights:.1f} GB in bfloat16"
            )
        if pin := pinned(recipe, name):
            said = ", ".join(pin.licence) or "no licence"
            yield (
                f"{name}: {model.at} is pinned at {pin.commit[:12]}: {pin.size / 1e9:.2f} GB, "
                f"{said} (read {pin.date})"
            )


def origin(recipe: Recipe, name: str) -> str | None:
    """The model to start from whose shape a model has; None where that is not certain."""
    release, seen = recipe.release, set[str]()
    runs: dict[str, RunSettings] = {**release.training, **release.finetuning}
    while name in runs and name not in seen:
        seen.add(name)
        name = runs[name].base
    if name in release.merging:
        parents = parents_of(release.merging[name])
        if not parents or "slices" in release.merging[name].mergekit:  # it may have other layers
            return None
        return origin(recipe, parents[0])
    return name if name in release.models else None
