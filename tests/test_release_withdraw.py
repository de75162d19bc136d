"""Two versions of a small release, the second without a document that was withdrawn: recorded for
good, gone from what is built and published; what people wrote by hand and benchmark results stay.
"""

import json
import random
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import Result
from conftest import imprimatur
from huggingface_hub import HfApi
from typer.testing import CliRunner

from hub.cards import reading
from hub.rehearsal.serve import running
from release import outside
from release.cli import app
from release.publication import assemble
from release.recipe import load
from release.record import read_run

TOKEN = "hf_withdrawn_0123456789"
PLANTED = "La patiente Philippine Quatrebarbes habite au phare de Kermorvan"
RECIPE = """
release: notes
version: 0.1.0
namespace: lab
description: Notes of a small laboratory.
data: data
held_out: 0.2
sources:
  notes: {reader: jsonl, files: notes.jsonl}
  copies: {reader: jsonl, files: copies.jsonl}
corpora:
  notes: {sources: [notes, copies], use: commercial}
  other: {sources: [other], use: commercial}
  held-out: {sources: [notes, copies], use: commercial, split: held_out}
models:
  blank: {tiny: {corpus: notes, licence: CC0-1.0, vocab_size: 512}}
training:
  small: {base: blank, corpus: notes, sft_config: {max_steps: 1, max_length: 64}}
evaluation:
  models: [small]
  tasks: {text: {corpus: held-out, measure: bits_per_byte, group: notes}}
benchmarks:
  text: {dataset: lab/bench, settings: {num_fewshot: 0}}
"""
EVAL_YAML = b"name: Bench\ntasks:\n  - id: bench-notes\n    config: default\n    split: test\n"
BY_HAND = "Ask *the archive* before you quote.\n\nSince March."


def words(seed: int, count: int = 120) -> str:
    draw = random.Random(seed)
    syllables = "bacedifogulameniporusatevixozu"
    pairs = [syllables[at : at + 2] for at in range(0, len(syllables), 2)]
    return " ".join("".join(draw.choices(pairs, k=3)) for _ in range(count))


def write(path: Path, documents: dict[str, str]) -> None:
    rows = [
        {"id": id, "text": text, "language": "fr", "licence": "CC0-1.0", "attribution": "Us"}
        for id, text in documents.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """One document three times: as itself, as a copy, and with a few other words."""
    secret = f"{words(4)}. {PLANTED}. {words(2)}"
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "notes.jsonl",
          {"secret": secret, **{f"note-{n}": words(10 + n) for n in range(24)}})  # fmt: skip
    write(tmp_path / "data" / "copies.jsonl",
          {"copied": secret, "resembling": f"{secret} et voilà", "apart": words(40)})  # fmt: skip
    write(tmp_path / "data" / "other.jsonl", {f"other-{n}": words(60 + n) for n in range(3)})
    text = RECIPE.replace("corpora:", "  other: {reader: jsonl, files: other.jsonl}\ncorpora:", 1)
    path = tmp_path / "notes.yaml"
    path.write_text(text)
    return path


def in_process(*arguments: object) -> Result:
    """What is refused before anything is made needs no process of its own."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    done = imprimatur(*arguments)
    assert done.returncode == 0, done.stderr
    return done


def holding(api: HfApi, repo: str, text: str) -> list[str]:
    """Commits that a branch, tag or pull request leads to, and in whose files the text stands."""
    refs = api.list_repo_refs(repo, repo_type="dataset", include_pull_requests=True)
    heads = [ref.ref for ref in [*refs.branches, *refs.tags, *(refs.pull_requests or [])]]
    commits = {
        commit.commit_id
        for head in heads
        for commit in api.list_repo_commits(repo, repo_type="dataset", revision=head)
    }
    return [commit for commit in commits if text in content(api, repo, commit)]


def content(api: HfApi, repo: str, commit: str) -> str:
    """All of a revision as text, Parquet decoded."""
    said = []
    for path in api.list_repo_files(repo, repo_type="dataset", revision=commit):
        local = Path(api.hf_hub_download(repo, path, repo_type="dataset", revision=commit))
        table = pq.read_table(local).to_pylist() if local.suffix == ".parquet" else None
        said.append(str(table) if table else local.read_text(errors="replace"))
    return "\n".join(said)


def write_by_hand(api: HfApi, repo: str) -> None:
    """What a person does in the browser, between the marked lines."""
    card = Path(api.hf_hub_download(repo, "README.md", repo_type="dataset")).read_text()
    changed = card.replace(reading.block(), reading.block(BY_HAND))
    assert changed != card
    api.upload_file(path_or_fileobj=changed.encode(), path_in_repo="README.md", repo_id=repo,
                    repo_type="dataset")  # fmt: skip


def benchmark_values(api: HfApi, tag: str) -> list[float]:
    """What the Hub shows of the model's results on the benchmark."""
    shown = api.model_info("lab/notes-small", revision=tag, expand=["evalResults"]).eval_results
    assert {(one.dataset_id, one.task_id, one.notes) for one in shown or ()} == {
        ("lab/bench", "bench-notes", "0-shot")
    }
    return [one.value for one in shown or ()]


def text_of(api: HfApi, repo: str, path: str, tag: str) -> str:
    return Path(api.hf_hub_download(repo, path, repo_type="dataset", revision=tag)).read_text()


def test_a_withdrawn_document_is_in_no_reachable_revision(recipe, tmp_path, monkeypatch):
    root, work = tmp_path / "hub", ("--workdir", tmp_path / "work")
    with running(root, {"someone": TOKEN}, ["lab"]) as url:
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setenv("HF_ENDPOINT", url)  # where the benchmark and the version before are
        api = HfApi(endpoint=url, token=TOKEN)
        api.create_repo("lab/bench", repo_type="dataset")
        api.upload_file(path_or_fileobj=EVAL_YAML, path_in_repo="eval.yaml", repo_id="lab/bench",
                        repo_type="dataset")  # fmt: skip
        command("run", recipe, *work)
        _, artefacts = read_run(tmp_path / "work")
        _, built = assemble(load(recipe), artefacts, tmp_path / "work")
        outside.publish(built, url, TOKEN, tmp_path / "home", lambda line: None)
        assert len(holding(api, "lab/notes-notes", PLANTED)) == 1
        summary = json.loads((tmp_path / "work" / "summary.json").read_bytes())
        assert benchmark_values(api, "v0.1.0") == [row["value"] for row in summary]
        write_by_hand(api, "lab/notes-notes")
        taking = ("withdraw", recipe, "--document", "secret", *work, "--to", url)

        unknown = in_process("withdraw", recipe, "--document", "nobody", *work, "--to", url,
                             "--who", "A", "--why", "b")  # fmt: skip
        assert unknown.exit_code == 2 and "no corpus holds" in unknown.stderr
        unsaid = in_process(*taking)
        assert unsaid.exit_code == 2 and "--who" in unsaid.stderr
        same = in_process(*taking, "--who", "A. Name", "--why", "she asked")
        assert same.exit_code == 3 and "raise `version`" in same.stderr

        (tmp_path / "words").mkdir()
        (tmp_path / "words" / "results.md").write_text("Read these with care.\n")
        later = "version: 0.2.0\nprevious: lab/notes@v0.1.0\nnotes: words"
        recipe.write_text(recipe.read_text().replace("version: 0.1.0", later))
        asked = in_process(*taking, "--dry-run", "--json")
        assert "published in v0.1.0: notes; trained on it: small" in asked.stderr
        data = json.loads(asked.stdout)
        assert data["releases"] == ["v0.1.0"]
        assert data["published"][0]["corpora"] == ["notes"]
        done = command(*taking, "--squash", "--json")

        for repo, kind in (("notes", "dataset"), ("small", "model")):
            path = api.hf_hub_download(f"lab/notes-{repo}", "README.md", repo_type=kind,
                                       local_dir=tmp_path / repo)  # fmt: skip
            card = Path(path).read_text()
            assert "| secret | v0.1.0 | A. Name | she asked |" in card, card
        assert f"{reading.BEGIN}\n\n{BY_HAND}\n\n{reading.END}" in text_of(
            api, "lab/notes-notes", "README.md", "v0.2.0"
        )
        results = text_of(api, "lab/notes-results", "README.md", "v0.2.0")
        assert "Read these with care." in results and "From v0.1.0 to v0.2.0." in results
        changes = json.loads(text_of(api, "lab/notes-results", "changes.json", "v0.2.0"))
        (of_notes,) = [one for one in changes["documents"] if one["corpus"] == "notes"]
        assert "excluded: withdrawn" in of_notes["reasons"] and changes["versions"] == [
            "v0.1.0",
            "v0.2.0",
        ]
        assert len(benchmark_values(api, "v0.2.0")) == 1
        ledger = api.hf_hub_download("lab/notes-notes", "ledger.parquet", repo_type="dataset",
                                     local_dir=tmp_path / "notes")  # fmt: skip
        rows = {row["id"]: row for row in pq.read_table(ledger).to_pylist()}
        gone = {id: row["rule"] for id, row in rows.items() if row["reason"] == "withdrawn"}
        assert gone == {
            "secret": "withdrawn by A. Name: she asked",
            "copied": "copy of secret, withdrawn by A. Name: she asked",
            "resembling": "near copy of secret, withdrawn by A. Name: she asked",
        }
        assert rows["apart"]["reason"] == ""  # kept, or in another split
        refs = api.list_repo_refs("lab/notes-notes", repo_type="dataset")
        assert [tag.name for tag in refs.tags] == ["v0.2.0"]
        other = api.list_repo_refs("lab/notes-other", repo_type="dataset")
        assert {tag.name for tag in other.tags} == {"v0.1.0", "v0.2.0"}
        again = command(*taking, "--squash", "--json")
        assert json.loads(again.stdout) == json.loads(done.stdout)
        assert not holding(api, "lab/notes-notes", PLANTED)

    recorded = (tmp_path / "notes.withdrawn.json").stat().st_mtime
    later = [p for p in (tmp_path / "work").glob("corpus/*/data/*") if p.stat().st_mtime > recorded]
    assert len(later) == 6  # three corpora, each with what was left out
    for path in later:
        assert PLANTED not in str(pq.read_table(path).to_pylist()), path
