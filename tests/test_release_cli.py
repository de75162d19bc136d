"""Wrong input: one sentence, the exit code of its kind, and nothing lost."""

import errno
import socket
from pathlib import Path

import pytest
from conftest import DEMO, imprimatur

from hub.failure import Failed
from hub.rehearsal.serve import running
from release import run as release_run
from release.cli import app


def sentence(done) -> str:
    """The error lines; never a traceback."""
    assert "Traceback" not in done.stderr
    return "\n".join(line for line in done.stderr.splitlines() if line.startswith("error: "))


def test_help_names_every_verb():
    done = imprimatur("--help")
    assert done.returncode == 0
    for verb in ("plan", "run", "rehearse", "publish", "verify", "hub"):
        assert f"  {verb} " in done.stdout


def test_every_verb_helps_with_an_example():
    for verb in ("plan", "run", "rehearse", "publish", "verify"):
        assert "Example: imprimatur " in imprimatur(verb, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "none.yaml"], "none.yaml: there is no such file"),
        (["run", DEMO, "--set", "corpora.general.colour=red"], "colour: unknown field"),
        (["run", DEMO, "--set", "training.adapted.base=bse"], "nothing is named bse; did you mean"),
        (["run", DEMO, "--set", "models.blank.tiny.licence=mine"], "unknown licence “mine”"),
        (["run", DEMO, "--scale", "huge"], "no scale huge"),
        (["run", DEMO, "--until", "lunch"], "there is no stage lunch"),
        (["run", DEMO, "--set", "data=nowhere"], "is not a folder"),
        (["run", DEMO, "--set", "sources.care.files='*.doc'"], "no file matches *.doc"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_exit_2(tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    done = imprimatur(*arguments, "--workdir", tmp_path / "w")
    assert done.returncode == 2
    assert words in sentence(done)
    assert not list(tmp_path.rglob("manifest.json"))


def test_all_problems_are_listed(tmp_path):
    done = imprimatur(
        "run", DEMO, "--workdir", tmp_path, "--set", "held_out=7", "--set", "version=one"
    )
    assert done.returncode == 2
    assert len(sentence(done).splitlines()) == 2


def test_an_unknown_training_field_is_found_before_training(demo):
    done = imprimatur(
        "run", DEMO, "--scale", "quick", "--workdir", demo.path,
        "--set", "training.adapted.sft_config.learning_rat=1",
    )  # fmt: skip
    assert done.returncode == 2
    assert "did you mean learning_rate?" in sentence(done)


def test_a_busy_port_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = imprimatur("hub", "serve", "--root", tmp_path / "hub", "--port", port)
        assert done.returncode == 1
        assert f"127.0.0.1:{port}" in sentence(done)
        with pytest.raises(Failed, match=f"did not start: .*127.0.0.1:{port}"):
            running(tmp_path / "hub", {"a": "hf_b"}, [], port).__enter__()


def test_publish_without_rehearsal_is_refused_before_anything_is_computed(tmp_path):
    done = imprimatur(
        "publish", DEMO, "--workdir", tmp_path, "--to", "http://127.0.0.1:9", HF_TOKEN="hf_x"
    )
    assert done.returncode == 3
    assert "imprimatur rehearse" in sentence(done)
    assert not list(tmp_path.rglob("manifest.json"))


def test_a_full_disk_is_one_sentence(demo, monkeypatch, capsys, tmp_path):
    """Before the run, by the free space; in its middle, by what the system says."""
    from typer.testing import CliRunner

    monkeypatch.setattr(release_run, "MIN_FREE_BYTES", 1 << 60)
    result = CliRunner().invoke(app, ["run", str(DEMO), "--workdir", str(tmp_path)])
    assert result.exit_code == 1
    assert "MiB are free" in result.stderr

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "x"))

    monkeypatch.setattr(release_run, "MIN_FREE_BYTES", 0)
    monkeypatch.setattr(release_run, "write_manifest", full)
    result = CliRunner().invoke(app, ["run", str(DEMO), "--workdir", str(tmp_path)])
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert not list(tmp_path.rglob("manifest.json"))


def test_a_second_run_in_the_same_folder_is_told_who_holds_it(tmp_path):
    from hub.disk import locked

    with locked(tmp_path):
        done = imprimatur("run", DEMO, "--workdir", tmp_path)
    assert done.returncode == 1
    assert "is in use by process" in sentence(done)


def test_a_half_made_manifest_is_named(demo, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(demo.path, copy)
    broken = next(copy.glob("corpus/general-[0-9a-f]*/manifest.json"))
    broken.write_text("{", encoding="utf-8")
    done = imprimatur("run", DEMO, "--scale", "quick", "--workdir", copy)
    assert done.returncode == 1
    assert str(broken) in sentence(done)


def test_paths_with_spaces_and_accents_work(tmp_path):
    folder = tmp_path / "dossier de l’été"
    done = imprimatur("run", DEMO, "--until", "corpus", "--workdir", folder)
    assert done.returncode == 0, done.stderr
    assert Path(folder, "corpus").is_dir()
