"""YAML 1.2 with line marks: `2e-5` is a number, `no` is a string, a duplicate key is an error."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError


class YamlProblem(ValueError):
    """What is wrong with the text, and on which line (1-based), if that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def read(text: str) -> Any:
    """The document as plain mappings with marks; raises YamlProblem."""
    try:
        return YAML(typ="rt", pure=True).load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        name = str(error.problem).split('"')[1] if '"' in str(error.problem) else "a key"
        raise YamlProblem(f"{name} is given twice", line) from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise YamlProblem(f"not valid YAML: {error.problem or error.context}", line) from None
    except YAMLError as error:
        raise YamlProblem(f"not valid YAML: {' '.join(str(error).split())}") from None


def read_file(path: Path) -> Any:
    try:
        return read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise YamlProblem("there is no such file") from None
    except IsADirectoryError:
        raise YamlProblem("is a folder, not a file") from None
    except UnicodeDecodeError:
        raise YamlProblem("is not UTF-8 text") from None
    except PermissionError:
        raise YamlProblem("may not be read") from None


def plain(node: Any) -> Any:
    """The same value without marks or comments, in built-in types only."""
    if isinstance(node, Mapping):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def line_of(tree: Any, location: Iterable[str | int]) -> int | None:
    """1-based line of the deepest part of `location` that the file has; None if it has none."""
    line: int | None = None
    node = tree
    for part in location:
        try:
            if isinstance(node, CommentedMap) and part in node:
                line = node.lc.key(part)[0] + 1
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line = node.lc.item(part)[0] + 1
            else:
                break
        except (KeyError, TypeError):  # a value that was set from outside has no mark
            return line
        node = node[part]
    return line


def suggestion(word: str, known: Iterable[str]) -> str:
    """ "; did you mean X?" where something near `word` is known."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
