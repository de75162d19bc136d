"""Licences along a lineage: corpora, adapted models, merges; nothing is wider than its parts."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from hub.licences.lineage import judge_models
from hub.manifest import Artefact, Input, MadeBy, Manifest, artefact_digest, write_manifest
from release.cli import app

MADE_BY = MadeBy(
    code="0", packages={}, command="", machine="", accelerator="", wall_seconds=0, cpu_seconds=0
)
ROW = {"id": "d", "source": "s", "status": "kept", "rank": 1, "attribution": "A. Name"}


@dataclass
class Workdir:
    """A work folder whose artefacts have manifests and ledgers, and no payload."""

    root: Path
    made: dict[str, Artefact] = field(default_factory=dict)

    def add(self, stage, kind, name, licence, recipe=None, **inputs):
        folder = self.root / stage / f"{name}-0123456789ab"
        folder.mkdir(parents=True)
        entries = [
            Input(role=role.replace("_", "-"), name=other, digest=self.made[other].manifest.digest)
            for role, other in inputs.items()
        ]
        manifest = Manifest(
            kind=kind, name=name, key=name, digest=artefact_digest(kind, ()) + name, files=(),
            inputs=tuple(entries), recipe=recipe or {}, numbers={}, licence=licence,
            made_by=MADE_BY,
        )  # fmt: skip
        self.made[name] = write_manifest(folder, manifest)
        return folder

    def corpus(self, name, use, *rows):
        licences = tuple(
            sorted({row["licence"] for row in rows if row.get("status") != "excluded"})
        )
        folder = self.add("corpus", "corpus", name, licences, {"corpus": {"use": use}})
        pq.write_table(pa.Table.from_pylist([ROW | row for row in rows]), folder / "ledger.parquet")

    def audit(self, path, use="commercial"):
        out = self.root / "out"
        done = CliRunner().invoke(app, ["audit", str(path), "--use", use, "--out", str(out)])
        rows = pq.read_table(out / "ledger.parquet").to_pylist()
        summary = json.loads((out / "summary.json").read_text("utf-8"))
        return done, rows, {model["name"]: model for model in summary["models"]}


BY = {"licence": "CC-BY-4.0", "evidence": "CC BY 4.0"}
NC = {"id": "nc", "licence": "CC-BY-NC-4.0", "evidence": "CC BY-NC 4.0"}


@pytest.fixture
def work(tmp_path):
    work = Workdir(tmp_path)
    work.corpus("free", "commercial", BY, NC | {"status": "excluded"})
    work.corpus("research", "research", BY, NC)
    work.add("training", "model", "base", ("Apache-2.0",), corpus="free")
    work.add("training", "model", "adapted", ("Apache-2.0",), base="base", corpus="free")
    work.add(
        "training", "model", "studied", ("Apache-2.0", "LicenseRef-research-use"),
        base="base", corpus="research",
    )  # fmt: skip
    work.add("merging", "merge", "free-merge", ("Apache-2.0",), parent_0="base", parent_1="adapted")
    return work


def test_a_work_folder_is_judged_by_its_ledgers_and_its_models(work):
    done, rows, models = work.audit(work.root)
    assert done.exit_code == 3
    assert sorted(row["verdict"] for row in rows) == ["allowed", "allowed", "refused"]
    verdicts = {name: model["verdict"] for name, model in models.items()}
    assert verdicts == {
        "base": "allowed", "adapted": "allowed", "free-merge": "allowed", "studied": "refused",
    }  # fmt: skip
    assert "studied (model): refused, bound by LicenseRef-research-use" in done.output
    assert work.audit(work.root, "research")[0].exit_code == 0


def test_words_that_a_decision_read_count_by_the_licence_it_read(work):
    decided = {"id": "letter", "licence": "CC-BY-NC-4.0", "evidence": "free to all who credit us"}
    work.corpus("decided", "research", decided)
    _, rows, _ = work.audit(work.root)
    assert next(row["verdict"] for row in rows if row["id"] == "letter") == "refused"


def test_a_merge_is_judged_by_what_went_into_it_and_nothing_else(work):
    done, rows, models = work.audit(work.made["free-merge"].folder)
    assert done.exit_code == 0, done.output
    assert set(models) == {"free-merge", "adapted", "base"}
    assert {row["source"] for row in rows} == {"s"}


def test_a_model_that_claims_more_than_its_inputs_allow_is_refused(work):
    work.add("merging", "merge", "bold", ("MIT",), parent_0="studied", parent_1="base")
    (bold,) = [m for m in judge_models(work.made.values(), "commercial") if m.name == "bold"]
    assert bold.verdict == "refused"
    assert bold.rule == "says MIT, its inputs do not allow: commercial"


def test_what_cannot_be_traced_or_read_is_unknown(work):
    work.add("merging", "merge", "orphan", ("MIT",), parent_0="base", parent_1="adapted")
    work.add("training", "model", "odd", ("Free for friends",), corpus="free")
    without = [each for name, each in work.made.items() if name != "adapted"]
    verdicts = {
        model.name: (model.verdict, model.rule) for model in judge_models(without, "research")
    }
    assert verdicts["orphan"] == ("unknown", "made from adapted, which is not here")
    assert verdicts["odd"][0] == "unknown"


@pytest.mark.parametrize("use", ["commercial", "research"])
@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "LicenseRef-unknown", "CC-BY-ND-4.0"])
def test_no_descendant_is_allowed_what_its_base_is_not(work, use, licence):
    work.add("training", "model", "bound", (licence,), corpus="free")
    work.add("training", "model", "child", (licence,), base="bound", corpus="free")
    work.add("merging", "merge", "grandchild", (licence,), parent_0="child", parent_1="adapted")
    verdicts = {m.name: m.verdict for m in judge_models(work.made.values(), use)}
    assert len({verdicts[name] for name in ("bound", "child", "grandchild")}) == 1
    assert (verdicts["bound"] == "allowed") == (licence == "CC-BY-NC-4.0" and use == "research")
