"""Near duplicates, against a slow and obvious count of shared n-grams."""

import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.dedup import grams as grams_module
from corpus.dedup import near
from corpus.dedup.minhash import PROFILES, ProfileName, Signatures, signatures
from corpus.dedup.near import choose, near_duplicates
from corpus.fingerprint import words


def true_jaccard(first: str, second: str, n: int) -> float:
    def gram_set(text: str) -> set[tuple[str, ...]]:
        found = words(text)
        return {tuple(found[i : i + n]) for i in range(max(1, len(found) - n + 1)) if found}

    a, b = gram_set(first), gram_set(second)
    return len(a & b) / len(a | b) if a and b else 0.0


def synthetic(size: int, seed: int) -> tuple[list[str], list[int]]:
    """Zipf-distributed texts, a fifth of them made from an earlier one; and each one's origin."""
    chance = random.Random(seed)
    vocabulary = [f"mot{i}é" for i in range(3000)]
    weights = [1 / (i + 3) for i in range(3000)]
    texts: list[str] = []
    origins: list[int] = []
    for number in range(size):
        if number > 20 and chance.random() < 0.3:
            parent = chance.randrange(number)
            share = chance.choice([0.0, 0.01, 0.02, 0.05, 0.08])
            text = " ".join(
                chance.choice(vocabulary) if chance.random() < share else word
                for word in texts[parent].split()
            )
            texts.append(text.upper().replace(" ", "  ") if chance.random() < 0.3 else text)
            origins.append(origins[parent])
        else:
            drawn = chance.choices(vocabulary, weights, k=chance.randint(40, 300))
            texts.append(" ".join(drawn))
            origins.append(number)
    return texts, origins


@pytest.mark.parametrize("profile", ["verified", "loose"])
def test_planted_duplicates_are_found_and_nothing_else(profile: ProfileName) -> None:
    texts, origins = synthetic(1200, seed=20)
    n, threshold = PROFILES[profile].n, PROFILES[profile].threshold
    removed = near_duplicates(texts.__getitem__, range(len(texts)), profile)
    pairs = [(a, b) for a, b in combinations(range(len(texts)), 2) if origins[a] == origins[b]]
    similar = [p for p in pairs if true_jaccard(texts[p[0]], texts[p[1]], n) >= threshold + 0.02]
    missed = [pair for pair in similar if pair[0] not in removed and pair[1] not in removed]
    assert len(similar) > 150
    assert len(missed) <= 0.01 * len(similar)
    for document, (kept, similarity) in removed.items():
        assert kept not in removed
        assert kept < document
        assert similarity == pytest.approx(true_jaccard(texts[document], texts[kept], n))
        assert similarity >= threshold


@pytest.mark.parametrize("batch_characters", [100, 3_000, 1 << 20])
def test_signatures_do_not_depend_on_batches(
    batch_characters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, _ = synthetic(60, seed=4)
    texts += ["Straße " * 90, "e\u0301te\u0301 " * 200, "😀 " * 500, "un mot", "", "!!"]
    profile = PROFILES["verified"]
    expected = signatures(enumerate(texts), profile)
    monkeypatch.setattr(grams_module, "BATCH_CHARACTERS", batch_characters)
    found = signatures(enumerate(texts), profile)
    assert (found.minima == expected.minima).all()
    assert (found.digests == expected.digests).all()
    assert found.documents.tolist() == [i for i, text in enumerate(texts) if words(text)]


def test_shards_joined_give_what_one_pass_gives(tmp_path: Path) -> None:
    texts, _ = synthetic(300, seed=5)
    profile = PROFILES["verified"]
    for shard in range(3):
        numbers = range(shard, len(texts), 3)
        part = signatures(((number, texts[number]) for number in numbers), profile)
        with (tmp_path / f"{shard}.npz").open("wb") as file:
            part.save(file)
    joined = Signatures.join(Signatures.load(tmp_path / f"{shard}.npz") for shard in (2, 0, 1))
    whole = near_duplicates(texts.__getitem__, list(reversed(range(len(texts)))))
    order = np.argsort(joined.documents)
    ascending = Signatures(joined.documents[order], joined.minima[order], joined.digests[order])
    for found in (joined, ascending):
        assert choose(found, texts.__getitem__, profile, lambda some: sorted(some)[::-1]) == whole
    assert whole


def test_little_memory_for_gram_sets_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts, _ = synthetic(400, seed=6)
    expected = near_duplicates(texts.__getitem__, range(len(texts)), "loose")
    monkeypatch.setattr(near, "GRAM_SETS_BYTES", 1)
    monkeypatch.setattr(near, "BATCH_CHARACTERS", 2000)
    assert near_duplicates(texts.__getitem__, range(len(texts)), "loose") == expected


def chain(steps: int) -> list[str]:
    """Each text similar to the next one, none to the one after that."""
    every = [f"mot{i}" for i in range(200 + 10 * steps)]
    return [" ".join(every[10 * step * 2 : 10 * step * 2 + 200]) for step in range(steps)]


@pytest.mark.parametrize(
    ("order", "expected"), [([0, 1, 2], {1: 0}), ([1, 0, 2], {0: 1, 2: 1}), ([2, 1, 0], {1: 2})]
)
def test_removal_is_against_a_kept_document(order: list[int], expected: dict[int, int]) -> None:
    removed = near_duplicates(chain(3).__getitem__, order)
    assert {document: removal.kept for document, removal in removed.items()} == expected


def test_a_copy_goes_with_its_original() -> None:
    first, second, _ = chain(3)
    texts = [first, second, second.upper(), second]
    removed = near_duplicates(texts.__getitem__, [0, 2, 1, 3])
    assert {document: removal.kept for document, removal in removed.items()} == {1: 0, 2: 0, 3: 0}
    assert removed[3].jaccard == pytest.approx(true_jaccard(first, second, 5))


def test_documents_outside_the_order_take_no_part() -> None:
    texts = ["un deux trois quatre cinq six"] * 3
    assert near_duplicates(texts.__getitem__, [2, 1]) == {1: (2, 1.0)}
    with pytest.raises(ValueError, match="twice"):
        near_duplicates(texts.__getitem__, [1, 1])


@pytest.mark.parametrize("texts", [[], [""], ["!!", "!!"], ["12", "?", "..."]])
def test_texts_without_words_have_no_near_duplicates(texts: Sequence[str]) -> None:
    assert near_duplicates(texts.__getitem__, range(len(texts))) == {}


@settings(deadline=None, max_examples=300)
@given(st.lists(st.text(max_size=40), max_size=6), st.integers(1, 6))
def test_grams_are_those_of_the_words(texts: list[str], n: int) -> None:
    """Equal hashes exactly where the word n-grams are equal, for any Unicode text."""
    found = grams_module.grams(texts, n)
    expected: list[tuple[str, ...]] = []
    for text, count in zip(texts, found.counts.tolist(), strict=True):
        spelt = words(text)
        mine = [tuple(spelt[i : i + n]) for i in range(max(1, len(spelt) - n + 1)) if spelt]
        assert count == len(mine)
        expected += mine
    by_hash = dict(zip(found.hashes.tolist(), expected, strict=True))
    assert [by_hash[value] for value in found.hashes.tolist()] == expected
    assert len(by_hash) == len(set(expected))


@settings(deadline=None, max_examples=100)
@given(st.text(st.sampled_from("aé\u0301ß İ.,\n😀ﬁK"), min_size=30), st.integers(1, 8))
def test_long_texts_are_cut_between_words(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        expected = grams_module.grams([text], 2).hashes.tolist()
        patch.setattr(grams_module, "BATCH_CHARACTERS", size)
        assert grams_module.grams([text], 2).hashes.tolist() == expected
