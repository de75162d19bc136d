"""Licence ids as a card's header wants them: the Hub's own, or `other` with name and link."""

from collections.abc import Sequence
from typing import Any

from hub.licences.compose import governing
from hub.licences.table import LICENCES


def dataset_licence(ids: Sequence[str]) -> dict[str, Any]:
    """A corpus carries the set of its documents' licences; a header may list several."""
    on_hub = sorted({LICENCES[id].hub for id in ids})
    unnamed = [id for id in ids if LICENCES[id].hub == "other"]
    fields: dict[str, Any] = {"license": on_hub[0] if len(on_hub) == 1 else on_hub}
    if unnamed:
        fields |= _other(unnamed)
    return fields


def model_licence(ids: Sequence[str]) -> dict[str, Any]:
    """A model's header has room for one: the most restrictive."""
    id = governing(ids)
    fields: dict[str, Any] = {"license": LICENCES[id].hub}
    if LICENCES[id].hub == "other":
        fields |= _other([id])
    return fields


def _other(ids: Sequence[str]) -> dict[str, str]:
    return {
        "license_name": "-and-".join(id.removeprefix("LicenseRef-").lower() for id in ids),
        "license_link": LICENCES[ids[0]].url,
    }
