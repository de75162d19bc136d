"""`imprimatur audit` on whatever somebody has: its verdict, its ledger, its page, its exit code."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from release.cli import app

ROOT = Path(__file__).parents[1]


def run(path: Path, out: Path, *more: str):
    return CliRunner().invoke(app, ["audit", str(path), "--out", str(out), *more])


def ledger(out: Path) -> dict[str, dict[str, object]]:
    return {row["id"]: row for row in pq.read_table(out / "ledger.parquet").to_pylist()}


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "anybody's"
    data.mkdir()
    rows = [
        {"id": "by", "text": "a", "licence": "CC BY 4.0", "authors": ["A. Name"]},
        {"id": "nc", "text": "b", "licence": "CC BY-NC 4.0", "author": "B"},
        {"id": "none", "text": "c"},
        {"id": "odd", "text": "d", "licence": "<script>alert(1)</script>\u001b[31m"},
    ]
    lines = [json.dumps(row) for row in rows]
    (data / "a.jsonl").write_text("\n".join([*lines, "not json", "[" * 5000]) + "\n", "utf-8")
    with gzip.open(data / "b.csv.gz", "wt", encoding="utf-8") as stream:
        stream.write("id,license\nzero,CC0\n")
    table = pa.Table.from_pylist([{"id": "pq", "terms": "etalab-2.0", "text": "x"}])
    pq.write_table(table, data / "c.parquet")
    (data / "broken.parquet").write_bytes(b"PAR1 no")
    return data


def test_anybodys_folder_is_judged_document_by_document(folder, tmp_path):
    done = run(folder, tmp_path / "out")
    assert done.exit_code == 3, done.output
    rows = ledger(tmp_path / "out")
    verdicts = {id: row["verdict"] for id, row in rows.items()}
    assert verdicts["by"] == verdicts["zero"] == "allowed"
    assert verdicts["nc"] == "refused"
    unknown = {id for id, verdict in verdicts.items() if verdict == "unknown"}
    assert unknown == {"none", "odd", "a:5", "a:6", "pq", "broken.parquet"}
    assert rows["nc"]["tier"] == "research"
    assert rows["by"]["rank"] == 3
    assert "2 of 9 documents" in done.output
    assert "\x1b" not in done.output


def test_a_torn_compressed_file_is_an_unknown_document(tmp_path):
    import zstandard

    data = tmp_path / "data"
    data.mkdir()
    rows = b'{"id": "a", "licence": "CC0"}\n' * 1000
    whole = gzip.compress(rows)
    (data / "a.jsonl.gz").write_bytes(whole[:20] + b"\xff" * 20 + whole[40:])
    (data / "b.jsonl.zst").write_bytes(zstandard.compress(rows)[:-8])  # cut short
    (data / "c.jsonl.zst").write_bytes(zstandard.compress(b'{"id": "one", "licence": "CC0"}\n') * 2)
    done = run(data, tmp_path / "out", "--json")
    assert done.exit_code == 3, done.output
    rows = ledger(tmp_path / "out")
    assert {"a.jsonl.gz", "b.jsonl.zst"} <= {
        i for i, r in rows.items() if r["verdict"] == "unknown"
    }
    assert json.loads(done.stdout)["verdicts"]["allowed"] == 2, "every frame is read"


def test_the_page_runs_nothing_a_document_says(folder, tmp_path):
    run(folder, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "<script" not in page
    assert "CC-BY-NC-4.0" in page


def test_a_column_can_be_named_and_has_to_exist(folder, tmp_path):
    done = run(folder, tmp_path / "out", "--licence-column", "terms", "--json")
    assert done.exit_code == 3
    assert ledger(tmp_path / "out")["pq"]["licence"] == "etalab-2.0"
    missing = run(folder, tmp_path / "out", "--licence-column", "nowhere")
    assert missing.exit_code == 2


def test_what_is_free_throughout_ends_well(tmp_path):
    (tmp_path / "free.jsonl").write_text('{"id": "a", "licence": "CC0"}\n', "utf-8")
    done = run(tmp_path / "free.jsonl", tmp_path / "out", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["verdicts"] == {"allowed": 1}


def test_a_card_that_is_narrower_than_its_rows_is_heard(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n# A set\n", "utf-8")
    (data / "a.jsonl").write_text('{"id": "a", "licence": "CC BY 4.0"}\n', "utf-8")
    assert run(data, tmp_path / "out").exit_code == 3
    assert run(data, tmp_path / "out", "--use", "research").exit_code == 0


def test_a_release_file_is_judged_by_its_own_terms_and_readers(tmp_path):
    done = run(ROOT / "release" / "recipes" / "demo.yaml", tmp_path / "out")
    assert done.exit_code == 3
    rows = ledger(tmp_path / "out")
    assert rows["article-10"]["tier"] == "research"
    assert {row["source"] for row in rows.values()} >= {"articles", "medicines", "hygiene"}


@pytest.mark.parametrize(("arguments", "words"), [
    (("nowhere",), "there is no"), ((".", "--use", "fun"), "there is no use fun"),
])  # fmt: skip
def test_what_cannot_be_audited_is_one_sentence(tmp_path, arguments, words, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["audit", *arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert words in done.stderr


def test_an_article_read_up_to_its_front_says_what_the_whole_says():
    from corpus.readers.jats import read_jats, read_jats_front
    from corpus.settings import SourceSettings

    settings = SourceSettings(reader="jats", files="*")
    articles = sorted((ROOT / "release" / "recipes" / "demo" / "articles").glob("*.xml"))
    assert articles
    for path in articles:
        whole, front = (list(read("s", settings, path)) for read in (read_jats, read_jats_front))
        said = [
            [(one.id, one.evidence, one.attribution) for one in found] for found in (whole, front)
        ]
        assert said[0] == said[1], path
