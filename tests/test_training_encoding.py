"""Tokenising word by word gives what tokenising whole gives, or is not done."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from training.encoding import WORDS, cuts_at_spaces, fast_encoder, pieces

SAMPLE = [
    "Le patient prend 5 mg d'aspirine,  puis 30 µg/kg (voir §2).\n\n Fièvre : 38,5 °C.\tNoël l'été",
    "it's we'll THEY'RE 12345 67 a  b   c\r\n d \u00a0 e \u3000f — …",
]
END = 0
ALPHABET = st.sampled_from(list(" \n\r\t\u00a0\u2003\x1c\x85abéÉ\u0301'sS12,.;!µ°中🙂"))
TEXT = st.one_of(st.text(ALPHABET, max_size=40), st.text(max_size=20))


def bpe(pre_tokenizer: Any, normalizer: Any = None, special: str = "<|end|>") -> Any:
    tokenizer: Any = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(
        SAMPLE * 3,
        trainers.BpeTrainer(
            vocab_size=400, special_tokens=[special], initial_alphabet=alphabet, show_progress=False
        ),
    )
    return tokenizer


def of_qwen(rule: str) -> Any:
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    split = pre_tokenizers.Split(Regex(rule), "isolated")
    return bpe(pre_tokenizers.Sequence([split, byte_level]), normalizers.NFC())


CUT = {
    "gpt2": bpe(pre_tokenizers.ByteLevel(add_prefix_space=False)),
    "gpt2 with NFC": bpe(pre_tokenizers.ByteLevel(add_prefix_space=False), normalizers.NFC()),
    **{f"words {number}": of_qwen(rule) for number, rule in enumerate(sorted(WORDS))},
}


@pytest.mark.parametrize("name", CUT)
@given(texts=st.lists(TEXT, min_size=1, max_size=4))
def test_word_by_word_is_the_same_as_whole(name: str, texts: list[str]) -> None:
    tokenizer = CUT[name]
    assert cuts_at_spaces(tokenizer)
    tokenizer.encode_special_tokens = True
    texts = [*texts, *SAMPLE]
    for text, ids in zip(texts, fast_encoder(tokenizer.to_str(), END)(texts), strict=True):
        assert "".join(pieces(text)) == text
        whole = tokenizer.encode(text).ids
        assert ids.tolist() == (whole if whole[-1:] == [END] else [*whole, END])


def test_what_is_not_known_to_cut_at_spaces_is_asked_whole() -> None:
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    metaspace = bpe(pre_tokenizers.Metaspace(split=False))
    folded = bpe(byte_level, normalizers.NFKC())
    with_space = bpe(byte_level)
    with_space.add_tokens([AddedToken("New York", normalized=False)])
    greedy = bpe(byte_level)
    greedy.add_tokens([AddedToken("<mask>", lstrip=True)])
    other = of_qwen(r"\w+ ?|\s+")
    for tokenizer in (metaspace, folded, with_space, greedy, other):
        assert not cuts_at_spaces(tokenizer)
        (ids,) = fast_encoder(tokenizer.to_str(), END)(["in New York <mask> !"])
        tokenizer.encode_special_tokens = True
        assert np.array_equal(ids[:-1], tokenizer.encode("in New York <mask> !").ids)
