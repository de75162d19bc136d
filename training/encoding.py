"""Texts to token ids: whole by the tokenizer, or word by word where that is provably the same.

    encode = encoder(tokenizer)
    encode(["Le patient", ...])      one array of ids a text, its end of text included

Nearly all the time of a byte-level tokenizer goes into cutting text into words, again and again the
same ones. GPT-2's, Llama 3's and Qwen's rules cut before every single space that a letter, digit or
sign follows, whatever stands around it (`WORDS`). There a text may be cut first and each different
piece be tokenised once. Any other tokenizer (other rules or normalisation, tokens that contain
spaces, tokens put around a text) is asked for each text whole. The first text of each batch is
tokenised both ways and compared.
"""

import json
from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING, Any

from training.settings import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

MAX_PIECES = 1 << 20
"""different pieces remembered: some 200 MB"""
WORDS = frozenset(
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    + digits
    + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    for digits in ("", "{1,3}")
)
"""of Qwen 2 to 3 and of Llama 3. Nothing in them reaches from a character over a following space,
and of several spaces `\\s+(?!\\S)` leaves the last one to what follows; so it is with GPT-2's rule,
which is built into ByteLevel"""


def end_of_text(tokenizer: "PreTrainedTokenizerBase") -> int:
    end: int | None = tokenizer.eos_token_id
    if end is None:
        raise TrainingError(
            "the base model's tokenizer has no end-of-text token: without one, documents run into "
            "each other; set eos_token in its tokenizer_config.json"
        )
    return end


def encoder(
    tokenizer: "PreTrainedTokenizerBase",
) -> "Callable[[list[str]], list[NDArray[np.int64]]]":
    """Texts to ids; the tokenizer's own special tokens are kept, end of text comes once.

    A document that merely mentions a special token by its name does not get that token's meaning.
    """
    import numpy as np

    end = end_of_text(tokenizer)
    rules = described(tokenizer)
    if rules is not None:
        return fast_encoder(rules, end)
    plain: Any = tokenizer

    def encode(texts: list[str]) -> "list[NDArray[np.int64]]":
        found = plain(texts, split_special_tokens=True, return_attention_mask=False)
        return [_ended(np.array(ids, dtype=np.int64), end) for ids in found["input_ids"]]

    return encode


def described(tokenizer: "PreTrainedTokenizerBase") -> str | None:
    """The tokenizer as JSON; None where it is not one of `tokenizers`."""
    rules: Any = getattr(tokenizer, "backend_tokenizer", None)
    return None if rules is None else str(rules.to_str())


def fast_encoder(described: str, end: int) -> "Callable[[list[str]], list[NDArray[np.int64]]]":
    import numpy as np
    from tokenizers import Tokenizer

    rules: Any = Tokenizer.from_str(described)
    rules.no_truncation()
    rules.no_padding()
    rules.encode_special_tokens = True

    def whole(texts: list[str]) -> "list[NDArray[np.int64]]":
        found = rules.encode_batch_fast(texts)
        return [_ended(np.array(each.ids, dtype=np.int64), end) for each in found]

    return _by_pieces(rules, whole, end) if cuts_at_spaces(rules) else whole


def _by_pieces(
    rules: Any, whole: "Callable[[list[str]], list[NDArray[np.int64]]]", end: int
) -> "Callable[[list[str]], list[NDArray[np.int64]]]":
    import numpy as np

    known: dict[str, list[int]] = {}

    def encode(texts: list[str]) -> "list[NDArray[np.int64]]":
        cut = [pieces(text) for text in texts]
        new = list(set(chain.from_iterable(cut)) - known.keys())
        if len(known) + len(new) > MAX_PIECES:
            known.clear()
            new = list(set(chain.from_iterable(cut)))
        for piece, encoding in zip(new, rules.encode_batch_fast(new), strict=True):
            known[piece] = encoding.ids
        look = known.__getitem__
        found = [
            _ended(np.fromiter(chain.from_iterable(map(look, parts)), dtype=np.int64), end)
            for parts in cut
        ]
        if texts and not np.array_equal(found[0], whole(texts[:1])[0]):
            raise TrainingError(
                "a text gave other tokens word by word than whole: this is an error of the kit"
            )
        return found

    return encode


def pieces(text: str) -> list[str]:
    """`text` cut before each space that something other than white space follows."""
    first, *rest = text.split(" ")
    found = [first]
    for part in rest:
        if part and not part[0].isspace():
            found.append(" " + part)
        else:
            found[-1] += " " + part
    return found


def cuts_at_spaces(rules: Any) -> bool:
    """Whether the tokenizer (a `tokenizers.Tokenizer`) gives `pieces` the ids of their text."""
    said: dict[str, Any] = json.loads(rules.to_str())
    normalizer = said["normalizer"]
    return (
        said["model"]["type"] == "BPE"
        and not said["model"].get("dropout")
        # NFC neither makes a space nor joins one with what follows it
        and (normalizer is None or normalizer["type"] == "NFC")
        and _known(said["pre_tokenizer"])
        and not any(
            " " in token["content"] or token["lstrip"] or token["rstrip"]
            for token in said["added_tokens"]
        )
        and not rules.encode("").ids
    )


def _known(rule: dict[str, Any] | None) -> bool:
    if rule is None:
        return False
    if rule["type"] == "Sequence":
        steps = rule["pretokenizers"]
        return (
            len(steps) == 2
            and steps[0]["type"] == "Split"
            and steps[0]["pattern"].get("Regex") in WORDS
            and steps[0]["behavior"] == "Isolated"
            and not steps[0]["invert"]
            and _bytes(steps[1])
            and not steps[1]["use_regex"]
        )
    return _bytes(rule) and bool(rule["use_regex"])


def _bytes(rule: dict[str, Any]) -> bool:
    return rule["type"] == "ByteLevel" and not rule["add_prefix_space"]


def _ended(ids: "NDArray[np.int64]", end: int) -> "NDArray[np.int64]":
    import numpy as np

    return ids if len(ids) and ids[-1] == end else np.append(ids, end)
