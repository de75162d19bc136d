"""Tokenising and packing real text: speed, and what each mode fills, drops and splits.

    python -m benchmarks.packing --data FOLDER     the leaflets of e3c_l3_fr_scale below FOLDER
    python -m benchmarks.packing --data FOLDER --quick      a tenth of them
    python -m benchmarks.packing                   generated documents
    python -m benchmarks.packing --data FOLDER --only packing       without timing the tokeniser

The tokenizer is a byte-level BPE trained on the same text (16,000 words, no download). Tokenising
is compared with `datasets.map` in the same run, per CPU-second; packing with TRL's default. One
JSON object a line: figure, value, unit, against, goal, holds.
"""

import argparse
import io
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

MAX_LENGTH = 2048
VOCABULARY = 16_000
LEAFLETS = "e3c_l3_fr_scale/e3c_l3_fr.jsonl.zst"
GOAL_SPEED, GOAL_FILL = 1.4, 99.5


def leaflets(data: Path, quick: bool) -> list[str]:
    import zstandard

    with (data / LEAFLETS).open("rb") as stream:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(stream), "utf-8")
        texts = [json.loads(line)["text"] for line in lines]
    return texts[::10] if quick else texts


def generated(quick: bool) -> list[str]:
    chance = random.Random(0)  # noqa: S311
    words = [
        "".join(chance.choices("abcdeilmnoprstuv", k=chance.randint(2, 11))) for _ in range(9000)
    ]
    sizes = [int(chance.lognormvariate(6.5, 1.2)) + 5 for _ in range(300 if quick else 3000)]
    return [" ".join(chance.choices(words, k=size)) for size in sizes]


def tokenizer_of(texts: list[str]) -> Any:
    from training.settings import TinyModel
    from training.tiny import train_tokenizer

    sample = texts[:: max(1, len(texts) // 400)]
    shape = TinyModel(corpus="sample", licence="CC0-1.0", vocab_size=VOCABULARY)
    return train_tokenizer(shape, sample)


def cpu_seconds(work: Callable[[], object]) -> float:
    """User and system time of this process and of those it waited for."""
    before = os.times()
    work()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def corpus_of(texts: list[str], folder: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from hub.manifest import Artefact, MadeBy, Manifest, artefact_digest, describe_files

    (folder / "data").mkdir(parents=True)
    pq.write_table(pa.table({"text": texts}), folder / "data/00000.parquet")
    files = describe_files(folder, ["data/00000.parquet"])
    made_by = MadeBy(
        code="", packages={}, command="", machine="", accelerator="", wall_seconds=0, cpu_seconds=0
    )
    manifest = Manifest(
        kind="corpus", name="texts", key="", digest=artefact_digest("corpus", files), files=files,
        inputs=(), recipe={}, numbers={}, licence=(), made_by=made_by,
    )  # fmt: skip
    return Artefact(folder, manifest)


def report(figure: str, value: float, unit: str, against: str, goal: float | None = None) -> None:
    line = {
        "figure": figure, "value": round(value, 3), "unit": unit, "against": against,
        "goal": goal, "holds": None if goal is None else value >= goal,
    }  # fmt: skip
    print(json.dumps(line, ensure_ascii=False), flush=True)


def tokenising(corpus: Any, tokenizer: Any, folder: Path, rounds: int) -> Any:
    """Ours writes checked shards; `datasets.map` writes its Arrow cache: both end on disk."""
    import datasets

    from training.tokens import tokenised

    datasets.disable_progress_bars()
    tokenizer("warm", split_special_tokens=True)
    datasets.Dataset.from_dict({"text": ["warm"]}).map(lambda batch: tokenizer(batch["text"]))
    small = corpus_of(["warm"], folder / "warm")
    tokenised(small, tokenizer, folder / "warm-tokens")
    store = None
    ours, theirs = [], []
    for number in range(rounds):

        def by_us(cache: Path = folder / f"tokens-{number}") -> None:
            nonlocal store
            store = tokenised(corpus, tokenizer, cache)

        def by_map(cache: Path = folder / f"map-{number}") -> None:
            dataset = datasets.Dataset.from_parquet(
                str(corpus.folder / "data/00000.parquet"), cache_dir=str(cache)
            )
            dataset.map(
                lambda batch: tokenizer(batch["text"]), batched=True, remove_columns=["text"],
                load_from_cache_file=False,
            )  # fmt: skip

        ours.append(cpu_seconds(by_us))
        theirs.append(cpu_seconds(by_map))
        print(f"round {number + 1}: {ours[-1]:.1f} against {theirs[-1]:.1f} s", file=sys.stderr)
    assert store is not None
    rates = [store.num_tokens / statistics.median(times) / 1e6 for times in (ours, theirs)]
    against = f"datasets.map with the same tokenizer: {rates[1]:.3f} M tokens a CPU-second"
    report("tokenising", rates[0], "M tokens a CPU-second", against)
    report("tokenising, ratio", rates[0] / rates[1], "times", against, GOAL_SPEED)
    return store


def packing(store: Any) -> None:
    from training.packing import pack
    from training.settings import PackingName

    against = f"{len(store.lengths):,} documents, {store.num_tokens:,} tokens at {MAX_LENGTH}"
    for name in get_args(PackingName):
        began = time.process_time()
        packed = pack(name, store, MAX_LENGTH)
        seconds = time.process_time() - began
        goal = GOAL_FILL if name == "best-fit" else None
        report(f"{name}: fill", packed.fill_percent, "%", against, goal)
        report(f"{name}: dropped", packed.num_dropped, "tokens", against)
        report(f"{name}: repeated", packed.num_repeated, "tokens", against)
        report(f"{name}: documents split", packed.num_split, "documents", against)
        report(f"{name}: time", 1e6 * seconds / len(store.lengths), "CPU-µs a document", against)


def trl_default(store: Any) -> None:
    """What TRL's own default drops on the same documents."""
    from datasets import Dataset
    from trl.data_utils import pack_dataset

    ends = store.lengths.cumsum()
    ids = [
        store.read(int(end - length), int(length))
        for end, length in zip(ends, store.lengths, strict=True)
    ]
    packed = pack_dataset(Dataset.from_dict({"input_ids": ids}), MAX_LENGTH, "bfd")
    kept = sum(len(row) for row in packed["input_ids"])
    lost = 100 * (1 - kept / store.num_tokens)
    report("TRL's default (bfd): dropped", lost, "% of the tokens", "packing_strategy bfd")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within 50 s on two cores")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", choices=("packing",), help="one part")
    asked = parser.parse_args()
    from training.tokens import tokenised

    texts = leaflets(asked.data, asked.quick) if asked.data else generated(asked.quick)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{len(texts)} documents, training a tokenizer", file=sys.stderr)
        tokenizer = tokenizer_of(texts)
        corpus = corpus_of(texts, folder / "corpus")
        if asked.only:
            store = tokenised(corpus, tokenizer, folder / "tokens")
        else:
            store = tokenising(corpus, tokenizer, folder, rounds=1 if asked.quick else 3)
        packing(store)
        trl_default(store)


if __name__ == "__main__":
    main()
