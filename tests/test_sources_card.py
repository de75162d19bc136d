"""What a card says of the sources of a corpus, and what `datasets` makes of the folder."""

import json
import re
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from lxml import etree
from test_corpus_build import written

from hub.cards import figures
from hub.cards.dataset_info import dataset_info
from hub.cards.sources import Source, describe_shares, render_table
from hub.disk import write_json
from hub.manifest import Artefact
from release.publication.sources import sources_of
from release.schema import Release

HAL = Source("hal", "scientific", 2, 900, None, {"CC-BY-4.0": 2}, "licence", (26_987, 703_473_770))
WEB = Source("web", "", 3, 100, None, {}, "licence", None)


def test_the_table_shows_shares_and_the_papers_counts_where_all_is_there():
    shown = render_table([HAL, WEB])
    assert "| hal | scientific | 2 | 900 | 90.0% | 26,987 | 703,473,770 | CC-BY-4.0 (2) |" in shown
    assert "| web | – | 3 | 100 | 10.0% | – | – | – | licence |" in shown
    assert "tokens" not in shown
    assert "| paper" not in render_table([WEB])


def test_the_figure_says_what_the_table_says_and_can_be_read_in_the_dark():
    drawn = figures.shares([WEB, HAL]) or ""
    assert drawn == figures.shares([HAL, WEB])
    words = "".join(etree.fromstring(drawn.encode()).itertext())
    assert words.index("900 words (90%)") < words.index("100 words (10%)")
    assert not re.search(r"#000000|#ffffff|fill: ?(?:black|white)", drawn)
    assert describe_shares([HAL, WEB]) == "Words by source; the largest: hal 90.0%, web 10.0%."


def test_a_figure_of_many_sources_stays_readable():
    many = [Source(f"s{n}", "", 1, n + 1, None, {}, "licence", None) for n in range(60)]
    assert "41 other sources" in (figures.shares(many) or "")


@pytest.mark.parametrize("complete", [True, False])
def test_the_papers_numbers_stand_only_beside_a_whole_source(tmp_path, complete):
    row = {"source": "q", "documents": 1, "words": 5, "licences": {}, "languages": {}}
    write_json(tmp_path / "statistics.json", [row])
    release = Release.model_validate(
        {
            "release": "r", "version": "0.1.0", "namespace": "n", "description": "d",
            "sources": {"q": {"entry": "quaero", "complete": complete}},
            "corpora": {"c": {"sources": ["q"], "use": "research"}},
        }
    )  # fmt: skip
    artefact = Artefact(tmp_path, None)  # type: ignore[arg-type]  # only its folder is looked at
    (source,) = sources_of(release, artefact, {"q": 7})
    assert source.paper == ((2_490, 71_812) if complete else None)
    assert (source.document_type, source.tokens) == ("scientific", 7)


def test_datasets_arrives_at_what_the_card_says(tmp_path):
    """Features, rows and bytes, of the corpus and of its ledger."""
    texts = [f"Un texte numéro {n} " + "assez long " * (n % 50) for n in range(2_345)]
    written(tmp_path, [{"id": f"d{n}", "text": t, "licence": "CC0"} for n, t in enumerate(texts)])
    folder = tmp_path / "out"
    ledger = folder / "ledger.parquet"
    pq.write_table(
        pq.read_table(ledger), ledger, row_group_size=700
    )  # several groups, a short last
    infos = dataset_info(folder, {"default": "data/train-*.parquet", "ledger": "ledger.parquet"})
    code = """
import json, sys
from datasets import load_dataset
found = []
for pattern in ("data/train-*.parquet", "ledger.parquet"):
    data = load_dataset("parquet", data_files={"train": f"{sys.argv[1]}/{pattern}"},
                        cache_dir=sys.argv[2], split="train")
    split = data.info.splits["train"]
    features = [{"name": n, "dtype": f.dtype} for n, f in data.features.items()]
    found.append([features, split.num_examples, split.num_bytes, data.info.download_size])
print(json.dumps(found))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), str(tmp_path / "cache")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    theirs = json.loads(done.stdout.splitlines()[-1])
    ours = [
        [i["features"], i["splits"][0]["num_examples"], i["splits"][0]["num_bytes"],
         i["download_size"]]
        for i in infos
    ]  # fmt: skip
    assert ours == theirs


def test_shards_have_a_page_index_and_row_groups_within_what_the_hub_takes(tmp_path):
    written(tmp_path, [{"id": "d", "text": "Un texte.", "licence": "CC0"}])
    (shard,) = (tmp_path / "out" / "data").glob("*.parquet")
    assert shard.name == "train-00000-of-00001.parquet"
    metadata = pq.read_metadata(shard)
    column = metadata.row_group(0).column(0)
    assert column.has_column_index
    assert column.has_offset_index
    assert metadata.row_group(0).total_byte_size < 286 << 20
