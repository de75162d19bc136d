"""Untrusted YAML and JSON made plain: only what can be written as JSON again, and nothing huge.

A card may hold dates, tuples as keys, `.nan`, a hexadecimal number of a million digits, half of a
surrogate pair: each is valid YAML, and each would make an answer fail that has nothing else to do
with it.
"""

import math
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent

MAX_DEPTH = 40
MAX_NESTING = 100
MAX_NUMBER = 1 << 63


def plain(value: object, depth: int = 0) -> Any:
    """The value as JSON types; what has no JSON form becomes text."""
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        return {_text(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item, depth + 1) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, int) and abs(value) < MAX_NUMBER:
        return int(value)
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= MAX_NUMBER:
        return "a huge number"  # Python refuses to write out the longest ones
    return str(value).encode(errors="replace").decode()


def _brackets(text: str) -> int:
    """How many are open at once, those within quotes included."""
    depth = deepest = 0
    for character in text:
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    return deepest


def load_yaml(text: str, max_aliases: int) -> Any:
    """YAML 1.2, as on the Hub: `language: no` is Norwegian, not False. ValueError if it is none."""
    try:
        if _brackets(text) > MAX_NESTING:  # the scanner needs minutes for thousands of them
            raise ValueError(f"over {MAX_NESTING} brackets are open at once")
        events = YAML(typ="safe", pure=True).parse(text)
        if sum(isinstance(event, AliasEvent) for event in events) > max_aliases:
            raise ValueError(f"over {max_aliases} YAML aliases")
        return YAML(typ="safe", pure=True).load(text)
    except Exception as error:  # the parser fails on strange input in a dozen ways of its own
        said = str(error).splitlines()[:1] or [type(error).__name__]
        raise ValueError(said[0]) from error
