"""What configurations and headers tell before anything heavy is loaded."""

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from merging.headers import Tensor, header, read
from merging.preflight import check, check_configuration, check_room
from merging.settings import MergeError

SHAPES = {"model.embed_tokens.weight": [8, 4], "model.layers.0.mlp.up_proj.weight": [6, 4]}


def write_model(folder: Path, shapes: dict[str, list[int]] | None = None, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    fields = {"architectures": ["Qwen3ForCausalLM"], "num_hidden_layers": 1} | config
    write_json(folder / "config.json", {"tie_word_embeddings": True} | fields)
    write_json(folder / "tokenizer.json", {"model": {"vocab": {"a": 0, "b": 1}}})
    write_weights(folder / "model.safetensors", SHAPES if shapes is None else shapes)
    return folder


def write_weights(path: Path, shapes: dict[str, list[int]]) -> None:
    entries, end = {}, 0
    for name, shape in shapes.items():
        size = 4 * shape[0] * shape[1]
        entries[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def cut_short(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def garble(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 10**12) + b"{}")


def pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def lose_a_shard(folder: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    write_json(folder / "model.safetensors.index.json", index)


def swap_tokens(folder: Path) -> None:
    write_json(folder / "tokenizer.json", {"model": {"vocab": {"b": 0, "a": 1}}})


DAMAGE: list[tuple[Callable[[Path], object], str]] = [
    (lambda f: write_model(f, architectures=["LlamaForCausalLM"]), "architectures is"),
    (lambda f: write_model(f, num_hidden_layers=2), "num_hidden_layers is 1 in one and 2"),
    (lambda f: write_model(f, tie_word_embeddings=False), "one ties its output head"),
    (lambda f: write_model(f, SHAPES | {"lm_head.weight": [8, 4]}), "one ties its output head"),
    (
        lambda f: write_model(f, SHAPES | {"model.embed_tokens.weight": [9, 4]}),
        r"embed_tokens.weight has shape \[8, 4\] in one and \[9, 4\]",
    ),
    (lambda f: write_model(f, SHAPES | {"extra": [1, 1]}), "only adapted has extra"),
    (swap_tokens, "different vocabularies"),
    (lambda f: (f / "tokenizer.json").unlink(), "adapted has no tokenizer"),
    (lambda f: (f / "config.json").unlink(), "adapted is not a model"),
    (lambda f: (f / "config.json").write_bytes(b"[]"), "config.json of adapted is not a JSON"),
    (lambda f: write_json(f / "adapter_config.json", {}), "adapted is a LoRA adapter"),
    (pickle, "adapted has no safetensors weights"),
    (lose_a_shard, "adapted lacks the weight file model-00002-of-00002.safetensors"),
    (cut_short, "model.safetensors of adapted was cut short"),
    (garble, "model.safetensors of adapted is not a whole safetensors file"),
]


@pytest.mark.parametrize(("damage", "sentence"), DAMAGE, ids=[entry[1] for entry in DAMAGE])
def test_parents_that_do_not_fit_are_one_sentence(
    tmp_path: Path, damage: Callable[[Path], object], sentence: str
) -> None:
    parents = {name: write_model(tmp_path / name) for name in ("base", "adapted")}
    assert check(parents) == []
    damage(parents["adapted"])
    with pytest.raises(MergeError, match=sentence):
        check(parents)


def test_headers_are_what_the_library_writes(tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    path = tmp_path / "model.safetensors"
    save_file({"a": np.zeros((2, 3), np.float16)}, path, metadata={"format": "pt"})
    assert header("base", path) == {"a": ((2, 3), "F16")}


@pytest.mark.parametrize("offsets", [[], ["0", "x"], None])
def test_a_header_that_nobody_can_read_is_one_sentence(tmp_path: Path, offsets: object) -> None:
    said = json.dumps({"a": {"data_offsets": offsets, "shape": [], "dtype": "F32"}}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(said).to_bytes(8, "little") + said)
    with pytest.raises(MergeError, match=r"model\.safetensors of base is not a whole safetensors"):
        header("base", tmp_path / "model.safetensors")


def test_the_preflight_loads_no_heavy_library(tmp_path: Path) -> None:
    shutil.copytree(write_model(tmp_path / "base"), tmp_path / "adapted")
    program = (
        "import sys, merging.merge; from pathlib import Path;"
        "from merging.preflight import check;"
        "check({name: Path(sys.argv[1]) / name for name in ('base', 'adapted')});"
        "print({'torch', 'transformers', 'mergekit', 'safetensors'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "set()"


def test_what_a_reader_should_know_is_a_note(tmp_path: Path) -> None:
    parents = {name: write_model(tmp_path / name) for name in ("base", "adapted")}
    (parents["base"] / "chat_template.jinja").write_text("{{ messages }}")
    write_json(parents["base"] / "tokenizer_config.json", {"eos_token": "<end>"})
    write_json(parents["adapted"] / "tokenizer_config.json", {"eos_token": {"content": "<im>"}})
    assert check(parents) == [
        "eos_token is <end> in base and <im> in adapted: the merge takes that of base",
        "base and adapted have different chat templates: the merge takes that of base",
    ]


def sliced(*spans: list[int]) -> dict[str, object]:
    names = ("base", "adapted")
    sources = [{"model": n, "layer_range": s} for n, s in zip(names, spans, strict=True)]
    return {"slices": [{"sources": sources}]}


@pytest.mark.parametrize(
    ("mergekit", "sentence"),
    [
        (sliced([0, 1], [0, 2]), r"layer_range \[0, 2\] does not lie in adapted, which has 1"),
        (sliced([0, 1], [1, 1]), r"layer_range \[1, 1\] does not lie in adapted"),
        (sliced([0, 1], [0]), r"layer_range \[0\] of adapted is not \[begin, end\]"),
        (sliced([0, 1], "0-1"), "layer_range 0-1 of adapted is not"),
        ({"parameters": {"t": []}}, "has no values"),
        ({"parameters": {"t": [{"filter": "mlp", "value": [0.5] * 6}]}}, "6 values for 1 layers"),
    ],
)
def test_a_schedule_of_the_wrong_length_is_one_sentence(
    tmp_path: Path, mergekit: dict[str, object], sentence: str
) -> None:
    parents = {name: read(name, write_model(tmp_path / name)) for name in ("base", "adapted")}
    check_configuration({"parameters": {"t": [0, 0.5, 0.3, 0.7, 1]}}, parents)
    for others in (5, [5], [{"sources": None}], [{"sources": [5]}]):  # are mergekit's to refuse
        check_configuration({"slices": others}, parents)
    with pytest.raises(MergeError, match=sentence):
        check_configuration(mergekit, parents)


def test_what_does_not_fit_is_said_before_the_work(tmp_path: Path) -> None:
    parent = read("base", write_model(tmp_path / "base"))
    check_room({"dtype": "bfloat16"}, parent, tmp_path)
    huge = Tensor((1 << 30, 1 << 20), "F32")
    with pytest.raises(MergeError, match="are free where it is written"):
        check_room({}, parent._replace(tensors={"a": huge}), tmp_path)
