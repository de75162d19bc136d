"""The sample is even and the same for any order of files; the sheet goes out and comes back."""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.domain.agreement import agreement, check
from corpus.domain.cache import content_key
from corpus.domain.label import Sampled
from corpus.domain.sample import draw
from corpus.domain.sheet import Judged, read_sheet, write_sheet
from corpus.domain.sheet import draw as draw_for_people
from hub.failure import BadInput


@pytest.fixture
def files(tmp_path: Path) -> list[tuple[str, Path]]:
    """FineWeb2's columns: two crawls, one ten times the other."""
    rows = [
        {"text": f"Ein Text Nummer {n}. " * (1 + n % 40), "id": f"<urn:uuid:{n}>",
         "dump": "CC-MAIN-2013" if n % 11 else "CC-MAIN-2024", "url": "https://example.org",
         "language": "deu", "language_score": 0.99}
        for n in range(1_100)
    ]  # fmt: skip
    rows += [{**rows[5], "id": "copy"}, {**rows[5], "text": "  \n", "id": "empty"}]
    for number in range(2):
        table = pa.Table.from_pylist(rows[number::2])
        pq.write_table(table, tmp_path / f"{number}.parquet")
    return [("fineweb2", tmp_path / f"{number}.parquet") for number in range(2)]


def test_strata_give_evenly_and_weights_add_up_to_the_corpus(files):
    drawn = draw(files, 60, ["dump"], seed=3)
    assert len(drawn) == 60 and len({one.document.text for one in drawn}) == 60
    of_crawl = [one.stratum.partition("/")[0] for one in drawn]
    assert of_crawl.count("CC-MAIN-2024") == of_crawl.count("CC-MAIN-2013") == 30
    assert sum(one.weight for one in drawn) == pytest.approx(1_101)
    assert all(one.document.language == "de" for one in drawn)


def test_the_same_seed_draws_the_same_documents_in_any_order(files):
    first = draw(files, 50, ["dump"], seed=1)
    assert draw(files[::-1], 50, ["dump"], seed=1) == first
    assert draw(files, 50, ["dump"], seed=2) != first


def test_a_broken_or_foreign_file_is_named(files, tmp_path: Path):
    whole = files[0][1].read_bytes()
    (tmp_path / "half.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"half\.parquet is not readable as Parquet"):
        draw([("web", tmp_path / "half.parquet")], 10)
    with pytest.raises(BadInput, match="no column quality"):
        draw(files, 10, ["quality"])
    pq.write_table(pa.table({"text": pa.array(["", None], pa.string())}), tmp_path / "none.parquet")
    with pytest.raises(BadInput, match="nothing to sample"):
        draw([("web", tmp_path / "none.parquet")], 10)


DOCUMENTS = [Sampled(str(n), "web", "de", f"=Text {n}, mit Komma\nund Zeile") for n in range(20)]
LABELS = {content_key(d.text): n % 4 == 0 for n, d in enumerate(DOCUMENTS)}


def fill(path: Path, answers: dict[str, list[str]]) -> None:
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines(keepends=True)))
    for row in rows[1:]:
        row[3:] = answers[row[0]]
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=";").writerows(rows)


def test_a_sheet_hides_the_label_and_comes_back_with_judgements(tmp_path: Path):
    path = tmp_path / "sheet.csv"
    drawn = draw_for_people(DOCUMENTS, LABELS, 10)
    assert sum(LABELS[content_key(d.text)] for d in drawn) == 5
    write_sheet(path, drawn, annotators=3)
    lines = path.read_text("utf-8-sig")
    assert "True" not in lines and "False" not in lines
    assert "'=Text" in lines, "a spreadsheet must not run a document as a formula"
    said = {content_key(d.text): ["ja", "NEIN", ""] for d in drawn}
    fill(path, said)
    read = read_sheet(path, LABELS)
    assert [item.judgements for item in read] == [(True, False)] * 10
    assert {item.key: item.label for item in read} == {k: LABELS[k] for k in said}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda text: text.replace(",,,", ",vielleicht,,", 1),
            "“vielleicht” is neither yes nor no",
        ),
        (lambda text: text.replace("key", "schlüssel", 1), "is no annotation sheet"),
        (
            lambda text: text.replace(content_key(DOCUMENTS[0].text), "0" * 64),
            "no labelled document",
        ),
    ],
)
def test_a_sheet_that_cannot_be_read_names_the_line(change, words, tmp_path: Path):
    path = tmp_path / "sheet.csv"
    write_sheet(path, DOCUMENTS, annotators=3)
    path.write_text(change(path.read_text("utf-8-sig")), "utf-8")
    with pytest.raises(BadInput, match=words):
        read_sheet(path, LABELS)
    path.write_bytes("clé;annotator 1".encode("cp1252"))
    with pytest.raises(BadInput, match="not UTF-8"):
        read_sheet(path, LABELS)


def test_kappas_are_those_of_the_published_examples():
    """Fleiss (1971) has ten classes; on two, by hand: 4 items, 3 annotators."""
    votes = [(True, True, True), (False, False, False), (True, True, False), (False, False, False)]
    items = [Judged(str(n), "", vote[0], vote) for n, vote in enumerate(votes)]
    found = agreement(items)
    # Observed agreement (1 + 1 + 1/3 + 1) / 4; by chance 1/2 (free) or p² + q² of the margins.
    observed, share = (1 + 1 + 1 / 3 + 1) / 4, 5 / 12
    assert found.free_marginal.value == pytest.approx(2 * observed - 1)
    chance = share**2 + (1 - share) ** 2
    assert found.fleiss.value == pytest.approx((observed - chance) / (1 - chance))
    assert found.free_marginal.low <= found.free_marginal.value <= found.free_marginal.high
    alone = agreement([Judged("a", "", True, (True,))])
    assert alone.free_marginal is None and alone.fleiss is None


def test_the_labeller_is_checked_against_the_majority_and_disagreements_are_listed():
    yes, no = (True, True, False), (False, False, True)
    items = [
        *(Judged(f"tp{n}", "", True, yes) for n in range(9)),
        *(Judged(f"fp{n}", "", True, no) for n in range(1)),
        *(Judged(f"fn{n}", "", False, yes) for n in range(3)),
        *(Judged(f"tn{n}", "", False, no) for n in range(7)),
        Judged("tie", "", True, (True, False)),
    ]
    found = check(items)
    assert (found.items, found.ties) == (20, 1)
    assert found.precision.value == pytest.approx(0.9) and found.recall.value == pytest.approx(0.75)
    assert found.f1.value == pytest.approx(18 / 22)
    assert found.precision.low < 0.9 <= found.precision.high
    assert {item.key for item in found.wrong} == {"fp0", "fn0", "fn1", "fn2"}
    with pytest.raises(BadInput, match="fill in its annotator columns"):
        check([Judged("a", "", True, ())])
