"""The sources of a corpus as a table and as a figure, as PARCOMED's Table 1 has them.

A source's own counts stand beside the paper's only where all of it is there: next to a sample they
would say nothing.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.cards.markdown import table

FIGURE = "sources.svg"
_NEUTRAL = "#767676"
"""4.5 : 1 on white and on black: text that can be read in the light and in the dark"""
_BAR = "#3b82c4"
_MOST_BARS = 25


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


def render_figure(sources: Sequence[Source]) -> bytes:
    """Words of each source as bars, largest first; the same sources give the same bytes.

    Text stays text, so that it can be searched and read aloud and no font of this machine enters;
    the ground is transparent and every colour can be read on white and on black.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    total = sum(source.words for source in sources) or 1
    ranked = sorted((s for s in sources if s.words), key=lambda s: (-s.words, s.name))
    bars = [(s.name, s.words) for s in ranked[:_MOST_BARS]]
    if len(ranked) > _MOST_BARS:
        rest = ranked[_MOST_BARS:]
        bars.append((f"{len(rest)} others", sum(s.words for s in rest)))
    with mpl.rc_context():
        mpl.rcdefaults()  # not what somebody set for their own figures
        mpl.rcParams.update({"svg.hashsalt": "imprimatur", "svg.fonttype": "none"})
        drawn = Figure(figsize=(8, 0.9 + 0.3 * max(len(bars), 1)), layout="constrained")
        FigureCanvasSVG(drawn)
        axes = drawn.add_subplot()
        places = range(len(bars))
        axes.barh(places, [words for _, words in bars], color=_BAR, height=0.7)
        axes.set_yticks(places, [name for name, _ in bars])
        axes.invert_yaxis()
        for place, (_, words) in zip(places, bars, strict=True):
            label = f"{words:,} ({_share(words, total)})"
            axes.annotate(label, (words, place), xytext=(4, 0), textcoords="offset points",
                          va="center", fontsize=9, color=_NEUTRAL)  # fmt: skip
        axes.margins(x=0.22)
        axes.set_xlabel("words", color=_NEUTRAL)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.tick_params(colors=_NEUTRAL)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(_NEUTRAL)
        content = io.BytesIO()
        # a date, or the version of the library, would change the bytes of the same figure
        nothing = {"Date": None, "Creator": None, "Title": "Words by source"}
        drawn.savefig(content, format="svg", transparent=True, metadata=nothing)
    return content.getvalue()


def describe_figure(sources: Sequence[Source]) -> str:
    """What the figure shows, for those who cannot see it."""
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
