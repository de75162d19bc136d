"""How good a classifier is: `evaluation.json`, and the figures that its card prints."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.domain import people
from corpus.domain.gather import Weighted
from corpus.domain.label import Cost, Labelled
from corpus.domain.people import Opinion
from corpus.domain.thresholds import Calibration, Interval, Quality, curve
from hub.disk import write_json
from hub.manifest import Number

EVALUATION = "evaluation.json"
_CURVE_POINTS = 200

Floats = NDArray[np.float64]


def write_evaluation(
    out: Path,
    found: Quality,
    unseen: Quality | None,
    calibration: Calibration,
    labels: NDArray[np.bool_],
    scores: Floats,
    weights: Floats,
    labelled: Labelled | None,
    opinion: Opinion | None,
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
    if opinion:
        told["people"] = people.told(opinion)
    write_json(out / EVALUATION, told)


def _rates(found: Quality) -> dict[str, dict[str, float | None]]:
    """Of nothing taken there is no precision: what is not known is null."""
    return {
        name: {part: None if np.isnan(value) else value for part, value in one._asdict().items()}
        for name, one in found._asdict().items()
        if isinstance(one, Interval)
    }


def numbers_of(
    found: Quality,
    unseen: Quality | None,
    calibration: Calibration,
    parts: Mapping[str, list[Weighted]],
    labelled: Labelled | None,
    opinion: Opinion | None,
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
    return numbers | (people.numbers_of(opinion) if opinion else {})
