"""A commit's folders behave like a dictionary of paths, and git reads what is written."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID
from dulwich.repo import Repo
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.rehearsal.attributes import (
    LargeFileRules,
    default_gitattributes,
    is_text,
    with_large_files,
)
from hub.rehearsal.errors import HubError
from hub.rehearsal.packing import MAX_LOOSE_OBJECTS, ObjectWriter, object_id
from hub.rehearsal.tree import Folder

_PATHS = st.lists(st.sampled_from(["a", "b", "c.txt", "a.b", "é"]), min_size=1, max_size=3).map(
    "/".join
)


def _no_trees(oid: ObjectID) -> bytes:
    raise AssertionError(oid)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.booleans(), _PATHS), max_size=30))
def test_folders_behave_like_a_dictionary_of_paths(steps: list[tuple[bool, str]]) -> None:
    root, model = Folder(_no_trees, None), dict[str, ObjectID]()
    for put, path in steps:
        is_folder = any(known.startswith(f"{path}/") for known in model)
        below_file = any(path.startswith(f"{known}/") for known in model)
        try:
            if put:
                root.put(path, object_id(b"blob", path.encode()))
                assert not is_folder and not below_file
                model[path] = object_id(b"blob", path.encode())
            else:
                root.remove(path, is_folder)
                assert is_folder or path in model
                model = {
                    k: v for k, v in model.items() if k != path and k[: len(path) + 1] != f"{path}/"
                }
        except HubError:
            assert is_folder or below_file or path not in model
    for path, blob in model.items():
        assert root.find(path) == blob
    assert root.find("absent") is None


@pytest.mark.parametrize("count", [3, MAX_LOOSE_OBJECTS * 3], ids=["loose", "packed"])
def test_git_reads_what_the_writer_keeps(tmp_path: Path, count: int) -> None:
    repo = Repo.init_bare(tmp_path / "r.git", mkdir=True)
    objects = tmp_path / "r.git/objects"
    with ObjectWriter(objects, tmp_path) as writer:
        root = Folder(_no_trees, None)
        for number in range(count):
            data = b"content %d" % number * 50
            root.put(f"d{number % 3}/{number}.txt", writer.add(b"blob", data))
        tree = root.write(writer)
        assert not list(objects.glob("??")) and not list(objects.glob("pack/*")), (
            "nothing shows yet"
        )
        writer.keep()
    store = DiskObjectStore(objects)
    folder = Folder(lambda oid: store.get_raw(oid)[1], tree)
    entries = [entry for entry in folder.entries(recursive=True) if not entry.is_folder]
    assert len(entries) == count
    assert {store.get_raw(entry.oid)[1] for entry in entries} == {
        b"content %d" % number * 50 for number in range(count)
    }
    store.close()
    repo.close()
    assert [path for path in tmp_path.iterdir() if path.name != "r.git"] == []
    if git := shutil.which("git"):
        command = [git, "-C", str(tmp_path / "r.git"), "fsck", "--full", "--strict"]
        assert subprocess.run(command, capture_output=True).returncode == 0


def test_what_is_dropped_leaves_nothing(tmp_path: Path) -> None:
    Repo.init_bare(tmp_path / "r.git", mkdir=True).close()
    with ObjectWriter(tmp_path / "r.git/objects", tmp_path) as writer:
        for number in range(MAX_LOOSE_OBJECTS * 2):
            writer.add(b"blob", b"%d" % number)
    assert [path.name for path in tmp_path.iterdir()] == ["r.git"]


def test_large_files_are_told_from_small_ones() -> None:
    rules = LargeFileRules(default_gitattributes("model").decode())
    assert rules.is_large("a/model.safetensors", 10, b"text")
    assert rules.is_large("notes.txt", 11_000_000, b"text")
    assert rules.is_large("notes.txt", 10, b"\x00\x01")
    assert not rules.is_large("tokenizer.json", 1000, "é".encode())
    assert not LargeFileRules("").is_large("photo.png", 5, b"abc")
    assert is_text("é".encode()[:1]) and not is_text(b"\xff\xfe") and is_text(b"")
    extended = with_large_files("*.bin filter=lfs", ["a dir/big file.json"])
    assert LargeFileRules(extended).matches("a dir/big file.json")
    assert LargeFileRules(extended).matches("x.bin")


@pytest.mark.parametrize("count", [3, MAX_LOOSE_OBJECTS * 3], ids=["loose", "packed"])
def test_a_full_disk_keeps_nothing_of_a_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Found on a disk that was really full: what was left behind kept it full."""

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    Repo.init_bare(tmp_path / "r.git", mkdir=True)
    incoming = tmp_path / "tmp"
    incoming.mkdir()
    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(OSError, match="No space"),
        ObjectWriter(tmp_path / "r.git/objects", incoming) as writer,
    ):
        for number in range(count):
            writer.add(b"blob", b"content %d" % number)
        writer.keep()
    assert not list(incoming.iterdir()) and not list(tmp_path.glob("r.git/objects/*/*.pack"))
