"""The card of a Space: what it shows of which release, how programs ask it.

Its header is that of the app's own README, which the Hub starts it by; so are its first words and
the section for programs. What the app's README tells those who publish it is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huggingface_hub import RepoCard

from hub.cards import sections
from hub.cards.markdown import licence_links, table
from hub.cards.reading import NO_NOTES, Notes
from hub.manifest import Manifest

PROGRAMS = "For programs"
"""the section of the app's README that is kept"""


@dataclass(frozen=True)
class SpaceCard:
    repo: str
    tag: str
    title: str
    description: str
    readme: str
    """of the app"""
    results_repo: str
    models: Mapping[str, Manifest]
    """by Hub id"""
    corpora: Mapping[str, Manifest]
    links: Mapping[str, str]
    """by name of the artefact"""
    examples: Mapping[str, str | None]
    """what the words of the app's snippets are in this release; None: it has no such thing"""
    notes: Notes = NO_NOTES


def render(card: SpaceCard) -> str:
    app: Any = RepoCard(card.readme)
    app.data.title = card.title
    app.data.models = list(card.models)
    app.data.datasets = [card.results_repo, *card.corpora]
    first, *rest = app.text.strip().split("\n## ")
    intro = first.partition("\n")[2].strip()
    programs = [f"## {part.strip()}\n" for part in rest if part.startswith(PROGRAMS)]
    app.text = f"""
# {card.title}

{card.description}

{intro}

{sections.by_hand(card.notes)}

## What it shows

Its results are those of [{card.results_repo}](/datasets/{card.results_repo}/tree/{card.tag}), \
{card.tag}.{_copy(card)}

{_table(card)}

{_with_names(card, "".join(programs))}
## Limits

It computes nothing that the evaluation has not published, and a score says nothing of what was not
asked. Licences, limits and costs are on the cards of the corpora and models.

## Cite it

{sections.citation(card.title, card.repo, card.tag, prefix="spaces/")}
"""
    return f"{str(app).rstrip()}\n"


def _copy(card: SpaceCard) -> str:
    if card.examples.get("METRIC") is None:
        return ""
    return " A copy of them lies in `snapshot/` and is shown, with its date, where the Hub is away."


def _table(card: SpaceCard) -> str:
    rows: list[Sequence[str]] = [
        (card.links[manifest.name], manifest.kind, licence_links(manifest.licence))
        for manifest in [*card.corpora.values(), *card.models.values()]
    ]
    return table(("", "kind", "licence"), rows) if rows else "It shows no model."


def _with_names(card: SpaceCard, text: str) -> str:
    """The snippets with names of this release; a line that it has nothing for goes."""
    text = text.replace("NAMESPACE/SPACE", card.repo)
    lines = []
    for line in text.split("\n"):
        words = [word for word in card.examples if f'"{word}"' in line]
        if all(card.examples[word] is not None for word in words):
            for word in words:
                line = line.replace(f'"{word}"', f'"{card.examples[word]}"')
            lines.append(line)
    return "\n".join(lines)
