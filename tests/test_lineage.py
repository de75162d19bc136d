"""The graph of a release, its bill of materials, its Croissant, its figure."""

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from lxml import etree

from hub.lineage.bom import bom
from hub.lineage.croissant import croissant
from hub.lineage.figure import draw
from hub.lineage.graph import as_json, graph
from hub.manifest import Input, MadeBy, Manifest, Number, PayloadFile

MADE_BY = MadeBy(code="imprimatur 0", packages={"torch": "2"}, command="run", machine="Linux",
                 accelerator="none", wall_seconds=1.5, cpu_seconds=1.0)  # fmt: skip


def manifest(name, kind, inputs=(), licence=("CC0-1.0",), numbers=None):
    return Manifest(
        kind=kind, name=name, key="0" * 64, digest=(name.encode().hex() + "0" * 64)[:64],
        files=(PayloadFile(path="a", size=1, sha256="1" * 64),),
        inputs=tuple(Input(role=r, name=n, digest="2" * 64) for r, n in inputs), recipe={},
        numbers=numbers or {"parameters": Number(value=12, unit="parameters")}, licence=licence,
        made_by=MADE_BY,
    )  # fmt: skip


RESEARCH = "LicenseRef-research-use"
REPOS = {"medical": "dataset/x/medical", "adapted": "model/x/a"}
RELEASE = [
    manifest("adapted", "model", [("base", "base"), ("corpus", "medical")], (RESEARCH,)),
    manifest("base", "model", [("corpus", "medical")]),
    manifest("medical", "corpus", [("source", "medical"), ("source", "a <b> & c")]),
    manifest("medical-excluded", "quarantine"),
]  # fmt: skip
SCORES = [{"model": "adapted", "group": "g", "metric": "accuracy", "value": 0.5, "ci_low": 0.25,
           "ci_high": 0.75}]  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return graph("demo", "v1", RELEASE, REPOS)


def test_inputs_come_before_what_is_made_from_them(found):
    place = {node.name: number for number, node in enumerate(found.nodes)}
    assert all(place[edge.made_from] < place[edge.made] for edge in found.edges)
    assert "medical (source)" in place and "medical-excluded" not in place
    assert {n.name for n in found.ancestry("base").nodes} == place.keys() - {"adapted"}


def test_the_order_of_manifests_changes_nothing(found):
    turned = graph("demo", "v1", RELEASE[::-1], REPOS)
    assert as_json(turned) == as_json(found)
    assert draw(turned) == draw(found)


def test_the_bill_of_materials_fits_the_standard_and_says_what_was_measured(found):
    manifests = {one.name: one for one in RELEASE}
    text = bom(found, manifests, SCORES)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert text == bom(found, manifests, SCORES)
    read = json.loads(text)
    parts = {part["name"]: part for part in read["components"]}
    (metric,) = parts["adapted"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    assert metric["value"] == "0.5" and metric["confidenceInterval"]["lowerBound"] == "0.25"
    assert "quantitativeAnalysis" not in parts["base"]["modelCard"]
    assert parts["adapted"]["hashes"][0]["content"] == manifests["adapted"].digest
    needs = {entry["ref"]: entry.get("dependsOn", []) for entry in read["dependencies"]}
    assert sorted(needs["model/adapted"]) == ["corpus/medical", "model/base"]
    assert "timestamp" not in read["metadata"]


def test_the_figure_is_well_formed_whatever_the_names(found):
    root = etree.fromstring(draw(found).encode())
    words = "".join(root.itertext())
    assert "a <b> & c" in words and "adapted" in words


@pytest.mark.parametrize("shards", [1, 3])
def test_croissant_opens_the_corpus(tmp_path, shards):
    import mlcroissant
    import pyarrow as pa
    from pyarrow import parquet

    from hub.manifest import describe_files

    (tmp_path / "data").mkdir()
    for number in range(shards):
        table = pa.table({"id": [f"d{number}"], "text": ["Bonjour"], "words": [1]})
        parquet.write_table(table, tmp_path / "data" / f"train-{number}.parquet")
    paths = [f"data/train-{number}.parquet" for number in range(shards)]
    corpus = RELEASE[2].model_copy(update={"files": describe_files(tmp_path, paths)})
    text = croissant(tmp_path, "Corpus", "Words.", "x/medical", "0.1.0", corpus, ["fr"])
    (tmp_path / "croissant.json").write_text(text, encoding="utf-8")
    opened = mlcroissant.Dataset(jsonld=tmp_path / "croissant.json")
    assert not opened.metadata.issues.errors
    records = list(opened.records("documents"))
    assert sorted(record["documents/id"].decode() for record in records) == [
        f"d{number}" for number in range(shards)
    ]
