"""Which checkpoints are whole, and the last of them.

TRL saves a checkpoint file by file; a kill in between leaves a folder that looks finished. Ours
gets a `whole.json` at the very end, after everything else is on disk, with the size of each file:

    checkpoint-120/   model.safetensors optimizer.pt scheduler.pt rng_state.pth … whole.json

A folder without it, or with a file missing or of another size, is skipped and removed.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from hub.disk import sync_tree, write_json
from training.settings import TrainingError

WHOLE = "whole.json"
PREFIX = "checkpoint-"


def mark_whole(checkpoint: Path, processes: int = 1) -> None:
    """The last act of saving; the weights' headers are read first, empty ones are an error."""
    check_headers(checkpoint)
    sync_tree(checkpoint)
    write_json(checkpoint / WHOLE, {"processes": processes, "sizes": _sizes(checkpoint)})


def mark_kept(folder: Path, step: int, tokens: int) -> None:
    """The same for a checkpoint that stays as a model."""
    check_headers(folder)
    sync_tree(folder)
    write_json(folder / WHOLE, {"step": step, "tokens": tokens, "sizes": _sizes(folder)})


def read_whole(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / WHOLE).read_bytes())
    return found


def is_whole(checkpoint: Path) -> bool:
    marker = checkpoint / WHOLE
    if not marker.is_file():
        return False
    return bool(read_whole(checkpoint)["sizes"] == _sizes(checkpoint))


def last_whole(scratch: Path, processes: int = 1) -> Path | None:
    """The newest whole checkpoint in `scratch`; what was cut short is removed.

    Raises TrainingError for a checkpoint of another number of processes: each saved its own random
    state and share of the data, ZeRO-3 its own part of the optimiser.
    """
    whole: list[Path] = []
    for checkpoint in scratch.glob(f"{PREFIX}*"):
        if is_whole(checkpoint):
            whole.append(checkpoint)
        else:
            shutil.rmtree(checkpoint)
    last = max(whole, key=_step, default=None)
    if last:
        saved_by: int = read_whole(last)["processes"]
        if saved_by != processes:
            raise TrainingError(
                f"{last.name} was saved by {saved_by} processes and cannot be resumed by "
                f"{processes}: set processes back, or delete {scratch} to start over"
            )
    return last


def check_headers(folder: Path) -> int:
    """Number of tensors by the safetensors headers; an empty one is an error.

    Distributed runs of other tools have saved tensors of size 0 and called it a checkpoint.
    """
    num_tensors = 0
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            text = stream.read(min(size, path.stat().st_size))
        try:
            header: dict[str, Any] = json.loads(text)
        except ValueError:
            raise _cut_short(path) from None
        header.pop("__metadata__", None)
        for name, tensor in header.items():
            begin, end = tensor["data_offsets"]
            if begin == end:
                raise TrainingError(f"{name} was saved empty in {folder.name}: training stopped")
        num_tensors += len(header)
        last = max((tensor["data_offsets"][1] for tensor in header.values()), default=0)
        if 8 + size + last != path.stat().st_size:
            raise _cut_short(path)
    if not num_tensors:
        raise TrainingError(f"no weights were saved in {folder.name}: training stopped")
    return num_tensors


def _cut_short(path: Path) -> TrainingError:
    return TrainingError(f"{path.name} in {path.parent.name} was cut short: is the disk full?")


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix(PREFIX))


def _sizes(checkpoint: Path) -> dict[str, int]:
    return {
        path.relative_to(checkpoint).as_posix(): path.stat().st_size
        for path in sorted(checkpoint.rglob("*"))
        if path.is_file() and path.name != WHOLE
    }
