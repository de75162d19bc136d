"""CycloneDX 1.6 bill of materials of a model, or of a whole release.

cyclonedx-python-lib writes components, licences, hashes and dependencies; it has no class for
`modelCard` yet (its issue 912), so that part is added to the document, and the whole is held
against the schema of the standard afterwards.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hub.failure import Failed
from hub.licences.expression import licence_of
from hub.lineage.graph import Graph, Node
from hub.manifest import Manifest, canonical_sha256

BOM = "ml-bom.cdx.json"

_MODELS = ("model", "checkpoint", "merge", "quantised")
Score = Mapping[str, Any]
"""model, group, metric, value, ci_low, ci_high"""


def bom(graph: Graph, manifests: Mapping[str, Manifest], scores: Sequence[Score]) -> str:
    """JSON text; raises Failed where it does not fit the standard."""
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.dependency import Dependency
    from cyclonedx.output.json import JsonV1Dot6

    components = {
        node.name: _component(node, graph.tag)
        for node in graph.nodes
        if node.kind not in ("results", "tasks")
    }
    root = Component(
        name=graph.release, version=graph.tag, type=ComponentType.APPLICATION, bom_ref="release"
    )
    dependencies = [
        Dependency(
            component.bom_ref,
            [
                Dependency(components[edge.made_from].bom_ref)
                for edge in graph.inputs(name)
                if edge.made_from in components
            ],
        )
        for name, component in components.items()
    ]
    whole = Dependency(root.bom_ref, [Dependency(one.bom_ref) for one in components.values()])
    content = canonical_sha256([[node.name, node.digest] for node in graph.nodes])
    document = Bom(
        components=components.values(),
        dependencies=[whole, *dependencies],
        metadata=BomMetaData(component=root),
        serial_number=uuid5(NAMESPACE_URL, f"{graph.release}/{graph.tag}/{content}"),
    )
    written: dict[str, Any] = json.loads(JsonV1Dot6(document).output_as_string())
    del written["metadata"]["timestamp"]  # when it was written is not known from the manifests
    for component in written["components"]:
        if component["type"] == "machine-learning-model":
            name = component["name"]
            component["modelCard"] = _model_card(graph, manifests[name], scores)
    said = json.dumps(written, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    _check(said)
    return said


def _component(node: Node, tag: str) -> Any:
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.license import DisjunctiveLicense

    properties = [Property(name="imprimatur:kind", value=node.kind)]
    if node.repo:
        properties.append(Property(name="imprimatur:repo", value=node.repo))
    if node.commit:
        properties.append(Property(name="imprimatur:commit", value=node.commit))
    licences = []
    for id in node.licence:
        on_spdx = not id.startswith("LicenseRef-")
        licences.append(DisjunctiveLicense(id=id) if on_spdx else _named(id))
    is_model = node.kind in _MODELS
    return Component(
        name=node.name,
        version=node.commit or (tag if node.kind != "source" else node.digest[:12]),
        type=ComponentType.MACHINE_LEARNING_MODEL if is_model else ComponentType.DATA,
        bom_ref=f"{node.kind}/{node.name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=node.digest)],
        licenses=licences,
        properties=properties,
    )


def _named(id: str) -> Any:
    from cyclonedx.model import XsUri
    from cyclonedx.model.license import DisjunctiveLicense

    return DisjunctiveLicense(name=id, url=XsUri(licence_of(id).url))


def _model_card(graph: Graph, manifest: Manifest, scores: Sequence[Score]) -> dict[str, Any]:
    inputs = {edge.made_from for edge in graph.ancestry(manifest.name).edges}
    data = [f"corpus/{n.name}" for n in graph.nodes if n.kind == "corpus" and n.name in inputs]
    card: dict[str, Any] = {
        "modelParameters": {
            "task": "text-generation",
            "datasets": [{"ref": reference} for reference in data],
        },
        "properties": [
            {"name": f"imprimatur:{name}", "value": f"{number.value} {number.unit}"}
            for name, number in sorted(manifest.numbers.items())
        ],
    }
    metrics = [
        {
            "type": str(score["metric"]).replace("_", " "),
            "value": f"{score['value']}",
            "slice": str(score["group"]),
            "confidenceInterval": {
                "lowerBound": f"{score['ci_low']}", "upperBound": f"{score['ci_high']}",
            },
        }
        for score in scores
        if score["model"] == manifest.name
    ]  # fmt: skip
    if metrics:
        card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    return card


def _check(document: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(document)
    if error is not None:
        said = " ".join(str(error).split())[:300]
        raise Failed(f"the bill of materials does not fit CycloneDX 1.6: {said}")
