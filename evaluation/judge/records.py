"""The records of a judged release: verdicts by id and hash, never with the texts; reasons apart."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluation.judge.answers import Answer
from evaluation.judge.failures import Examined
from evaluation.judge.figures import Figures, as_json
from evaluation.judge.pairwise import Comparison
from evaluation.judge.safety import Checked
from hub.disk import write_json


def write_results(
    out: Path,
    figures: Figures,
    comparisons: Sequence[Comparison],
    examined: Sequence[Examined],
    checked: Sequence[Checked],
    by_item: Mapping[tuple[str, str], Answer],
) -> None:
    import pyarrow
    import pyarrow.parquet

    def digest(model: str, item: str) -> str:
        return hashlib.sha256(by_item[(model, item)].text.encode()).hexdigest()

    verdicts = [
        {
            "earlier": s.earlier, "later": s.later, "item": s.item, "cluster": c.query.cluster,
            "later_first": s.later_first, "outcome": s.outcome, "winner": s.winner,
            "earlier_sha256": digest(s.earlier, s.item), "later_sha256": digest(s.later, s.item),
        }
        for c in comparisons
        for s in c.orders
    ]  # fmt: skip
    modes = [
        {"model": e.model, "item": e.query.id, "cluster": e.query.cluster, "outcome": e.outcome,
         "mode": mode, "found": e.found.get(mode)}
        for e in examined
        for mode in figures.settings.failure_modes
    ]  # fmt: skip
    safety = [
        {"model": c.model, "item": c.item, "check": name, "passed": passed}
        for c in checked
        for name, passed in c.passed.items()
    ]
    text, yes = pyarrow.string(), pyarrow.bool_()
    schemas = {
        "verdicts": (verdicts, [("earlier", text), ("later", text), ("item", text),
                                ("cluster", text), ("later_first", yes), ("outcome", text),
                                ("winner", text), ("earlier_sha256", text),
                                ("later_sha256", text)]),
        "modes": (modes, [("model", text), ("item", text), ("cluster", text), ("outcome", text),
                          ("mode", text), ("found", yes)]),
        "safety": (safety, [("model", text), ("item", text), ("check", text), ("passed", yes)]),
    }  # fmt: skip
    for name, (entries, columns) in schemas.items():
        table = pyarrow.Table.from_pylist(entries, schema=pyarrow.schema(columns))
        pyarrow.parquet.write_table(table, out / f"{name}.parquet", compression="zstd")
    write_json(out / "judge.json", as_json(figures))


def write_reasons(path: Path, comparisons: Sequence[Comparison]) -> None:
    import pyarrow
    import pyarrow.parquet

    shown = [s._asdict() for c in comparisons for s in c.orders]
    names = ("earlier", "later", "item", "outcome", "winner", "reasoning")
    fields = [pyarrow.field(name, pyarrow.string()) for name in names]
    fields.insert(3, pyarrow.field("later_first", pyarrow.bool_()))
    table = pyarrow.Table.from_pylist(shown, schema=pyarrow.schema(fields))
    pyarrow.parquet.write_table(table, path, compression="zstd")
