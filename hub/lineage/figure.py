"""The graph of a release, drawn: sources, corpora, models, merges from left to right.

Left out, to stay readable: results, tasks with what is held out for them, and the candidates of a
sweep; the data beside the figure has them. The colours carry their own background and read on
light and dark pages alike.
"""

from collections.abc import Sequence
from html import escape

from hub.cards.svg import GREY, document, text
from hub.lineage.graph import Graph, Node

_COLOURS = {
    "source": "#5b6b7f", "corpus": "#2b6cb0", "model": "#2f7d4f", "checkpoint": "#2f7d4f",
    "merge": "#8a4baf", "quantised": "#a65a1b",
}  # fmt: skip
_BOX = (152, 34)
_GAP = (50, 12)
_DIP = 34
"""how far down a line bends that passes columns, or boxes of the same row would hide it"""
_LONGEST = 20
"""characters of a name in a box"""


def draw(graph: Graph) -> str:
    """SVG; a node's full name, kind and digest are its tooltip."""
    shown = _shown(graph)
    columns = _columns(shown, graph)
    place = {
        node.name: (column * (_BOX[0] + _GAP[0]) + 10, row * (_BOX[1] + _GAP[1]) + 40)
        for column, nodes in enumerate(columns)
        for row, node in enumerate(nodes)
    }
    height = 50 + max((len(nodes) for nodes in columns), default=0) * (_BOX[1] + _GAP[1])
    width = 20 + len(columns) * (_BOX[0] + _GAP[0]) - _GAP[0]
    parts = [
        _edge(place[edge.made_from], place[edge.made])
        for edge in graph.edges
        if edge.made_from in place and edge.made in place
    ]
    for node in shown:
        parts.append(_node(node, *place[node.name]))
    kinds = list(dict.fromkeys(node.kind for node in shown))
    x = 10
    for kind in kinds:
        parts.append(f'<rect x="{x}" y="8" width="12" height="12" rx="3" fill="{_colour(kind)}"/>')
        parts.append(text(x + 18, 18, kind, size=12))
        x += 30 + 8 * len(kind)
    return document(max(width, x), height, f"What {graph.release} {graph.tag} was made from", parts)


def _shown(graph: Graph) -> list[Node]:
    drawn = [
        node
        for node in graph.nodes
        if node.kind in _COLOURS and (node.repo or node.kind not in ("corpus", "merge"))
    ]
    names = {node.name for node in drawn}
    used = {edge.made_from for edge in graph.edges if edge.made in names}
    return [node for node in drawn if node.kind != "source" or node.name in used]


def _columns(shown: Sequence[Node], graph: Graph) -> list[list[Node]]:
    """A node stands one column right of the last thing it was made from."""
    depth: dict[str, int] = {}
    for node in shown:  # inputs come first
        depth[node.name] = 1 + max(
            (depth[edge.made_from] for edge in graph.inputs(node.name) if edge.made_from in depth),
            default=-1,
        )
    columns: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in shown:
        columns[depth[node.name]].append(node)
    return columns


def _colour(kind: str) -> str:
    return _COLOURS.get(kind, GREY)


def _node(node: Node, x: int, y: int) -> str:
    name = node.name if len(node.name) <= _LONGEST else node.name[: _LONGEST - 1] + "…"
    width, height = _BOX
    published = "" if node.repo else ' stroke-dasharray="4 3"'
    return (
        f"<g><title>{escape(node.name)}: {node.kind}, {node.digest[:16]}</title>"
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" '
        f'fill="{_colour(node.kind)}" stroke="#ffffff"{published}/>'
        + text(x + width / 2, y + 22, name, size=13, anchor="middle", colour="#ffffff")
        + "</g>"
    )


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + _BOX[0], start[1] + _BOX[1] / 2
    x2, y2 = end[0], end[1] + _BOX[1] / 2
    bend = (x2 - x1) / 2
    dip = _DIP if x2 - x1 > _GAP[0] else 0
    bends = f"{x1 + bend:g},{y1 + dip:g} {x2 - bend:g},{y2 + dip:g}"
    return (
        f'<path d="M{x1},{y1:g} C{bends} {x2},{y2:g}" '
        f'fill="none" stroke="{GREY}" stroke-width="1.5"/>'
    )
