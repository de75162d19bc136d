"""The publisher as a process: what it says, what it leaves behind, that it survives a kill."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import DEMO, imprimatur
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from torture import TOKEN, make_publication

from hub.failure import Unexpected
from hub.publication import ReleaseRecord
from hub.publish.signing import load_signer
from hub.rehearsal.serve import running
from hub.verify import check_signed, run_snippets, snippets_of
from hub.verify import main as verify_main
from release import outside

HERE = Path(__file__).parent
ROOT = HERE.parent


def publisher(folder: Path, url: str, home: Path, *flags: object) -> "subprocess.Popen[str]":
    environment = outside.environment(url, home) | {"HF_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "hub.publish", "publish", str(folder), "--endpoint", url]
    return subprocess.Popen(
        [*command, *map(str, flags)], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def lines_of_processes() -> bytes:
    """The command lines that `ps` would show to everybody."""
    found = b""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += path.read_bytes() + b"\n"
        except OSError:
            continue  # it ended meanwhile
    return found


def test_the_token_is_nowhere(tmp_path):
    """Searched in all output, process lists, and every file that is left, on both sides."""
    folder = tmp_path / "publication"
    folder.mkdir()
    make_publication(folder, "lab", "0.1.0", 2_000)
    seen = b""
    for chaos in (None, "4:token"):
        place = tmp_path / f"hub-{chaos}"
        with running(place, {"someone": TOKEN}, ["lab"], chaos=chaos) as url:
            process = publisher(folder, url, tmp_path / "home")
            while process.poll() is None:
                seen += lines_of_processes()
                time.sleep(0.3)
            out, err = process.communicate()
            seen += out.encode() + err.encode()
    process = publisher(folder, "http://127.0.0.1:9", tmp_path / "home")  # nobody listens there
    out, err = process.communicate()
    assert process.returncode == 1 and err.startswith("error: ") and "Traceback" not in err
    seen += out.encode() + err.encode()
    assert b"hub.publish" in seen and b"release.json" in seen
    assert TOKEN.encode() not in seen
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path
    assert "HF_TOKEN" not in outside.environment("http://127.0.0.1:9", tmp_path)


def test_a_traceback_has_no_token(tmp_path):
    done = imprimatur("rollback", DEMO, "--to", "0.1.0", "--at", "http://127.0.0.1:9",
                      "--workdir", tmp_path, "--debug", HF_TOKEN=TOKEN)  # fmt: skip
    assert done.returncode == 1 and "Traceback" in done.stderr and "_run" in done.stderr
    assert TOKEN not in done.stdout + done.stderr


def test_a_signed_release_is_checked_by_its_key(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    secret = tmp_path / "key.pem"
    secret.touch(mode=0o600)
    secret.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    signer = load_signer(secret)
    record = ReleaseRecord(
        release="r", version="1.0.0", tag="v1.0.0", publication_digest="0" * 64,
        signature="release.json.sig", key=signer.fingerprint, repos=(),
    )  # fmt: skip
    text = record.model_dump_json().encode()
    (tmp_path / "release.json").write_bytes(text)
    for name, data in signer.sign(text).items():
        (tmp_path / name).write_bytes(data)
    public = tmp_path / "release.json.pem"
    assert "the key that was given" in check_signed(tmp_path, record, public)
    other = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    (tmp_path / "other.pem").write_bytes(other)
    with pytest.raises(Unexpected, match="is not the key in"):
        check_signed(tmp_path, record, tmp_path / "other.pem")
    (tmp_path / "release.json").write_bytes(text.replace(b"1.0.0", b"1.0.1"))
    with pytest.raises(Unexpected, match="does not hold"):
        check_signed(tmp_path, record, public)
    with pytest.raises(Unexpected, match="unsigned"):
        check_signed(tmp_path, record.model_copy(update={"signature": "unsigned"}), public)


def test_the_release_file_names_the_key(tmp_path):
    folder = tmp_path / "publication"
    folder.mkdir()
    publication = make_publication(folder, "lab", "0.1.0", 2_000)
    named = publication.model_copy(update={"key": "sha256:" + "0" * 64})
    (folder / "publication.json").write_text(named.model_dump_json())
    process = publisher(folder, "http://127.0.0.1:9", tmp_path / "home")
    _, err = process.communicate()
    assert process.returncode == 2 and "give it with --key" in err


def test_every_snippet_of_the_cards_is_run(tmp_path):
    card = "# x\n\n```python\nprint(1)\n```\n\n```\nno code\n```\n```python\nimport os\n```\n"
    snippets = [("lab/model", code) for code in snippets_of(card)]
    assert [code for _, code in snippets] == ["print(1)", "import os"]
    run_snippets(snippets, tmp_path)
    for code, why in (("print(left_over)", "NameError"), ("import no_such_library", "no_such")):
        bad = [("lab/model", "left_over = 1"), ("lab/corpus", code)]
        with pytest.raises(Unexpected, match=f"lab/corpus: .*{why}"):
            run_snippets(bad, tmp_path)


def test_a_snippet_that_does_not_end_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("hub.verify.SNIPPET_SECONDS", 1)
    with pytest.raises(Unexpected, match="do not end: they were stopped after 1 s"):
        run_snippets([("lab/model", "import time; time.sleep(60)")], tmp_path)


@pytest.mark.parametrize("content", [None, b"no key"])
def test_a_key_that_is_none_is_said_before_anything_is_downloaded(tmp_path, capsys, content):
    key = tmp_path / "key.pub"
    if content is not None:
        key.write_bytes(content)
    into = tmp_path / "into"
    code = verify_main(["lab/results", "v1.0.0", "--into", str(into), "--key", str(key)])
    assert code == 2
    assert str(key) in capsys.readouterr().err
    assert not into.exists()


def test_a_sample_of_the_torture(tmp_path):
    """`make torture` does the same 200 times each."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])}
    done = subprocess.run(
        [sys.executable, "-m", "torture", "--kills", "6", "--chaos", "1", "--jobs", "2"],
        env=environment, capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    kills, chaos = (json.loads(line) for line in done.stdout.splitlines())
    assert kills["runs_with_faults"] == chaos["runs_with_faults"] == 0
    assert kills["kills"] >= 4 and chaos["runs"] == 1
