"""The annotation sheet: a CSV out for people, the same CSV back in.

The labeller's answer is not on the sheet, so that nobody is led by it; it is joined by the
document's content when the sheet comes back. Cells that a spreadsheet would run as formulas get an
apostrophe before them.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from corpus.domain.cache import content_key
from corpus.domain.label import Sampled
from hub.disk import write_atomically
from hub.failure import BadInput

_YES = {"yes", "y", "1", "true", "oui", "o", "ja", "j"}
_NO = {"no", "n", "0", "false", "non", "nein"}
_ANNOTATOR = "annotator "
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SHOWN_CHARACTERS = 4_000


@dataclass(frozen=True)
class Judged:
    """A document with what the labeller and people said of it."""

    key: str
    text: str
    label: bool | None
    judgements: tuple[bool, ...]


def draw(
    documents: Sequence[Sampled], labels: Mapping[str, bool], count: int, seed: int = 0
) -> list[Sampled]:
    """Half of them labelled yes and half no where there are enough, in random order."""
    chance = np.random.default_rng(seed)
    known = {content_key(d.text): d for d in documents}
    yes, no = ([key for key in sorted(known) if labels.get(key) is side] for side in (True, False))
    wanted = min(len(yes), max(count // 2, count - len(no)))
    drawn = [yes[place] for place in chance.permutation(len(yes))[:wanted]]
    drawn += [no[place] for place in chance.permutation(len(no))[: count - len(drawn)]]
    return [known[drawn[place]] for place in chance.permutation(len(drawn))]


def write_sheet(path: Path, documents: Sequence[Sampled], annotators: int) -> None:
    """One row a document, an empty column an annotator."""
    stream = io.StringIO(newline="")
    rows = csv.writer(stream)
    rows.writerow(["key", "language", "text", *(f"{_ANNOTATOR}{n + 1}" for n in range(annotators))])
    for document in documents:
        text = document.text[:_SHOWN_CHARACTERS]
        safe = f"'{text}" if text.startswith(_FORMULA) else text
        rows.writerow([content_key(document.text), document.language, safe, *[""] * annotators])
    # Spreadsheets take UTF-8 for what it is only with a mark before it.
    write_atomically(path, b"\xef\xbb\xbf" + stream.getvalue().encode("utf-8", "replace"))


def read_sheet(path: Path, labels: Mapping[str, bool]) -> list[Judged]:
    """Raises BadInput naming line and cell where something is neither yes, no nor empty."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not UTF-8: save the sheet as CSV UTF-8") from None
    first = content.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    rows = csv.DictReader(io.StringIO(content, newline=""), delimiter=separator)
    columns = [name for name in rows.fieldnames or () if name.startswith(_ANNOTATOR)]
    if "key" not in (rows.fieldnames or ()) or not columns:
        raise BadInput(f"{path.name} is no annotation sheet: it lacks “key” or “{_ANNOTATOR}1”")
    found: dict[str, Judged] = {}
    for row in rows:
        key = row["key"]
        if key not in labels:
            raise BadInput(f"{path.name}, line {rows.line_num}: no labelled document has key {key}")
        if key in found:
            raise BadInput(f"{path.name}, line {rows.line_num}: key {key} is there twice")
        said = [_judgement(row[name], path, rows.line_num) for name in columns]
        given = tuple(one for one in said if one is not None)
        found[key] = Judged(key, row.get("text") or "", labels[key], given)
    return list(found.values())


def _judgement(cell: str | None, path: Path, line: int) -> bool | None:
    said = (cell or "").strip().casefold()
    if said in _YES:
        return True
    if said in _NO:
        return False
    if said:
        raise BadInput(f"{path.name}, line {line}: “{cell}” is neither yes nor no")
    return None
