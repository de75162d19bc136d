"""How fast a corpus is built, how many near duplicates are found, and how that grows.

    python -m benchmarks.corpus --quick         within 50 s on two cores
    python -m benchmarks.corpus                 about 15 minutes, most of them datatrove's
    python -m benchmarks.corpus --growth 1 4    time and memory alone, at 1 and 4 times 20,000
    python -m benchmarks.corpus --made FOLDER   on corpus.jsonl and truth.json of another generator
    python -m benchmarks.corpus --data FOLDER   also the share of the real leaflets that goes

One JSON object a line: figure, value, unit, what it is measured against, goal, whether it holds.
CPU figures are medians of `REPEATS` runs of both sides in fresh processes, each reading the same
JSON lines; imports are not counted. The stock MinHash of datatrove needs spaCy, whose tokenizer
forgets its vocabulary after every document (`memory_zone`), which is most of its time, so the
comparison is made again with that undone. Always, and alone where spaCy is missing, it is made with
words cut at spaces: datatrove's fastest form, and the hardest to beat.
"""

import argparse
import importlib
import importlib.util
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from benchmarks.corpus_made import Planted, Read, copy_corpus, score, write_corpus, write_items
from corpus.dedup.minhash import PROFILES, ProfileName
from corpus.dedup.near import Removal, near_duplicates

REPEATS = 3
DOCUMENTS = 20_000
QUICK_DOCUMENTS = 2_000
FACTORS = (1, 4, 16)
MOST_MIB = 1536
ITEMS = 2_000
PARTS = ("whole", "cpu", "score")
"""of the benchmark, beside growth"""
SEED = 20_260


class Used(NamedTuple):
    cpu_seconds: float
    wall_seconds: float
    peak_mib: float
    result: Any


class Texts:
    """Texts of a JSON lines file by number, from disk."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        lengths = [len(line) for line in self._file]
        self.offsets = np.cumsum([0, *lengths])

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> str:
        self._file.seek(int(self.offsets[number]))
        return str(json.loads(self._file.readline())["text"])


def find_near(path: Path, profile: ProfileName) -> dict[int, Removal]:
    texts = Texts(path)
    return near_duplicates(texts.__getitem__, range(len(texts)), profile)


_AT_SPACES = {
    "word_tokenize": lambda self, text: text.split(),
    "sent_tokenize": lambda self, text: [text],
    "span_tokenize": lambda self, text: [(0, len(text))],
}
Words = Literal["spacy", "spacy keeping its vocabulary", "cut at spaces"]


def stock_minhash(path: Path, cut_by: Words) -> None:
    """datatrove's three MinHash steps with their defaults but the tokenizer, one task each."""
    import xxhash
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.utils.typeshelper import Languages
    from datatrove.utils.word_tokenizers import WordTokenizer
    from loguru import logger

    logger.remove()
    config = MinhashConfig()
    with tempfile.TemporaryDirectory() as out:
        at_spaces = type("AtSpaces", (WordTokenizer,), _AT_SPACES)
        language = at_spaces() if cut_by == "cut at spaces" else Languages.english
        signature = MinhashDedupSignature(f"{out}/signatures", config=config, language=language)
        # datatrove 0.10.1 hands text to xxhash, which takes bytes only from version 4 on.
        signature._hash_func = lambda text: xxhash.xxh64_intdigest(text.encode())
        if cut_by == "spacy keeping its vocabulary":
            tokenizer = signature.word_tokenizer.tokenizer.tokenizer
            signature.word_tokenizer.word_tokenize = lambda text: [
                stripped for token in tokenizer(text) if (stripped := token.text.strip())
            ]
        signature.run(JsonlReader(str(path.parent), glob_pattern=path.name).run())
        for bucket in range(config.num_buckets):
            step = MinhashDedupBuckets(f"{out}/signatures", f"{out}/buckets", config=config)
            step.run(rank=bucket, world_size=config.num_buckets)
        MinhashDedupCluster(f"{out}/buckets", f"{out}/removed", config=config).run()


def build_corpus(path: Path, settings: dict[str, Any], out: Path) -> int:
    """The whole corpus from one file, searched for the questions beside it: its documents read."""
    from corpus.build import build
    from corpus.fingerprint import Shares
    from corpus.settings import CorpusSettings, SourceSettings

    source = SourceSettings(
        reader="jsonl", files=path.name, language="fr", terms={"licence": "CC0-1.0"}
    )
    tasks = {"exam": path.with_suffix(".items")}
    corpus = CorpusSettings(
        sources=("made",), use="commercial", decontaminate=("exam",), **settings
    )
    built = build(
        corpus, {"made": source}, path.parent, tasks, Shares(0.0, 0.0), 1,
        out / "out", out / "excluded", out / "scratch", progress,
    )  # fmt: skip
    return int(built.corpus.numbers["read"].value)


def measured_build(path: Path, **settings: Any) -> Used:
    """And nothing of it stays."""
    with tempfile.TemporaryDirectory(dir=path.parent) as out:
        return measured(build_corpus, path, settings, Path(out))


def removals(path: Path, profile: ProfileName) -> list[Read]:
    """Every document of the corpus that is built, in the order of the file."""
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        build_corpus(path, {"dedup": profile, "contaminated": "flag"}, Path(name))
        texts = {
            row["id"]: row["text"]
            for side in ("out", "excluded")
            for row in pq.read_table(Path(name) / side / "data", columns=["id", "text"]).to_pylist()
        }
        rows = pq.read_table(Path(name) / "out/ledger.parquet").to_pylist()
    number_of = {row["id"]: number for number, row in enumerate(rows)}
    return [Read(texts[row["id"]], number_of.get(row["kept_id"], -1)) for row in rows]


def throughput(path: Path, size: int, repeats: int) -> None:
    """Read, clean, audit, copies, near copies, personal data, test questions, ledger, statistics,
    Parquet."""
    progress(f"whole corpus of {size} documents")
    seconds = [measured_build(path).cpu_seconds for _ in range(repeats)]
    with path.open("rb") as lines:
        num_words = sum(len(json.loads(line)["text"].split()) for line in lines)
    rate = num_words / 300 / statistics.median(seconds)
    against = f"{size} documents, {num_words:,} words, {ITEMS} test questions"
    unit = "documents of 300 words per CPU-second"
    report("whole corpus", rate, unit, against, ">= 2000", rate >= 2000)


def measured(function: Callable[..., Any], *arguments: Any) -> Used:
    """Run in a fresh process, so that peak memory and imports are its own."""
    context = multiprocessing.get_context("spawn")
    # Not a Pool: that one starts a worker that cannot start again and again, without an error.
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_measure, function, arguments).result()


def _measure(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Used:
    if function is stock_minhash:
        for module in ("datatrove.pipeline.dedup.minhash", "datatrove.pipeline.readers"):
            importlib.import_module(module)
        if arguments[1] != "cut at spaces":
            importlib.import_module("spacy")
    if function in (build_corpus, removals):
        for module in ("corpus.pipeline", "corpus.executors", "corpus.choosing", "corpus.ledger"):
            importlib.import_module(module)
    started, wall = time.process_time(), time.perf_counter()
    result = function(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Used(time.process_time() - started, time.perf_counter() - wall, peak, result)


def report(figure: str, value: float, unit: str, against: str, goal: str, holds: bool) -> None:
    row = {"figure": figure, "value": round(value, 4), "unit": unit, "against": against}
    print(json.dumps(row | {"goal": goal, "holds": holds}, ensure_ascii=False), flush=True)


def progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def compare_cpu(path: Path, size: int, repeats: int) -> None:
    names: dict[Words, str] = {"cut at spaces": "words cut at spaces"}
    if importlib.util.find_spec("spacy") is None:
        progress("spaCy is not installed: datatrove's MinHash runs with words cut at spaces only")
    else:
        spacy = f"words by spaCy {version('spacy')}"
        names["spacy"] = f"stock, {spacy}"
        names["spacy keeping its vocabulary"] = f"{spacy} that keeps its vocabulary"
    cpu: dict[str, list[float]] = defaultdict(list)
    for turn in range(repeats):
        progress(f"CPU time on {size} documents, {turn + 1} of {repeats}")
        cpu["ours"].append(measured(find_near, path, "verified").cpu_seconds)
        for keep, name in names.items():
            cpu[name].append(measured(stock_minhash, path, keep).cpu_seconds)
    ours = statistics.median(cpu["ours"])
    report("near duplicates, CPU", ours, "s", f"{size} documents", "", True)
    for name in names.values():
        theirs = statistics.median(cpu[name])
        peer = f"datatrove {version('datatrove')} MinHash (14 buckets of 8, 5-grams, {name})"
        ratio = ours / theirs
        # Asked for of the stock form; the one that is hardest to beat is held to it too.
        report(
            "near duplicates, CPU ratio", ratio, "ratio", f"{peer}: {theirs:.1f} s", "<= 0.4",
            ratio <= 0.4,
        )  # fmt: skip


def score_dedup(path: Path, planted: list[Planted], profile: ProfileName) -> None:
    progress(f"recall and precision of {profile}")
    built: list[Read] = measured(removals, path, profile).result
    for scored in score(planted, built, profile):
        name = f"near duplicates, {profile}: {scored.figure}"
        against = f"planted truth, {len(planted)} documents"
        report(name, scored.value, scored.unit, against, scored.goal, scored.holds)


def leaflets(data: Path) -> None:
    """The share of real documents that goes: they are alike in ways that made ones are not."""
    progress("near duplicates among real leaflets")
    share = measured(_share_removed, data / "e3c_l3_fr_scale" / "e3c_l3_fr.jsonl.zst").result
    against = "4,903 French texts of the third layer of E3C, most of them leaflets"
    holds = 0.21 <= share <= 0.25
    report("near duplicates, verified: removed", share, "share", against, "about 0.23", holds)


def _share_removed(path: Path) -> float:
    from corpus.readers.files import read_raw_lines

    texts = [json.loads(line)["text"] for _, line in read_raw_lines(path) if line]
    return len(near_duplicates(texts.__getitem__, range(len(texts)), "verified")) / len(texts)


def growth(folder: Path, factors: Sequence[int]) -> None:
    """Time and peak memory, of one worker, at some multiples of `DOCUMENTS`."""
    base = 0.0
    for factor in factors:
        size = factor * DOCUMENTS
        progress(f"growth: writing {size} documents")
        path = folder / f"growth-{factor}.jsonl"
        write_corpus(path, size, SEED + factor)
        write_items(path.with_suffix(".items"), ITEMS, SEED)
        progress(f"growth: {size} documents")
        used = measured_build(path)
        path.unlink()
        each = 1e6 * used.cpu_seconds / size
        base = base or each
        name = f"whole corpus, {factor}x: "
        against = f"{size} documents, one worker"
        report(name + "CPU", used.cpu_seconds, "s", against, "", True)
        report(name + "wall time", used.wall_seconds, "s", against, "", True)
        linear = each / base
        than = f"that at {factors[0]}x: {base:.0f} µs"
        report(name + "CPU per document", linear, "ratio", than, "<= 1.25", linear <= 1.25)
        below = used.peak_mib < MOST_MIB
        report(name + "peak memory", used.peak_mib, "MiB", against, f"< {MOST_MIB}", below)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="within 50 s; leaves out growth")
    parser.add_argument(
        "--growth", type=int, nargs="*", metavar="FACTOR",
        help=f"time and memory alone, at these multiples of {DOCUMENTS} documents (1 4 16)",
    )  # fmt: skip
    parser.add_argument("--made", type=Path, help="a corpus of another generator, with truth.json")
    parser.add_argument("--data", type=Path, help="folder of the real texts, for the leaflets")
    parser.add_argument("--only", choices=PARTS, help="one of these parts")
    parser.add_argument("--repeats", type=int, help="of the CPU figures")
    given = parser.parse_args(arguments)
    quick: bool = given.quick
    size, repeats = (QUICK_DOCUMENTS, 1) if quick else (DOCUMENTS, REPEATS)
    repeats = given.repeats or repeats
    parts = (given.only,) if given.only else PARTS
    with tempfile.TemporaryDirectory() as name:
        if given.growth is not None:
            growth(Path(name), given.growth or FACTORS)
            return
        path = Path(name) / "corpus.jsonl"
        if given.made:
            planted = copy_corpus(given.made, path)
        else:
            progress(f"writing {size} documents")
            planted = write_corpus(path, size, SEED)
        write_items(path.with_suffix(".items"), ITEMS, SEED)
        if "whole" in parts and not quick:  # what is the same for any size is half of it then
            throughput(path, len(planted), repeats)
        if "cpu" in parts:
            compare_cpu(path, len(planted), repeats)
        for profile in PROFILES if "score" in parts else ():
            score_dedup(path, planted, profile)
        if given.data and "score" in parts and not quick:
            leaflets(given.data)
        if not (quick or given.made or given.only):
            growth(Path(name), FACTORS)


if __name__ == "__main__":
    main()
