"""Every real set of a supported form is read whole: counts, and problems only in broken files.

Needs ../shared/data; skipped without it.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from corpus.readers.registry import READERS
from corpus.settings import SourceSettings

_DATA = Path(__file__).parents[2] / "shared" / "data"
_E3C: dict[str, Any] = {
    "reader": "json", "fields": {"attribution": "authors"}, "licence_by": "aggregator",
}  # fmt: skip
_CIS: dict[str, Any] = {"reader": "tables", "language": "fr", "fields": {"id": "code"}}
_MCQ = {"options": "answers", "answer": "correct_answers"}

SETS: dict[str, tuple[int, dict[str, Any]]] = {
    "bdpm_tables/CIS_bdpm.txt": (2391, _CIS | {"columns": ("code", *"abcdefghijk")}),
    "bdpm_tables/CIS_COMPO_bdpm.txt": (2390, _CIS | {"columns": ("code", *"abcdefgh")}),
    "bdpm_tables/CIS_HAS_SMR_bdpm.txt": (1327, _CIS | {"columns": ("code", *"abcde")}),
    "e3c_json_l1l2/French/*/*.json": (125, _E3C),
    "e3c_l3_bdpm_notices_fr/*.json": (242, _E3C),
    "e3c_l3_pamj_fr/*.json": (752, _E3C),
    "e3c_xmi/*.xml": (55, {"reader": "xmi"}),
    "frenchmedmcqa/*.json": (2483, {"reader": "questions", "fields": _MCQ}),
    "gesetze_de_nonmedical/*.md": (64, {"reader": "markdown"}),
    "hal_tei/*.xml": (10, {"reader": "tei"}),
    "jats_plos/*.xml": (47, {"reader": "jats"}),
    "jats_pmc_mixed/*.nxml": (3, {"reader": "jats"}),
    "labforsims2_dialogues_fr/Interne*.txt": (23, {"reader": "dialogues"}),
    "mantra_gsc_brat/French/*/*": (131, {"reader": "brat"}),
    "mesconseilscovid_fr/*.md": (111, {"reader": "markdown"}),
    "quaero_brat/*/*/*": (1688, {"reader": "brat"}),
    "tico19_tmx/*.tmx": (77, {"reader": "tmx", "language": "fr"}),
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
