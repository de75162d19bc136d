"""A filter in a release file: made, applied, ablated, told on the cards, refused where needed."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import COMMAND, Workdir, imprimatur
from labelling_server import serving
from test_domain_classifier import text

from corpus.domain.gather import known_documents, labelled_documents
from corpus.domain.make import make
from corpus.domain.settings import FilterSettings, KnownSources, Sample
from corpus.settings import SourceSettings
from hub.failure import BadInput
from release.recipe import load

assert COMMAND

RECIPE = """
release: webmed
version: 0.1.0
namespace: imprimatur-demo
description: A web corpus and its medical part.
data: data
sources:
  clinic: {reader: parquet, files: clinic.parquet, language: de, terms: {licence: CC0-1.0}}
  surgery: {reader: parquet, files: surgery.parquet, language: de, terms: {licence: CC0-1.0}}
  news: {reader: parquet, files: news.parquet, language: de, terms: {licence: CC0-1.0}}
  courts: {reader: parquet, files: courts.parquet, language: de, terms: {licence: CC0-1.0}}
  web: {reader: parquet, files: "web-*.parquet", terms: {licence: CC0-1.0}}
filters:
  medical:
    domain: medical
    languages: [de]
    licence: Apache-2.0
    known: {positive: [clinic, surgery], negative: [news, courts]}
corpora:
  everything: {sources: [web], use: commercial, dedup: exact}
  filtered: {sources: [web], use: commercial, dedup: exact, domain_filter: medical, shards: 2}
  random: {sources: [web], use: commercial, dedup: exact, sized_as: filtered}
"""


def write(path: Path, texts: list[str], language: str = "deu") -> None:
    rows = [
        {"text": one, "id": f"<urn:uuid:{path.stem}-{n}>", "language": language}
        for n, one in enumerate(texts)
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("webmed")
    data = folder / "data"
    data.mkdir()
    rng = np.random.default_rng(11)
    for name, medical in (("clinic", True), ("surgery", True), ("news", False), ("courts", False)):
        write(data / f"{name}.parquet", [text(rng, "de", medical) for _ in range(100)])
    web = [text(rng, "de", n % 5 == 0) for n in range(300)]
    write(data / "web-0.parquet", web)
    write(data / "web-1.parquet", [text(rng, "fr", True) for _ in range(10)], "fra")
    path = folder / "webmed.yaml"
    path.write_text(RECIPE, "utf-8")
    return path


@pytest.fixture(scope="module")
def made(recipe: Path) -> Workdir:
    work = recipe.parent / "work"
    done = imprimatur("run", recipe, "--workdir", work)
    assert done.returncode == 0, done.stderr
    return Workdir(work, tuple(done.stderr.splitlines()))


def test_the_filter_takes_the_domain_and_every_score_is_in_the_ledger(made: Workdir):
    rows = pq.read_table(made.folder("filtered") / "ledger.parquet").to_pylist()
    assert len(rows) == 310
    german = [row for row in rows if row["language"].startswith("de")]
    assert all(0 <= row["domain_score"] <= 1 for row in german)
    kept = {row["id"] for row in rows if row["status"] == "kept"}
    medical = {f"<urn:uuid:web-0-{n}>" for n in range(0, 300, 5)}
    assert len(kept & medical) >= 0.8 * len(medical)
    assert len(kept & medical) >= 0.95 * len(kept)
    left_out = [row for row in german if row["status"] == "excluded"]
    assert {row["reason"] for row in left_out} == {"domain"}
    french = [row for row in rows if row not in german]
    assert len(french) == 10
    assert {row["domain_score"] for row in french} == {None}, "not judged, not scored"
    assert all("cannot judge its language" in row["rule"] for row in french)


def test_the_manifests_say_how_good_the_filter_is_and_what_it_did(made: Workdir):
    numbers = {name: one["numbers"] for name, one in made.manifests().items()}
    filtered = {name: number["value"] for name, number in numbers["filtered"].items()}
    assert filtered["domain_scored"] == 300 and filtered["domain_not_judged"] == 10
    assert filtered["domain_taken"] == filtered["documents"]
    assert filtered["domain_drift"] >= 0
    good = {name: number["value"] for name, number in numbers["medical"].items()}
    assert good["precision_low"] <= good["precision"] <= good["precision_high"]
    evaluation = json.loads((made.folder("medical") / "evaluation.json").read_bytes())
    assert len(evaluation["curve"]["precision"]) == len(evaluation["curve"]["recall"]) > 5


def test_the_ablation_is_a_random_sample_of_the_same_size(made: Workdir):
    numbers = {name: one["numbers"] for name, one in made.manifests().items()}
    size = numbers["filtered"]["words"]["value"]
    longest = 60
    assert 0 <= size - numbers["random"]["words"]["value"] <= longest
    ids = {
        name: set(pq.read_table(made.folder(name) / "data", columns=["id"])["id"].to_pylist())
        for name in ("filtered", "random")
    }
    medical = {f"<urn:uuid:web-0-{n}>" for n in range(0, 300, 5)}
    assert len(ids["random"] & medical) < 0.5 * len(ids["random"])


def test_another_number_of_workers_and_a_killed_run_change_nothing(made: Workdir, recipe: Path):
    work = recipe.parent / "again"
    done = imprimatur("run", recipe, "--workdir", work, "--set", "workers=2")
    assert done.returncode == 0, done.stderr
    assert Workdir(work).digests() == made.digests()
    scores = list((work / "cache").rglob("domain-*/*.npz"))
    assert scores
    scores[0].unlink()
    folder = Workdir(work).folder("filtered")
    (folder / "manifest.json").unlink()
    kept = scores[-1].stat().st_mtime_ns
    done = imprimatur("run", recipe, "--workdir", work)
    assert done.returncode == 0, done.stderr
    assert Workdir(work).digests() == made.digests()
    assert scores[0].exists() and scores[-1].stat().st_mtime_ns == kept


def labelled(recipe: Path, endpoint: dict[str, object]) -> Path:
    """The same with a sample that an endpoint labels."""
    sample = {"sources": ["web"], "documents": 150}
    labeller = {"endpoint": endpoint, "prompt": "Medizin? <DOCUMENT>"}
    content = RECIPE.replace(
        "known: {positive: [clinic, surgery], negative: [news, courts]}",
        f"sample: {json.dumps(sample)}\n    labeller: {json.dumps(labeller)}",
    )
    path = recipe.with_name("labelled.yaml")
    path.write_text(content, "utf-8")
    return path


def test_texts_are_not_sent_away_and_a_prosaic_labeller_labels_nothing(recipe: Path):
    away = labelled(recipe, {"url": "https://labels.example.org/v1", "model": "m"})
    done = imprimatur("run", away, "--workdir", recipe.parent / "away")
    assert done.returncode == 3
    assert "the texts of web may not leave this machine" in done.stderr
    with serving() as script:
        script.default = "prosaic"
        prosaic = labelled(recipe, {"url": script.url, "model": "m"})
        done = imprimatur("run", prosaic, "--workdir", recipe.parent / "prosaic")
    assert done.returncode == 2
    assert "the labeller gave no label at all (prose 1" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_class_only_is_bad_input_and_no_filter_is_made(recipe: Path):
    with serving() as script:
        script.default = "medical"
        single = labelled(recipe, {"url": script.url, "model": "m"})
        work = recipe.parent / "single"
        done = imprimatur("run", single, "--workdir", work)
    assert done.returncode == 2, done.stderr
    assert "leave one class only" in done.stderr and "label more documents" in done.stderr
    assert "Traceback" not in done.stderr
    assert "medical" not in Workdir(work).manifests()


def test_a_language_with_a_single_other_source_is_said_to_be_unsure(recipe: Path, tmp_path: Path):
    release = load(recipe).release
    settings = release.filters["medical"]
    told: dict[int, list[str]] = {1: [], 2: []}
    numbers = {}
    for count, lines in told.items():
        known = KnownSources(positive=("clinic", "surgery"), negative=("news", "courts")[:count])
        chosen = settings.model_copy(update={"known": known})
        out = tmp_path / str(count)
        out.mkdir()
        made = make(chosen, release.sources, recipe.parent / "data", out, out, lines.append)
        numbers[count] = made.numbers
    assert "de has 1 source that is not medical" in "".join(told[1])
    assert "unseen_precision" not in numbers[1], "no other source to leave out"
    assert "not medical" not in "".join(told[2])
    assert numbers[2]["unseen_precision"].value > 0.9


def test_what_is_in_another_language_or_empty_is_neither_sent_nor_learned(tmp_path: Path):
    rng = np.random.default_rng(2)
    german = [text(rng, "de", n % 2 == 0) for n in range(30)]
    french = [text(rng, "fr", n % 2 == 0) for n in range(30)]
    rows = [{"text": one, "id": str(n)} for n, one in enumerate([*german, *french, " \n", "…"])]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "web.parquet")
    web = SourceSettings(reader="parquet", files="web.parquet")
    with serving() as script:
        settings = FilterSettings(
            domain="medical", languages=("de",), licence="Apache-2.0",
            sample=Sample(sources=("web",), documents=100), labeller=script.labeller(),
        )  # fmt: skip
        found, answers = labelled_documents(settings, {"web": web}, tmp_path, tmp_path, print)
        asked = "".join(one["messages"][0]["content"] for one in script.asked)
        assert {one.example.text for one in found} == set(german)
        assert {one.example.language for one in found} == {"de"}
        assert answers and len(answers.answers) == 30
        assert not any(one in asked for one in french)
        italian = settings.model_copy(update={"languages": ("it",)})
        with pytest.raises(BadInput, match="no sampled document is in it"):
            labelled_documents(italian, {"web": web}, tmp_path, tmp_path, print)
    known = settings.model_copy(
        update={"sample": None, "labeller": None, "languages": ("it",),
                "known": KnownSources(positive=("web",), negative=("web",))}
    )  # fmt: skip
    with pytest.raises(BadInput, match=r"none of the .* documents of web is in it"):
        known_documents(known, {"web": web}, tmp_path)


def test_a_release_file_names_its_filters(recipe: Path):
    done = imprimatur("plan", recipe, "--set", "corpora.filtered.domain_filter=medcial")
    assert done.returncode == 2 and "nothing is named medcial" in done.stderr + done.stdout
    done = imprimatur("plan", recipe, "--set", "filters.medical.known.negative=[clinic]")
    assert done.returncode == 2 and "either positive or negative" in done.stderr + done.stdout
    assert load(recipe).release.filters["medical"].precision == 0.95


def test_the_classifier_is_published_with_its_card_and_the_corpus_says_how_it_was_chosen(
    made: Workdir, recipe: Path, tmp_path: Path
):
    from hub.verify import check_classifier
    from release.publication import classifiers, corpora
    from release.publication.context import Context
    from release.run import run

    release = load(recipe)
    ran = run(release, made.path, "imprimatur run", print)
    assert ran.made == []
    context = Context(release, ran.artefacts, [], [], None, made.path)
    folder = tmp_path / "publication" / "building"
    repo = classifiers.repo(context, folder, "medical")
    for name in ("filtered", "everything"):
        corpora.repo(context, folder, name)
    assert context.filters == ["medical"]
    published = folder / "model" / "imprimatur-demo" / "webmed-medical"
    card = (published / "README.md").read_text("utf-8")
    assert "pipeline_tag: text-classification" in card and "license: apache-2.0" in card
    assert "95% interval" in card and "clinic, surgery" in card
    assert "precision, on sources left out in turn" in card
    assert "a classifier with" in check_classifier(repo, published)
    corpus = (folder / "dataset" / "imprimatur-demo" / "webmed-filtered" / "README.md").read_text()
    assert "## Domain filter" in corpus and "300 documents that were read and judged" in corpus
    plain = (folder / "dataset" / "imprimatur-demo" / "webmed-everything" / "README.md").read_text()
    assert "## Domain filter" not in plain
