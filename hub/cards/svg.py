"""Figures of cards as SVG: small, the same bytes for the same figures, readable on light and dark.

No font is embedded and no style sheet used: a Hub shows a card's images as `<img>`, which cannot
see the page's theme. Lines and words are of colours that have a contrast above 4 on white and on
the near-black of the Hub's dark pages; above 4.5 on both is not possible.
"""

from collections.abc import Sequence
from html import escape

GREY = "#797979"
BLUE, ORANGE, GREEN, PURPLE = "#3a7dc0", "#b86a1c", "#2f8a52", "#9a62c7"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def document(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" font-family="{FONT}">\n'
        f"<title>{escape(title)}</title>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def text(
    x: float, y: float, words: str, size: int = 12, anchor: str = "start", colour: str = GREY
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">'
        f"{escape(words)}</text>"
    )


def line(x1: float, y1: float, x2: float, y2: float, colour: str = GREY, width: float = 1) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}"/>'
    )
