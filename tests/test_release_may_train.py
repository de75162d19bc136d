"""No training starts whose texts, base and use do not compose."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from hub.failure import Refused
from hub.manifest import Artefact, MadeBy, Manifest
from release.gate import may_train

MADE_BY = MadeBy(
    code="0", packages={}, command="", machine="", accelerator="", wall_seconds=0, cpu_seconds=0
)


def corpus(*licences: str, folder: Path = Path(), **settings: object) -> Artefact:
    manifest = Manifest(
        kind="corpus", name="texts", key="", digest="", files=(), inputs=(), numbers={},
        recipe={"corpus": settings}, licence=licences, made_by=MADE_BY,
    )  # fmt: skip
    return Artefact(folder, manifest)


def test_what_composes_passes():
    may_train("adapted", "research", ["Apache-2.0"], [corpus("CC-BY-NC-4.0", "CC0-1.0")])
    may_train("adapted", "commercial", ["Apache-2.0"], [corpus("CC-BY-4.0")])


def test_what_does_not_is_refused_by_name():
    with pytest.raises(Refused, match=r"CC-BY-NC-4\.0 of its texts does not allow commercial"):
        may_train("adapted", "commercial", ["Apache-2.0"], [corpus("CC-BY-NC-4.0", "CC0-1.0")])


def test_an_unknown_licence_is_no_permission():
    with pytest.raises(Refused, match=r"Made-Up-1\.0 of its base"):
        may_train("adapted", "research", ["Made-Up-1.0"], [corpus("CC0-1.0")])
    with pytest.raises(Refused, match=r"Made-Up-1\.0 of its texts"):
        may_train("adapted", "research", ["CC0-1.0"], [corpus("Made-Up-1.0")])


def test_a_corpus_for_training_alone_is_judged_by_its_ledger(tmp_path):
    rows = [{"id": "a", "status": "kept", "may_train": "allowed"},
            {"id": "b", "status": "excluded", "may_train": "refused"}]  # fmt: skip
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "ledger.parquet")
    private = corpus("LicenseRef-unknown", folder=tmp_path, publish=False, use="research")
    may_train("adapted", "research", ["Apache-2.0"], [private])
    with pytest.raises(Refused, match="texts is for research"):
        may_train("adapted", "commercial", ["Apache-2.0"], [private])
    rows[1]["status"] = "kept"
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "ledger.parquet")
    with pytest.raises(Refused, match="b may not be trained on"):
        may_train("adapted", "research", ["Apache-2.0"], [private])
