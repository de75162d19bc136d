"""Do these models fit together? Answered from configurations and safetensors headers alone.

    adapted = remote.read("adapted", "org/model", "v1.0.0")
    for note in check({"base": folder, "adapted": adapted}): ...

What is found out now would otherwise be found after downloads and imports, or not at all: mergekit
merges a tied with an untied model and writes an output head that nobody will use. What stops a
merge is an error; what a reader of the card should know is a note.
"""

import math
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from merging.headers import BYTES, Parent, Tensor, read
from merging.settings import MergeError

SHARD_BYTES = 5_000_000_000
"""mergekit gathers up to this much before it writes a file"""
SPARE_BYTES = 1 << 30
"""Python, torch, transformers and mergekit themselves, rounded up"""
_DTYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}


def check(parents: Mapping[str, Path | Parent]) -> list[str]:
    """Notes for the reader; raises MergeError for the first reason why they cannot be merged."""
    described = [
        read(name, parent) if isinstance(parent, Path) else parent
        for name, parent in parents.items()
    ]
    first, *others = described
    for other in others:
        _same(first, other, "architectures", first.config.get("architectures"))
        if first.tied != other.tied or _has_head(first) != _has_head(other):
            raise MergeError(
                f"{first.name} and {other.name} cannot be merged: one ties its output head to its "
                "embeddings and the other does not; use parents of one kind"
            )
        _same(first, other, "num_hidden_layers", first.config.get("num_hidden_layers"))
        _same_tensors(first, other)
        if first.vocabulary != other.vocabulary:
            raise MergeError(
                f"{first.name} and {other.name} have different vocabularies, so that the same row "
                "of the embeddings means different tokens: merge models with one tokenizer"
            )
    return [note for other in others for note in _notes(first, other)]


def _notes(first: Parent, other: Parent) -> Iterator[str]:
    for role in sorted(first.tokens.keys() | other.tokens.keys()):
        ours, theirs = first.tokens.get(role), other.tokens.get(role)
        if ours != theirs:
            yield (
                f"{role} is {ours or 'none'} in {first.name} and {theirs or 'none'} in "
                f"{other.name}: the merge takes that of {first.name}"
            )
    if first.chat_template != other.chat_template:
        yield (
            f"{first.name} and {other.name} have different chat templates: the merge takes "
            + (
                f"that of {first.name}"
                if first.chat_template
                else f"none, as {first.name} has none"
            )
        )
    types = {_dtype(parent) for parent in (first, other)}
    if len(types) > 1:
        yield f"{first.name} and {other.name} are stored as {' and '.join(sorted(types))}"


def check_configuration(mergekit: Mapping[str, Any], parents: Mapping[str, Parent]) -> None:
    """Layers and schedules that cannot be meant; raises MergeError before anything is loaded.

    What has another form than mergekit's is left to mergekit, which refuses it.
    """
    layers = {name: parent.config.get("num_hidden_layers") for name, parent in parents.items()}
    for one in _mappings(mergekit.get("slices")):
        spans = []
        for source in _mappings(one.get("sources")):
            name, span = source.get("model"), source.get("layer_range")
            if not _is_span(span):
                raise MergeError(
                    f"layer_range {span} of {name} is not [begin, end], two numbers of layers"
                )
            last = layers.get(str(name))
            if last is not None and not 0 <= span[0] < span[1] <= last:
                raise MergeError(
                    f"layer_range {span} does not lie in {name}, which has {last} layers"
                )
            spans.append(span)
        if len({span[1] - span[0] for span in spans}) > 1:
            raise MergeError(
                f"the sources of a slice have {', '.join(str(b - a) for a, b in spans)} layers: "
                "they need as many each"
            )
    for values in _schedules(mergekit):
        if not values:
            raise MergeError("a schedule in the mergekit configuration has no values: give it some")
        longest = max((n for n in layers.values() if isinstance(n, int)), default=0)
        if longest and len(values) > max(longest, MIN_ANCHORS):
            raise MergeError(
                f"a schedule has {len(values)} values for {longest} layers: at most one a layer"
            )


MIN_ANCHORS = 5
"""the papers' schedules have five, also where a model for tests has fewer layers"""


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is_span(value: Any) -> TypeGuard[list[int]]:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(one, int) and not isinstance(one, bool) for one in value)
    )


def _schedules(value: Any, inside: bool = False) -> Iterator[list[Any]]:
    """Every list of values among the parameters."""
    if isinstance(value, list):
        plain = not any(isinstance(item, dict | list) for item in value)
        if inside and plain:
            yield value
        for item in value:
            yield from _schedules(item, inside)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _schedules(item, inside or key == "parameters")


def check_room(mergekit: Mapping[str, Any], parent: Parent, out: Path) -> None:
    """Raises MergeError where disk or memory cannot hold what the headers announce."""
    stated = _DTYPES.get(str(mergekit.get("out_dtype") or mergekit.get("dtype")))
    sizes = [_num_bytes(tensor, stated) for tensor in parent.tensors.values()]
    free = shutil.disk_usage(out).free
    if sum(sizes) > free:
        raise MergeError(
            f"the merge takes {_gib(sum(sizes))} and {_gib(free)} are free where it is written: "
            "free some, or choose another --workdir"
        )
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # a file's worth gathered, and the largest tensor: of both parents, merged, in float32
    needed = min(sum(sizes), SHARD_BYTES) + 3 * max(sizes, default=0) + SPARE_BYTES
    if needed > memory:
        raise MergeError(
            f"the merge needs about {_gib(needed)} of memory and this machine has {_gib(memory)}: "
            "merge on a larger one"
        )


def _num_bytes(tensor: Tensor, stated: str | None) -> int:
    dtype = stated if stated and tensor.dtype in _DTYPES.values() else tensor.dtype
    return math.prod(tensor.shape) * BYTES.get(dtype, 1)


def _gib(num_bytes: int) -> str:
    return f"{num_bytes / (1 << 30):.1f} GiB"


def _dtype(parent: Parent) -> str:
    """The type that most of its tensors have."""
    return Counter(tensor.dtype for tensor in parent.tensors.values()).most_common(1)[0][0]


def _same(first: Parent, other: Parent, field: str, value: object) -> None:
    if other.config.get(field) != value:
        raise MergeError(
            f"{first.name} and {other.name} cannot be merged: {field} is {value} in one and "
            f"{other.config.get(field)} in the other"
        )


def _same_tensors(first: Parent, other: Parent) -> None:
    for name in sorted(first.tensors.keys() ^ other.tensors.keys()):
        owner = first if name in first.tensors else other
        raise MergeError(
            f"{first.name} and {other.name} cannot be merged: only {owner.name} has {name}"
        )
    for name, tensor in first.tensors.items():
        if tensor.shape != other.tensors[name].shape:
            raise MergeError(
                f"{first.name} and {other.name} cannot be merged: {name} has shape "
                f"{list(tensor.shape)} in one and {list(other.tensors[name].shape)} in the other"
            )


def _has_head(parent: Parent) -> bool:
    return "lm_head.weight" in parent.tensors
