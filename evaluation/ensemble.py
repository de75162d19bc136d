"""Several models answer one question together: what a merge has to beat without merging.

    outcome = ensemble("base+adapted", [results of base, results of adapted], settings, out)

Each model's log-probabilities are taken over the options of the question (they sum to one there,
so that models are compared like for like), and added up; the largest sum is the answer. This is
the ensemble of BioMistral (Labrak et al. 2024, section 5.3). It is computed from the answers that
were kept: no model is loaded. Texts in bits per byte have no options and are left out.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evaluation.results import Sample, read_samples, write_results
from evaluation.settings import EvaluationError, EvaluationSettings
from evaluation.summary import task_score
from hub.manifest import Artefact, Number, Outcome


def ensemble(
    name: str, results: Sequence[Artefact], settings: EvaluationSettings, out: Path
) -> Outcome:
    """Write the answers of the models behind `results` together, and their scores, into `out`."""
    samples = together(name, [read_samples(one) for one in results])
    by_task: dict[str, list[Sample]] = {}
    for sample in samples:
        by_task.setdefault(sample.task, []).append(sample)
    scores = []
    numbers: dict[str, Number] = {}
    for task, answers in by_task.items():
        score = task_score(answers, settings)
        scores.append(score)
        numbers[task] = Number(value=score.value, unit="proportion")
    out.mkdir(parents=True, exist_ok=True)
    return Outcome(write_results(out, samples, scores), numbers)


def together(name: str, answers: Sequence[Sequence[Sample]]) -> list[Sample]:
    """One sample an item that every model answered; raises EvaluationError where they differ."""
    first, *others = (
        {(s.task, s.item, s.seed): s for s in one if s.option_log_likelihoods is not None}
        for one in answers
    )
    if not first:
        raise EvaluationError(f"ensemble {name!r} needs a task of accuracy: texts have no options")
    for other in others:
        odd = first.keys() ^ other.keys()
        if odd or any(first[key].text_sha256 != other[key].text_sha256 for key in first):
            raise EvaluationError(f"the models of ensemble {name!r} were asked other questions")
    found = []
    for key, sample in first.items():
        given = [_among(one[key].option_log_likelihoods or ()) for one in (first, *others)]
        sums = tuple(map(math.fsum, zip(*given, strict=True)))
        chosen = max(range(len(sums)), key=sums.__getitem__)
        found.append(
            replace(
                sample,
                model=name,
                option_log_likelihoods=sums,
                chosen=chosen,
                correct=chosen == sample.answer,
            )
        )
    return found


def _among(nats: Sequence[float]) -> list[float]:
    """Log-probabilities of the options among themselves."""
    largest = max(nats)
    total = largest + math.log(math.fsum(math.exp(value - largest) for value in nats))
    return [value - total for value in nats]
