"""Rights besides the licence, and decisions of people, from the sources to the ledger."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from corpus.build import build
from corpus.fingerprint import Shares
from corpus.outcome import Built
from corpus.settings import CorpusSettings, SourceSettings
from hub.licences.rights import RecordedDecision, RightsBasis
from release.recipe import RecipeError, load

MINING = RightsBasis(basis="tdm-exception", article="Art. 4 Directive (EU) 2019/790")
ROOT = Path(__file__).parents[1]


def made(
    tmp_path: Path,
    records: list[dict[str, object]],
    recorded=(),
    publish: bool = True,
    **source: object,
) -> Built:
    data = tmp_path / "data"
    data.mkdir()
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (data / "a.jsonl").write_text(lines, encoding="utf-8")
    return build(
        CorpusSettings(sources=("a",), use="commercial", publish=publish),
        {"a": SourceSettings(reader="jsonl", files="*.jsonl", **source)},
        data, {}, Shares(0.0, 0.0), 1, tmp_path / "out", tmp_path / "excluded",
        tmp_path / "scratch", print, recorded,
    )  # fmt: skip


def ledger(tmp_path: Path) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in pq.read_table(tmp_path / "out/ledger.parquet").to_pylist()}


def test_what_may_only_be_trained_on_is_counted_and_published_nowhere(tmp_path):
    basis = MINING.model_copy(update={"use": "commercial"})
    built = made(
        tmp_path,
        [
            {"id": "nd", "text": "Un texte à ne pas changer.", "licence": "CC BY-NC-ND 4.0"},
            {"id": "by", "text": "Un texte libre.", "licence": "CC BY 4.0"},
            {"id": "tdm", "text": "Réservé.", "licence": "All rights reserved. TDM is reserved."},
        ],
        rights_basis=basis,
    )
    rows = ledger(tmp_path)
    assert (rows["nd"]["reason"], rows["tdm"]["reason"], rows["by"]["reason"]) == (
        "licence", "licence", "",
    )  # fmt: skip
    assert rows["nd"]["may_publish_cleaned"] == "refused"
    assert rows["by"]["rights_basis"] == "tdm-exception Art. 4 Directive (EU) 2019/790"
    assert rows["tdm"]["may_train"] != "allowed"
    kept = pq.read_table(tmp_path / "out" / "data").to_pylist()
    assert [row["id"] for row in kept] == ["by"]
    assert built.corpus.licence == ("CC-BY-4.0",)


def test_a_corpus_for_training_alone_holds_what_may_be_trained_on(tmp_path):
    built = made(
        tmp_path,
        [
            {"id": "nd", "text": "Un texte à ne pas changer.", "licence": "CC BY-NC-ND 4.0"},
            {"id": "silent", "text": "Un texte qui ne dit rien."},
            {"id": "tdm", "text": "Réservé.", "licence": "All rights reserved. TDM is reserved."},
        ],
        publish=False,
        rights_basis=MINING.model_copy(update={"use": "commercial"}),
    )
    rows = ledger(tmp_path)
    assert {id: row["status"] for id, row in rows.items()} == {
        "nd": "kept", "silent": "kept", "tdm": "excluded",
    }  # fmt: skip
    assert rows["nd"]["may_publish_cleaned"] == "refused"
    assert rows["nd"]["rule"].endswith("allows training for commercial use")
    assert built.corpus.licence == ("CC-BY-NC-ND-4.0", "LicenseRef-unknown")


def test_a_recorded_decision_is_in_the_ledger_by_name(tmp_path):
    decision = RecordedDecision(
        rule="unread", who="A. Name", why="letter of 3 May", documents=("d",), licence="CC-BY-4.0"
    )
    made(
        tmp_path,
        [
            {"id": "d", "text": "Un texte.", "licence": "libre, merci de citer"},
            {"id": "e", "text": "Un autre.", "licence": "libre, merci de citer"},
        ],
        (decision,),
    )
    rows = ledger(tmp_path)
    assert rows["d"]["decided_by"] == "A. Name (unread): letter of 3 May"
    assert (rows["d"]["status"], rows["e"]["status"]) == ("kept", "excluded")


def test_a_decision_about_nothing_there_is_an_error_with_its_line(tmp_path):
    demo = (ROOT / "release" / "recipes" / "demo.yaml").read_text("utf-8")
    said = "decisions:\n  - {rule: conflict, sources: [nowhere], who: A, why: because}\n"
    (tmp_path / "r.yaml").write_text(said + demo, "utf-8")
    with pytest.raises(RecipeError, match="nothing is named nowhere"):
        load(tmp_path / "r.yaml")
