"""What is decided by comparing documents: near duplicates, and the asked mixture."""

from pathlib import Path

import numpy as np

from corpus.census import Census, all_signatures
from corpus.decide import (
    SPLITS,
    Fates,
    Judge,
    Numbers,
    comparable,
    remove_from_mix,
    remove_near_duplicates,
)
from corpus.mix import Mixed, choose, part_of
from corpus.settings import CorpusSettings
from corpus.units import Texts

TOKENISED_AT_ONCE = 1000
"""documents"""


def without_near_duplicates(
    settings: CorpusSettings,
    census: Census,
    fates: Fates,
    judge: Judge,
    signatures: str | None,
    scratch: Path,
) -> None:
    """The preferred one of similar documents stays: set apart for later, better evidence, a less
    restrictive licence, source order of the recipe, longest, id. A withdrawn one comes before all,
    so that what resembles it goes."""
    from corpus.dedup.minhash import PROFILES
    from corpus.dedup.near import choose as choose_near

    if settings.dedup == "exact" or signatures is None:
        return
    profile = PROFILES[settings.dedup]
    taking_part = comparable(fates, census.allowed, census.leader, settings.split)
    found = all_signatures(census, signatures, profile, taking_part, scratch)
    texts = Texts(census.units, census.first)
    removals = choose_near(
        found,
        texts.__getitem__,
        profile,
        lambda numbers: preferred(numbers, census, fates, judge),
    )
    texts.close()
    remove_near_duplicates(fates, dict(removals), census.leader)


def preferred(numbers: list[int], census: Census, fates: Fates, judge: Judge) -> list[int]:
    """Some documents, the one to keep first."""
    rows = census.some(numbers, ["id", "evidence"])
    sources = [unit.source for unit in census.units]
    places = np.searchsorted(census.first, numbers, "right") - 1
    source = dict(zip(numbers, (sources[place] for place in places.tolist()), strict=True))

    def key(number: int) -> tuple[object, ...]:
        row = rows[number]
        judged = census.pooled.get(int(census.leader[number])) or judge.judge(
            (row["evidence"], judge.terms(source[number])),
            source[number],
            judge.about([(row["id"], source[number])]),
        )
        status = int(fates.status[number])
        return (
            not census.known.withdrawn[number],
            -status if status < len(SPLITS) else 1,
            judged.preference,
            int(census.known.source[number]),
            -int(census.known.num_words[number]),
            row["id"],
            number,
        )

    return sorted(numbers, key=key)


def mixture(
    settings: CorpusSettings, census: Census, fates: Fates, tokenizer: Path | None
) -> Mixed | None:
    """Kept documents that the mixture does not ask for go."""
    if settings.mix is None:
        return None
    mix, kept = settings.mix, fates.of("kept")
    parts = np.full(len(fates.status), -1, np.int16)
    for unit, begin, rows in census.batches(["language"]):
        for offset, language in enumerate(rows["language"]):
            parts[begin + offset] = part_of(mix, unit.source, language)
    if mix.unit == "tokens":
        if tokenizer is None:
            raise ValueError("a mix in tokens needs the folder of a tokenizer")
        sizes = _count_tokens(census, kept, tokenizer)
    else:
        sizes = census.known.num_words[kept]
    mixed = choose(mix, parts[kept].astype(np.int64), sizes, census.known.fingerprint[kept, 0])
    taken = np.zeros(len(fates.status), bool)
    taken[kept[mixed.taken]] = True
    remove_from_mix(fates, taken)
    return mixed


def _count_tokens(census: Census, numbers: Numbers, folder: Path) -> Numbers:
    """Without special tokens, as they are added once a document by whoever trains."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = Texts(census.units, census.first)
    counts: list[int] = []
    for start in range(0, len(numbers), TOKENISED_AT_ONCE):
        some = [texts[number] for number in numbers[start : start + TOKENISED_AT_ONCE].tolist()]
        encoded = tokenizer.encode_batch_fast(some, add_special_tokens=False)
        counts += [len(entry) for entry in encoded]
    texts.close()
    return np.array(counts, np.int64)
