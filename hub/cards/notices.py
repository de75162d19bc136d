"""What a corpus owes to its texts, as files beside it: whom to credit, under which licence, where
the licence can be read. Filled from the ledger's kept rows and from nothing else.

    ATTRIBUTION.parquet   id, source, licence, attribution, licence_url of every document
    NOTICE                the same by source, to be read
    LICENSES/ID.txt       the text of each licence, or where it can be read
    LICENSES/README.md    what the kit takes each of them to allow and to ask
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.cards import markdown
from hub.disk import write_atomically
from hub.licences.expression import ids_of, licence_of
from hub.licences.table import ACTS, LICENCES, text_of

Kept = Mapping[str, str]
"""A kept row of the ledger: id, source, licence, attribution."""


def write(folder: Path, title: str, kept: Sequence[Kept]) -> None:
    _attribution(folder / "ATTRIBUTION.parquet", kept)
    write_atomically(folder / "NOTICE", _notice(title, kept).encode("utf-8", "replace"))
    licences = sorted({id for row in kept for id in ids_of(row["licence"])})
    (folder / "LICENSES").mkdir(exist_ok=True)
    for id in licences:
        write_atomically(folder / "LICENSES" / f"{id}.txt", _licence(id).encode())
    write_atomically(folder / "LICENSES" / "README.md", _as_read(licences).encode())


def _attribution(path: Path, kept: Sequence[Kept]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    names = ("id", "source", "licence", "attribution")
    columns = {name: [row[name] for row in kept] for name in names}
    columns["licence_url"] = [licence_of(row["licence"]).url for row in kept]
    schema = pa.schema([(name, pa.string()) for name in columns])
    parquet.write_table(pa.table(columns, schema=schema), path, compression="zstd")


def _notice(title: str, kept: Sequence[Kept]) -> str:
    lines = [
        title, "",
        "Each document keeps its own licence; the collection has none of its own. The documents",
        "were cleaned: their texts are not the originals word for word. Whom to credit for each",
        "of them is in ATTRIBUTION.parquet; what each licence asks is in LICENSES/.",
    ]  # fmt: skip
    counts = Counter((row["source"], row["licence"]) for row in kept)
    unnamed = Counter(row["source"] for row in kept if _owes_a_name(row))
    for source in sorted({source for source, _ in counts}):
        lines += ["", source]
        lines += [
            f"  {n:,} documents under {id}" for (s, id), n in sorted(counts.items()) if s == source
        ]
        if unnamed[source]:
            lines.append(f"  {unnamed[source]:,} of them ask for attribution and name nobody")
    return "\n".join(lines) + "\n"


def _owes_a_name(row: Kept) -> bool:
    owed = "attribution" in licence_of(row["licence"]).obligations
    return owed and not row["attribution"].strip()


def _licence(id: str) -> str:
    text = text_of(id)
    if text is not None:
        return text
    return f"{id}\n\nIts text is not reproduced here; it can be read at\n{LICENCES[id].url}\n"


def _as_read(ids: Sequence[str]) -> str:
    heads = [*(act.replace("_", " ") for act in ACTS), "asks for", "note"]
    rows = [
        [*(row.acts[act] for act in ACTS), ", ".join(row.obligations) or "nothing", row.note]
        for row in (LICENCES[id] for id in ids)
    ]
    links = [f"[{id}]({LICENCES[id].url})" for id in ids]
    table = markdown.table(
        ["licence", *heads], [[link, *row] for link, row in zip(links, rows, strict=True)]
    )
    return f"# What these licences allow, as read by Imprimatur\n\n{table}\n"
