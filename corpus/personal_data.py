"""Personal data: found, counted, and masked by placeholders that are the same in every language.

    >>> mask("Mme Durand (tél. 06 12 34 56 78) reçoit 10 000 000 UI", "fr").text
    'Mme [NAME] (tél. [PHONE]) reçoit 10 000 000 UI'

    email             [EMAIL]             also nom (at) domaine.fr
    phone             [PHONE]             French and German forms, with or without +33, +49; fax too
    insurance_number  [INSURANCE NUMBER]  NIR and INS; Versicherten- and Rentenversicherungsnummer
    name              [NAME]              after a title: see `personal_names`

Clinical text is full of digits that mean something, and a lost dose is worse than a number of a
switchboard that stayed. So a number is taken by its strict form, by its checksum, or because a word
such as `Tél.` announces it, and never when a unit follows. Placeholders are in square brackets and
without digits or hyphens: `<` would read as a comparator. Emergency and service numbers of two to
six digits are nobody's and stay.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

from stdnum import luhn
from stdnum.fr import nir

from corpus.personal_names import find_names

Kind = Literal["email", "phone", "insurance_number", "name"]
KINDS: tuple[Kind, ...] = get_args(Kind)

PLACEHOLDERS: dict[Kind, str] = {
    "email": "[EMAIL]",
    "phone": "[PHONE]",
    "insurance_number": "[INSURANCE NUMBER]",
    "name": "[NAME]",
}


class Span(NamedTuple):
    start: int
    end: int
    kind: Kind


@dataclass(frozen=True)
class Masked:
    text: str
    counts: dict[Kind, int]
    """how many of each kind were masked; kinds without any are absent"""


def find(text: str, language: str, kinds: Collection[Kind] = KINDS) -> list[Span]:
    """Spans that do not overlap, from left to right.

    `language` is an ISO 639-1 code; `fr` and `de` leave out the forms of the other.
    """
    numbers = _around_numbers(text)
    found = [
        Span(start, end, kind)
        for kind, finder in _FINDERS.items()
        if kind in kinds
        for start, end in finder(text, language, numbers)
    ]
    spans: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
    return spans


def mask(text: str, language: str, kinds: Collection[Kind] = KINDS) -> Masked:
    """The text with every span replaced; masking it again changes nothing."""
    counts: Counter[Kind] = Counter()
    # Again after a change: a number may have been hidden by the one beside it.
    while spans := find(text, language, kinds):
        parts: list[str] = []
        position = 0
        for span in spans:
            parts += text[position : span.start], PLACEHOLDERS[span.kind]
            position = span.end
            counts[span.kind] += 1
        text = "".join([*parts, text[position:]])
    return Masked(text, dict(sorted(counts.items())))


Windows = list[tuple[int, int]]
"""the parts of a text around its long numbers, in order and apart"""

_AT = r"(?:@|\s?[\[(](?:at|arobase)[\])]\s?)"
# The bounded local part and the look-behind keep the search linear in long runs without an @.
_EMAIL = re.compile(
    rf"(?<![\w.+%-])[\w.+%-]{{0,63}}\w{_AT}(?:[^\W_](?:[\w-]{{0,61}}[^\W_])?\.){{1,5}}[^\W\d_]{{2,24}}(?![\w@])"
)


def _emails(text: str, language: str, numbers: Windows) -> Iterator[tuple[int, int]]:
    if "@" in text or "(at)" in text or "[at]" in text or "arobase" in text:
        for match in _EMAIL.finditer(text):
            yield match.span()


_MANY_DIGITS = re.compile("[0-9][0-9AB ()/.\u00a0\u202f–-]{6,}")


def _around_numbers(text: str) -> Windows:
    """One quick search instead of many."""
    windows: Windows = []
    if not any(digit in text for digit in "0123456789"):
        return windows
    for digits in _MANY_DIGITS.finditer(text):
        start, end = max(0, digits.start() - 8), digits.end() + 24
        if windows and start <= windows[-1][1]:
            start = windows.pop()[0]
        windows.append((start, end))
    return windows


def _search(
    patterns: Collection[re.Pattern[str]], text: str, windows: Windows
) -> Iterator[re.Match[str]]:
    for start, end in windows:
        for pattern in patterns:
            yield from pattern.finditer(text, start, end)


_SPACE = "[ \u00a0\u202f]"
_SEPARATOR = "[ \u00a0\u202f.-]"
_NOT_AFTER = rf"(?<![\w+/])(?<!\d{_SEPARATOR})(?<!\d[,)])"
_UNIT = (
    r"(?:[mµμkcdn]?[gGlL]|mg\w*|[µμ]g\w*|UI|IU|IE|U|MUI|mmol\w*|mol|[mck]?m[²³23]?|mmHg|%|°|‰|€|euros?"
    r"|kcal|k?J|Hz|ans?|mois|jours?|heures?|Jahre?n?|Tage?n?|comprim\w+|Tabletten?|patients?|cas)"
)
_NOT_BEFORE = rf"(?!\d|{_SEPARATOR}?\d|[,/:]\d|{_SPACE}?{_UNIT}(?!\w))"

# An announced number may be followed by a quantity, but takes no part of it: "… 97123 10 000 UI".
_NOT_BEFORE_ANNOUNCED = rf"(?!\d|[-.,/:]\d|{_SPACE}\d{{3}}(?!\d)|{_SPACE}?{_UNIT}(?!\w))"

_COUNTRIES = "33|49|43|41|32|352"
_ABROAD_REST = (
    rf"{_SEPARATOR}?(?:\(0\){_SPACE}?)?[1-9]\d{{0,4}}"
    rf"(?:[ \u00a0\u202f./-]{{1,3}}\d{{1,8}}|\d{{2}}){{1,6}}"
)
_ABROAD = re.compile(rf"(?<![\w+])\(?\+{_SPACE}?(?:{_COUNTRIES})\)?{_ABROAD_REST}{_NOT_BEFORE}")
_ABROAD_ANNOUNCED = re.compile(
    rf"(?:(?<![\w+])\+{_SPACE}?\d{{1,3}}|(?<![\w+./-])00{_SPACE}?(?:{_COUNTRIES}))"
    rf"{_ABROAD_REST}{_NOT_BEFORE_ANNOUNCED}"
)
_FRENCH_PAIRS = re.compile(
    rf"{_NOT_AFTER}(?:\(0\)|0)[1-9](?P<s>{_SPACE}?[.-]?{_SPACE}?)\d\d(?:(?P=s)\d\d){{3}}{_NOT_BEFORE}"
)
_FRENCH_ANNOUNCED = re.compile(rf"{_NOT_AFTER}0(?:{_SEPARATOR}?\d){{9}}{_NOT_BEFORE_ANNOUNCED}")
_GERMAN_MOBILE = re.compile(rf"{_NOT_AFTER}01[567]\d[ \u00a0/-]{{1,3}}\d{{7,8}}{_NOT_BEFORE}")
_GERMAN_ANNOUNCED = re.compile(
    rf"{_NOT_AFTER}\(?0[1-9]\d{{1,4}}\)?[ \u00a0/–-]{{0,3}}\d{{2,9}}"
    rf"(?:[ \u00a0/–-]{{1,3}}\d{{1,6}}){{0,4}}{_NOT_BEFORE_ANNOUNCED}"
)
_BY_FORM = {_ABROAD, _FRENCH_PAIRS, _GERMAN_MOBILE}
"""Phone numbers by their form alone; the others must be announced."""

# `tel` alone is a French word ("tel que").
_ANNOUNCED = re.compile(
    r"(?:t[ée]l[ée](?:ph|f)on\w*|\bt[ée]l ?[.:°]|\btél\b|\bTel\b|\b(?:tele)?fax(?:nummer)?\b"
    r"|télécop\w+|\bportable|\bmobil\w*|\bhandy|\bruf(?:nummer)?\b|\bhotline|durchwahl|\bappele[rz]\b|\banrufen|\bgsm\b"
    r"|\bn(?:um[ée]ro|°) vert|\bNotruf|\bKontakt|\bcontact)[^\d@]{0,40}$",
    re.I,
)


def _phones(text: str, language: str, numbers: Windows) -> Iterator[tuple[int, int]]:
    patterns = [_ABROAD, _ABROAD_ANNOUNCED]
    if language != "de":
        patterns += [_FRENCH_PAIRS, _FRENCH_ANNOUNCED]
    if language != "fr":
        patterns += [_GERMAN_MOBILE, _GERMAN_ANNOUNCED]
    found: dict[int, int] = {}
    for match in _search(patterns, text, numbers):
        if not 8 <= sum(map(str.isdigit, match.group())) <= 15:
            continue
        by_form = match.re in _BY_FORM and _looks_dialled(match.group())
        if by_form or _is_announced(text, match.start(), found):
            found[match.start()] = max(match.end(), found.get(match.start(), 0))
    yield from found.items()


def _is_announced(text: str, start: int, found: dict[int, int]) -> bool:
    """By a word before it, or by another number that was: "Tél. 01 … / 06 …"."""
    after_another = any(0 <= start - end <= 5 for end in found.values())
    return after_another or _ANNOUNCED.search(text, max(0, start - 60), start) is not None


def _looks_dialled(number: str) -> bool:
    """Separated by something, and no scale such as 05 10 15 20 25."""
    groups = [int(group) for group in re.findall(r"\d+", number)]
    steps = {second - first for first, second in pairwise(groups)}
    return len(groups) == 2 or len(steps) > 1 or "+" in number


_NIR = re.compile(
    r"(?<![\w.,])[12378](?P<s>[ \u00a0\u202f.-]?)\d\d(?P=s)(?:0[1-9]|1[0-2]|[2-9]\d)"
    r"(?P=s)(?:\d\d|2[AB])(?P=s)\d{3}(?P=s)\d{3}"
    r"(?P<key>[ \u00a0\u202f./|-]{0,3}(?:cl[ée]\s?:?\s?)?\d\d)?(?![\w]|[.,]\d)"
)
_NIR_ANNOUNCED = re.compile(
    r"(?:\bNIR\b|\bINS\b|s[ée]curit[ée] sociale|\bn[°o]\s?(?:de )?s[ée]cu|\bn[°o] ?SS\b"
    r"|num[ée]ro d['’]assur)\D{0,40}$",
    re.I,
)
_RVNR = re.compile(
    r"(?<![\w.,])\d{2}[ \u00a0]?\d{6}[ \u00a0]?[A-Z][ \u00a0]?\d{2}[ \u00a0]?\d(?![\w]|[.,]\d)"
)
_KVNR = re.compile(r"(?<![\w.,-])[A-Z][ \u00a0]?\d{3}[ \u00a0]?\d{3}[ \u00a0]?\d{3}(?![\w]|[.,]\d)")
_KVNR_ANNOUNCED = re.compile(
    r"(?:versicher\w*|\bKVNR|\bKV-?Nr|\bVers\.|krankenkasse\w*|\beGK\b|gesundheitskarte\w*)[^\n]{0,40}$",
    re.I,
)


def _insurance_numbers(text: str, language: str, numbers: Windows) -> Iterator[tuple[int, int]]:
    for match in _search([_NIR, _RVNR, _KVNR], text, numbers):
        compact = re.sub(r"[^\dA-Z]", "", match.group())
        if match.re is _RVNR:
            is_number = is_pension_insurance_number(compact)
        elif match.re is _KVNR:
            # One in ten numbers passes this checksum, and lot numbers have the same form.
            announced = _announces(_KVNR_ANNOUNCED, text, match.start())
            is_number = announced and is_health_insurance_number(compact)
        elif match["key"]:
            is_number = nir.is_valid(compact)
        else:
            is_number = _announces(_NIR_ANNOUNCED, text, match.start())
        if is_number:
            yield match.span()


def _announces(words: re.Pattern[str], text: str, start: int) -> bool:
    return words.search(text, max(0, start - 70), start) is not None


def is_health_insurance_number(compact: str) -> bool:
    """Krankenversichertennummer: a letter, eight digits, a check digit.

    Annex 1 of the agreement under section 290 SGB V: the letter counts as its place in the
    alphabet, digits are weighted 1, 2, 1, 2, … and their digit sums added, which is Luhn's sum.
    """
    payload = f"{ord(compact[0]) - 64:02d}{compact[1:9]}"
    return luhn.checksum(payload + "0") == int(compact[9])


def is_pension_insurance_number(compact: str) -> bool:
    """Rentenversicherungsnummer: area, birth date, first letter of the name, serial, check digit.

    VKVV section 2: digit sums of the products with the weights 2 1 2 5 7 1 2 1 2 1 2 1, modulo 10.
    Days are raised by 50 where the serial numbers of a birthday are used up.
    """
    day, month = int(compact[2:4]) % 50, int(compact[4:6])
    payload = f"{compact[:8]}{ord(compact[8]) - 64:02d}{compact[9:11]}"
    weighted = (
        int(digit) * weight
        for digit, weight in zip(payload, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)
    )
    checksum = sum(product // 10 + product % 10 for product in weighted) % 10
    return 1 <= day <= 31 and 1 <= month <= 12 and checksum == int(compact[11])


def _names(text: str, language: str, numbers: Windows) -> Iterator[tuple[int, int]]:
    return find_names(text, language)


_FINDERS: dict[Kind, Callable[[str, str, Windows], Iterator[tuple[int, int]]]] = {
    "email": _emails,
    "insurance_number": _insurance_numbers,
    "phone": _phones,
    "name": _names,
}
