"""The figures beside the cards of a release: each is drawn where there is something to draw."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub.cards import figures
from hub.disk import write_atomically
from hub.lineage import figure as lineage_figure
from hub.lineage.graph import Graph
from hub.manifest import Artefact

Pictures = list[tuple[str, str]]
"""(alternative text, file)"""

CURVE = "training_curve.json"


def of_corpus(folder: Path, statistics: Sequence[Mapping[str, Any]]) -> Pictures:
    return _write(folder, [("Words by source", "sources.svg", figures.shares(statistics))])


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
    front: Sequence[Mapping[str, Any]],
    graph: Graph,
) -> Pictures:
    return _write(
        folder,
        [
            ("Scores with their intervals", "scores.svg", figures.scores(scores)),
            ("Every candidate on both sides", "front.svg", figures.front(front)),
            ("What was made from what", "lineage.svg", lineage_figure.draw(graph)),
        ],
    )


def _write(folder: Path, drawn: Sequence[tuple[str, str, str | None]]) -> Pictures:
    found: Pictures = []
    for alternative, file, svg in drawn:
        if svg is not None:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / file, svg.encode())
            found.append((alternative, file))
    return found
