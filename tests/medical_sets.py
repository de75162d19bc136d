"""The medical sets in ../shared/data, and how each is read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.document import SourceDocument
from corpus.readers.registry import READERS
from corpus.settings import SourceSettings

_E3C: dict[str, Any] = {
    "reader": "json", "fields": {"attribution": "authors"}, "licence_by": "aggregator",
}  # fmt: skip
_CIS: dict[str, Any] = {"reader": "tables", "language": "fr", "fields": {"id": "code"}}
_MCQ = {"options": "answers", "answer": "correct_answers"}

COUNTED: dict[str, tuple[int, dict[str, Any]]] = {
    "bdpm_tables/CIS_bdpm.txt": (2391, _CIS | {"columns": ("code", *"abcdefghijk")}),
    "bdpm_tables/CIS_COMPO_bdpm.txt": (2390, _CIS | {"columns": ("code", *"abcdefgh")}),
    "bdpm_tables/CIS_HAS_SMR_bdpm.txt": (1327, _CIS | {"columns": ("code", *"abcde")}),
    "bdpm_tables/CIS_HAS_ASMR_bdpm.txt": (875, _CIS | {"columns": ("code", *"abcde")}),
    "e3c_json_l1l2/*/*/*.json": (235, _E3C),
    "e3c_l3_bdpm_notices_fr/*.json": (242, _E3C),
    "e3c_l3_en_mixed_licences/*.json": (862, _E3C),
    "e3c_l3_pamj_fr/*.json": (752, _E3C),
    "e3c_xmi/*.xml": (55, {"reader": "xmi"}),
    "frenchmedmcqa/*.json": (2483, {"reader": "questions", "fields": _MCQ}),
    "gesetze_de_medizinrecht/*.md": (9, {"reader": "markdown"}),
    "hal_tei/*.xml": (10, {"reader": "tei"}),
    "jats_plos/*.xml": (47, {"reader": "jats"}),
    "jats_pmc_mixed/*.nxml": (3, {"reader": "jats"}),
    "labforsims2_dialogues_fr/Interne*.txt": (23, {"reader": "dialogues"}),
    "mantra_gsc_brat/*/*/*": (541, {"reader": "brat"}),
    "mesconseilscovid_fr/*.md": (111, {"reader": "markdown"}),
    "quaero_brat/*/*/*": (1688, {"reader": "brat"}),
    "tico19_tmx/*.tmx": (77, {"reader": "tmx", "language": "fr"}),
}
"""how many documents each has, and its settings"""
LARGE: dict[str, dict[str, Any]] = {"e3c_l3_fr_scale/*.jsonl.zst": _E3C | {"reader": "jsonl"}}
SETS: dict[str, dict[str, Any]] = {name: found for name, (_, found) in COUNTED.items()} | LARGE


def documents(data: Path, files: str) -> Iterator[SourceDocument]:
    settings = SourceSettings(files=files, **SETS[files])
    for path in sorted(path for path in data.glob(files) if path.is_file()):
        for document in READERS[settings.reader](files, settings, path):
            if document.text:
                yield document
