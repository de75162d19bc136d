"""What a release file may say about merging. Light to import: no torch, no mergekit.

    merging:
      adapted-slerp:
        mergekit:
          merge_method: slerp
          base_model: base
          models: [{model: base}, {model: adapted}]
          parameters:
            t:
            - {filter: self_attn, value: [0, 0.5, 0.3, 0.7, 1]}
            - {filter: mlp, value: [1, 0.5, 0.7, 0.3, 0]}
            - value: 0.5
          dtype: bfloat16

It is mergekit's configuration as it is, except that a model is the name of an artefact. A list of
values is a gradient over the layers: layer i of n stands at i/(n-1) of the way along the list.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from hub.failure import BadInput

REFERENCES = frozenset({"model", "base_model"})
"""keys whose value is a model, wherever they stand: models, slices, modules, base_model"""


class MergeError(BadInput):
    """A merge that cannot be done as asked; one sentence saying what, where and what to do."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SweepSettings(_Frozen):
    """Candidates beside the merge itself, to see what another `t` would have given."""

    t: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(min_length=1)
    """uniform interpolation weights: 0 is the base model, 1 the other one"""


class MergingSettings(_Frozen):
    mergekit: dict[str, Any]
    """a mergekit configuration in which models are artefact names"""
    sweep: SweepSettings | None = None


def candidates(name: str, settings: MergingSettings) -> dict[str, tuple[float, "MergingSettings"]]:
    """The merges of a sweep by name, each with its `t`; else configured as the merge itself."""
    found = {}
    for t in settings.sweep.t if settings.sweep else ():
        mergekit = {**settings.mergekit, "parameters": {"t": t}}
        found[f"{name}-t{t:g}".replace(".", "_")] = (t, MergingSettings(mergekit=mergekit))
    return found


def parents_of(settings: MergingSettings) -> list[str]:
    """Names of the artefacts a merge is made from, each once: base model first, then in order."""
    names: list[str] = []

    def collect(name: str) -> str:
        names.append(name)
        return name

    base = {key: value for key, value in settings.mergekit.items() if key in REFERENCES}
    rename(base, collect)
    rename(settings.mergekit, collect)
    return list(dict.fromkeys(names))


def rename(value: Any, change: Callable[[str], Any]) -> Any:
    """A copy of `value` in which every model's name went through `change`."""
    if isinstance(value, list):
        return [rename(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: change(_name(item)) if key in REFERENCES else rename(item, change)
        for key, item in value.items()
        if key not in REFERENCES or item is not None
    }


def _name(reference: Any) -> str:
    if isinstance(reference, str):
        return reference
    raise MergeError(
        f"mergekit configuration: {reference!r} stands where the name of a model artefact belongs"
    )
