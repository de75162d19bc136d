"""Licences: what share of real statements is recognised, and how fast.

    python -m benchmarks.licences --data ../shared/data
    python -m benchmarks.licences --quick

One JSON object a line. Speed is measured without the cache that a real corpus, where few statements
repeat often, would profit from. `--statements` prints each distinct statement with its reading, to
be checked by hand.
"""

import argparse
import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from corpus.readers.jats import read_jats_front
from corpus.readers.registry import READERS
from corpus.settings import ReaderName, SourceSettings
from hub.licences.evidence import resolve
from hub.licences.recognise import _recognise, recognise
from release.audit_files import documents_in

READ_BY: dict[str, tuple[ReaderName, str]] = {
    "jats_plos": ("jats", "*.xml"),
    "jats_pmc_mixed": ("jats", "*.nxml"),
    "hal_tei": ("tei", "*.xml"),
    "e3c_json_l1l2": ("json", "**/*.json"),
    "e3c_l3_bdpm_notices_fr": ("json", "**/*.json"),
    "e3c_l3_en_mixed_licences": ("json", "**/*.json"),
    "e3c_l3_pamj_fr": ("json", "**/*.json"),
    "e3c_xmi": ("xmi", "*.xml"),
    "gesetze_de_medizinrecht": ("markdown", "*.md"),
    "gesetze_de_nonmedical": ("markdown", "**/*.md"),
}
FIELDS = (
    "CC BY 4.0", "CC-BY-NC", "CC BY", "NO-CC CODE", "etalab-2.0", "CC0", "cc by-nc-sa 3.0",
    "http://creativecommons.org/licenses/by/4.0/", "Apache-2.0", "GNU Free Documentation License",
    "Creative Commons Attribution-NonCommercial 4.0 International License",
    "This is an open-access article distributed under the terms of the Creative Commons Attribution"
    " License, which permits unrestricted use, distribution, and reproduction in any medium,"
    " provided the original author and source are credited.",
)  # fmt: skip


def statements(name: str, data: Path) -> Iterator[str]:
    """What each document states, in one string; "" where it states nothing."""
    reader, files = READ_BY[name]
    settings = SourceSettings(reader=reader, files=files)
    for path in sorted((data / name).glob(files)):
        for document in READERS[reader](name, settings, path):
            if not document.problem:
                yield "\n".join(entry.statement for entry in document.evidence)


def pmc_list(data: Path) -> Iterator[str]:
    path = data / "pmc_oa_file_list" / "oa_file_list.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            yield row[-1]


def coverage(name: str, said: list[str], show: bool) -> None:
    stated = [words for words in said if words]
    counts = Counter(stated)
    known = sum(n for words, n in counts.items() if all(map(recognise, words.split("\n"))))
    share = known / len(stated) if stated else 1.0
    report(f"{name}: stated licences recognised", share, "share", f"{len(stated)} of {len(said)}"
           " documents state one", 0.95, share >= 0.95)  # fmt: skip
    if show:
        for words, n in counts.most_common():
            found = [recognise(line) for line in words.split("\n")]
            print(json.dumps({"set": name, "documents": n, "read": found, "words": words},
                             ensure_ascii=False), file=sys.stderr)  # fmt: skip


def per_second(act: Callable[[int], object], seconds: float) -> float:
    began, count = time.process_time(), 0
    while (spent := time.process_time() - began) < seconds or count == 0:
        act(count)
        count += 1
    return count / spent


def report(figure: str, value: float, unit: str, against: str, goal: float, holds: bool) -> None:
    line = {"figure": figure, "value": round(value, 4), "unit": unit, "against": against,
            "goal": goal, "holds": holds}  # fmt: skip
    print(json.dumps(line, ensure_ascii=False), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--statements", action="store_true")
    arguments = parser.parse_args()
    seconds = 1.0 if arguments.quick else 5.0
    read = _recognise.__wrapped__
    speed = per_second(lambda n: read(FIELDS[n % len(FIELDS)]), seconds)
    report("licence fields read", speed, "a second and core", "no cache", 20_000, speed >= 20_000)
    if arguments.data is None:
        return
    for name in READ_BY:
        if (arguments.data / name).is_dir():
            coverage(name, list(statements(name, arguments.data)), arguments.statements)
    collection = arguments.data / "e3c_l3_fr_scale"
    found = documents_in(collection, None)
    said = ["\n".join(entry.statement for entry in one.evidence) for one in found]
    coverage("e3c_l3_fr_scale", said, arguments.statements)
    coverage("pmc_oa_file_list", list(pmc_list(arguments.data)), arguments.statements)
    articles = sorted((arguments.data / "jats_plos").glob("*.xml"))
    settings = SourceSettings(reader="jats", files="*")

    def judge(number: int) -> None:
        for document in read_jats_front("jats", settings, articles[number % len(articles)]):
            resolve(document.evidence)

    speed = per_second(judge, seconds)
    report("JATS articles read and judged", speed, "a second and core", "read up to </front>",
           2_000, speed >= 2_000)  # fmt: skip


if __name__ == "__main__":
    main()
