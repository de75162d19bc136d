"""The sources of a corpus as a table, as PARCOMED's Table 1 has them.

A source's own counts stand beside the paper's only where all of it is there: next to a sample they
would say nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.cards.markdown import table


@dataclass(frozen=True)
class Source:
    name: str
    document_type: str
    """empty where nobody said"""
    documents: int
    words: int
    tokens: int | None
    """by the release's tokenizer; None: there is none"""
    licences: Mapping[str, int]
    """documents by licence id"""
    right: str
    """on what right its documents are used"""
    paper: tuple[int, int | None] | None
    """documents and words in the paper; None: no paper, or not all of the source is here"""


def render_table(sources: Sequence[Source]) -> str:
    """Columns that no source has anything for are left out."""
    total = sum(source.words for source in sources)
    columns: list[tuple[str, list[str], bool]] = [
        ("source", [s.name for s in sources], False),
        ("document type", [s.document_type for s in sources], False),
        ("documents", [f"{s.documents:,}" for s in sources], True),
        ("words", [f"{s.words:,}" for s in sources], True),
        ("share of words", [_share(s.words, total) for s in sources], True),
        ("tokens", ["" if s.tokens is None else f"{s.tokens:,}" for s in sources], True),
        ("documents in the paper", [f"{s.paper[0]:,}" if s.paper else "" for s in sources], True),
        ("words in the paper", [_paper_words(s) for s in sources], True),
        ("licences (documents)", [_licences(s) for s in sources], False),
        ("used by right of", [s.right for s in sources], False),
    ]
    shown = [column for column in columns if any(column[1]) or column[0] == "source"]
    rows = zip(*(cells for _, cells, _ in shown), strict=True)
    right = [number for number, (_, _, is_figure) in enumerate(shown) if is_figure]
    return table([name for name, _, _ in shown], [[c or "–" for c in row] for row in rows], right)


def describe_shares(sources: Sequence[Source]) -> str:
    """What the figure of their shares shows, for those who cannot see it."""
    total = sum(source.words for source in sources) or 1
    ranked = sorted(sources, key=lambda s: (-s.words, s.name))[:3]
    largest = ", ".join(f"{s.name} {_share(s.words, total)}" for s in ranked if s.words)
    return f"Words by source; the largest: {largest}." if largest else "No words."


def _share(words: int, total: int) -> str:
    share = words / total if total else 0.0
    return "<0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def _paper_words(source: Source) -> str:
    return f"{source.paper[1]:,}" if source.paper and source.paper[1] is not None else ""


def _licences(source: Source) -> str:
    return ", ".join(f"{id} ({count})" for id, count in source.licences.items())
