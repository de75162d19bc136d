"""No sentence without a manifest: a changed figure changes the card, a removed one is not known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from hub.cards import dataset, figures, model, reading, results, svg
from hub.cards.model_card import ModelCard
from hub.cards.sources import Source
from hub.manifest import Input, MadeBy, Manifest, Number

MADE_BY = MadeBy(
    code="imprimatur 9", packages={"torch": "2.1"}, command="imprimatur run x.yaml",
    machine="Linux riscv", accelerator="none", wall_seconds=77.7, cpu_seconds=55.5,
)  # fmt: skip
CORPUS = {
    "documents": Number(value=4001, unit="documents"),
    "words": Number(value=70002, unit="words"),
    "read": Number(value=4059, unit="documents"),
    "excluded_licence": Number(value=41, unit="documents"),
    "excluded_contaminated": Number(value=17, unit="documents"),
    "personal_email": Number(value=613, unit="spans"),
}
MODEL = {
    "parameters": Number(value=123457, unit="parameters"),
    "tokens_seen": Number(value=987654, unit="tokens"),
    "final_train_loss": Number(value=3.217, unit="nats/token"),
    "energy": Number(value=0.0413, unit="kWh"),
    "co2": Number(value=0.0023, unit="kg CO2e"),
}
SCORES = [{"model": "adapted", "group": "medical", "metric": "bits_per_byte", "value": 2.345,
           "ci_low": 2.111, "ci_high": 2.777}]  # fmt: skip


def manifest(kind: str, numbers: dict[str, Number], made_by: MadeBy = MADE_BY) -> Manifest:
    return Manifest(
        kind=kind, name="adapted", key="0" * 64, digest="abcdef0123456789" * 4, files=(),
        inputs=(Input(role="source", name="cases", digest="fedcba9876543210" * 4),),
        recipe={"corpus": {"personal_data": "mask"}}, numbers=numbers, licence=("CC-BY-4.0",),
        made_by=made_by,
    )  # fmt: skip


def card_of(
    numbers: Any = MODEL, corpus: Any = CORPUS, scores: Any = SCORES, made_by: MadeBy = MADE_BY
) -> ModelCard:
    return ModelCard(
        repo="x/demo-adapted", tag="v1.0.0", name="adapted", title="demo · adapted",
        description="Words.", manifest=manifest("model", numbers, made_by), languages=["fr"],
        base_models=["x/demo-base"], relation="finetune", datasets=["x/demo-medical"],
        results_repo="x/demo-results", scores=scores, confidence=0.95,
        links={"medical": "[x/demo-medical](/datasets/x/demo-medical)"},
        prompt='La "dose" était', trained_on={"medical": manifest("corpus", corpus)},
    )  # fmt: skip


def model_card(**given: Any) -> str:
    return model.render(card_of(**given))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("corpus")
    (path / "data").mkdir()
    table = pa.table({"id": ["a"], "text": ["b"]})
    parquet.write_table(table, path / "data" / "train-00000-of-00001.parquet")
    parquet.write_table(table, path / "ledger.parquet")
    return path


def source(name: str, words: int) -> Source:
    return Source(name, "", 4001, words, None, {"CC-BY-4.0": 4001}, "licence", None)


def dataset_card(folder: Path, numbers=CORPUS, made_by=MADE_BY) -> str:
    return dataset.render(
        dataset.DatasetCard(
            repo="x/demo-medical", tag="v1.0.0", title="demo · medical", description="Words.",
            use="commercial", manifest=manifest("corpus", numbers, made_by),
            sources=[source("cases", 70002)], tokenizer="", languages=["fr"],
            decisions=[], personal_data="mask", names=True, domain_filter=None, links={},
            results_repo="x/demo-results",
        ),
        folder,
    )  # fmt: skip


def without(numbers: dict[str, Number], name: str) -> dict[str, Number]:
    return {key: number for key, number in numbers.items() if key != name}


def changed(numbers: dict[str, Number], name: str) -> dict[str, Number]:
    number = numbers[name]
    return numbers | {name: number.model_copy(update={"value": number.value * 2})}


def shown(card: str, number: Number) -> bool:
    return f"{number.value:,}" in card or f"{number.value:,.4g}" in card


@pytest.mark.parametrize("name", MODEL)
def test_a_model_card_says_what_the_manifest_says(name):
    card, other = model_card(), model_card(numbers=changed(MODEL, name))
    if name == "co2":
        assert "2.3 g" in card and "4.6 g" in other and "emissions: 2.3" in card
    else:
        assert shown(card, MODEL[name]) and not shown(other, MODEL[name])
    removed = model_card(numbers=without(MODEL, name))
    assert not shown(removed, MODEL[name])
    if name in ("parameters", "energy", "co2"):
        assert removed.count("not known") == card.count("not known") + 1


@pytest.mark.parametrize("name", CORPUS)
def test_a_dataset_card_says_what_the_manifest_says(name, folder):
    card, other = dataset_card(folder), dataset_card(folder, changed(CORPUS, name))
    number = CORPUS[name]
    body = reading.read(card).body
    assert shown(body, number) or str(number.value) in body
    assert other != card and f"{number.value * 2}" in other.replace(",", "")
    removed = dataset_card(folder, without(CORPUS, name))
    if name.startswith("excluded"):
        assert f"Why {number.value} others are not is not known." in removed
    else:
        assert removed.count("not known") > card.count("not known")


def test_the_card_of_a_smaller_copy_says_what_it_takes_and_costs():
    numbers = {"full.size": Number(value=9_600_000, unit="bytes"),
               "copy.size": Number(value=3_100_000, unit="bytes"),
               "copy.speed": Number(value=700, unit="tokens/s")}  # fmt: skip
    copy = manifest("quantised", numbers).model_copy(update={"recipe": {"method": "torchao-int8"}})
    card = model.render(replace(card_of(), manifest=copy, relation="quantized"))
    assert "Loading it takes `torchao` besides transformers." in card
    assert "| size | 9.6 MB | 3.1 MB |" in card and "| speed | not known | 700 tokens/s |" in card
    assert card.count("9.6 MB") == 1  # not among the figures of its making once more
    assert "base_model_relation: quantized" in card and not reading.read(card).problems


def test_what_the_corpora_held_stands_on_the_card_of_the_model():
    assert "613 places" in model_card() and "17 documents" in model_card()
    assert "17 documents" not in model_card(corpus=without(CORPUS, "excluded_contaminated"))
    found = model_card(corpus=without(CORPUS, "personal_email"))
    assert "613" not in found and found.count("not known") == model_card().count("not known") + 1


@pytest.mark.parametrize("field", ["machine", "accelerator", "wall_seconds", "command", "code"])
def test_how_it_was_made_is_the_manifest_s(field, folder):
    value = 1234.5 if field == "wall_seconds" else "another"
    other = MADE_BY.model_copy(update={field: value})
    for card in (model_card(made_by=other), dataset_card(folder, made_by=other)):
        assert ("1,234.5 s" if field == "wall_seconds" else "another") in card


def test_scores_that_are_not_there_are_not_known():
    assert "2.345 [2.111, 2.777]" in model_card()
    other = model_card(scores=[SCORES[0] | {"value": 2.5}])
    assert "2.345" not in other and "2.500 [2.111, 2.777]" in other
    none = model_card(scores=[])
    assert "2.345" not in none and "How it scores is not known" in none
    assert "model-index" not in none


def test_a_results_card_without_results_claims_nothing():
    card = results.render(
        results.ResultsCard("x/demo-results", "v1.0.0", "demo", "Words.", [], 0.95, [], [], [], {})
    )
    assert card.count("They are not known.") == 2
    assert "imprimatur reproduce x/demo@v1.0.0" in card


def test_every_card_has_a_place_for_what_people_write(folder):
    for card in (model_card(), dataset_card(folder)):
        assert card.count(reading.BEGIN) == card.count(reading.END) == 1
        assert not reading.read(card, "dataset").problems


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [svg.GREY, svg.BLUE, svg.ORANGE, svg.GREEN, svg.PURPLE])
def test_figures_can_be_read_on_light_and_dark_pages(colour):
    for page in ("#ffffff", "#0b0f19"):
        low, high = sorted((luminance(colour), luminance(page)))
        assert (high + 0.05) / (low + 0.05) > 4, page


def test_figures_follow_their_numbers():
    few, many = source("a", 5), source("b <&>", 9)
    assert figures.shares([few, many]) != figures.shares([source("a", 6), many])
    assert (
        figures.shares([]) is figures.front([]) is figures.curve([]) is figures.scores([]) is None
    )
    assert "b &lt;&amp;&gt;" in (figures.shares([few, many]) or "")
    curve = [{"tokens": 10, "loss": 3.0}, {"tokens": 20, "loss": 2.0}]
    assert figures.curve(curve) == figures.curve(curve) != figures.curve([*curve, curve[0]])
    assert "2.345" in (figures.scores(SCORES) or "")
