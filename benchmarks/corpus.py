"""How fast a corpus is built, how many near duplicates are found, and how that grows.

    python -m benchmarks.corpus --quick     within 50 s on two cores
    python -m benchmarks.corpus             about 15 minutes, most of them datatrove's

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
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from corpus.dedup.minhash import PROFILES, ProfileName
from corpus.dedup.near import Removal, near_duplicates
from corpus.fingerprint import words

REPEATS = 3
DOCUMENTS = 20_000
QUICK_DOCUMENTS = 2_000
SEED = 20_260

KINDS = {"copy": 0.05, "noisy copy": 0.05, "8% edited": 0.05, "20% edited": 0.03}
EDITS = {"8% edited": 0.08, "20% edited": 0.20}


class Planted(NamedTuple):
    kind: str
    origin: int


class Used(NamedTuple):
    cpu_seconds: float
    wall_seconds: float
    peak_mib: float
    result: Any


def write_corpus(path: Path, size: int, seed: int) -> list[Planted]:
    """French-looking texts of 300 words, Zipf vocabulary, 18% of them made from an earlier one.

    A parent is one of the last 5,000 documents, so that memory does not grow with the size.
    """
    chance = np.random.default_rng(seed)
    syllables = ["ba", "co", "di", "fé", "gu", "la", "mi", "no", "eau", "ique", "tion", "ment", "ç"]
    vocabulary = ["le", "la", "de", "et", "en", "une", "patient", "dose", "mg", "traitement"]
    vocabulary += ["".join(chance.choice(syllables, size=3 + i % 3)) for i in range(40_000)]
    weights = 1 / (np.arange(len(vocabulary)) + 3)
    cumulative = np.cumsum(weights / weights.sum())
    recent: list[tuple[int, list[str]]] = []
    planted: list[Planted] = []

    def draw(count: int) -> list[str]:
        drawn = np.searchsorted(cumulative[:-1], chance.random(count))
        return [vocabulary[number] for number in drawn.tolist()]

    with path.open("w", encoding="utf-8") as lines:
        for number in range(size):
            kind = _pick(float(chance.random())) if number > 50 else "original"
            origin = number
            if kind == "original":
                text = draw(max(40, int(chance.normal(300, 90))))
            else:
                origin, parent = recent[int(chance.integers(len(recent)))]
                edited = chance.random(len(parent)) < EDITS.get(kind, 0.0)
                fresh = iter(draw(int(edited.sum())))
                pairs = zip(parent, edited.tolist(), strict=True)
                text = [next(fresh) if change else word for word, change in pairs]
            recent = [*recent, (origin, text)] if len(recent) < 5_000 else recent
            recent[number % len(recent)] = (origin, text)
            written = "  ".join(text).upper() if kind == "noisy copy" else " ".join(text)
            lines.write(
                json.dumps({"id": f"d{number}", "text": written}, ensure_ascii=False) + "\n"
            )
            planted.append(Planted(kind, origin))
    return planted


def _pick(chance: float) -> str:
    for kind, share in KINDS.items():
        if chance < share:
            return kind
        chance -= share
    return "original"


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


def build_corpus(path: Path) -> int:
    """The whole default corpus from one file: its number of words read."""
    from corpus.build import build
    from corpus.fingerprint import Shares
    from corpus.settings import CorpusSettings, SourceSettings

    source = SourceSettings(
        reader="jsonl", files=path.name, language="fr", terms={"licence": "CC0-1.0"}
    )
    settings = CorpusSettings(sources=("made",), use="commercial")
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        out = Path(name)
        built = build(
            settings, {"made": source}, path.parent, {}, Shares(0.0, 0.0), 1,
            out / "out", out / "excluded", out / "scratch", progress,
        )  # fmt: skip
    return int(built.corpus.numbers["read"].value)


def throughput(path: Path, size: int) -> None:
    used = measured(build_corpus, path)
    rate = size / used.cpu_seconds
    against = f"{size} documents of about 300 words"
    unit = "documents per CPU-second"
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
    if function is build_corpus:
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
    names: dict[Words, str] = {"cut at spaces": "MinHash with words cut at spaces"}
    if importlib.util.find_spec("spacy") is None:
        progress("spaCy is not installed: datatrove's MinHash runs with words cut at spaces only")
    else:
        names["spacy"] = "stock MinHash"
        names["spacy keeping its vocabulary"] = "MinHash, tokenizer keeping its vocabulary"
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
        against = f"datatrove {version('datatrove')} {name}: {theirs:.1f} s"
        ratio = ours / theirs
        # The goal is set for the stock form.
        stock = name == names.get("spacy")
        goal = "<= 0.4" if stock else ""
        report(
            "near duplicates, CPU ratio", ratio, "ratio", against, goal, not stock or ratio <= 0.4
        )


def score(path: Path, planted: list[Planted], profile: ProfileName) -> None:
    """Against the planted truth, with similarities counted the slow and obvious way."""
    progress(f"recall and precision of {profile}")
    removed: dict[int, Removal] = measured(find_near, path, profile).result
    texts = Texts(path)
    n, threshold = PROFILES[profile].n, PROFILES[profile].threshold
    families: dict[int, list[int]] = defaultdict(list)
    for number, entry in enumerate(planted):
        families[entry.origin].append(number)
    found = missed = 0
    for family in families.values():
        sets = [_gram_set(texts[number], n) for number in family if len(family) > 1]
        for first, second in combinations(range(len(sets)), 2):
            if _jaccard(sets[first], sets[second]) >= threshold + 0.02:
                gone = family[first] in removed or family[second] in removed
                found, missed = found + gone, missed + (not gone)
    wrong = sum(
        _jaccard(_gram_set(texts[number], n), _gram_set(texts[kept], n)) < threshold
        for number, (kept, _) in removed.items()
    )
    alone = sum(len(families[planted[number].origin]) == 1 for number in removed)
    against = f"planted truth, {len(texts)} documents"
    share = found / (found + missed)
    name = f"near duplicates, {profile}: "
    report(name + "similar pairs found", share, "share", against, ">= 0.99", share >= 0.99)
    report(name + "removed below the threshold", wrong, "documents", against, "0", wrong == 0)
    report(name + "removed without a relative", alone, "documents", against, "0", alone == 0)
    for kind, least in _expected(profile):
        removed_share = _removed_share(kind, planted, removed)
        holds = removed_share >= least
        report(f"{name}{kind} removed", removed_share, "share", against, f">= {least}", holds)
    copies = [f for f in families.values() if len(f) > 1 and _only_copies(f, planted)]
    one = sum(sum(number not in removed for number in f) == 1 for f in copies) / len(copies)
    report(name + "families of copies with one kept", one, "share", against, "1", one == 1)


def _expected(profile: ProfileName) -> Iterator[tuple[str, float]]:
    yield from {"copy": 1.0, "noisy copy": 1.0}.items()
    if profile == "loose":
        yield "8% edited", 0.9


def _removed_share(kind: str, planted: list[Planted], removed: dict[int, Removal]) -> float:
    of_kind = [number for number, entry in enumerate(planted) if entry.kind == kind]
    return sum(number in removed for number in of_kind) / len(of_kind)


def _only_copies(family: list[int], planted: list[Planted]) -> bool:
    return all(planted[number].kind in ("original", "copy", "noisy copy") for number in family)


def _gram_set(text: str, n: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + n]) for start in range(max(1, len(found) - n + 1))}


def _jaccard(first: set[tuple[str, ...]], second: set[tuple[str, ...]]) -> float:
    return len(first & second) / len(first | second)


def growth(folder: Path) -> None:
    """Time and peak memory at 1, 4 and 16 times `DOCUMENTS`."""
    base = 0.0
    for factor in (1, 4, 16):
        size = factor * DOCUMENTS
        progress(f"growth: {size} documents")
        path = folder / f"growth-{factor}.jsonl"
        write_corpus(path, size, SEED + factor)
        used = measured(build_corpus, path)
        path.unlink()
        base = base or used.cpu_seconds
        ratio = used.cpu_seconds / base / factor
        name = f"whole corpus, {factor}x: "
        report(name + "CPU", used.cpu_seconds, "s", f"{size} documents", "", True)
        report(name + "CPU per document", ratio, "of 1x", "linear", "<= 1.5", ratio <= 1.5)
        below = used.peak_mib < 1536
        report(name + "peak memory", used.peak_mib, "MiB", f"{size} documents", "< 1536", below)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="within 50 s; leaves out growth")
    quick: bool = parser.parse_args(arguments).quick
    size = QUICK_DOCUMENTS if quick else DOCUMENTS
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "corpus.jsonl"
        progress(f"writing {size} documents")
        planted = write_corpus(path, size, SEED)
        throughput(path, size)
        compare_cpu(path, size, 1 if quick else REPEATS)
        for profile in PROFILES:
            score(path, planted, profile)
        if not quick:
            growth(Path(name))


if __name__ == "__main__":
    main()
