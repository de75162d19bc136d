"""Which checkpoints are whole, and the last of them.

TRL saves a checkpoint file by file; a kill in between leaves a folder that looks finished. Ours
gets a `whole.json` at the very end, after everything else is on disk, with the size of each file:

    checkpoint-120/   model.safetensors optimizer.pt scheduler.pt rng_state.pth … whole.json

A folder without it, or with a file missing or of another size, is skipped and removed.
"""

import json
import shutil
from pathlib import Path

from hub.disk import sync_tree, write_json

WHOLE = "whole.json"
PREFIX = "checkpoint-"


def mark_whole(checkpoint: Path) -> None:
    """The last act of saving."""
    sync_tree(checkpoint)
    write_json(checkpoint / WHOLE, _sizes(checkpoint))


def is_whole(checkpoint: Path) -> bool:
    marker = checkpoint / WHOLE
    if not marker.is_file():
        return False
    sizes: dict[str, int] = json.loads(marker.read_bytes())
    return sizes == _sizes(checkpoint)


def last_whole(scratch: Path) -> Path | None:
    """The newest whole checkpoint in `scratch`; what was cut short is removed."""
    whole: list[Path] = []
    for checkpoint in scratch.glob(f"{PREFIX}*"):
        if is_whole(checkpoint):
            whole.append(checkpoint)
        else:
            shutil.rmtree(checkpoint)
    return max(whole, key=_step, default=None)


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix(PREFIX))


def _sizes(checkpoint: Path) -> dict[str, int]:
    return {
        path.relative_to(checkpoint).as_posix(): path.stat().st_size
        for path in sorted(checkpoint.rglob("*"))
        if path.is_file() and path.name != WHOLE
    }
