"""What cleaning costs beside reading and writing, what its test for mojibake misses, what it loses.

    python -m benchmarks.cleaning --quick               synthetic text only, within 50 s
    python -m benchmarks.cleaning --data ../shared/data  also every document of the medical sets

CPU figures are medians of runs of both sides in turn, in one process: datatrove reads JSON lines
and writes them, without and with the cleaning step between.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus.clean import clean
from corpus.document import SourceDocument
from corpus.mojibake import looks_broken, repair
from corpus.readers.registry import read
from corpus.settings import SourceSettings

REPEATS = 5
GOAL = 2.5
MEGABYTES, QUICK_MEGABYTES = 40, 8


def report(figure: str, value: float, unit: str, against: str, goal: str, holds: bool) -> None:
    row = {"figure": figure, "value": round(value, 4), "unit": unit, "against": against}
    print(json.dumps(row | {"goal": goal, "holds": holds}, ensure_ascii=False), flush=True)


def synthetic(size: int) -> Iterator[str]:
    """Clinical French with what a cleaner meets: doubled spaces, addresses, accents."""
    line = "Le patient  n° {n} reçoit 37,5 mg/kg (≥ 2,5 µg) de 1,2-diol-β-lactame, p <0,05. "
    while size > 0:
        text = "\n".join(line.format(n=size + place) * 4 for place in range(12))
        text += " Voir https://exemple.fr/notice." if size % 3 == 0 else ""
        size -= len(text.encode())
        yield text


def datatrove_pass(path: Path, out: Path, cleaning: bool) -> float:
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from loguru import logger

    from corpus.pipeline import Clean

    logger.remove()
    shutil.rmtree(out, ignore_errors=True)
    writer = JsonlWriter(str(out), compression=None, adapter=_row)
    started = time.process_time()
    documents: Iterator[Any] = JsonlReader(str(path.parent), glob_pattern=path.name).run()
    if cleaning:
        documents = Clean("clinical").run(_with_origin(documents))
    for _ in writer.run(documents):
        pass
    return time.process_time() - started


def _row(writer: object, document: Any) -> dict[str, Any]:
    return {"id": document.id, "text": document.text}


def _with_origin(documents: Iterator[Any]) -> Iterator[Any]:
    for document in documents:
        document.metadata["document"] = SourceDocument(document.id, "benchmark", "")
        yield document


def cost(name: str, texts: Iterator[str], folder: Path, repeats: int) -> None:
    path = folder / "texts.jsonl"
    with path.open("w", encoding="utf-8") as lines:
        for number, text in enumerate(texts):
            lines.write(json.dumps({"id": str(number), "text": text}, ensure_ascii=False) + "\n")
    megabytes = path.stat().st_size / 1e6
    clean("lâ€™Ã©tÃ©")  # ftfy's import is nobody's cost per byte
    plain, cleaned = [], []
    for _ in range(repeats):
        plain.append(datatrove_pass(path, folder / "out", cleaning=False))
        cleaned.append(datatrove_pass(path, folder / "out", cleaning=True))
    base, ours = statistics.median(plain), statistics.median(cleaned)
    against = f"datatrove reading and writing {megabytes:.0f} MB: {base:.2f} s"
    report(f"cleaning, {name}: CPU", ours, "s", against, "", True)
    ratio = ours / base
    report(f"cleaning, {name}: CPU ratio", ratio, "ratio", against, f"<= {GOAL}", ratio <= GOAL)


def misses(texts: list[str]) -> None:
    """ftfy on everything, to know what the test before it keeps from it."""
    missed = sum(not looks_broken(text) and repair(text) != text for text in texts)
    against = f"ftfy on each of {len(texts)} documents"
    report("cleaning: documents that ftfy would change and the test misses", missed, "documents",
           against, "0", missed == 0)  # fmt: skip


def others(data: Path) -> Iterator[str]:
    """What is small and edited often: exam questions, titles, table rows, statutes, articles."""
    from medical_sets import COUNTED, documents

    for files in COUNTED:
        yield from (document.text for document in documents(data, files))


def meaning(data: Path) -> None:
    """Every document of the medical sets, with the extractor that lives with the tests."""
    from meaning import lost
    from medical_sets import SETS, documents

    seen = lossy = lossy_flaubert = 0
    for files in SETS:
        print(f"meaning: {files}", file=sys.stderr, flush=True)
        for document in documents(data, files):
            seen += 1
            done = clean(document.text)
            lossy += bool(lost(document.text, done.text, done.edits))
            if seen % 10 == 0:
                done = clean(document.text, "flaubert")
                lossy_flaubert += bool(lost(document.text, done.text, done.edits))
    against = f"{seen} documents of the medical sets"
    report("cleaning: documents that lose meaning", lossy, "documents", against, "0", lossy == 0)
    report("the papers' cleaning: documents that lose meaning", lossy_flaubert, "documents",
           f"{seen // 10}, one in ten of them", "> 0", lossy_flaubert > 0)  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="synthetic text, within 50 s")
    parser.add_argument("--data", type=Path, help="the folder of the real sets")
    options = parser.parse_args(arguments)
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    size = (QUICK_MEGABYTES if options.quick else MEGABYTES) * 10**6
    with tempfile.TemporaryDirectory() as name:
        cost("synthetic", synthetic(size), Path(name), 3 if options.quick else REPEATS)
        if options.data and not options.quick:
            real = SourceSettings(reader="jsonl", files="*")
            path = options.data / "e3c_l3_fr_scale" / "e3c_l3_fr.jsonl.zst"
            texts = [document.text for document in read("real", real, path)]
            cost("real", iter(texts), Path(name), REPEATS)
            cost("the other medical sets", others(options.data), Path(name), REPEATS)
            misses(texts)
            meaning(options.data)


if __name__ == "__main__":
    main()
