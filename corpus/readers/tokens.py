"""Annotated tokens, a sentence a row (DEFT2021, and other data sets for tagging) -> whole texts.

`fields: {tokens: tokens, id: document_id}` says where they are. Tokens are joined by a space and
not set together: whether `37` `,` `5` was one number is not in the data, and a guess could change a
dose. Sentences are lines; the rows of one id are one document, wherever they stand in the file.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from corpus.readers.records import text_of
from corpus.settings import SourceSettings


def joined(rows: Iterable[dict[str, Any]], settings: SourceSettings) -> Iterator[dict[str, Any]]:
    """One row a document, its text in the field of texts; rows without an id stay alone."""
    id_field = settings.fields.get("id", "id")
    text_field = settings.fields.get("text", "text")
    tokens = settings.fields["tokens"]
    documents: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        value = row.get(tokens)
        words = [text_of(token) for token in (value if isinstance(value, list) else [value])]
        sentence = " ".join(word for word in words if word)
        # No id begins with a space behind which there is a number of ours.
        place = text_of(row.get(id_field)) or f" {number}"
        document = documents.setdefault(place, row | {text_field: ""})
        document[text_field] = f"{document[text_field]}\n{sentence}".strip("\n")
    yield from documents.values()
