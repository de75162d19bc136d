"""All documents of a corpus by number, gathered from its units.

Documents are numbered in the order in which they are written: shard by shard, source by source.
Memory: about 90 bytes a document, and names and statements of copies and near copies only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.decide import Copies, Judge, Judged, Known, Numbers, find_copies
from corpus.decontaminate import Hits
from corpus.dedup.minhash import Profile, Signatures
from corpus.units import Unit, column, facts_of, fingerprints, hash_of
from hub.licences.rights import Withdrawal


class Census(NamedTuple):
    units: Sequence[Unit]
    first: Numbers
    """number of the first document of each unit, and of all documents"""
    known: Known
    leader: Numbers
    """the copy that stands for all copies of a document"""
    pooled: Mapping[int, Judged]
    """by leader: what the statements about all its copies come to"""
    allowed: NDArray[np.bool_]
    renamed: Mapping[int, str]
    """ids that are not those of the sources, where two documents have one"""
    withdrawals: Mapping[int, Withdrawal]
    """by leader"""

    def batches(self, columns: Sequence[str]) -> Iterator[tuple[Unit, int, dict[str, list[Any]]]]:
        """Columns of all documents, a few thousand at a time, with the number of the first."""
        return _batches(self.units, self.first, columns)

    def some(self, numbers: Iterable[int], columns: Sequence[str]) -> dict[int, dict[str, Any]]:
        """Columns of some documents."""
        return _some(self.units, self.first, numbers, columns)

    def names(self, numbers: Iterable[int]) -> dict[int, str]:
        """Ids of some documents."""
        return {n: row["id"] for n, row in self.some(numbers, ["id"]).items()} | dict(self.renamed)


def take_census(
    units: Sequence[Unit],
    order: Sequence[str],
    judge: Judge,
    hits: Hits,
    withdrawn: Sequence[Withdrawal] = (),
) -> Census:
    """`order` are the sources in the recipe's order; `hits` have numbers of documents."""
    sizes = [len(column(unit, "num_words")) for unit in units]
    first = np.cumsum([0, *sizes])
    size = int(first[-1])
    contaminated = np.zeros(size, bool)
    contaminated[hits.documents] = True
    known = Known(
        source=np.repeat([order.index(unit.source) for unit in units], sizes).astype(np.int32),
        fingerprint=_joined([fingerprints(unit) for unit in units], (0, 2), np.uint64),
        num_words=_joined([column(unit, "num_words") for unit in units], (0,), np.int64),
        unreadable=_is_set(units, "problem", size),
        personal=_is_set(units, "personal", size),
        contaminated=contaminated,
        withdrawn=np.zeros(size, bool),
    )
    copies = find_copies(known)
    leader, pooled = _pool(copies, units, first, known, judge)
    allowed = np.zeros(size, bool)
    for unit, number, rows in _batches(units, first, ["id", "evidence"]):
        terms = judge.terms(unit.source)
        for offset, (id, evidence) in enumerate(zip(rows["id"], rows["evidence"], strict=True)):
            at = number + offset
            judged = pooled.get(int(leader[at])) or judge.judge(
                (evidence, terms), unit.source, judge.about([(id, unit.source)])
            )
            allowed[at] = judged.verdict.verdict == "allowed"
    renamed = _renamed(units, first)
    withdrawals = _withdrawals(units, first, leader, renamed, withdrawn)
    known.withdrawn[:] = np.isin(leader, list(withdrawals))
    return Census(units, first, known, leader, pooled, allowed, renamed, withdrawals)


def all_signatures(
    census: Census, folder: str, profile: Profile, taking_part: Numbers, scratch: Path
) -> Signatures:
    """Those of some documents; the minima go to a file of `scratch` and are mapped from there."""
    path = scratch / "minima.bin"
    documents, digests = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)]
    is_wanted = np.zeros(int(census.first[-1]), bool)
    is_wanted[taking_part] = True
    with path.open("wb") as stream:
        for unit, begin in zip(census.units, census.first.tolist(), strict=False):
            found = Signatures.load(unit.beside(folder))
            rows = np.flatnonzero(is_wanted[begin + found.documents])
            documents.append(begin + found.documents[rows])
            digests.append(found.digests[rows])
            # Not `tofile`: of a full disk it says nothing but two numbers.
            stream.write(np.ascontiguousarray(found.minima[rows]).data)
    numbers = np.concatenate(documents)
    shape = (len(numbers), profile.num_minima)
    minima = np.memmap(path, np.uint32, "r", shape=shape) if len(numbers) else np.zeros(shape)
    return Signatures(numbers, minima.view(np.ndarray).astype(np.uint32, copy=False),
                      np.concatenate(digests))  # fmt: skip


def all_hits(units: Sequence[Unit], folder: str | None) -> Hits:
    """Of all units, with numbers of documents."""
    if folder is None:
        return Hits.join([])
    parts, begin = [], 0
    for unit in units:
        with np.load(unit.beside(folder), allow_pickle=False) as saved:
            parts.append(Hits(saved["documents"] + begin, saved["items"], saved["containment"]))
        begin += len(column(unit, "num_words"))
    return Hits.join(parts)


def _pool(
    copies: Copies, units: Sequence[Unit], first: Numbers, known: Known, judge: Judge
) -> tuple[Numbers, dict[int, Judged]]:
    """The leader of each document and the pooled evidence: source order of the recipe, then id."""
    leader = np.arange(int(first[-1]))
    pooled: dict[int, Judged] = {}
    rows = _some(units, first, copies.members.tolist(), ["id", "evidence"])
    for group in copies.groups():
        best = min(group, key=lambda number: (known.source[number], rows[number]["id"], number))
        leader[group] = best
        source = {number: _unit_of(units, first, number).source for number in group}
        pooled[best] = judge.judge(
            tuple(sorted({
                statement for number in group
                for statement in (rows[number]["evidence"], judge.terms(source[number]))
            })),
            source[best],
            judge.about([(rows[number]["id"], source[number]) for number in group]),
        )  # fmt: skip
    return leader, pooled


def _renamed(units: Sequence[Unit], first: Numbers) -> dict[int, str]:
    """Two documents of one id would overwrite each other's trail: the later one gets a number."""
    hashes = _joined([column(unit, "id_hash") for unit in units], (0,), np.uint64)
    known, places, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    twice = np.flatnonzero(counts[places] > 1).tolist()
    seen: dict[str, int] = {}
    found: dict[int, str] = {}
    for number, row in sorted(_some(units, first, twice, ["id"]).items()):
        count = seen.get(row["id"], 0) + 1
        while count > 1 and _holds(known, hash_of(f"{row['id']}#{count}")):
            count += 1  # a source has that very id
        seen[row["id"]] = count
        if count > 1:
            found[number] = f"{row['id']}#{count}"
    return found


def _holds(ascending: NDArray[np.uint64], value: int) -> bool:
    place = int(np.searchsorted(ascending, np.uint64(value)))
    return place < len(ascending) and int(ascending[place]) == value


def _withdrawals(
    units: Sequence[Unit],
    first: Numbers,
    leader: Numbers,
    renamed: Mapping[int, str],
    withdrawn: Sequence[Withdrawal],
) -> dict[int, Withdrawal]:
    """A text goes under whichever of its copies' ids it is withdrawn."""
    by_id = {withdrawal.document: withdrawal for withdrawal in withdrawn}
    if not by_id:
        return {}
    found: dict[int, Withdrawal] = {}
    for _, number, rows in _batches(units, first, ["id"]):
        for at, id in enumerate(rows["id"], number):
            withdrawal = by_id.get(renamed.get(at, id))
            if withdrawal is not None:
                found[int(leader[at])] = withdrawal
    return found


def _unit_of(units: Sequence[Unit], first: Numbers, number: int) -> Unit:
    return units[int(np.searchsorted(first, number, "right")) - 1]


def _batches(
    units: Sequence[Unit], first: Numbers, columns: Sequence[str]
) -> Iterator[tuple[Unit, int, dict[str, list[Any]]]]:
    for unit, begin in zip(units, first.tolist(), strict=False):
        for batch in facts_of(unit, columns):
            yield unit, begin, batch.to_pydict()
            begin += batch.num_rows


def _some(
    units: Sequence[Unit], first: Numbers, numbers: Iterable[int], columns: Sequence[str]
) -> dict[int, dict[str, Any]]:
    wanted = np.unique(np.array(list(numbers), np.int64))
    found: dict[int, dict[str, Any]] = {}
    for unit, begin, end in zip(units, first[:-1].tolist(), first[1:].tolist(), strict=True):
        low, high = np.searchsorted(wanted, [begin, end])
        if low == high:
            continue
        for batch in facts_of(unit, columns):
            low, high = np.searchsorted(wanted, [begin, begin + batch.num_rows])
            mine = wanted[low:high]
            for number, row in zip(
                mine.tolist(), batch.take(mine - begin).to_pylist(), strict=True
            ):
                found[number] = row
            begin += batch.num_rows
    return found


def _is_set(units: Sequence[Unit], name: str, size: int) -> NDArray[np.bool_]:
    """Where a column of strings is not empty."""
    import pyarrow.compute as pc

    parts = [
        pc.not_equal(batch[0], "").to_numpy(zero_copy_only=False)
        for unit in units
        for batch in facts_of(unit, [name])
    ]
    return _joined(parts, (0,), np.bool_)


def _joined(parts: Sequence[NDArray[Any]], shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros(shape, kind), *parts]).astype(kind, copy=False)
