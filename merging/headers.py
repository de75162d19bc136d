"""What a model says about itself: its JSON files and the headers of its safetensors files.

A safetensors file begins with eight bytes, the length of a JSON header that names every tensor with
its type, shape and place; nothing else is read here, and neither torch nor mergekit is imported.
"""

import json
import struct
from pathlib import Path
from typing import Any, NamedTuple

from merging.settings import MergeError

MAX_HEADER_BYTES = 100_000_000
"""the format's own limit"""
BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2}
"""of one element; 1 for the types that are not here"""


class Tensor(NamedTuple):
    shape: tuple[int, ...]
    dtype: str


class Parent(NamedTuple):
    """A model that is to be merged, by what it says about itself."""

    name: str
    config: dict[str, Any]
    tensors: dict[str, Tensor]
    vocabulary: object
    """equal for models whose tokens have the same ids"""
    tokens: dict[str, str]
    """special tokens by role: eos_token, bos_token, ..."""
    chat_template: str | None

    @property
    def tied(self) -> bool:
        return bool(self.config.get("tie_word_embeddings", False))


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
    return describe(name, folder, tensors)


def describe(name: str, folder: Path, tensors: dict[str, Tensor]) -> Parent:
    """A parent from the JSON files in `folder` and tensors read wherever its weights lie."""
    config = _json(name, folder / "config.json")
    path = folder / "tokenizer_config.json"
    settings = _json(name, path) if path.is_file() else {}
    tokens = {
        role: str(token["content"] if isinstance(token, dict) else token)
        for role, token in settings.items()
        if role.endswith("_token") and isinstance(token, str | dict)
    }
    beside = folder / "chat_template.jinja"
    template = beside.read_text("utf-8") if beside.is_file() else settings.get("chat_template")
    return Parent(
        name, config, tensors, _vocabulary(name, folder), tokens,
        json.dumps(template) if isinstance(template, list) else template,
    )  # fmt: skip


def announced(name: str, config: dict[str, Any]) -> Parent | None:
    """A model of which only the configuration is known; None where that tells too little."""
    needed = ("hidden_size", "num_attention_heads", "num_hidden_layers", "intermediate_size",
              "vocab_size")  # fmt: skip
    if not all(field in config for field in needed):
        return None
    width, heads = config["hidden_size"], config["num_attention_heads"]
    head = config.get("head_dim") or width // heads
    keys = config.get("num_key_value_heads") or heads
    shapes = {
        "model.embed_tokens.weight": (config["vocab_size"], width),
        "model.layers.0.self_attn.q_proj.weight": (heads * head, width),
        "model.layers.0.self_attn.k_proj.weight": (keys * head, width),
        "model.layers.0.mlp.gate_proj.weight": (config["intermediate_size"], width),
    }
    tensors = {key: Tensor(shape, "F32") for key, shape in shapes.items()}
    return Parent(name, config, tensors, (config.get("corpus"), config["vocab_size"]), {}, None)


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
        end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
        tensors = {
            key: Tensor(tuple(entry["shape"]), entry["dtype"]) for key, entry in entries.items()
        }
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise MergeError(
            f"{shard.name} of {name} is not a whole safetensors file: fetch the model again"
        ) from None
    if 8 + length + end != size:
        raise MergeError(f"{shard.name} of {name} was cut short: fetch the model again")
    return tensors


def files_of(folder: Path) -> dict[str, Path]:
    """Each tensor of a model by name, with the file that it lies in."""
    shards = sorted(folder.glob("*.safetensors"))
    return {key: shard for shard in shards for key in header(folder.name, shard)}


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
