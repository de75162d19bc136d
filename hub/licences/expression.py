"""Licence expressions: what several licences of the table allow together.

AND accumulates: every part has to allow. OR chooses: one branch has to allow everything that a use
needs *at once*, because nobody can publish under one branch and sell under the other.

    >>> permission("CC-BY-ND-4.0 OR CC-BY-NC-4.0", ("commercial",))
    'allowed'
    >>> permission("CC-BY-ND-4.0 OR CC-BY-NC-4.0", ("publish_adapted", "commercial"))
    'forbidden'
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from hub.licences.table import ACTS, LICENCES, Act, Licence, Permission

_ORDER: tuple[Permission, ...] = ("allowed", "unknown", "forbidden")

# An exception only ever adds permissions in SPDX; a name outside its list may be a restriction
# ("WITH Commons-Clause"), so others stay unknown. https://spdx.org/licenses/exceptions-index.html
_EXCEPTIONS = frozenset({
    "classpath-exception-2.0", "gcc-exception-3.1", "llvm-exception", "font-exception-2.0",
    "linux-syscall-note", "autoconf-exception-3.0", "bison-exception-2.2",
})  # fmt: skip


def _worst(permissions: Iterable[Permission]) -> Permission:
    return max(permissions, key=_ORDER.index, default="unknown")


def _best(permissions: Iterable[Permission]) -> Permission:
    return min(permissions, key=_ORDER.index, default="unknown")


@lru_cache(maxsize=10_000)
def permission(expression: str, acts: tuple[Act, ...]) -> Permission:
    """Whether all of `acts` may be done with one and the same text."""
    return _permission(_parsed(expression), acts)


def is_allowed(expression: str, acts: tuple[Act, ...]) -> bool:
    """Whether that is certain: what is not in the table is unknown, which is not permission."""
    try:
        return permission(expression, acts) == "allowed"
    except KeyError:
        return False


def _permission(node: Any, acts: tuple[Act, ...]) -> Permission:
    if isinstance(node, str):
        return _worst(LICENCES[node].acts[act] for act in acts)
    operator, parts = node
    choose = _worst if operator == "AND" else _best
    return choose(_permission(part, acts) for part in parts)


@lru_cache(maxsize=10_000)
def licence_of(expression: str) -> Licence:
    """A licence of the table, or what an expression of them amounts to act by act."""
    if expression in LICENCES:
        return LICENCES[expression]
    ids = ids_of(expression)
    return Licence(
        id=expression,
        hub="other",
        acts={act: permission(expression, (act,)) for act in ACTS},
        # Which branch of an OR will be chosen is not known here: the obligations of all stand.
        obligations=tuple(dict.fromkeys(o for id in ids for o in LICENCES[id].obligations)),
        url=LICENCES[ids[0]].url,
        note="; ".join(dict.fromkeys(LICENCES[id].note for id in ids if LICENCES[id].note)),
    )


def ids_of(expression: str) -> tuple[str, ...]:
    """The licences named in an expression, in its order."""
    return tuple(dict.fromkeys(_leaves(_parsed(expression))))


def all_of(expressions: Iterable[str]) -> str:
    """One expression that binds by every one of `expressions`; their order does not matter."""
    found = sorted(set(expressions))
    if len(found) == 1:
        return found[0]
    return " AND ".join(f"({one})" if " OR " in one else one for one in found)


def normalised(words: str, known: Callable[[str], str | None]) -> str | None:
    """An SPDX expression in ids of the table; None where it is none, or names an unknown licence.

    `known` maps a name to its id.
    """
    from license_expression import ExpressionError, Licensing

    try:
        tree = Licensing().parse(words)
        return _written(tree, known) if tree is not None else None
    except (ExpressionError, RecursionError, _Unknown):
        return None


class _Unknown(Exception):
    pass


def _written(tree: Any, known: Callable[[str], str | None], inside: str = "") -> str:
    from license_expression import LicenseWithExceptionSymbol

    if tree.isliteral:
        key = tree.license_symbol.key if isinstance(tree, LicenseWithExceptionSymbol) else tree.key
        if isinstance(tree, LicenseWithExceptionSymbol):
            exception = tree.exception_symbol.key.lower()
            if exception not in _EXCEPTIONS:
                raise _Unknown(exception)
        id = known(key)
        if id is None or id not in LICENCES:
            raise _Unknown(key)
        return id
    operator = type(tree).__name__
    parts = sorted({_written(part, known, operator) for part in tree.args})
    joined = f" {operator} ".join(parts)
    return f"({joined})" if inside and inside != operator and len(parts) > 1 else joined


def _leaves(node: Any) -> Iterable[str]:
    if isinstance(node, str):
        yield node
    else:
        for part in node[1]:
            yield from _leaves(part)


@lru_cache(maxsize=10_000)
def _parsed(expression: str) -> Any:
    """An id, or (operator, parts). Raises KeyError for what is not in the table."""
    if expression in LICENCES:
        return expression
    from license_expression import ExpressionError, Licensing

    try:
        tree = Licensing().parse(expression)
    except ExpressionError as error:
        raise KeyError(expression) from error
    return _tree(tree)


def _tree(tree: Any) -> Any:
    if tree is None or tree.isliteral:
        key = getattr(tree, "key", "")
        return LICENCES[key].id
    return type(tree).__name__, tuple(_tree(part) for part in tree.args)
