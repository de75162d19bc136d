"""The linear classifier, thresholds, drift, the cascade: what a user of the scores would notice."""

from pathlib import Path

import numpy as np
import pytest

from corpus.domain import features
from corpus.domain.artefact import Classifier
from corpus.domain.cascade import Band, choose_band, decide
from corpus.domain.drift import counted, reference, stability_index
from corpus.domain.evidence import Known
from corpus.domain.linear import Example, LinearModel, fit
from corpus.domain.thresholds import calibrate, choose, curve, quality
from corpus.domain.unseen import (
    BOUNDS,
    above_unseen,
    even_weights,
    scores_unseen,
    threshold_unseen,
)
from hub.failure import BadInput

MEDICAL = {
    "de": "Patient Fieber Diagnose Tumor Therapie Medikament Dosis Klinik Herz Lunge Infektion",
    "fr": "patient fièvre diagnostic tumeur thérapie médicament dose clinique cœur poumon",
}
OTHER = {
    "de": "Gericht Börse Fußball Regierung Verkehr Musik Klausel Urteil Steuer Gemeinde Schule",
    "fr": "tribunal bourse football gouvernement transport musique clause jugement impôt",
}
COMMON = {
    "de": "der die das und mit von einem nicht wurde auch nach bei über mehr sehr dieser",
    "fr": "le la les et avec de un ne fut aussi après chez sur plus très cette",
}


def text(rng: np.random.Generator, language: str, medical: bool, size: int = 60) -> str:
    own = (MEDICAL if medical else OTHER)[language].split()
    common = COMMON[language].split()
    words = [rng.choice(own if rng.random() < 0.3 else common) for _ in range(size)]
    return " ".join(map(str, words))


def sample(size: int, seed: int = 0) -> list[Example]:
    rng = np.random.default_rng(seed)
    return [
        Example(text(rng, language, label), label, language, f"{language}-{label}-{n % 3}")
        for n in range(size)
        for language in ("de", "fr")
        for label in (True, False)
    ]


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return fit(sample(60))


def test_scores_are_those_of_each_text_alone(model: LinearModel):
    rng = np.random.default_rng(5)
    texts = [text(rng, "de", True), "", "…", text(rng, "fr", False), "Ödem 5 mg", "\ud800 x" * 3]
    together = model.logits(texts)
    alone = [model.logits([one])[0] for one in texts]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-9)
    many = model.logits(texts * 1_000)
    np.testing.assert_allclose(many, np.tile(together, 1_000), rtol=0, atol=1e-9)
    assert len(model.logits([])) == 0


def test_features_do_not_depend_on_case_accents_or_which_digit():
    a = features.distinct(["Œdème aigu: 12,5 mg", "ÉRYTHÈME"])
    b = features.distinct(["œDEME AIGU: 98,7 MG", "erytheme"])
    assert a.numbers.tolist() == b.numbers.tolist() and a.counts.tolist() == b.counts.tolist()
    repeated = features.distinct(["Herz Lunge", "Lunge Herz " * 50])
    first = set(repeated.numbers[: repeated.counts[0]].tolist())
    assert first <= set(repeated.numbers[repeated.counts[0] :].tolist())


def test_it_finds_the_domain_in_both_languages_and_is_the_same_again(model: LinearModel):
    unseen = sample(30, seed=9)
    scores = model.logits([e.text for e in unseen])
    labels = np.array([e.label for e in unseen])
    assert ((scores > 0) == labels).mean() > 0.97
    again = fit(sample(60))
    assert again.weights.tobytes() == model.weights.tobytes() and again.intercept == model.intercept


def test_one_class_only_is_refused_in_words():
    some = [e for e in sample(5) if e.label or e.language == "de"]
    with pytest.raises(BadInput, match="fr has not both"):
        fit(some)
    with pytest.raises(BadInput, match="the sample has not both"):
        fit([])


def test_a_saved_classifier_says_the_same_and_another_folder_is_refused(
    model: LinearModel, tmp_path: Path
):
    texts = [e.text for e in sample(10, seed=3)]
    known = reference(model.logits(texts))
    Classifier("medical", ("de", "fr"), model, {"de": 0.0, "fr": 9.0}, known).save(tmp_path)
    loaded = Classifier.load(tmp_path)
    languages = [e.language for e in sample(10, seed=3)]
    np.testing.assert_array_equal(loaded.linear.logits(texts), model.logits(texts))
    verdicts = loaded.judge(texts, languages)
    german = np.array(languages) == "de"
    assert verdicts.taken[german].any() and not verdicts.taken[~german].any()
    assert not loaded.judge(texts, [""] * len(texts)).taken.any(), "not known: the highest one"
    with pytest.raises(BadInput, match=r"no filter\.json"):
        Classifier.load(tmp_path / "nowhere")


def test_the_threshold_has_the_precision_that_was_asked_for():
    rng = np.random.default_rng(1)
    labels = rng.random(4_000) < 0.2
    scores = rng.normal(labels * 2.0, 1.0)
    threshold, reached = choose(labels, scores, 0.95)
    found = quality(labels, scores, threshold)
    assert reached and found.precision.value >= 0.95
    assert found.precision.low < found.precision.value < found.precision.high
    below = np.sort(scores[scores < threshold])[-50:]
    assert all(quality_at(labels, scores, cut) < 0.95 for cut in below)
    points = curve(labels, scores)
    assert points.recall[-1] == 1 and np.all(np.diff(points.recall) >= 0)
    reversed_scores = np.arange(200.0)
    _, reached = choose(reversed_scores < 20, reversed_scores, 0.95)
    assert not reached


def quality_at(labels, scores, cut) -> float:
    taken = scores >= cut
    return float((labels & taken).sum() / taken.sum())


def test_weights_tell_the_precision_of_the_corpus_not_of_the_sample():
    labels = np.array([True] * 50 + [False] * 50)
    scores = np.array([1.0] * 45 + [0.0] * 5 + [1.0] * 5 + [0.0] * 45)
    rare = np.where(labels, 1.0, 49.0)
    assert quality(labels, scores, 1.0).precision.value == pytest.approx(0.9)
    assert quality(labels, scores, 1.0, rare).precision.value == pytest.approx(45 / 290)


def test_calibrated_probabilities_are_shares():
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 3, 20_000)
    labels = rng.random(20_000) < 1 / (1 + np.exp(-(0.5 * logits - 1)))
    found = calibrate(labels, logits)
    assert found.slope == pytest.approx(0.5, abs=0.05)
    assert found.offset == pytest.approx(-1, abs=0.1)
    assert found.error < 0.02


def test_drift_is_small_on_the_like_and_large_on_the_unlike():
    rng = np.random.default_rng(3)
    known = reference(rng.normal(size=5_000))
    like = counted(known, rng.normal(size=2_000))
    unlike = counted(known, rng.normal(1.0, 1.0, size=2_000))
    assert stability_index(known, like.tolist()) < 0.05
    assert stability_index(known, unlike.tolist()) > 0.25
    assert np.isnan(stability_index(known, [0] * len(known.shares)))


def test_the_cascade_asks_about_what_is_not_clear_only():
    rng = np.random.default_rng(4)
    labels = rng.random(3_000) < 0.3
    cheap = rng.normal(labels * 4.0, 1.0)
    expensive = rng.normal(labels * 8.0, 1.0)
    band = choose_band(labels, cheap, precision=0.99, recall=0.99)
    lost = (labels & (cheap < band.low)).sum() / labels.sum()
    clear = cheap >= band.high
    assert lost <= 0.01 and (labels & clear).sum() / clear.sum() >= 0.99
    texts = [str(n) for n in range(3_000)]

    def by(scores):
        return lambda some: np.array([scores[int(one)] for one in some])

    found = decide(texts, by(cheap), by(expensive), band, 4.0)
    assert 0 < found.asked.mean() < 0.6
    assert np.isnan(found.expensive[~found.asked]).all()
    right = (found.taken == labels).mean()
    assert right > ((cheap >= 2) == labels).mean() and right > 0.98
    nobody = decide(texts, by(cheap), by(expensive), Band(2.0, 2.0), 4.0)
    assert not nobody.asked.any()


def test_sources_are_scored_by_a_classifier_without_them():
    examples = sample(12)
    known = Known(examples)
    scores = scores_unseen(known)
    assert not np.isnan(scores).any()
    mine = np.array([e.source == "de-True-1" for e in examples])
    alone = Known([e for e, out in zip(examples, mine, strict=True) if not out]).without()
    assert alone is not None
    expected = alone.logits([e.text for e, one in zip(examples, mine, strict=True) if one])
    np.testing.assert_allclose(scores[mine], expected, atol=0.5)
    lonely = [e for e in examples if e.source != "fr-True-0"]
    weights, labels = even_weights(lonely), np.array([e.label for e in lonely])
    assert weights[labels].sum() == pytest.approx(weights[~labels].sum())


def test_nothing_is_scored_where_no_language_keeps_both_classes():
    lonely = [e for e in sample(12) if e.source in ("fr-True-0", "fr-False-0")]
    assert np.isnan(scores_unseen(Known(lonely))).all()
    assert threshold_unseen(lonely, np.full(len(lonely), np.nan), 0.95) is None


def test_sources_of_one_genre_are_left_out_together():
    examples = sample(12)
    known = Known(examples)
    pair = ("de-True-0", "de-False-0")
    both = scores_unseen(known, [pair])
    mine = np.isin(known.sources, pair)
    model = known.without(pair)
    assert model is not None
    np.testing.assert_allclose(both[mine], known.scores(model, np.flatnonzero(mine)))
    np.testing.assert_array_equal(both[~mine], scores_unseen(known)[~mine])


def test_evidence_finds_the_domain_whatever_the_sizes_of_the_sources():
    """A source ten times as long as the others decides no more than they do."""
    examples = sample(20)
    loud = [
        Example(f"{e.text} Formular Zeile Seite", True, "de", "forms")
        for _ in range(10) for e in examples if e.label and e.language == "de"
    ]  # fmt: skip
    model = Known([*examples, *loud]).without()
    assert model is not None
    unseen = sample(30, seed=9)
    labels = np.array([e.label for e in unseen])
    assert ((model.logits([e.text for e in unseen]) > 0) == labels).mean() > 0.95
    again = Known([*examples, *loud]).without()
    assert again is not None and again.weights.tobytes() == model.weights.tobytes()


def test_what_a_few_sentences_lack_says_little():
    """Everyday words stand in long texts of the other class and in none of a few sentences: an
    interview full of them stays nearer to the domain than where sentences are many."""
    rng = np.random.default_rng(1)
    everyday = " ".join(COMMON["de"].split() * 3)
    others = [Example(f"{everyday} {text(rng, 'de', False)}", False, "de", "n") for _ in range(60)]
    words = MEDICAL["de"].split()
    few, many = (
        [Example(" ".join(rng.choice(words, 5)), True, "de", "s") for _ in range(size)]
        for size in (10, 1_500)
    )
    found = [Known([*others, *some]).without() for some in (few, many)]
    assert found[0] is not None and found[1] is not None
    ratios = [model.weights.min() / model.weights.max() for model in found]
    assert ratios[0] > ratios[1]


def test_the_threshold_for_unseen_sources_is_the_middle_one_and_bounded():
    examples = [Example("", n < 40, "de", f"s{n // 20}") for n in range(160)]
    labels = np.array([e.label for e in examples])
    rng = np.random.default_rng(6)
    scores = rng.normal(labels * 4.0, 0.5) - 1.4
    usual = threshold_unseen(examples, scores, 0.95)
    assert usual is not None and BOUNDS[0] <= usual <= BOUNDS[1]
    odd = scores.copy()
    odd[-20:] += 5.0
    assert threshold_unseen(examples, odd, 0.95) == pytest.approx(usual, abs=0.3)
    assert threshold_unseen(examples, scores + 9, 0.95) == BOUNDS[1]
    assert threshold_unseen(examples, scores - 9, 0.95) == BOUNDS[0]
    careful = threshold_unseen(examples, scores + 9, 0.99)
    assert careful is not None and careful > BOUNDS[1] + 1
    above = above_unseen(examples, scores, 0.95)
    assert (above >= 0)[labels].mean() > 0.9 and (above >= 0)[~labels].mean() < 0.05
    single = [e for e in examples if e.source in ("s0", "s1", "s2")]
    told = ~np.isnan(above_unseen(single, scores[:60], 0.95))
    assert told[:40].all() and not told[40:60].any(), "no other source of its class: no threshold"
