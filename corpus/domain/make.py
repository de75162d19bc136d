"""Makes a domain classifier: labels → split → linear (→ transformer) → thresholds → how good.

Documents are split by a hash of their text: what the printed figures are counted on (a fifth) is
learned by nobody. A labelled sample is like the corpus it was drawn from: logistic regression
learns it, and thresholds are chosen on another fifth. Known sources alone are not: they are weighed
as evidence, thresholds and calibration are those for sources left out in turn (`unseen`), and the
figures are counted a second time on these. Where too few sources are known to leave one out, the
fifth decides for them too.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.domain.artefact import DESCRIPTION, TRANSFORMER, Classifier, Expensive
from corpus.domain.cascade import choose_band
from corpus.domain.drift import reference
from corpus.domain.evidence import Known
from corpus.domain.figures import EVALUATION, numbers_of, write_evaluation
from corpus.domain.gather import Weighted, known_documents, labelled_documents, weights_of
from corpus.domain.linear import MODEL, WEIGHTS, Example, LinearModel, check_classes, fit
from corpus.domain.people import take_back
from corpus.domain.settings import FilterSettings
from corpus.domain.thresholds import (
    Quality,
    calibrate,
    choose,
    quality,
    thresholds_by_language,
)
from corpus.domain.transformer import TransformerModel, fine_tune
from corpus.domain.unseen import above_unseen, even_weights, scores_unseen, threshold_unseen
from corpus.fingerprint import Shares, fingerprint, split_of
from corpus.readers.language import language_code
from corpus.settings import SourceSettings
from hub.failure import BadInput
from hub.manifest import Outcome
from hub.model_folder import model_files

VERSION = 2
SHARES = Shares(held_out=0.2, validation=0.2)
FEWEST_OTHERS = 2
"""sources of a language that are not of the domain: with one, precision on an unseen source was
0.67 to 0.82 where 0.95 was asked (`benchmarks/domain_filter.py`, the English pairs)"""

Floats = NDArray[np.float64]


class _Chosen(NamedTuple):
    """A linear classifier with its thresholds, and the documents that they were chosen on."""

    linear: LinearModel
    thresholds: dict[str, float]
    """log-odds by language"""
    reached: bool
    labels: NDArray[np.bool_]
    scores: Floats
    weights: Floats
    unseen: Quality | None = None
    """on sources left out in turn"""


def make(
    settings: FilterSettings,
    sources: Mapping[str, SourceSettings],
    data: Path,
    cache: Path,
    out: Path,
    progress: Callable[[str], None],
) -> Outcome:
    """Write the classifier to `out`; `cache` keeps answers of the labeller between runs.

    Raises BadInput where labels are of one class only, Refused where a text may not be sent.
    """
    known = known_documents(settings, sources, data)
    sampled, labelled = labelled_documents(settings, sources, data, cache, progress)
    parts = _split([*known, *sampled])
    progress(f"learning from {len(parts['train'])} documents")
    languages = tuple(map(language_code, settings.languages))
    if sampled:
        chosen = _from_sample(settings, parts, languages)
    else:
        chosen = _from_known(settings, parts, languages, progress)
    calibration = calibrate(chosen.labels, chosen.scores, chosen.weights)
    linear = LinearModel(
        chosen.linear.weights, chosen.linear.intercept, calibration.slope, calibration.offset
    )
    drift = reference(
        linear.logits([one.example.text for one in parts["validation"]]),
        weights_of(parts["validation"]),
    )
    classifier = Classifier(settings.domain, languages, linear, chosen.thresholds, drift)
    classifier = _with_transformer(settings, classifier, parts, data, out, progress)
    classifier.save(out)
    tested = parts["held_out"]
    found = _quality(classifier, tested, chosen.reached)
    opinion = None
    if settings.annotations:
        opinion = take_back(settings, cache, data / settings.annotations)
    write_evaluation(
        out, found, chosen.unseen, calibration, chosen.labels, chosen.scores, chosen.weights,
        labelled, opinion,
    )  # fmt: skip
    progress(
        f"precision {found.precision.value:.3f} [{found.precision.low:.3f}, "
        f"{found.precision.high:.3f}], recall {found.recall.value:.3f} on {len(tested)} documents"
    )
    payload = [DESCRIPTION, MODEL, WEIGHTS, EVALUATION]
    if classifier.transformer:
        payload += [f"{TRANSFORMER}/{name}" for name in model_files(out / TRANSFORMER)]
    numbers = numbers_of(found, chosen.unseen, calibration, parts, labelled, opinion)
    return Outcome(tuple(payload), numbers, (settings.licence,))


def _split(examples: Sequence[Weighted]) -> dict[str, list[Weighted]]:
    parts: dict[str, list[Weighted]] = {"train": [], "validation": [], "held_out": []}
    for one in examples:
        parts[split_of(fingerprint(one.example.text), SHARES)].append(one)
    for name, part in parts.items():
        if len({one.example.label for one in part}) < 2:
            raise BadInput(
                f"{len(examples)} labelled documents leave one class only in the part for "
                f"{name.replace('_', '-')}: label more documents"
            )
    return parts


def _from_sample(
    settings: FilterSettings, parts: Mapping[str, list[Weighted]], languages: Sequence[str]
) -> _Chosen:
    linear = fit([one.example for one in parts["train"]], settings.seed)
    return _on_validation(settings, linear, parts["validation"], languages)


def _from_known(
    settings: FilterSettings,
    parts: Mapping[str, list[Weighted]],
    languages: Sequence[str],
    progress: Callable[[str], None],
) -> _Chosen:
    assert settings.known is not None
    every = [one.example for one in parts["train"]]
    check_classes(every)
    known = Known(every, settings.seed)
    for language in languages:
        others = {e.source for e in every if e.language == language and not e.label}
        if len(others) < FEWEST_OTHERS:
            progress(
                f"{language} has {len(others)} source that is not {settings.domain}: what other "
                "text of it looks like is hardly known, and too much will be taken"
            )
    linear = known.without()
    if linear is None:
        raise BadInput("the known sources hold no words of both classes in any language")
    scores = scores_unseen(known, settings.known.together)
    threshold = threshold_unseen(every, scores, settings.precision)
    if threshold is None:
        return _on_validation(settings, linear, parts["validation"], languages)
    told = np.flatnonzero(~np.isnan(scores)).tolist()
    judged = [every[place] for place in told]
    labels, weights = np.array([e.label for e in judged]), even_weights(judged)
    reached = quality(labels, scores[told], threshold, weights).precision.value
    return _Chosen(
        linear, dict.fromkeys(languages, threshold), bool(reached >= settings.precision),
        labels, scores[told], weights, _unseen(judged, scores[told], settings.precision),
    )  # fmt: skip


def _on_validation(
    settings: FilterSettings,
    linear: LinearModel,
    validation: Sequence[Weighted],
    languages: Sequence[str],
) -> _Chosen:
    examples = [one.example for one in validation]
    scores = linear.logits([example.text for example in examples])
    labels, weights = np.array([e.label for e in examples]), weights_of(validation)
    thresholds, reached = thresholds_by_language(
        languages, [e.language for e in examples], labels, scores, weights, settings.precision
    )
    return _Chosen(linear, thresholds, reached, labels, scores, weights)


def _unseen(every: Sequence[Example], scores: Floats, precision: float) -> Quality | None:
    """On sources that neither classifier nor threshold knew; each weighs the same. None where a
    class has a single source: without it there is no threshold.
    """
    above = above_unseen(every, scores, precision)
    told = np.flatnonzero(~np.isnan(above)).tolist()
    some = [every[place] for place in told]
    labels = np.array([example.label for example in some], bool)
    if labels.all() or not labels.any():
        return None
    return quality(labels, above[told], 0.0, even_weights(some))


def _with_transformer(
    settings: FilterSettings,
    classifier: Classifier,
    parts: Mapping[str, list[Weighted]],
    data: Path,
    out: Path,
    progress: Callable[[str], None],
) -> Classifier:
    if settings.transformer is None:
        return classifier
    validation = parts["validation"]
    examples = [one.example for one in validation]
    folder = out / TRANSFORMER
    learned = [one.example for one in parts["train"]]
    fine_tune(learned, examples, settings.transformer, data, folder, progress)
    model = TransformerModel.load(folder, settings.transformer.max_tokens)
    texts = [example.text for example in examples]
    labels, weights = np.array([e.label for e in examples]), weights_of(validation)
    second, cheap = model.logits(texts), classifier.linear.logits(texts)
    calibration = calibrate(labels, second, weights)
    threshold, _ = choose(labels, second, settings.precision, weights)
    expensive = Expensive(
        choose_band(labels, cheap, settings.precision, settings.recall, weights),
        threshold, calibration.slope, calibration.offset, settings.transformer.max_tokens,
    )  # fmt: skip
    return Classifier(
        classifier.domain, classifier.languages, classifier.linear, classifier.thresholds,
        classifier.drift, expensive, model,
    )  # fmt: skip


def _quality(classifier: Classifier, tested: Sequence[Weighted], reached: bool) -> Quality:
    verdicts = classifier.judge(
        [one.example.text for one in tested], [one.example.language for one in tested]
    )
    labels = np.array([one.example.label for one in tested])
    return quality(labels, verdicts.taken.astype(np.float64), 0.5, weights_of(tested), reached)
