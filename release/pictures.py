"""The figures beside the cards of a release: each is drawn where there is something to draw."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.cards import figures, results
from hub.cards.sources import Source, describe_shares
from hub.disk import write_atomically
from hub.lineage import figure as lineage_figure
from hub.lineage.graph import Graph
from hub.manifest import Artefact

Pictures = list[tuple[str, str]]
"""(alternative text, file)"""

CURVE = "training_curve.json"


def of_corpus(folder: Path, sources: Sequence[Source]) -> Pictures:
    return _write(folder, [(describe_shares(sources), "sources.svg", figures.shares(sources))])


def of_model(folder: Path, artefact: Artefact, graph: Graph) -> Pictures:
    try:
        points = json.loads((artefact.folder / CURVE).read_bytes())
    except FileNotFoundError:
        points = []
    drawn = lineage_figure.draw(graph.ancestry(artefact.manifest.name))
    return _write(
        folder,
        [
            ("Training loss", "training-loss.svg", figures.curve(points)),
            ("What it was made from", "lineage.svg", drawn),
        ],
    )


def of_results(
    folder: Path,
    scores: Sequence[Mapping[str, Any]],
    graph: Graph,
    bins: Sequence[Mapping[str, Any]] = (),
) -> Pictures:
    return _write(
        folder,
        [
            ("Scores with their intervals", "scores.svg", figures.scores(scores)),
            ("What was made from what", "lineage.svg", lineage_figure.draw(graph)),
            (results.CONFIDENCE, "calibration.svg", figures.reliability(bins)),
        ],
    )


def of_front(folder: Path, rows: Sequence[Mapping[str, Any]], file: str = "front.svg") -> str:
    """Name of the figure of a sweep; empty where there is none to draw."""
    drawn = _write(folder, [("", file, figures.front(rows))])
    return drawn[0][1] if drawn else ""


def of_checkpoints(folder: Path, rows: Sequence[Mapping[str, Any]]) -> str:
    """The same for the checkpoints of a run."""
    drawn = _write(folder, [("", "checkpoints.svg", figures.progress(rows))])
    return drawn[0][1] if drawn else ""


def _write(folder: Path, drawn: Sequence[tuple[str, str, str | None]]) -> Pictures:
    found: Pictures = []
    for alternative, file, svg in drawn:
        if svg is not None:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / file, svg.encode())
            found.append((alternative, file))
    return found
