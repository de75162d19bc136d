"""Tokens and packing: nothing lost, nothing mixed, damage noticed."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_training_pretrain import TINY, make_corpus, toy_texts

from training.packing import GROUP, STRIDE, PackedSequences, pack
from training.settings import PackingName, TinyModel, TrainingError
from training.tiny import create, train_tokenizer
from training.tokens import Store, tokenised

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

LENGTHS = st.lists(st.integers(1, 90), min_size=1, max_size=60)


def counted(lengths: list[int]) -> Store:
    """A store whose ids say where they come from, in two shards."""
    ids = np.arange(sum(lengths), dtype="<u4")
    middle = len(ids) // 2
    return Store([ids[:middle], ids[middle:]], np.array(lengths), {})


def rows(name: PackingName, store: Store, max_length: int) -> list[dict[str, Any]]:
    packed = PackedSequences(pack(name, store, max_length), store)
    return [packed[number] for number in range(len(packed))]


@given(LENGTHS, st.integers(5, 40))
def test_nothing_is_lost_or_added_where_that_is_promised(lengths: list[int], size: int) -> None:
    store = counted(lengths)
    for name in ("best-fit", "wrapped"):
        ids = np.concatenate([row["input_ids"] for row in rows(name, store, size)])
        assert sorted(ids) == list(range(sum(lengths)))


@given(LENGTHS, st.integers(5, 40))
def test_best_fit_is_what_trl_would_have_packed(lengths: list[int], size: int) -> None:
    import pyarrow as pa
    from trl.data_utils import _pack_bfd

    store = counted(lengths)
    documents = np.split(np.arange(sum(lengths)), np.cumsum(lengths)[:-1])
    table = pa.table({"input_ids": pa.array([ids.tolist() for ids in documents])})
    theirs = _pack_bfd(table, size, "split").to_pylist()
    ours = rows("best-fit", store, size)
    assert [row["input_ids"].tolist() for row in ours] == [row["input_ids"] for row in theirs]
    assert [row["seq_lengths"] for row in ours] == [row["seq_lengths"] for row in theirs]


@given(LENGTHS, st.integers(STRIDE + 1, 40))
def test_windows_share_four_tokens_and_never_two_documents(lengths: list[int], size: int) -> None:
    store = counted(lengths)
    document = np.repeat(np.arange(len(lengths)), lengths)
    found = rows("overlap", store, size)
    for row in found:
        assert len(set(document[row["input_ids"]])) == 1
        assert len(row["input_ids"]) <= size
    for before, after in pairwise(found):
        if document[before["input_ids"][0]] == document[after["input_ids"][0]]:
            assert before["input_ids"][-STRIDE:].tolist() == after["input_ids"][:STRIDE].tolist()
    packed = pack("overlap", store, size)
    assert packed.num_dropped == 0
    assert packed.num_tokens == packed.num_corpus_tokens + packed.num_repeated
    assert packed.num_split == sum(length > size for length in lengths)


def test_grouped_drops_what_is_left_of_each_group() -> None:
    lengths = [7] * (GROUP + 30)
    packed = pack("grouped", counted(lengths), 64)
    assert packed.num_dropped == 7 * GROUP % 64 + 7 * 30 % 64
    assert packed.fill_percent == 100
    with pytest.raises(TrainingError, match="leaves no sequence"):
        pack("grouped", counted([5, 5]), 64)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Path]:
    from transformers import AutoTokenizer

    root = tmp_path_factory.mktemp("tokens")
    corpus = make_corpus(root / "corpus", toy_texts())
    create(TinyModel(**TINY), corpus, root / "base")
    return corpus, AutoTokenizer.from_pretrained(root / "base"), root


def test_the_store_holds_what_the_tokenizer_says(made: tuple[Any, Any, Path]) -> None:
    corpus, tokenizer, root = made
    store = tokenised(corpus, tokenizer, root / "cache")
    end = [tokenizer.eos_token_id]
    expected = [tokenizer(t, split_special_tokens=True)["input_ids"] + end for t in toy_texts()]
    assert store.lengths.tolist() == [len(ids) for ids in expected]
    assert store.read(0, store.num_tokens).tolist() == [i for ids in expected for i in ids]
    written = {path: path.stat().st_mtime_ns for path in (root / "cache").rglob("*")}
    tokenised(corpus, tokenizer, root / "cache")
    assert written == {path: path.stat().st_mtime_ns for path in (root / "cache").rglob("*")}


def test_a_special_token_in_a_text_is_text(made: tuple[Any, Any, Path], tmp_path: Path) -> None:
    _, tokenizer, _ = made
    corpus = make_corpus(tmp_path / "corpus", ["a<|endoftext|>b", "c"])
    store = tokenised(corpus, tokenizer, tmp_path / "cache")
    ids = store.read(0, store.num_tokens).tolist()
    assert ids.count(tokenizer.eos_token_id) == 2


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: b"\1" + data[1:]])
def test_a_damaged_token_shard_is_an_error(
    made: tuple[Any, Any, Path], tmp_path: Path, damage: Any
) -> None:
    corpus, tokenizer, _ = made
    tokenised(corpus, tokenizer, tmp_path)
    (shard,) = tmp_path.glob("*/00001.ids")
    shard.write_bytes(damage(shard.read_bytes()))
    with pytest.raises(TrainingError, match=r"00001.ids .* was cut short or changed"):
        tokenised(corpus, tokenizer, tmp_path)


def test_attention_stays_inside_a_document(made: tuple[Any, Any, Path]) -> None:
    """Logits of a packed sequence are those of each document read alone; wrapped ones are not."""
    import torch
    from transformers import AutoModelForCausalLM
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    corpus, tokenizer, root = made
    store = tokenised(corpus, tokenizer, root / "cache")
    model = AutoModelForCausalLM.from_pretrained(root / "base").eval()
    row = max(rows("best-fit", store, 64), key=lambda row: len(row["seq_lengths"]))
    assert len(row["seq_lengths"]) > 1
    collate = DataCollatorForLanguageModeling(pad_token_id=1, padding_free=True)
    batch = collate([row])
    first, length = 0, row["seq_lengths"]
    with torch.inference_mode():
        together = model(
            batch["input_ids"], position_ids=batch["position_ids"], use_cache=False
        ).logits[0]
        through = model(batch["input_ids"], use_cache=False).logits[0]
        for size in length:
            alone = model(batch["input_ids"][:, first : first + size]).logits[0]
            assert torch.allclose(together[first : first + size], alone, atol=1e-5)
            first += size
    assert not torch.allclose(together[-1], through[-1], atol=1e-5)
    assert (batch["labels"][0] == -100).sum() == len(length)


def test_the_tokenizer_of_a_release_is_reused(made: tuple[Any, Any, Path], tmp_path: Path) -> None:
    """Another tokenizer gets a store of its own, the same one finds its own again."""
    corpus, tokenizer, _ = made
    other = train_tokenizer(TinyModel(**TINY | {"vocab_size": 300}), toy_texts())
    tokenised(corpus, tokenizer, tmp_path)
    tokenised(corpus, other, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_shards_may_be_tokenised_by_several_processes(
    made: tuple[Any, Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training import tokens

    _, tokenizer, _ = made
    corpus = make_corpus(tmp_path / "corpus", toy_texts())
    alone = tokenised(corpus, tokenizer, tmp_path / "alone")
    monkeypatch.setattr(tokens, "PARALLEL_BYTES", 0)
    together = tokenised(corpus, tokenizer, tmp_path / "together")
    assert len(alone.ids) == 2
    assert together.lengths.tolist() == alone.lengths.tolist()
    for ours, theirs in zip(together.ids, alone.ids, strict=True):
        assert ours.tolist() == theirs.tolist()
