"""Intervals against published values, exact coverage and simulation; differences by identities."""

import math
from typing import TypedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.settings import EvaluationError
from evaluation.statistics.intervals import (
    Estimate,
    bits_per_byte,
    paired_ratio_difference,
    proportion,
    ratio_bootstrap,
    standard_error,
    wilson,
)


class Quick(TypedDict):
    confidence: float
    resamples: int
    seed: int


QUICK: Quick = {"confidence": 0.95, "resamples": 200, "seed": 0}

documents = st.lists(st.tuples(st.floats(-5000, -1), st.integers(1, 5000)), min_size=2, max_size=40)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3 (score, no correction).
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(
    successes: int, n: int, low: float, high: float
) -> None:
    interval = wilson(successes, n, 0.95)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_the_share_and_mirrors(case: tuple[int, int]) -> None:
    successes, n = case
    low, high = wilson(successes, n, 0.95)
    assert 0 <= low <= successes / n <= high <= 1
    mirrored = wilson(n - successes, n, 0.95)
    assert mirrored.low == pytest.approx(1 - high, abs=1e-12)
    assert mirrored.high == pytest.approx(1 - low, abs=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.8])
def test_wilson_covers_about_as_often_as_it_says(share: float) -> None:
    """Exact: the probability of each outcome times whether its interval holds the truth."""
    n = 60
    coverage = sum(
        math.comb(n, successes) * share**successes * (1 - share) ** (n - successes)
        for successes in range(n + 1)
        if wilson(successes, n, 0.95).low <= share <= wilson(successes, n, 0.95).high
    )
    assert 0.92 < coverage < 0.98


@given(st.lists(st.booleans(), min_size=2, max_size=200))
def test_standard_error_is_that_of_a_mean(answers: list[bool]) -> None:
    """lm-eval divides the sample's standard deviation by √n; for zeros and ones both agree."""
    expected = float(np.std(answers, ddof=1)) / math.sqrt(len(answers))
    found = standard_error(sum(answers) / len(answers), len(answers))
    assert found == pytest.approx(expected, abs=1e-12)
    assert proportion(sum(answers), len(answers), 0.95).stderr == found


@settings(deadline=None, max_examples=50)
@given(documents)
def test_bits_per_byte_is_lm_evals_and_lies_in_its_interval(
    read: list[tuple[float, int]],
) -> None:
    from lm_eval.api.metrics import bits_per_byte as lm_eval_bits_per_byte

    nats, num_bytes = zip(*read, strict=True)
    found = bits_per_byte(nats, num_bytes, **QUICK)
    assert found.value == lm_eval_bits_per_byte(read)
    assert found.low <= found.value <= found.high


@settings(deadline=None, max_examples=50)
@given(documents, st.floats(0.1, 10))
def test_ratio_scales_with_its_numerators(read: list[tuple[float, int]], factor: float) -> None:
    numerators, denominators = zip(*read, strict=True)
    plain = ratio_bootstrap(numerators, denominators, **QUICK)
    scaled = ratio_bootstrap([factor * each for each in numerators], denominators, **QUICK)
    assert scaled.value == pytest.approx(factor * plain.value)
    assert scaled.stderr == pytest.approx(factor * plain.stderr, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(documents, st.floats(0.001, 2))
def test_a_paired_difference_sees_a_constant_shift_exactly(
    read: list[tuple[float, int]], shift: float
) -> None:
    before, sizes = zip(*read, strict=True)
    after = [bits + shift * size for bits, size in read]
    change = paired_ratio_difference(before, after, sizes, **QUICK)
    assert change.value == pytest.approx(shift, rel=1e-6)
    assert change.high - change.low == pytest.approx(0, abs=1e-6)
    swapped = paired_ratio_difference(after, before, sizes, **QUICK)
    assert swapped.value == pytest.approx(-change.value)


def _simulated_documents(generator: np.random.Generator) -> tuple[list[float], list[float]]:
    sizes = generator.integers(200, 1800, size=40).astype(float)
    return list(sizes * generator.gamma(20, 0.1, size=40)), list(sizes)


def test_bootstrap_covers_about_as_often_as_it_says() -> None:
    """The percentile interval is known to run a little short for few documents: 40 of them here."""
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        bits, sizes = _simulated_documents(generator)
        found = ratio_bootstrap(bits, sizes, confidence=0.95, resamples=300, seed=0)
        held += found.low <= 2.0 <= found.high
    assert 0.89 < held / 300 < 0.98


def test_pairing_finds_what_separate_intervals_hide() -> None:
    generator = np.random.default_rng(2)
    before, sizes = _simulated_documents(generator)
    after = [bits + 0.02 * size for bits, size in zip(before, sizes, strict=True)]
    old, new = (ratio_bootstrap(bits, sizes, **QUICK) for bits in (before, after))
    assert old.high > new.low
    assert paired_ratio_difference(before, after, sizes, **QUICK).low > 0


def test_equal_documents_leave_no_doubt_and_the_seed_decides() -> None:
    assert ratio_bootstrap([0.1, 0.1, 0.1], [3, 3, 3], **QUICK) == pytest.approx(
        Estimate(0.1 / 3, 0.1 / 3, 0.1 / 3, 0.0), abs=1e-12
    )
    bits, sizes = _simulated_documents(np.random.default_rng(3))
    assert ratio_bootstrap(bits, sizes, **QUICK) == ratio_bootstrap(bits, sizes, **QUICK)
    other = ratio_bootstrap(bits, sizes, confidence=0.95, resamples=200, seed=1)
    assert other != ratio_bootstrap(bits, sizes, **QUICK)


def test_many_documents_are_resampled_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.statistics.intervals.BLOCK_DRAWS", 100)
    bits, sizes = _simulated_documents(np.random.default_rng(4))
    found = ratio_bootstrap(bits, sizes, **QUICK)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("numerators", "denominators", "complaint"),
    [
        ([1.0], [2.0], "at least 2"),
        ([1.0, 2.0], [2.0], "2, 1 entries"),
        ([1.0, math.nan], [2.0, 2.0], "finite"),
        ([1.0, 2.0], [2.0, 0.0], "positive denominator"),
    ],
)
def test_bad_columns_are_refused(
    numerators: list[float], denominators: list[float], complaint: str
) -> None:
    with pytest.raises(EvaluationError, match=complaint):
        ratio_bootstrap(numerators, denominators, **QUICK)


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (3, 2), (-1, 2)])
def test_what_is_no_proportion_is_refused(successes: int, n: int) -> None:
    with pytest.raises(EvaluationError, match="not a proportion"):
        wilson(successes, n, 0.95)


def test_confidence_lies_between_0_and_1_and_one_answer_has_no_standard_error() -> None:
    with pytest.raises(EvaluationError, match="between 0 and 1"):
        wilson(1, 2, 95)
    with pytest.raises(EvaluationError, match="between 0 and 1"):
        ratio_bootstrap([1, 2], [1, 1], confidence=1.0, resamples=200, seed=0)
    with pytest.raises(EvaluationError, match="no standard error"):
        standard_error(1.0, 1)
