"""Wikitext -> the words a reader of the page would see.

    >>> plain("La '''dose''' est de {{unité|37,5|mg}} par 10{{e|5}}&nbsp;cellules<ref>Ici.</ref>.")
    'La dose est de 37,5\\xa0mg par 10⁵\\xa0cellules.'

Templates cannot be expanded without the wiki they live in. Those that only set words or numbers
(quantities, raised and lowered figures, no-break groups, languages, quotations) are read here; the
others are boxes, notes and maintenance marks, and are left out, as are references, files' technical
parameters, categories, links to other languages and the sections that only list sources.
"""

import re
from collections.abc import Callable
from typing import Any

from corpus.readers.markup import superscript

_FILE = re.compile(r"\s*(?:fichier|file|image|datei|bild|média|media)\s*:", re.I)
_APART = re.compile(r"\s*(?:catégorie|category|kategorie|[a-z]{2,3}(?:-[a-z]+)?)\s*:\s*\S", re.I)
_PARAMETER = re.compile(
    r"\s*(?:vignette|thumb|thumbnail|miniatur|mini|cadre|frame|framed|gerahmt|sans[ _]cadre|"
    r"frameless|gauche|left|links|droite|right|rechts|centr[eé]|center|zentriert|none|aucun|\d*x?\d+\s*px|"
    r"(?:upright|redresse|hochkant|alt|link|lien|page|lang|langue|class)(?:\s*=.*)?)\s*",
    re.I | re.S,
)
_LISTS_SOURCES = re.compile(
    r"notes? et références|références|notes|bibliographie|voir aussi|liens? externes?|annexes|"
    r"articles connexes|sources|references|external links|see also|further reading|bibliography|"
    r"einzelnachweise|weblinks|literatur|siehe auch", re.I
)  # fmt: skip
_DROPPED = {
    "ref", "references", "gallery", "math", "timeline", "score", "graph", "imagemap",
    "categorytree", "inputbox", "style", "script", "templatestyles", "section", "noinclude",
    "includeonly",
}  # fmt: skip
_BREAKS = {
    "br",
    "hr",
    "p",
    "div",
    "li",
    "dd",
    "dt",
    "ul",
    "ol",
    "table",
    "tr",
    "td",
    "th",
    "caption",
}


def _all(values: list[str]) -> str:
    return "\u00a0".join(value for value in values if value)


def _first(values: list[str]) -> str:
    return values[0] if values else ""


def _second(values: list[str]) -> str:
    return values[1] if len(values) > 1 else _first(values)


def _unit(values: list[str]) -> str:
    """`{{unité|5|mg|/L|−1}}`: number, unit, its exponent, and so on."""
    number, *units = values or [""]
    text = number.replace(" ", "\u00a0")
    for place, unit in enumerate(units):
        raised = place % 2 == 1 and re.fullmatch(r"[+\-−]?\d+", unit)
        text += (
            superscript(unit)
            if raised
            else (f"\u00a0{unit}" if place == 0 else unit if unit.startswith("/") else f"·{unit}")
        )
    return text


_TEMPLATES: dict[str, Callable[[list[str]], str]] = {
    **dict.fromkeys(("unité", "unite", "unit", "nombre", "val"), _unit),
    **dict.fromkeys(("convert", "conversion", "convertir"), lambda v: _all(v[:2])),
    **dict.fromkeys(("nobr", "nowrap", "nobr romains", "formatnum", "num", "nb", "citation", "lien",
                     "quote", "abbr", "abréviation", "terme", "terme défini", "corr", "sc",
                     "petites capitales", "surligner", "souligner", "guil", "zitat", "lnobr",
                     "minuscule"), _first),
    **dict.fromkeys(("lang", "langue", "lang-la", "citation étrangère", "couleur"), _second),
    **dict.fromkeys(("e", "exp", "exposant", "sup", "10e"), lambda v: superscript(_first(v))),
    **dict.fromkeys(("x10", "×10", "fois10"), lambda v: "×10" + superscript(_first(v))),
    **dict.fromkeys(("ind", "indice", "sub"), _first),
    **dict.fromkeys(("date", "date-", "s", "s-", "heure", "durée"), lambda v: " ".join(v)),
    **dict.fromkeys(("chem", "formule chimique", "fchim", "fc"), "".join),
    "n°": lambda v: "n°",
    "er": lambda v: "er",
    "ère": lambda v: "re",
    "!": lambda v: "|",
    "=": lambda v: "=",
}  # fmt: skip


def plain(wikitext: str) -> str:
    import mwparserfromhell

    text = _render(mwparserfromhell.parse(wikitext, skip_style_tags=False).nodes)
    lines: list[str] = []
    hidden_level = 0
    for line in text.split("\n"):
        level, heading = _heading(line)
        if level and (not hidden_level or level <= hidden_level):
            hidden_level = level if _LISTS_SOURCES.fullmatch(heading) else 0
        if not hidden_level:
            lines.append(heading if level else re.sub(r"[ \t]+", " ", line).strip(" "))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


_MARK = "\x02"
"""marks a heading's level until sections are dropped; no page has it"""


def _heading(line: str) -> tuple[int, str]:
    if not line.startswith(_MARK):
        return 0, ""
    return line.count(_MARK), line.strip(_MARK).strip()


def _render(nodes: list[Any]) -> str:
    return "".join(map(_node, nodes))


def _node(node: Any) -> str:
    from mwparserfromhell import nodes

    match node:
        case nodes.Text():
            return str(node.value).replace(_MARK, "")
        case nodes.HTMLEntity():
            return str(node.normalize() or "")
        case nodes.Heading():
            words = _render(node.title.nodes).replace("\n", " ")
            return f"\n\n{_MARK * node.level}{words}\n\n"
        case nodes.Wikilink():
            return _link(node)
        case nodes.ExternalLink():
            return _render(node.title.nodes) if node.title is not None else ""
        case nodes.Tag():
            return _tag(node)
        case nodes.Template():
            return _template(node)
        case _:  # comments, arguments of templates
            return ""


def _link(node: Any) -> str:
    title = str(node.title)
    if _FILE.match(title):
        caption = _last_part(node.text.nodes) if node.text is not None else ""
        return "" if _PARAMETER.fullmatch(caption) else f"\n\n{caption.strip()}\n\n"
    if _APART.match(title):
        return ""
    shown = node.text if node.text is not None else node.title
    return _render(shown.nodes).lstrip(":")


def _last_part(nodes: list[Any]) -> str:
    """What stands behind the last bar that is the link's own, not a template's in it."""
    last = ""
    for node in nodes:
        shown = _node(node)
        is_text = type(node).__name__ == "Text"
        last = shown.rpartition("|")[2] if is_text and "|" in shown else last + shown
    return last


def _tag(node: Any) -> str:
    name = str(node.tag).strip().lower()
    if name in _DROPPED:
        return ""
    text = _render(node.contents.nodes) if node.contents is not None else ""
    if name == "sup":
        return superscript(text)
    if name in ("td", "th"):
        return f"{text.strip()}\n"
    return f"\n{text}" if name in _BREAKS else text


def _template(node: Any) -> str:
    name = str(node.name).strip().replace("_", " ").lower()
    known = _TEMPLATES.get(name)
    if known is None:
        builtin, colon, value = name.partition(":")
        return value.strip() if colon and builtin in ("formatnum", "nobr") else ""
    values = [_render(p.value.nodes).strip() for p in node.params if not p.showkey]
    return known(values)
