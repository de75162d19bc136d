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
Instead of `mergekit`, `ready: definemed-slerp, of: [base, adapted]` takes a paper's configuration
(`merging.schedules`).
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.failure import BadInput
from merging import schedules

REFERENCES = frozenset({"model", "base_model"})
"""keys whose value is a model, wherever they stand: models, slices, modules, base_model"""


Rule = Literal["as configured", "balance", "gain"]
"""which candidate becomes the merge: the one that `mergekit` states; the smallest mean loss to the
better parent over both groups; the most gain in the domain within `at_most` of general loss"""
Method = Literal["torchao-int8", "bitsandbytes-int8", "bitsandbytes-nf4", "gptq", "awq"]


class MergeError(BadInput):
    """A merge that cannot be done as asked; one sentence saying what, where and what to do."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Value = float | list[Any]
"""what mergekit takes for a parameter: a number, a gradient over the layers, a list of filters"""


class SweepSettings(_Frozen):
    """Candidates that are evaluated, and how one of them is chosen.

        sweep:
          t: [0.25, 0.5, 0.75]                                        # uniform
          components: {self_attn: [0.3, 0.7], mlp: [0.3, 0.7]}        # every combination
          density: [0.3, 0.5]                                         # of TIES, DARE; every
          weight: [0.5, 1.0]                                          # combination of both
          domain: medical
          general: general
          choose: balance

    The merge as `mergekit` states it is always one of the candidates.
    """

    t: tuple[Value, ...] = ()
    """interpolation weights: 0 is the base model, 1 the other one"""
    components: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    """`t` by part of a tensor's name, as mergekit's filters"""
    rest: Annotated[float, Field(ge=0, le=1)] = 0.5
    """`t` of what no component names"""
    density: tuple[Annotated[float, Field(gt=0, le=1)], ...] = ()
    weight: tuple[float, ...] = ()
    choose: Rule = "as configured"
    measure: Literal["bits_per_byte", "accuracy"] = "bits_per_byte"
    """what the candidates are compared by, pooled over a group's validation tasks"""
    domain: str = ""
    """group of validation tasks in which adaptation is to gain"""
    general: str = ""
    """group of validation tasks in which little is to be lost"""
    at_most: Annotated[float, Field(ge=0)] = 0.02
    """gain: the loss in `general` that is accepted, as a share of the base model's value"""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not (self.t or self.components or self.density or self.weight):
            raise ValueError("a sweep needs values: t, components, density or weight")
        if (self.t or self.components) and (self.density or self.weight):
            raise ValueError("a sweep is over t (of SLERP) or over density and weight, not both")
        for value in (*self.t, *(each for values in self.components.values() for each in values)):
            if isinstance(value, int | float) and not 0 <= value <= 1:
                raise ValueError(f"t is between 0, the base model, and 1: {value:g} is outside")
            if value == []:
                raise ValueError("a schedule needs values: there are none in []")
        if self.choose != "as configured" and not (self.domain and self.general):
            raise ValueError(f"choose: {self.choose} needs `domain` and `general`, two groups")
        return self


class MergingSettings(_Frozen):
    """One merge, and the candidates that it may be chosen from."""

    mergekit: dict[str, Any]
    """a mergekit configuration in which models are artefact names"""
    sweep: SweepSettings | None = None

    @model_validator(mode="before")
    @classmethod
    def _ready_made(cls, given: Any) -> Any:
        """`ready: NAME, of: [BASE, ADAPTED]` stands for one of the papers' configurations."""
        if not isinstance(given, dict) or "ready" not in given:
            return given
        if "mergekit" in given:
            raise ValueError("`ready` and `mergekit` both say how to merge: keep one")
        rest = {key: value for key, value in given.items() if key not in ("ready", "of")}
        return rest | {"mergekit": schedules.ready(given["ready"], given.get("of"))}


class QuantisedSettings(_Frozen):
    """A smaller copy of a model of this release.

    quantised:
      adapted-slerp-int8: {model: adapted-slerp, method: torchao-int8}
    """

    model: Annotated[str, Field(min_length=1)]
    """name of the artefact in full precision"""
    method: Method


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
