"""What was done to a corpus besides licences and copies: test questions sought, a mixture drawn."""

from hub.cards.markdown import figure, table
from hub.manifest import Manifest


def test_questions(manifest: Manifest) -> str:
    """Of which tasks questions were found, and what became of the documents."""
    tasks = [
        (name.removeprefix("contaminated_"), f"{number.value:,}")
        for name, number in manifest.numbers.items()
        if name.startswith("contaminated_")
    ]
    if not tasks:
        return "It was not searched for test questions."
    gone = figure(manifest, "excluded_contaminated")
    left = "none had to be left out" if gone == "not known" else f"left out: {gone}"
    return (
        "It was searched for the questions of the evaluation: windows of 13 words that fewer than "
        "three questions share, and short questions together with one of their options. In the "
        f"documents that it would consist of, these were found; {left}. `hits.parquet` of the "
        "corpus has every item, the document and the share of the item in it.\n\n"
        + table(("task", "questions found"), tasks, right=(1,))
    )


def mixture(manifest: Manifest) -> str:
    """What was asked of each part and what was obtained; empty where all documents were taken."""
    asked = [name for name in manifest.numbers if name.startswith("mix_") and "asked" in name]
    rows = [
        (manifest.numbers[name].unit, f"{manifest.numbers[name].value:,}",
         f"{manifest.numbers[name.replace('asked', 'obtained')].value:,}")
        for name in asked
    ]  # fmt: skip
    if not rows:
        return ""
    return (
        "\n## Mixture\n\nDocuments were taken in the order of a hash of their text.\n\n"
        + table(("of", "asked", "obtained"), rows, right=(1, 2))
        + "\n"
    )
