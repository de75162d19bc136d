"""What a run reads: the corpus, packed, and where asked for general text replayed between it."""

from typing import TYPE_CHECKING, Any, NamedTuple

from hub.manifest import Number
from training.packing import Packed, PackedSequences, pack
from training.settings import TrainingSettings
from training.tokens import Store

if TYPE_CHECKING:
    from datasets import Dataset

NUMBER = "number"


class Replayed(NamedTuple):
    packed: Packed
    chosen: list[int]
    """numbers of the sequences that are mixed in"""
    num_tokens: int


class Mixed:
    """The corpus' sequences, then those chosen for replay; the trainer draws from all at random."""

    def __init__(self, own: PackedSequences, other: PackedSequences, chosen: list[int]) -> None:
        self.own, self.other, self.chosen = own, other, chosen

    def __len__(self) -> int:
        return len(self.own) + len(self.chosen)

    def __getitem__(self, number: int) -> dict[str, Any]:
        if number < len(self.own):
            return self.own[number]
        return self.other[self.chosen[number - len(self.own)]]


class Mixture(NamedTuple):
    packed: Packed
    replayed: Replayed | None
    sequences: PackedSequences | Mixed
    sources: dict[str, dict[str, int]]

    def dataset(self) -> "Dataset":
        """As TRL wants it: a row is a number until it is read. Shape: (sequences,)."""
        from datasets import Dataset

        def read(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
            rows = [self.sequences[number] for number in batch[NUMBER]]
            return {column: [row[column] for row in rows] for column in rows[0]}

        return Dataset.from_dict({NUMBER: range(len(self.sequences))}).with_transform(read)

    def describe(self) -> str:
        packed = self.packed
        said = (
            f"{packed.num_documents:,} documents, {packed.num_corpus_tokens:,} tokens in "
            f"{packed.num_sequences:,} sequences ({packed.name}, {packed.fill_percent:.1f}% full, "
            f"{packed.num_dropped:,} dropped, {packed.num_split:,} documents split)"
        )
        if self.replayed:
            said += f"; {self.replayed.num_tokens:,} tokens of general text replayed between them"
        return said

    def numbers(self) -> dict[str, Number]:
        packed = self.packed
        numbers = {
            "documents": Number(value=packed.num_documents, unit="documents"),
            "corpus_tokens": Number(value=packed.num_corpus_tokens, unit="tokens"),
            "tokens_dropped": Number(value=packed.num_dropped, unit="tokens"),
            "tokens_repeated": Number(value=packed.num_repeated, unit="tokens"),
            "documents_split": Number(value=packed.num_split, unit="documents"),
            "packing_fill": Number(value=round(packed.fill_percent, 2), unit="%"),
        }
        if self.replayed:
            share = 100 * self.replayed.num_tokens / (self.replayed.num_tokens + packed.num_tokens)
            numbers["replay_share"] = Number(value=round(share, 2), unit="%")
        for source, counts in self.sources.items():
            if source:
                numbers[f"tokens_of_{source}"] = Number(value=counts["tokens"], unit="tokens")
        return numbers


def mix(
    settings: TrainingSettings, store: Store, replay: Store | None, max_length: int, seed: int
) -> Mixture:
    """Pack the corpus; of the replayed text take sequences at random until its share is reached.

    Where there is too little of it, it is gone through again, each time in another order.
    """
    import numpy as np

    packed = pack(settings.packing, store, max_length)
    own = PackedSequences(packed, store)
    if settings.replay is None or replay is None:
        return Mixture(packed, None, own, store.sources)
    general = PackedSequences(pack(settings.packing, replay, max_length), replay)
    sizes = general.packed.sequence_lengths
    wanted = packed.num_tokens * settings.replay.share / (1 - settings.replay.share)
    chance = np.random.default_rng(seed)
    passes = int(wanted // sizes.sum()) + 1
    order = np.concatenate([chance.permutation(len(sizes)) for _ in range(passes)])
    count = max(1, int(np.searchsorted(np.cumsum(sizes[order]), wanted)))
    chosen = order[:count]
    replayed = Replayed(general.packed, chosen.tolist(), int(sizes[chosen].sum()))
    return Mixture(packed, replayed, Mixed(own, general, replayed.chosen), store.sources)
