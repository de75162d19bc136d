"""What files call a language -> its BCP 47 primary subtag.

    >>> [language_code(said) for said in ("fra", "fr-FR", "EN", "x-unspecified")]
    ['fr', 'fr', 'en', '']

The region is left out: corpora are counted by language, and sources give it at random.
"""

# ISO 639-2 and 639-3 codes of the languages met in medical collections of Europe.
_THREE_LETTERS = {
    "deu": "de", "ger": "de", "eng": "en", "fra": "fr", "fre": "fr", "spa": "es", "ita": "it",
    "por": "pt", "nld": "nl", "dut": "nl", "eus": "eu", "baq": "eu", "lat": "la",
}  # fmt: skip
_NO_LANGUAGE = {"x", "und", "mul", "zxx", "mis"}


def language_code(said: str) -> str:
    """Empty where `said` names no language."""
    primary = said.strip().lower().replace("_", "-").partition("-")[0]
    return "" if primary in _NO_LANGUAGE else _THREE_LETTERS.get(primary, primary)
