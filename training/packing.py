"""Documents to training sequences, by name; each says what it filled, dropped, split and repeated.

    best-fit   documents kept apart, those longer than a sequence split, the pieces placed where
               they leave the least room (best-fit decreasing; Ding et al. 2024, "Fewer Truncations
               Improve Language Modeling"); nothing dropped, nothing repeated
    wrapped    one stream, cut every `length` tokens; documents see each other (DeFineMed)
    grouped    the same within groups of 1,000 documents, what is left of a group is dropped
               (BioMistral, after `group_texts` of transformers' run_clm)
    overlap    a document a sequence, long ones in windows that share 4 tokens, nothing packed
               (PARTAGES)

A sequence is a list of pieces, a piece a start and a length in the store of tokens; so packing
moves no token, and that none was lost is shown by the pieces lying end to end.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from training.settings import PackingName, TrainingError
from training.tokens import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRIDE = 4
"""tokens that two windows of one document share (PARTAGES)"""
GROUP = 1000
"""documents that are joined before cutting: the batch of `datasets.map` in run_clm"""


class Sequences(NamedTuple):
    """Pieces of the store, sequence after sequence."""

    starts: "NDArray[np.int64]"
    lengths: "NDArray[np.int64]"
    ends: "NDArray[np.int64]"
    """where each sequence ends, counted in pieces"""


class Packed(NamedTuple):
    """What packing made of a corpus."""

    name: PackingName
    sequences: Sequences
    max_length: int
    num_documents: int
    num_corpus_tokens: int
    num_tokens: int
    """in the sequences"""
    num_dropped: int
    """tokens of the corpus that are in no sequence"""
    num_repeated: int
    """tokens that are in a sequence for the second time"""
    num_split: int
    """documents that are not whole in one sequence"""

    @property
    def num_sequences(self) -> int:
        return len(self.sequences.ends)

    @property
    def fill_percent(self) -> float:
        return 100 * self.num_tokens / max(1, self.num_sequences * self.max_length)

    @property
    def sequence_lengths(self) -> "NDArray[np.int64]":
        import numpy as np

        totals = np.concatenate([[0], np.cumsum(self.sequences.lengths)])
        return np.diff(totals[self.sequences.ends], prepend=0)


def pack(name: PackingName, store: Store, max_length: int) -> Packed:
    """Raises TrainingError where nothing is left or the mode does not keep what it promises."""
    import numpy as np

    sequences = _MODES[name](store.lengths, max_length)
    if not len(sequences.ends):
        raise TrainingError(
            f"packing {name} leaves no sequence: the corpus has {store.num_tokens} tokens and "
            f"max_length is {max_length}; use more text or a shorter max_length"
        )
    covered = _covered(sequences)
    num_tokens = int(sequences.lengths.sum())
    ends = np.cumsum(store.lengths)
    packed = Packed(
        name=name,
        sequences=sequences,
        max_length=max_length,
        num_documents=len(store.lengths),
        num_corpus_tokens=store.num_tokens,
        num_tokens=num_tokens,
        num_dropped=store.num_tokens - covered,
        num_repeated=num_tokens - covered,
        num_split=_num_split(sequences, ends - store.lengths, ends),
    )
    _check(packed)
    return packed


def _covered(sequences: Sequences) -> int:
    """Number of different tokens in the sequences."""
    import numpy as np

    order = np.argsort(sequences.starts, kind="stable")
    starts, ends = sequences.starts[order], (sequences.starts + sequences.lengths)[order]
    reached = np.concatenate([[0], np.maximum.accumulate(ends)[:-1]])
    return int(np.maximum(0, ends - np.maximum(starts, reached)).sum())


def _num_split(sequences: Sequences, begins: "NDArray[Any]", ends: "NDArray[Any]") -> int:
    """A document is whole where one piece holds all of it."""
    import numpy as np

    order = np.argsort(sequences.starts, kind="stable")
    starts, stops = sequences.starts[order], (sequences.starts + sequences.lengths)[order]
    holder = np.clip(np.searchsorted(starts, begins, side="right") - 1, 0, None)
    return int(((starts[holder] > begins) | (stops[holder] < ends)).sum())


def _check(packed: Packed) -> None:
    kept = packed.name in ("best-fit", "wrapped")
    if (kept and (packed.num_dropped or packed.num_repeated)) or (
        packed.sequence_lengths.max() > packed.max_length or packed.sequences.lengths.min() < 1
    ):
        raise TrainingError(
            f"packing {packed.name} changed the corpus: {packed.num_corpus_tokens} tokens went in, "
            f"{packed.num_tokens} came out; this is an error of the kit"
        )


def _windows(
    lengths: "NDArray[np.int64]", max_length: int, step: int
) -> "tuple[NDArray[np.int64], NDArray[np.int64]]":
    """Starts and lengths of the windows of each document, `step` apart, none inside another."""
    import numpy as np

    beyond = np.maximum(0, lengths - max_length)
    counts = np.where(lengths > 0, 1 + -(-beyond // step), 0)
    document = np.repeat(np.arange(len(lengths)), counts)
    number = np.arange(len(document)) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = np.cumsum(lengths) - lengths
    starts = begins[document] + number * step
    return starts, np.minimum(max_length, (begins + lengths)[document] - starts)


def _best_fit(lengths: "NDArray[np.int64]", max_length: int) -> Sequences:
    """Best-fit decreasing; among sequences with equal room the oldest is filled first.

    The rooms in use are the bits of one integer, so the smallest sufficient one is a shift away.
    """
    import numpy as np

    starts, pieces = _windows(lengths, max_length, max_length)
    order = np.argsort(-pieces, kind="stable")
    sequence_of = np.empty(len(pieces), dtype=np.int64)
    rooms: list[deque[int]] = [deque() for _ in range(max_length + 1)]
    in_use = num_sequences = 0
    for place, length in enumerate(pieces[order].tolist()):
        fitting = in_use >> length
        if fitting:
            room = length + (fitting & -fitting).bit_length() - 1
            sequence = rooms[room].popleft()
            if not rooms[room]:
                in_use ^= 1 << room
        else:
            room, sequence = max_length, num_sequences
            num_sequences += 1
        sequence_of[place] = sequence
        if room > length:
            rooms[room - length].append(sequence)
            in_use |= 1 << (room - length)
    by_sequence = np.argsort(sequence_of, kind="stable")
    counts = np.bincount(sequence_of, minlength=num_sequences)
    order = order[by_sequence]
    return Sequences(starts[order], pieces[order], np.cumsum(counts))


def _wrapped(lengths: "NDArray[np.int64]", max_length: int) -> Sequences:
    return _alone(*_windows(lengths.sum(keepdims=True), max_length, max_length))


def _grouped(lengths: "NDArray[np.int64]", max_length: int) -> Sequences:
    import numpy as np

    groups = np.add.reduceat(lengths, np.arange(0, len(lengths), GROUP))
    starts, pieces = _windows(groups, max_length, max_length)
    full = pieces == max_length
    return _alone(starts[full], pieces[full])


def _overlap(lengths: "NDArray[np.int64]", max_length: int) -> Sequences:
    if max_length <= STRIDE:
        raise TrainingError(f"packing overlap needs a max_length above its stride of {STRIDE}")
    return _alone(*_windows(lengths, max_length, max_length - STRIDE))


def _alone(starts: "NDArray[np.int64]", lengths: "NDArray[np.int64]") -> Sequences:
    """A sequence a piece."""
    import numpy as np

    return Sequences(starts, lengths, np.arange(1, len(starts) + 1))


_MODES: Mapping[PackingName, "Callable[[NDArray[np.int64], int], Sequences]"] = {
    "best-fit": _best_fit,
    "wrapped": _wrapped,
    "grouped": _grouped,
    "overlap": _overlap,
}


class PackedSequences:
    """The sequences, by number; ids come from the memory-mapped store when asked for.

    A row has `input_ids`, and `seq_lengths` where documents share a sequence but not attention (TRL
    turns it into position ids that start again at 0).
    """

    def __init__(self, packed: Packed, store: Store) -> None:
        self.packed, self.store = packed, store

    def __len__(self) -> int:
        return self.packed.num_sequences

    def __getitem__(self, number: int) -> dict[str, Any]:
        import numpy as np

        starts, lengths, ends = self.packed.sequences
        pieces = slice(ends[number - 1] if number else 0, ends[number])
        ids = [
            self.store.read(int(start), int(length))
            for start, length in zip(starts[pieces], lengths[pieces], strict=True)
        ]
        row: dict[str, Any] = {"input_ids": np.concatenate(ids)}
        if self.packed.name == "best-fit":
            row["seq_lengths"] = lengths[pieces].tolist()
        return row
