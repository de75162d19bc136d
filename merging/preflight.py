"""Do these models fit together? Answered from configurations and safetensors headers alone.

A safetensors file begins with eight bytes, the length of a JSON header that names every tensor with
its type, shape and place; nothing else is read here, and neither torch nor mergekit is imported.
What is found out now would otherwise be found after the libraries have loaded, or not at all:
mergekit merges a tied with an untied model and writes an output head that nobody will use.
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from merging.settings import MergeError

MAX_HEADER_BYTES = 100_000_000
"""the format's own limit"""


class Tensor(NamedTuple):
    shape: tuple[int, ...]
    dtype: str


class Parent(NamedTuple):
    name: str
    config: dict[str, Any]
    tensors: dict[str, Tensor]
    vocabulary: object

    @property
    def tied(self) -> bool:
        return bool(self.config.get("tie_word_embeddings", False))


def check(parents: Mapping[str, Path]) -> None:
    """Raises MergeError for the first reason why `parents` (name to folder) cannot be merged."""
    first, *others = [read(name, folder) for name, folder in parents.items()]
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


def read(name: str, folder: Path) -> Parent:
    """What a folder says about itself; raises MergeError where it is not a model in safe format."""
    if (folder / "adapter_config.json").is_file():
        raise MergeError(f"{name} is a LoRA adapter, not a model: merge it into its base first")
    if not (folder / "config.json").is_file():
        raise MergeError(f"{name} is not a model: it has no config.json")
    shards = sorted(folder.glob("*.safetensors"))
    if not shards:
        raise MergeError(
            f"{name} has no safetensors weights (pickled ones can run code and are not read): "
            "convert it first"
        )
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        named: dict[str, str] = _json(name, index)["weight_map"]
        missing = sorted(set(named.values()) - {shard.name for shard in shards})
        if missing:
            raise MergeError(f"{name} lacks the weight file {missing[0]}: fetch the model again")
    tensors = {key: tensor for shard in shards for key, tensor in header(name, shard).items()}
    return Parent(name, _json(name, folder / "config.json"), tensors, _vocabulary(name, folder))


def header(name: str, shard: Path) -> dict[str, Tensor]:
    """Tensors of one safetensors file; raises MergeError where the file was cut short."""
    size = shard.stat().st_size
    with shard.open("rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        text = stream.read(length) if length <= min(size - 8, MAX_HEADER_BYTES) else b""
    try:
        entries: dict[str, Any] = json.loads(text)
        entries.pop("__metadata__", None)
        ends = [entry["data_offsets"][1] for entry in entries.values()]
        tensors = {
            key: Tensor(tuple(entry["shape"]), entry["dtype"]) for key, entry in entries.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise MergeError(
            f"{shard.name} of {name} is not a whole safetensors file: fetch the model again"
        ) from None
    if 8 + length + max(ends, default=0) != size:
        raise MergeError(f"{shard.name} of {name} was cut short: fetch the model again")
    return tensors


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


def _vocabulary(name: str, folder: Path) -> object:
    """Token to id where the tokenizer says so in JSON, else its bytes: something to compare."""
    fast = folder / "tokenizer.json"
    if fast.is_file():
        tokenizer = _json(name, fast)
        added = {token["content"]: token["id"] for token in tokenizer.get("added_tokens", [])}
        return tokenizer.get("model", {}).get("vocab"), added
    slow = folder / "tokenizer.model"
    if slow.is_file():
        return slow.read_bytes()
    raise MergeError(f"{name} has no tokenizer (tokenizer.json or tokenizer.model): add its own")


def _json(name: str, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise MergeError(f"{path.name} of {name} is not a JSON object: fetch the model again")
    return value
