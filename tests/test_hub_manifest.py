"""The contracts between stages: keys, digests, atomic writing, the lock."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.disk import WorkdirBusy, locked, write_atomically, write_json
from hub.manifest import (
    Artefact,
    Input,
    MadeBy,
    Manifest,
    ManifestError,
    Number,
    PayloadFile,
    artefact_digest,
    artefact_key,
    describe_files,
    publication_digest,
    read_artefact,
    verify_payload,
    write_manifest,
)

hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
names = st.text("abcdefghij/-.", min_size=1, max_size=12)
files = st.lists(
    st.builds(PayloadFile, path=names, size=st.integers(0, 2**50), sha256=hexes),
    unique_by=lambda file: file.path,
    max_size=6,
)
inputs = st.lists(
    st.builds(Input, role=names, name=names, digest=hexes), unique_by=lambda i: i.role, max_size=5
)
settings = st.dictionaries(names, st.one_of(st.booleans(), st.text(max_size=5), st.floats(-9, 9)))


@given(settings, inputs, st.randoms())
def test_a_key_does_not_depend_on_order(recipe, given_inputs, random):
    shuffled = list(given_inputs)
    random.shuffle(shuffled)
    turned = dict(reversed(recipe.items()))
    assert artefact_key("corpus", recipe, given_inputs, 1) == artefact_key(
        "corpus", turned, shuffled, 1
    )


@given(settings, inputs, hexes)
def test_a_key_changes_with_every_part(recipe, given_inputs, digest):
    key = artefact_key("corpus", recipe, given_inputs, 1)
    more = Input(role="another role", name="x", digest=digest)
    assert key != artefact_key("model", recipe, given_inputs, 1)
    assert key != artefact_key("corpus", recipe, given_inputs, 2)
    assert key != artefact_key("corpus", recipe, [*given_inputs, more], 1)
    assert key != artefact_key("corpus", {**recipe, "another field": 1}, given_inputs, 1)


def test_a_key_knows_an_input_by_content_not_by_name():
    one = Input(role="corpus", name="a", digest="0" * 64)
    other = Input(role="corpus", name="b", digest="0" * 64)
    assert artefact_key("model", {}, [one], 1) == artefact_key("model", {}, [other], 1)


@given(files, st.randoms())
def test_a_digest_does_not_depend_on_order(listing, random):
    shuffled = list(listing)
    random.shuffle(shuffled)
    assert artefact_digest("corpus", listing) == artefact_digest("corpus", shuffled)
    assert publication_digest({"a": listing}) == publication_digest({"a": shuffled})


@given(files.filter(bool), st.data())
def test_a_digest_changes_with_every_file(listing, data):
    digest = artefact_digest("corpus", listing)
    index = data.draw(st.integers(0, len(listing) - 1))
    changed = list(listing)
    changed[index] = listing[index].model_copy(update={"size": listing[index].size + 1})
    assert artefact_digest("corpus", changed) != digest
    assert artefact_digest("corpus", listing[:index] + listing[index + 1 :]) != digest


def test_a_digest_can_be_recomputed_from_its_description(tmp_path):
    """The definition itself: sha256 over RFC 8785 JSON, written out by hand for one file."""
    import hashlib

    (tmp_path / "a.txt").write_bytes(b"abc")
    content = hashlib.sha256(b"abc").hexdigest()
    canonical = (
        '{"files":[{"path":"a.txt","sha256":"' + content + '","size":3}],"kind":"corpus"}'
    ).encode()
    found = artefact_digest("corpus", describe_files(tmp_path, ["a.txt"]))
    assert found == hashlib.sha256(canonical).hexdigest()


def whole(folder: Path, data: bytes = b"abc") -> Artefact:
    folder.mkdir(parents=True)
    (folder / "a.txt").write_bytes(data)
    listing = describe_files(folder, ["a.txt"])
    made_by = MadeBy(
        code="x", packages={"b": "1", "a": "2"}, command="x", machine="x", accelerator="none",
        wall_seconds=1.0, cpu_seconds=1.0,
    )  # fmt: skip
    manifest = Manifest(
        kind="corpus", name="a", key="k", digest=artefact_digest("corpus", listing), files=listing,
        inputs=(), recipe={}, numbers={"documents": Number(value=3, unit="documents")},
        licence=(), made_by=made_by,
    )  # fmt: skip
    return write_manifest(folder, manifest)


def test_an_artefact_reads_back_as_written(tmp_path):
    written = whole(tmp_path / "a")
    read = read_artefact(tmp_path / "a")
    assert read == written
    # to the order of names, or a card would change between the rehearsal and the publication
    assert read.manifest.model_dump_json() == written.manifest.model_dump_json()


def test_a_folder_without_manifest_is_no_artefact(tmp_path):
    (tmp_path / "data.parquet").write_bytes(b"half")
    assert read_artefact(tmp_path) is None


def test_a_lost_or_shortened_payload_is_noticed(tmp_path):
    artefact = whole(tmp_path / "a")
    artefact.payload[0].write_bytes(b"ab")
    with pytest.raises(ManifestError, match=r"a\.txt is missing or was changed"):
        read_artefact(tmp_path / "a")


def test_changed_content_of_equal_size_is_noticed_when_every_byte_is_read(tmp_path):
    artefact = whole(tmp_path / "a")
    verify_payload(artefact)
    artefact.payload[0].write_bytes(b"abd")
    with pytest.raises(ManifestError, match=r"a\.txt is not what its manifest says"):
        verify_payload(artefact)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "corpus"}', '{"kind": "nonsense"}'])
def test_a_broken_manifest_is_one_sentence(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ManifestError) as caught:
        read_artefact(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert json.loads(path.read_bytes()) == {"old": 1}
    assert list(tmp_path.iterdir()) == [path]


HOLD = """
import sys, time
from pathlib import Path
from hub.disk import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_refused_and_told_who_holds_the_folder(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(WorkdirBusy, match=str(holder.pid)), locked(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with locked(tmp_path):  # the kernel lets go when the holder dies, however it dies
        pass
