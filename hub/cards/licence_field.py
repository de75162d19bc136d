"""Licence ids as a card's header wants them: the Hub's own, or `other` with name and link."""

import re
from collections.abc import Sequence
from typing import Any

from hub.licences.compose import governing
from hub.licences.expression import licence_of


def dataset_licence(ids: Sequence[str]) -> dict[str, Any]:
    """A corpus carries the set of its documents' licences; a header may list several."""
    on_hub = sorted({licence_of(id).hub for id in ids})
    unnamed = [id for id in ids if licence_of(id).hub == "other"]
    fields: dict[str, Any] = {"license": on_hub[0] if len(on_hub) == 1 else on_hub}
    if unnamed:
        fields |= _other(unnamed)
    return fields


def model_licence(ids: Sequence[str]) -> dict[str, Any]:
    """A model's header has room for one: the most restrictive."""
    id = governing(ids)
    fields: dict[str, Any] = {"license": licence_of(id).hub}
    if licence_of(id).hub == "other":
        fields |= _other([id])
    return fields


def _other(ids: Sequence[str]) -> dict[str, str]:
    return {
        "license_name": "-and-".join(
            re.sub(r"[^a-z0-9.]+", "-", id.replace("LicenseRef-", "").lower()).strip("-")
            for id in ids
        ),
        "license_link": licence_of(ids[0]).url,
    }
