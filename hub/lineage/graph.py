"""The graph of a release: what was made from what, with digests, licences and repos."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from typing import Any

from hub.manifest import Manifest


@dataclass(frozen=True)
class Node:
    name: str
    kind: str
    """an artefact's kind, or source: what came from outside"""
    digest: str
    licence: tuple[str, ...]
    repo: str
    """TYPE/NAMESPACE/NAME where it is published or came from; else empty"""
    commit: str
    """of a source that came from a Hub"""


@dataclass(frozen=True)
class Edge:
    made_from: str
    made: str
    role: str


@dataclass(frozen=True)
class Graph:
    release: str
    tag: str
    nodes: tuple[Node, ...]
    """inputs before what is made from them"""
    edges: tuple[Edge, ...]

    def inputs(self, name: str) -> list[Edge]:
        return [edge for edge in self.edges if edge.made == name]

    def ancestry(self, name: str) -> "Graph":
        """The part that `name` was made from, with `name` itself."""
        wanted, queue = {name}, [name]
        while queue:
            for edge in self.inputs(queue.pop()):
                if edge.made_from not in wanted:
                    wanted.add(edge.made_from)
                    queue.append(edge.made_from)
        return Graph(
            self.release, self.tag,
            tuple(node for node in self.nodes if node.name in wanted),
            tuple(edge for edge in self.edges if edge.made in wanted),
        )  # fmt: skip


def graph(release: str, tag: str, manifests: Iterable[Manifest], repos: Mapping[str, str]) -> Graph:
    """`repos` maps the names of published artefacts to
    TYPE/NAMESPACE/NAME. What was refused has a node for its corpus only."""
    nodes: dict[str, Node] = {}
    edges: dict[Edge, None] = {}
    made = {one.name: one for one in manifests if one.kind != "quarantine"}
    for manifest in made.values():
        for entry in manifest.inputs:
            name = entry.name
            if entry.role == "source" and name in made:
                name = f"{name} (source)"  # a corpus may be called as its only source is
            if name not in made and name not in nodes:
                nodes[name] = Node(
                    name, "source", entry.digest, (), entry.repo or "", entry.commit or ""
                )
            edges[Edge(name, manifest.name, entry.role)] = None
        nodes[manifest.name] = Node(
            manifest.name, manifest.kind, manifest.digest, manifest.licence,
            repos.get(manifest.name, ""), "",
        )  # fmt: skip
    needs = {name: sorted(e.made_from for e in edges if e.made == name) for name in sorted(nodes)}
    order = TopologicalSorter(needs).static_order()
    return Graph(
        release, tag, tuple(nodes[name] for name in order),
        tuple(sorted(edges, key=lambda edge: (edge.made, edge.role, edge.made_from))),
    )  # fmt: skip


def as_json(found: Graph) -> dict[str, Any]:
    return asdict(found)
