"""Result files that lm-eval wrote, here or anywhere, read into one form.

    scores = read_scores(Path("results_2024-05-01T10-00-00.json"))

Two forms are read. Up to 0.3: `results`, `versions` and `config`, metrics called `acc` and
`acc_stderr`. From 0.4: metrics called `acc,none` (metric, filter), with `n-shot`, `n-samples` and
`configs`. Anything else is refused by what it is.

Files up to 0.3 do not say how many questions were asked. For a share of right answers the number
follows from its standard error, n = p(1−p)/se² + 1, which is lm-eval's own formula; where it does
not come out whole it stays unknown.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from evaluation.settings import EvaluationError

_SHARES = ("acc", "acc_norm", "exact_match", "em")
_STDERR = "_stderr"
_WHOLE = 1e-3
"""how far from a whole number the right answers may be by a recovered n, for each root of n"""


@dataclass(frozen=True)
class FileScore:
    """A metric of a task, as a file states it."""

    model: str
    task: str
    metric: str
    filter: str
    value: float
    stderr: float | None
    n: int | None
    """questions; None where the file does not say and it cannot be told"""
    shots: int | None
    version: str
    """of the task's definition"""
    template: str
    """the prompt's template, where the file has it"""


def read_scores(path: Path) -> list[FileScore]:
    """Every figure of a file; raises EvaluationError naming what the file is instead."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise EvaluationError(f"{path} is not there") from None
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise EvaluationError(f"{path} is not JSON, or half of it: {error}") from None
    if (foreign := _foreign(found)) is not None:
        raise EvaluationError(f"{path} is {foreign}, not a result file of lm-eval")
    try:
        new = any("," in metric for entry in found["results"].values() for metric in entry)
        scores = list(_new(found, path.stem) if new else _old(found, path.stem))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise EvaluationError(
            f"{path} has the parts of a result file of lm-eval and not their form:"
            f" {type(error).__name__} {error}"
        ) from None
    if not scores:
        raise EvaluationError(f"{path} has no figure in its results")
    return scores


def _foreign(found: Any) -> str | None:
    """What a JSON file is, where it is not lm-eval's."""
    if not isinstance(found, dict):
        return f"a JSON {type(found).__name__}"
    if "config_general" in found or "summary_tasks" in found:
        return "a result file of lighteval"
    if "eval" in found and "samples" in found and "plan" in found:
        return "a log of inspect"
    if "adapter_spec" in found or "stats" in found:
        return "a result file of HELM"
    if "results" not in found or not isinstance(found["results"], dict):
        return f"a JSON object with {', '.join(map(str, list(found)[:4])) or 'nothing'}"
    if "config" not in found or not {"versions", "configs"} & found.keys():
        return "a JSON object with results, without config and versions"
    return None


def _old(found: Mapping[str, Any], file: str) -> Iterator[FileScore]:
    config = found["config"]
    for task, entry in found["results"].items():
        for metric, value in entry.items():
            if metric.endswith(_STDERR) or not _is_number(value):
                continue
            stderr = _number(entry.get(metric + _STDERR))
            yield FileScore(
                _model(config, file), task, metric, "none", float(value), stderr,
                _recovered(metric, float(value), stderr), config.get("num_fewshot"),
                str(found["versions"].get(task, "")), "",
            )  # fmt: skip


def _new(found: Mapping[str, Any], file: str) -> Iterator[FileScore]:
    configs = found.get("configs", {})
    for task, entry in found["results"].items():
        template = configs.get(task, {}).get("doc_to_text", "")
        asked = found.get("n-samples", {}).get(task, {})
        for key, value in entry.items():
            metric, comma, filter_name = key.partition(",")
            if not comma or metric.endswith(_STDERR) or not _is_number(value):
                continue
            stderr = _number(entry.get(f"{metric}{_STDERR},{filter_name}"))
            n = asked.get("effective") or _recovered(metric, float(value), stderr)
            yield FileScore(
                found.get("model_name") or _model(found["config"], file), task, metric, filter_name,
                float(value), stderr, n, found.get("n-shot", {}).get(task),
                str(found.get("versions", {}).get(task, "")), str(template),
            )  # fmt: skip


def _model(config: Mapping[str, Any], file: str) -> str:
    """`pretrained` of the model's arguments, at its revision; else what the file is called."""
    arguments = config.get("model_args") or ""
    if isinstance(arguments, str):
        pairs = (pair.partition("=") for pair in arguments.split(","))
        arguments = {key: value for key, _, value in pairs}
    name = str(arguments.get("pretrained") or file)
    revision = arguments.get("revision")
    return f"{name}@{revision}" if revision and revision != "main" else name


def _recovered(metric: str, share: float, stderr: float | None) -> int | None:
    if metric not in _SHARES or not stderr or not 0 < share < 1:
        return None
    n = share * (1 - share) / stderr**2 + 1
    whole = round(n)
    right = share * whole
    return whole if abs(right - round(right)) < _WHOLE * math.sqrt(whole) else None


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object) -> float | None:
    """lm-eval writes "N/A" where it has no standard error."""
    return float(value) if _is_number(value) else None
