"""Makes a domain classifier: labels → split → linear (→ transformer) → thresholds → how good.

Documents are split by a hash of their text: what thresholds are chosen on (a fifth) and what the
printed figures are counted on (another fifth) is learned by nobody. With known sources the figures
are counted a second time, on sources left out in turn (`unseen`): those of one source are alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.build import source_files
from corpus.domain.artefact import DESCRIPTION, TRANSFORMER, Classifier, Expensive
from corpus.domain.cascade import choose_band
from corpus.domain.drift import reference
from corpus.domain.label import Cost, Labelled, Sampled, label
from corpus.domain.linear import MODEL, WEIGHTS, Example, LinearModel, fit
from corpus.domain.sample import draw
from corpus.domain.settings import FilterSettings
from corpus.domain.thresholds import (
    Calibration,
    Interval,
    Quality,
    calibrate,
    choose,
    curve,
    quality,
    thresholds_by_language,
)
from corpus.domain.transformer import TransformerModel, fine_tune
from corpus.domain.unseen import even_weights, scores_unseen
from corpus.fingerprint import Shares, fingerprint, split_of
from corpus.readers.language import language_code
from corpus.readers.registry import read
from corpus.settings import SourceSettings
from hub.disk import write_json
from hub.failure import BadInput
from hub.manifest import Number, Outcome
from hub.model_folder import model_files

VERSION = 1
SHARES = Shares(held_out=0.2, validation=0.2)
EVALUATION = "evaluation.json"
_CURVE_POINTS = 200
FEWEST = 30
"""documents of either class of a language to choose its own threshold on"""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weighted:
    """An example and how many documents of the corpus it stands for."""

    example: Example
    weight: float


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
    known = _known(settings, sources, data)
    sampled, labelled = _sampled(settings, sources, data, cache, progress)
    parts = _split([*known, *sampled])
    progress(f"learning from {len(parts['train'])} documents")
    linear = fit([one.example for one in parts["train"]], settings.seed)
    chosen_on = parts["validation"]
    scores = linear.logits([one.example.text for one in chosen_on])
    labels = np.array([w.example.label for w in chosen_on])
    weights = _weights(chosen_on)
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
    _write_evaluation(out, found, unseen, calibration, labels, scores, weights, labelled)
    progress(
        f"precision {found.precision.value:.3f} [{found.precision.low:.3f}, "
        f"{found.precision.high:.3f}], recall {found.recall.value:.3f} on {len(tested)} documents"
    )
    payload = [DESCRIPTION, MODEL, WEIGHTS, EVALUATION]
    if classifier.transformer:
        payload += [f"{TRANSFORMER}/{name}" for name in model_files(out / TRANSFORMER)]
    return Outcome(
        tuple(payload), _numbers(found, unseen, calibration, parts, labelled), (settings.licence,)
    )


def _known(
    settings: FilterSettings, sources: Mapping[str, SourceSettings], data: Path
) -> list[Weighted]:
    if settings.known is None:
        return []
    sides = [(True, settings.known.positive), (False, settings.known.negative)]
    asked = set(map(language_code, settings.languages))
    found = []
    for side, names in sides:
        for name in names:
            for path in source_files(sources[name], data):
                for document in read(name, sources[name], path):
                    language = language_code(document.language or sources[name].language)
                    if document.text.strip() and not document.problem and language in asked:
                        example = Example(document.text, side, language, name)
                        found.append(Weighted(example, 1.0))
    return found


def _sampled(
    settings: FilterSettings,
    sources: Mapping[str, SourceSettings],
    data: Path,
    cache: Path,
    progress: Callable[[str], None],
) -> tuple[list[Weighted], Labelled | None]:
    """Documents without a label (prose, refused, another language, no answer) teach nothing."""
    if settings.sample is None or settings.labeller is None:
        return [], None
    asked = set(map(language_code, settings.languages))
    files = [(n, path) for n in settings.sample.sources for path in source_files(sources[n], data)]
    text = {sources[n].fields.get("text", "text") for n in settings.sample.sources}
    if len(text) > 1:
        raise BadInput("the sampled sources name their text differently: sample one at a time")
    drawn = draw(
        files, settings.sample.documents, settings.sample.by, settings.sample.seed, text.pop()
    )
    spoken = [
        (one, language_code(one.document.language or sources[one.document.source].language))
        for one in drawn
    ]
    judged = [(one, language) for one, language in spoken if language in asked]
    if not judged:
        raise BadInput(f"no sampled document is in {', '.join(settings.languages)}")
    documents: list[Sampled] = [one.document for one, _ in judged]
    labelled = label(documents, settings.labeller, data, cache, progress)
    found = [
        Weighted(
            Example(one.document.text, answer.label, language, one.document.source), one.weight
        )
        for (one, language), answer in zip(judged, labelled.answers, strict=True)
        if answer.label is not None
    ]
    if not found:
        said = ", ".join(f"{outcome} {count}" for outcome, count in labelled.outcomes.items())
        raise BadInput(f"the labeller gave no label at all ({said}): check its prompt and model")
    return found, labelled


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
    labels, weights = np.array([e.label for e in examples]), _weights(validation)
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
    return quality(labels, verdicts.taken.astype(np.float64), 0.5, _weights(tested), reached)


def _weights(examples: Sequence[Weighted]) -> Floats:
    return np.array([one.weight for one in examples])


def _write_evaluation(
    out: Path,
    found: Quality,
    unseen: Quality | None,
    calibration: Calibration,
    labels: NDArray[np.bool_],
    scores: Floats,
    weights: Floats,
    labelled: Labelled | None,
) -> None:
    points = curve(labels, scores, weights)
    some = np.unique(np.linspace(0, len(points.thresholds) - 1, _CURVE_POINTS).astype(int))
    told: dict[str, Any] = {
        "held_out": _rates(found),
        "sources_left_out": _rates(unseen) if unseen else None,
        "reached": found.reached,
        "calibration": calibration._asdict(),
        "curve": {name: column[some].tolist() for name, column in points._asdict().items()},
    }
    if labelled:
        told |= {"outcomes": labelled.outcomes, "cost": asdict(labelled.cost)}
    write_json(out / EVALUATION, told)


def _rates(found: Quality) -> dict[str, dict[str, float | None]]:
    """Of nothing taken there is no precision: what is not known is null."""
    return {
        name: {part: None if np.isnan(value) else value for part, value in one._asdict().items()}
        for name, one in found._asdict().items()
        if isinstance(one, Interval)
    }


def _numbers(
    found: Quality,
    unseen: Quality | None,
    calibration: Calibration,
    parts: Mapping[str, list[Weighted]],
    labelled: Labelled | None,
) -> dict[str, Number]:
    numbers = {
        "learned_from": Number(value=len(parts["train"]), unit="documents"),
        "tested_on": Number(value=len(parts["held_out"]), unit="documents"),
        "calibration_error": Number(value=calibration.error, unit="probability"),
    }
    for prefix, one in (("", found), ("unseen_", unseen)):
        for name, rates in _rates(one).items() if one else ():
            for part, value in rates.items():
                suffix = "" if part == "value" else f"_{part}"
                if value is not None:
                    numbers[f"{prefix}{name}{suffix}"] = Number(value=value, unit="share")
    if labelled:
        cost: Cost = labelled.cost
        for outcome, count in labelled.outcomes.items():
            numbers[f"label_{outcome.replace(' ', '_')}"] = Number(value=count, unit="documents")
        numbers["label_tokens"] = Number(
            value=cost.input_tokens + cost.output_tokens, unit="tokens"
        )
        if cost.money:
            numbers["label_cost"] = Number(value=cost.money, unit=cost.currency)
    return numbers
