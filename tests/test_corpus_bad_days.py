"""A corpus on a bad day: the disk is full, a file goes away; no shard is lost or half-written."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from corpus import build as stage
from corpus import pipeline
from corpus.build import build
from corpus.fingerprint import Shares
from corpus.pipeline import TEXT_SCHEMA, ParquetFile
from corpus.readers.files import MAX_BYTES
from corpus.settings import CorpusSettings, SourceSettings
from hub.disk import sha256_file


def made(root: Path) -> None:
    build(
        CorpusSettings(sources=("a",), use="commercial", shards=2),
        {"a": SourceSettings(reader="jsonl", files="*.jsonl")},
        root / "data", {}, Shares(0.0, 0.0), 1, root / "out", root / "excluded", root / "scratch",
        lambda _: None,
    )  # fmt: skip


def _sources(root: Path) -> None:
    (root / "data").mkdir(parents=True)
    for name in range(2):
        rows = [{"id": f"{name}-{n}", "text": f"Le cas {name} {n} {n * n} : 37,5 mg. " * 40,
                 "licence": "CC0"} for n in range(60)]  # fmt: skip
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (root / "data" / f"{name}.jsonl").write_text(lines, "utf-8")


def _shards(root: Path) -> dict[str, str]:
    found = [path for path in root.rglob("*.parquet") if "scratch" not in path.parts]
    return {path.relative_to(root).as_posix(): sha256_file(path) for path in found}


_LIMITED = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
from test_corpus_bad_days import made
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, resource.RLIM_INFINITY))
try:
    made(Path({folder!r}))
except OSError as error:
    sys.exit(f"refused: {{error}}")
"""


@pytest.mark.parametrize("has_cache", [False, True], ids=["while reading", "while writing"])
def test_a_disk_that_takes_no_more_leaves_no_half_shard(tmp_path: Path, has_cache: bool) -> None:
    """The system itself refuses to write on."""
    for name in ("whole", "full"):
        _sources(tmp_path / name)
    made(tmp_path / "whole")
    if has_cache:
        made(tmp_path / "full")
        shutil.rmtree(tmp_path / "full" / "out")
        shutil.rmtree(tmp_path / "full" / "excluded")
    here = Path(__file__).parent
    code = _LIMITED.format(root=str(here.parent), tests=str(here),
                           folder=str(tmp_path / "full"))  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("refused: ")
    assert "File too large" in done.stderr
    written = _shards(tmp_path / "full")
    whole = _shards(tmp_path / "whole")
    assert written.items() < whole.items()
    assert not (tmp_path / "full" / "out" / "statistics.json").exists()
    made(tmp_path / "full")
    assert _shards(tmp_path / "full") == whole


def test_a_file_that_goes_away_while_others_are_read_is_one_row_of_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sources(tmp_path)
    listed = stage.source_files

    def then_gone(settings: SourceSettings, data: Path) -> list[Path]:
        files = listed(settings, data)
        files[0].unlink(missing_ok=True)
        return files

    monkeypatch.setattr(stage, "source_digest", lambda settings, data: {"a": "1"})
    monkeypatch.setattr(stage, "source_files", then_gone)
    made(tmp_path)
    rows = pq.read_table(tmp_path / "out" / "ledger.parquet").to_pylist()
    (lost,) = [row for row in rows if row["reason"] == "unreadable"]
    assert lost["rule"] == "cannot be read: No such file or directory"
    assert sum(row["status"] == "kept" for row in rows) == 60


def test_long_texts_make_more_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many characters in one group as the module says, and one document more at most."""
    assert pipeline.ROW_GROUP_CHARACTERS * 4 + MAX_BYTES < 286 << 20
    monkeypatch.setattr(pipeline, "ROW_GROUP_CHARACTERS", 1_000)
    path = tmp_path / "train-00000-of-00001.parquet"
    with ParquetFile(path, TEXT_SCHEMA) as shard:
        for number in range(10):
            row = dict.fromkeys(TEXT_SCHEMA.names, "") | {"id": str(number), "text": "é" * 400}
            shard.write(row)
    found = pq.ParquetFile(path).metadata
    assert [found.row_group(group).num_rows for group in range(found.num_row_groups)] == [
        3,
        3,
        3,
        1,
    ]
