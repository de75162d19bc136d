"""The table's rows against the licences' own texts, and the texts beside a corpus."""

import re

import pytest

from hub.cards import notices
from hub.licences.table import LICENCES, text_of

TEXTS = {id: text for id in LICENCES if (text := text_of(id))}
FLAT = {id: " ".join(text.split()) for id, text in TEXTS.items()}
"""without line breaks, which fall anywhere"""

NOT_FOR_COMMERCE = re.compile(
    r"primarily intended for or directed toward commercial|NonCommercial purposes only|"
    r"im Wesentlichen auf.{0,40}kommerzielle",
    re.IGNORECASE,
)
NOT_CHANGED = re.compile(
    r"NoDeriv|produce and reproduce, but not Share|but not to? ?distribute adap"
)
SAME_TERMS = re.compile(
    r"share ?alike|copyleft|under (?:the terms of )?(?:precisely )?(?:this|the same) (?:[\w ]+ )?"
    r"licen[cs]e|same terms|unmodified form of this agreement|bind each recipient|"
    r"subject to all the provisions of this agreement|under the terms of (?:this|section)",
    re.IGNORECASE,
)


def test_most_rows_have_their_text():
    assert len(TEXTS) >= 70


@pytest.mark.parametrize("id", sorted(TEXTS))
def test_no_row_allows_what_its_text_forbids(id):
    row, text = LICENCES[id], FLAT[id]
    assert (row.acts["commercial"] == "forbidden") == bool(NOT_FOR_COMMERCE.search(text))
    assert (row.acts["publish_adapted"] == "forbidden") == bool(NOT_CHANGED.search(text))
    if "share-alike" in row.obligations:
        assert SAME_TERMS.search(text)


def test_every_creative_commons_text_names_its_elements():
    words = {"BY": "Attribution", "NC": "NonCommercial", "ND": "NoDeriv", "SA": "ShareAlike"}
    for id, text in TEXTS.items():
        family = re.fullmatch(r"CC-((?:BY|NC|ND|SA)(?:-(?:BY|NC|ND|SA))*)-[\d.]+", id)
        if family:
            for element, word in words.items():
                named = word.lower() in text[:200].replace("-", "").lower()
                assert named == (element in family[1].split("-")), (id, element)


def test_a_corpus_comes_with_the_texts_of_its_licences(tmp_path):
    ids = ("CC-BY-4.0", "LicenseRef-UrhG-5-1", "CC0-1.0 OR MIT")
    kept = [{"id": id, "source": "s", "licence": id, "attribution": "A"} for id in ids]
    notices.write(tmp_path, "A corpus", kept)
    folder = tmp_path / "LICENSES"
    assert {path.name for path in folder.iterdir()} == {
        "CC-BY-4.0.txt", "CC0-1.0.txt", "MIT.txt", "LicenseRef-UrhG-5-1.txt", "README.md",
    }  # fmt: skip
    assert folder.joinpath("CC-BY-4.0.txt").read_text("utf-8") == TEXTS["CC-BY-4.0"]
    elsewhere = folder.joinpath("LicenseRef-UrhG-5-1.txt").read_text("utf-8")
    assert LICENCES["LicenseRef-UrhG-5-1"].url in elsewhere
    read = folder.joinpath("README.md").read_text("utf-8")
    assert "| [CC-BY-4.0](https://creativecommons.org/licenses/by/4.0/) | allowed |" in read
