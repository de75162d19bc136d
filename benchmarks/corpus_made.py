"""Made corpora with planted copies, and what of them a corpus that was built should have removed.

Scored against the planted truth, with similarities counted the slow and obvious way on the texts
as the corpus has them. A folder that another generator made is read too: `corpus.jsonl` with
`doc_id` and `text`, and `truth.json` with the kind and the parent of each document.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.dedup.minhash import PROFILES, ProfileName
from corpus.fingerprint import words

KINDS = {
    "copy": 0.05, "noisy copy": 0.05, "8% edited": 0.05, "20% edited": 0.03, "long": 0.005,
    "short": 0.01, "with address": 0.01,
}  # fmt: skip
EDITS = {"8% edited": 0.08, "20% edited": 0.20}
COPIES = ("copy", "noisy copy")
SHORT = ("12", "Oui.", "a b", "!!", "42 %")
_KIND_OF = {"exact": "copy", "norm_exact": "noisy copy", "near08": "8% edited",
            "near20": "20% edited", "short": "short"}  # fmt: skip


class Planted(NamedTuple):
    kind: str
    parent: int
    """number of the document that it was made from; its own where it was made from none"""
    origin: int
    """number of the document that all of its family were made from; its own where it is alone"""


class Read(NamedTuple):
    """A document of a corpus that was built."""

    text: str
    kept_instead: int
    """number of the document that is kept in its place; -1: none"""


class Scored(NamedTuple):
    figure: str
    value: float
    unit: str
    goal: str
    holds: bool


def write_corpus(path: Path, size: int, seed: int) -> list[Planted]:
    """French-looking texts of 300 words, Zipf vocabulary, 18% of them made from an earlier one,
    whichever; a few long, without a word or with an address of the web."""
    chance = np.random.default_rng(seed)
    syllables = ["ba", "co", "di", "fé", "gu", "la", "mi", "no", "eau", "ique", "tion", "ment", "ç"]
    vocabulary = ["le", "la", "de", "et", "en", "une", "patient", "dose", "mg", "traitement"]
    vocabulary += ["".join(chance.choice(syllables, size=3 + i % 3)) for i in range(40_000)]
    weights = 1 / (np.arange(len(vocabulary)) + 3)
    cumulative = np.cumsum(weights / weights.sum())[:-1]
    # every eighteenth word ends a sentence
    half = len(vocabulary)
    vocabulary += [*(word + "." for word in vocabulary), *SHORT]

    def draw(count: int) -> NDArray[np.uint32]:
        drawn = np.searchsorted(cumulative, chance.random(count))
        return (drawn + half * (chance.random(count) < 1 / 18)).astype(np.uint32)

    made: list[NDArray[np.uint32]] = []
    planted: list[Planted] = []
    with path.open("w", encoding="utf-8") as lines:
        for number in range(size):
            kind = _pick(float(chance.random())) if number > 50 else ""
            parent = origin = number
            if kind in COPIES or kind in EDITS:
                parent = int(chance.integers(number))
                origin, text = planted[parent].origin, made[parent].copy()
                edited = chance.random(len(text)) < EDITS.get(kind, 0.0)
                text[edited] = draw(int(edited.sum()))
            else:
                text = draw(4_000 if kind == "long" else max(40, int(chance.normal(300, 90))))
            if kind == "short":
                text = np.array([2 * half + chance.integers(len(SHORT))], np.uint32)
            made.append(text)
            written = " ".join([vocabulary[word] for word in text.tolist()])
            match kind:
                case "noisy copy":
                    written = "  ".join(written.upper().split(" "))
                case "with address":
                    written += " voir https://example.org/a?b=c#d 😀 \u200b ± µg ≥ « guillemets »"
            lines.write(_line(number, written))
            planted.append(Planted(kind, parent, origin))
    return planted


def write_items(path: Path, size: int, seed: int) -> None:
    """Questions of an examination, one in four of fewer than 13 words; none is planted."""
    chance = np.random.default_rng(seed)

    def draw(count: int) -> str:
        return " ".join(f"terme{number}" for number in chance.integers(20_000, size=count))

    with path.open("w", encoding="utf-8") as lines:
        for number in range(size):
            question = draw(8 if number % 4 == 0 else 30)
            item = {"id": f"q{number}", "context": question,
                    "options": [draw(3) for _ in range(4)], "answer": number % 4}  # fmt: skip
            lines.write(json.dumps(item) + "\n")


def _pick(chance: float) -> str:
    for kind, share in KINDS.items():
        if chance < share:
            return kind
        chance -= share
    return ""


def _line(number: int, text: str) -> str:
    """Ids that sort as numbers do, so that of equals the first one stays."""
    return json.dumps({"id": f"d{number:07}", "text": text}, ensure_ascii=False) + "\n"


def copy_corpus(folder: Path, path: Path) -> list[Planted]:
    """One of another generator, whose truth is {"d7": {"kind": "exact", "parent": "d3"}, …}."""
    with (folder / "corpus.jsonl").open("rb") as rows, path.open("w", encoding="utf-8") as lines:
        for number, row in enumerate(rows):
            lines.write(_line(number, json.loads(row)["text"]))
    planted: list[Planted] = []
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    for number, entry in enumerate(truth.values()):
        kind = _KIND_OF.get(entry["kind"], "")
        if entry["parent"] is None:
            planted.append(Planted(kind, number, number))
        else:
            parent = int(entry["parent"][1:])
            planted.append(Planted(kind, parent, planted[parent].origin))
    return planted


def score(
    planted: Sequence[Planted], built: Sequence[Read], profile: ProfileName
) -> Iterator[Scored]:
    """Documents of the kind `short` are set aside where the figure is about relatives: two texts of
    two words are the same text without one being made from the other."""
    n, threshold = PROFILES[profile].n, PROFILES[profile].threshold
    gone = [read.kept_instead >= 0 for read in built]
    families: dict[int, list[int]] = defaultdict(list)
    for number, entry in enumerate(planted):
        families[entry.origin].append(number)
    missed = similar = 0
    for family in families.values():
        sets = [gram_set(built[number].text, n) for number in family if len(family) > 1]
        for first, second in combinations(range(len(sets)), 2):
            if jaccard(sets[first], sets[second]) >= threshold + 0.02:
                similar += 1
                missed += not gone[family[first]] and not gone[family[second]]
    share = 1 - missed / similar
    figure = f"pairs 0.02 above the threshold, of {similar}"
    yield Scored(figure, share, "share", ">= 0.99", share >= 0.99)
    pairs = [(number, read) for number, read in enumerate(built) if gone[number]]
    below = sum(
        jaccard(gram_set(read.text, n), gram_set(built[read.kept_instead].text, n)) < threshold
        for _, read in pairs
    )
    yield Scored("removed below the threshold", below, "documents", "0", below == 0)
    chains = sum(gone[read.kept_instead] for _, read in pairs)
    yield Scored("removed for one that is not kept", chains, "documents", "0", chains == 0)
    alone = sum(
        planted[number].origin != planted[read.kept_instead].origin
        for number, read in pairs
        if planted[planted[number].origin].kind != "short"
    )
    yield Scored("removed without a relative", alone, "documents", "0", alone == 0)
    for kind, least in {"copy": 1.0, "noisy copy": 1.0, "8% edited": 0.9}.items():
        of_kind = [number for number, entry in enumerate(planted) if entry.kind == kind]
        # The longer one stays, which may be the copy: an address that it hides from cleaning.
        settled = [
            gone[number] or built[planted[number].parent].kept_instead == number
            for number in of_kind
        ]
        found = sum(settled) / len(of_kind)
        wanted = kind in COPIES or profile == "loose"
        goal = f">= {least:g}" if wanted else ""
        yield Scored(
            f"{kind}: it or what it was made from removed",
            found,
            "share",
            goal,
            not wanted or found >= least,
        )
    kept = {origin: sum(not gone[number] for number in family)
            for origin, family in families.items() if planted[origin].kind != "short"}  # fmt: skip
    copies = [
        origin
        for origin, family in families.items()
        if origin in kept and len(family) > 1 and _only_copies(family, planted)
    ]
    one = sum(kept[origin] == 1 for origin in copies) / len(copies)
    yield Scored(f"families of copies with one kept, of {len(copies)}", one, "share", "1", one == 1)
    empty = sum(not count for count in kept.values())
    yield Scored("families with none kept", empty, "families", "0", empty == 0)


def _only_copies(family: Sequence[int], planted: Sequence[Planted]) -> bool:
    return all(planted[number].kind in COPIES for number in family[1:])


def gram_set(text: str, n: int) -> set[tuple[str, ...]]:
    """A text without words is one gram: a corpus compares it as a whole."""
    found = words(text) or [text]
    return {tuple(found[start : start + n]) for start in range(max(1, len(found) - n + 1))}


def jaccard(first: set[tuple[str, ...]], second: set[tuple[str, ...]]) -> float:
    return len(first & second) / len(first | second)
