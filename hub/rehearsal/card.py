"""The YAML at the head of a README, read and checked as far as it can be without the real Hub.

`problems` applies the rules that the Hub publishes: licence ids, ISO 639 languages, a base model
that is a Hub id and not somebody's folder, a `model-index` that the client library can read. It is
a local check: what only the Hub knows (whether a base model exists, say) it does not say.
"""

import re
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from huggingface_hub.repocard_data import model_index_to_eval_results

from hub.rehearsal.names import is_name
from hub.rehearsal.plain import load_yaml, plain

# As in huggingface_hub.repocard: the block between two lines of three dashes, at the very start.
_FRONT_MATTER = re.compile(r"^(\s*---[\r\n]+)([\S\s]*?)([\r\n]+---(\r\n|\n|$))")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_SPACE_SDKS = {"gradio", "docker", "static", "streamlit"}
_COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
_RELATIONS = {"finetune", "merge", "quantized", "adapter"}
MAX_YAML_BYTES = 1 << 20
MAX_ALIASES = 8  # each can double the size of the document


class Card(NamedTuple):
    """A README in two parts; `problem` says why its YAML could not be read."""

    data: dict[str, Any]
    body: str
    problem: str | None = None


class Problems(NamedTuple):
    """What is wrong with a card's metadata, and what is merely missing."""

    errors: list[str]
    warnings: list[str]


def read(readme: str) -> Card:
    """Split a README into its metadata and its text."""
    match = _FRONT_MATTER.match(readme)
    if match is None:
        return Card({}, readme)
    block, body = match[2], readme[match.end() :]
    if len(block) > MAX_YAML_BYTES:
        return Card({}, body, f"The metadata is over {MAX_YAML_BYTES} bytes")
    try:
        data = plain(load_yaml(block, MAX_ALIASES))
    except ValueError as error:
        return Card({}, body, f"Invalid YAML: {error}")
    if data is None:
        return Card({}, body)
    if not isinstance(data, dict):
        return Card({}, body, "The metadata must be a YAML mapping")
    return Card(data, body)


@cache
def licence_ids() -> frozenset[str]:
    """The licence ids that the Hub accepts (hub-docs, repositories-licenses)."""
    listed = resources.files("hub.rehearsal").joinpath("licence-ids.txt").read_text("utf-8")
    return frozenset(listed.split())


@cache
def language_codes() -> frozenset[str]:
    """The codes of ISO 639-1, 639-2 and 639-3."""
    listed = resources.files("hub.rehearsal").joinpath("language-codes.txt").read_text("utf-8")
    return frozenset(listed.partition("\n")[2].split())


def problems(readme: str, kind: str) -> Problems:
    """Check a README's metadata for a repo of this kind."""
    card = read(readme)
    if card.problem is not None:
        return Problems([card.problem], [])
    if not card.data:
        return Problems([], ["empty or missing yaml metadata in repo card"])
    errors = [*_licence(card.data), *_languages(card.data)]
    if kind == "model":
        errors += [*_base_model(card.data), *_model_index(card.data)]
    if kind == "space":
        errors += _space(card.data)
    for key in ("datasets", "models", "tags"):
        if not all(isinstance(item, str) for item in _as_list(card.data.get(key))):
            errors.append(f'"{key}" must be a string or a list of strings')
    return Problems(errors, [])


def _as_list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _licence(data: dict[str, Any]) -> list[str]:
    errors = [
        f'"license" must be one of the Hub\'s licence ids, not {licence!r}'
        for licence in _as_list(data.get("license"))
        if not isinstance(licence, str) or licence not in licence_ids()
    ]
    name = data.get("license_name")
    if name is not None and not re.fullmatch(r"[a-z0-9.-]+", str(name)):
        errors.append('"license_name" must be lowercase letters, digits, "." and "-"')
    return errors


def _languages(data: dict[str, Any]) -> list[str]:
    return [
        f'"language" must be an ISO 639-1, 639-2 or 639-3 code, not {language!r}'
        for language in _as_list(data.get("language"))
        if not isinstance(language, str) or not _is_language(language)
    ]


def _is_language(language: str) -> bool:
    """A code of the tables, perhaps with subtags (`zh-Hant`), or one of the Hub's two others."""
    if language in ("code", "multilingual"):
        return True
    return bool(_LANGUAGE.fullmatch(language)) and language.partition("-")[0] in language_codes()


def _base_model(data: dict[str, Any]) -> list[str]:
    errors = []
    for base in _as_list(data.get("base_model")):
        parts = base.split("/") if isinstance(base, str) else []
        if not 1 <= len(parts) <= 2 or not all(is_name(part) for part in parts):
            errors.append(f'"base_model" must be a model id on the Hub, not {base!r}')
    relation = data.get("base_model_relation")
    if relation is not None and str(relation) not in _RELATIONS:
        errors.append(f'"base_model_relation" must be one of {sorted(_RELATIONS)}')
    return errors


def _model_index(data: dict[str, Any]) -> list[str]:
    index = data.get("model-index")
    if index is None:
        return []
    try:
        _, results = model_index_to_eval_results(index)
        for result in results:
            if not isinstance(result.metric_value, int | float | str | list | dict):
                return [f'"model-index": the value of {result.metric_name!r} is missing']
            config: object = result.dataset_config
            if config is not None and not isinstance(config, str):
                return ['"model-index": "dataset.config" must be a string']
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return [f'"model-index" cannot be read: {type(error).__name__}: {error}']
    return []


def _space(data: dict[str, Any]) -> list[str]:
    errors = []
    if str(data.get("sdk")) not in _SPACE_SDKS:
        errors.append(f'"sdk" must be one of {sorted(_SPACE_SDKS)}')
    for key in ("colorFrom", "colorTo"):
        if data.get(key) is not None and str(data[key]) not in _COLOURS:
            errors.append(f'"{key}" must be one of {sorted(_COLOURS)}')
    if len(str(data.get("short_description") or "")) > 60:
        errors.append('"short_description" must be at most 60 characters')
    return errors
