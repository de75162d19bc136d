"""Makes a domain classifier: labels → split → linear (→ transformer) → thresholds → how good.

Documents are split by a hash of their text: what thresholds are chosen on (a fifth) and what the
printed figures are counted on (another fifth) is learned by nobody. With known sources thresholds
come from sources left out (`unseen`), because documents of one source are too much alike.
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
from corpus.domain.thresholds import Calibration, Quality, calibrate, choose, curve, quality
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
    linear, chosen_on, scores = _linear(settings, parts, known, sampled, progress)
    labels = np.array([w.example.label for w in chosen_on])
    weights = _weights(chosen_on)
    calibration = calibrate(labels, scores, weights)
    languages = tuple(map(language_code, settings.languages))
    chosen = _thresholds(languages, chosen_on, labels, scores, weights, settings.precision)
    reached = all(one[1] for one in chosen.values())
    linear = LinearModel(linear.weights, linear.intercept, calibration.slope, calibration.offset)
    classifier = Classifier(
        settings.domain, languages, linear, {language: one[0] for language, one in chosen.items()},
        reference(scores, weights),
    )  # fmt: skip
    classifier = _with_transformer(settings, classifier, parts, data, out, progress)
    classifier.save(out)
    tested = parts["held_out"]
    found = _quality(classifier, tested, reached)
    _write_evaluation(out, found, calibration, labels, scores, weights, labelled)
    progress(
        f"precision {found.precision.value:.3f} [{found.precision.low:.3f}, "
        f"{found.precision.high:.3f}], recall {found.recall.value:.3f} on {len(tested)} documents"
    )
    payload = [DESCRIPTION, MODEL, WEIGHTS, EVALUATION]
    if classifier.transformer:
        payload += [f"{TRANSFORMER}/{name}" for name in model_files(out / TRANSFORMER)]
    return Outcome(
        tuple(payload), _numbers(found, calibration, parts, labelled), (settings.licence,)
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


def _linear(
    settings: FilterSettings,
    parts: Mapping[str, list[Weighted]],
    known: Sequence[Weighted],
    sampled: Sequence[Weighted],
    progress: Callable[[str], None],
) -> tuple[LinearModel, list[Weighted], Floats]:
    """The classifier, the documents that thresholds are chosen on, and their log-odds."""
    progress(f"learning from {len(parts['train'])} documents")
    examples = [one.example for one in parts["train"]]
    linear = fit(examples, settings.seed)
    if known and not sampled:
        together = settings.known.together if settings.known else ()
        scores = scores_unseen(examples, settings.seed, together)
        told = ~np.isnan(scores)
        scored = [e for e, is_told in zip(examples, told, strict=True) if is_told]
        if len({e.label for e in scored}) == 2:
            even = even_weights(scored)
            chosen = [Weighted(e, w) for e, w in zip(scored, even.tolist(), strict=True)]
            return linear, chosen, scores[told]
    chosen = parts["validation"]
    return linear, chosen, linear.logits([one.example.text for one in chosen])


def _thresholds(
    languages: Sequence[str],
    examples: Sequence[Weighted],
    labels: NDArray[np.bool_],
    scores: Floats,
    weights: Floats,
    precision: float,
) -> dict[str, tuple[float, bool]]:
    """By language, and whether the precision was reached; one with too little to choose on takes
    the threshold of all documents together."""
    together = choose(labels, scores, precision, weights)
    found = {}
    for language in languages:
        mine = np.array([one.example.language == language for one in examples])
        counts = [int((labels[mine] == side).sum()) for side in (True, False)]
        found[language] = (
            choose(labels[mine], scores[mine], precision, weights[mine])
            if min(counts) >= FEWEST
            else together
        )
    return found


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
    calibration: Calibration,
    labels: NDArray[np.bool_],
    scores: Floats,
    weights: Floats,
    labelled: Labelled | None,
) -> None:
    points = curve(labels, scores, weights)
    some = np.unique(np.linspace(0, len(points.thresholds) - 1, _CURVE_POINTS).astype(int))
    rates = {"precision": found.precision, "recall": found.recall, "f1": found.f1}
    told: dict[str, Any] = {
        "held_out": {
            name: {part: None if np.isnan(value) else value for part, value in one._asdict().items()}
            for name, one in rates.items()
        },
        "reached": found.reached,
        "calibration": calibration._asdict(),
        "curve": {name: column[some].tolist() for name, column in points._asdict().items()},
    }
    if labelled:
        told |= {"outcomes": labelled.outcomes, "cost": asdict(labelled.cost)}
    write_json(out / EVALUATION, told)


def _numbers(
    found: Quality,
    calibration: Calibration,
    parts: Mapping[str, list[Weighted]],
    labelled: Labelled | None,
) -> dict[str, Number]:
    numbers = {
        "learned_from": Number(value=len(parts["train"]), unit="documents"),
        "tested_on": Number(value=len(parts["held_out"]), unit="documents"),
        "calibration_error": Number(value=calibration.error, unit="probability"),
    }
    for name in ("precision", "recall", "f1"):
        interval = getattr(found, name)
        for part in ("value", "low", "high"):
            suffix = "" if part == "value" else f"_{part}"
            # Of nothing taken there is no precision: what is not known is not a number.
            if not np.isnan(value := getattr(interval, part)):
                numbers[f"{name}{suffix}"] = Number(value=value, unit="share")
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
