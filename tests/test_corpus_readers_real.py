"""Every real set of a supported form is read whole: counts, and problems only in broken files.

Needs ../shared/data; skipped without it.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from medical_sets import COUNTED

from corpus.readers.registry import READERS
from corpus.settings import SourceSettings

_DATA = Path(__file__).parents[2] / "shared" / "data"
SETS: dict[str, tuple[int, dict[str, Any]]] = COUNTED | {
    "gesetze_de_nonmedical/*.md": (64, {"reader": "markdown"}),
    "10kgnad_news_de/*.csv": (514, {"reader": "csv", "columns": ("topic", "text"), "quote": "'"}),
    "bdpm_html_spc/*.html": (1, {"reader": "html"}),
    "bdpm_html_spc/anx*.txt": (1, {"reader": "text"}),
    "germediq_de/*.csv": (55, {"reader": "csv"}),
    "refomed_clear_fr/*.csv": (5044, {"reader": "csv"}),
    "tico19_tmx/*.csv": (642, {"reader": "csv", "fields": {"text": "targetString"}}),
    "e3c_l3_fr_scale/*.jsonl.zst": (4903, {"reader": "jsonl"}),
    "code_civil_fr/*.jsonl": (1371, {"reader": "jsonl"}),
}

pytestmark = pytest.mark.skipif(
    not _DATA.is_dir(), reason="the real sets (../shared/data) lie apart"
)


def _problems(files: str, **settings: Any) -> tuple[int, Counter[str]]:
    source = SourceSettings(files=files, **settings)
    read = READERS[source.reader]
    paths = sorted(path for path in _DATA.glob(files) if path.is_file())
    documents = [document for path in paths for document in read("s", source, path)]
    texts = sum(bool(document.text.strip()) for document in documents)
    return texts, Counter(document.problem for document in documents if document.problem)


@pytest.mark.parametrize("files", SETS)
def test_a_real_set_is_read_whole(files: str) -> None:
    count, settings = SETS[files]
    assert _problems(files, **settings) == (count, Counter())


def test_istexs_broken_fixtures_are_set_aside() -> None:
    count, problems = _problems("istex_sisyphe_fixtures/*.xml", reader="tei")
    assert count == 1
    assert sorted(problem.partition(":")[0] for problem in problems) == [
        "no TEI document in it", "not well-formed XML",
    ]  # fmt: skip


def test_no_chemical_name_is_taken_for_a_link() -> None:
    path = _DATA / "gesetze_de_medizinrecht" / "btmg_1981.md"
    settings = SourceSettings(reader="markdown", files="*")
    (document,) = READERS["markdown"]("s", settings, path)
    for name in ("benzodiazepin", "triazolo", "dioxol"):
        assert document.text.count(name) == path.read_text(encoding="utf-8").count(name)
