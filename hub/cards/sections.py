"""Sections that the cards of corpora and models share. Each says what a manifest says, or that it
is not known."""

from hub.cards import reading
from hub.cards.markdown import figure, table
from hub.manifest import Manifest

UNKNOWN = "not known"


def cost(manifest: Manifest, of_what: str) -> str:
    """Time, energy and emissions of making one artefact; its inputs have their own cards."""
    made = manifest.made_by
    rows = [
        ("wall time", f"{made.wall_seconds:,.1f} s"),
        ("processor time", f"{made.cpu_seconds:,.1f} s"),
        ("machine", made.machine),
        ("accelerator", made.accelerator),
        ("energy", figure(manifest, "energy")),
        ("emissions of CO2 equivalent", _grams(emissions(manifest))),
    ]
    return (
        f"Of making {of_what} alone, without what it was made from; energy and emissions are not "
        f"known where they were not measured.\n\n{table(('what', 'how much'), rows, right=(1,))}"
    )


def emissions(manifest: Manifest) -> float | None:
    """Grams of CO2 equivalent, the Hub's unit; None where nobody measured."""
    number = manifest.numbers.get("co2")
    if number is None:
        return None
    return float(number.value) * (1000 if number.unit.startswith("kg") else 1)


def _grams(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.4g} g"


def citation(title: str, repo: str, tag: str, digest: str = "", prefix: str = "") -> str:
    """BibTeX that names the exact version; who wrote it is for its people to add.

    `prefix`: what stands before the repo's id in its address, such as `datasets/`.
    """
    key = repo.replace("/", "-")
    content = f", content digest {digest[:16]}" if digest else ""
    return f"""```bibtex
@misc{{{key},
  title        = {{{title}}},
  howpublished = {{\\url{{https://huggingface.co/{prefix}{repo}}}}},
  note         = {{version {tag}{content}}}
}}
```"""


def lineage_of_release(results_link: str) -> str:
    return (
        "As data: `ml-bom.cdx.json` (CycloneDX), and the graph of the whole release in "
        f"{results_link}."
    )


def by_hand(notes: reading.Notes) -> str:
    """What the release brings, then where a person may write on the Hub: that is kept when the card
    is written again."""
    block = reading.block(notes.kept)
    if not notes.written or notes.written in notes.kept:
        return block
    return f"{notes.written}\n\n{block}"


def picture(alternative: str, file: str) -> str:
    return f"![{alternative}]({file})"
