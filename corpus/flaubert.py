"""The papers' cleaning, for comparison and never the default: it damages clinical text.

    >>> clean_as_flaubert("À 37,5 °C, où p<0,05 : ≥ 30 µg/kg, le maître").text
    'À 37, 5 C, o p : 30 g/kg, le matre'

PARTAGES, section 3.3, names the steps, after Le et al. (2020, FlauBERT): Unicode normalisation,
characters outside French encodings removed, multiple spaces, URLs. The paper gives no more; what is
done here follows the two public programs, FlauBERT's `clean_text.py` (NFC, line ends, and one
pattern for URLs and tags, which is what takes `<0,05`) and then `clean_text` of the PARTAGES
project (apostrophes, a list of letters without `î`, `ù`, `ë`, doubled characters, a space around
punctuation, words of 35 letters and more, texts of fewer than three words).
"""

import re
import unicodedata
from functools import partial

from corpus.edits import Cleaned, Draft, Edit, Kind

_PUNCTUATION = r"!-/:-@[-`{-~'\."
_LETTERS = r"A-Za-zŒœÀ-ÂÇ-ÊÏÔà-âç-êïôû"
_URL_OR_TAG = re.compile(r"(?:www|http)\S+|<\S+|\w+\/*>")
_FEWEST_WORDS = 3
_WORD = re.compile(rf"\b[{_LETTERS}]+\b")
_STEPS: tuple[tuple[Kind, re.Pattern[str], str], ...] = (
    ("character", re.compile(rf"[^{_LETTERS}0-9{_PUNCTUATION}\s]"), ""),
    ("punctuation", re.compile(rf"([{_PUNCTUATION}\s])\1+"), r"\1"),
    ("punctuation", re.compile(r"([:;,!\?\.])(?=\S)"), r"\1 "),
    ("punctuation", re.compile(r"(?<=\S)([:;!\?])"), r" \1"),
    ("long_word", re.compile(rf"\s?\w{{35,}}[{_PUNCTUATION}]?\s?"), ""),
    ("spaces", re.compile(r" {2,}"), " "),
    ("spaces", re.compile(r"\A\s+|\s+\Z"), ""),
)


def clean_as_flaubert(text: str) -> Cleaned:
    draft = Draft(text)
    draft.substitute("unicode", re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+"), _nfc)
    draft.substitute("line_end", re.compile(r"[\f\r]"), lambda end: " " if end[0] == "\f" else "")
    draft.substitute("url", _URL_OR_TAG, "")
    draft.substitute("apostrophe", re.compile("’"), "'")
    if not _has_enough_words(draft.text):
        draft.edit([Edit(0, len(draft.text), "too_short", "")])
    for kind, pattern, by in _STEPS:
        draft.substitute(kind, pattern, partial(re.Match.expand, template=by))
    return Cleaned(draft.text, tuple(draft.edits))


def _nfc(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", found[0])


def _has_enough_words(text: str) -> bool:
    plain = re.sub(f"[{_PUNCTUATION}]", "", text.replace("\n", " "))
    return len(_WORD.findall(plain)) >= _FEWEST_WORDS
