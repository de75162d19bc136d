"""Makes a domain classifier: labels → split → linear (→ transformer) → thresholds → how good.

Documents are split by a hash of their text: what thresholds are chosen on (a fifth) and what the
printed figures are counted on (another fifth) is learned by nobody. With known sources the figures
are counted a second time, on sources left out in turn (`unseen`): those of one source are alike.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from corpus.domain.artefact import DESCRIPTION, TRANSFORMER, Classifier, Expensive
from corpus.domain.cascade import choose_band
from corpus.domain.drift import reference
from corpus.domain.figures import EVALUATION, numbers_of, write_evaluation
from corpus.domain.gather import Weighted, known_documents, labelled_documents, weights_of
from corpus.domain.linear import MODEL, WEIGHTS, LinearModel, fit
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
from corpus.domain.unseen import even_weights, scores_unseen
from corpus.fingerprint import Shares, fingerprint, split_of
from corpus.readers.language import language_code
from corpus.settings import SourceSettings
from hub.failure import BadInput
from hub.manifest import Outcome
from hub.model_folder import model_files

VERSION = 1
SHARES = Shares(held_out=0.2, validation=0.2)


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
    linear = fit([one.example for one in parts["train"]], settings.seed)
    chosen_on = parts["validation"]
    scores = linear.logits([one.example.text for one in chosen_on])
    labels = np.array([w.example.label for w in chosen_on])
    weights = weights_of(chosen_on)
    calibration = calibrate(labels, scores, weights)
    languages = tuple(map(language_code, settings.languages))
    thresholds, reached = thresholds_by_language(
        languages, [one.example.language for one in chosen_on], labels, scores, weights,
        settings.precision,
    )  # fmt: skip
    linear = LinearModel(linear.weights, linear.intercept, calibration.slope, calibration.offset)
    classifier = Classifier(
        settings.domain, languages, linear, thresholds, reference(scores, weights),
    )  # fmt: skip
    classifier = _with_transformer(settings, classifier, parts, data, out, progress)
    classifier.save(out)
    tested = parts["held_out"]
    found = _quality(classifier, tested, reached)
    unseen = _unseen(settings, known, thresholds, reached)
    opinion = None
    if settings.annotations:
        opinion = take_back(settings, cache, data / settings.annotations)
    write_evaluation(out, found, unseen, calibration, labels, scores, weights, labelled, opinion)
    progress(
        f"precision {found.precision.value:.3f} [{found.precision.low:.3f}, "
        f"{found.precision.high:.3f}], recall {found.recall.value:.3f} on {len(tested)} documents"
    )
    payload = [DESCRIPTION, MODEL, WEIGHTS, EVALUATION]
    if classifier.transformer:
        payload += [f"{TRANSFORMER}/{name}" for name in model_files(out / TRANSFORMER)]
    numbers = numbers_of(found, unseen, calibration, parts, labelled, opinion)
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


def _unseen(
    settings: FilterSettings,
    known: Sequence[Weighted],
    thresholds: Mapping[str, float],
    reached: bool,
) -> Quality | None:
    """Of the linear classifier on known sources that it did not learn from; each weighs the same.

    None where there are none, or too few to leave one out.
    """
    if settings.known is None:
        return None
    every = [one.example for one in known]
    scores = scores_unseen(every, settings.seed, settings.known.together)
    told = ~np.isnan(scores)
    examples = [example for example, is_told in zip(every, told, strict=True) if is_told]
    labels = np.array([example.label for example in examples], bool)
    if labels.all() or not labels.any():
        return None
    above = scores[told] - np.array([thresholds[example.language] for example in examples])
    return quality(labels, above, 0.0, even_weights(examples), reached)


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
