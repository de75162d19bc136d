"""What a language model is asked.

    Prompt(system="...", user="... {{ query }} ... {{ schema }} ...")

`{{ name }}` is replaced once: what stands in a text is never read as a template. `{{ mark }}` is a
short hash of what is asked, so that a text cannot close the fence it stands in.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

_FIELD = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Prompt(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str = ""
    user: str


def fields_of(prompt: Prompt, needed: set[str], allowed: set[str]) -> None:
    """Raises ValueError for a field that is missing or does not exist."""
    found = set(_FIELD.findall(prompt.system + prompt.user))
    if needed - found:
        names = ", ".join(f"{{{{ {name} }}}}" for name in sorted(needed - found))
        raise ValueError(f"the prompt has no {names}")
    if found - allowed:
        raise ValueError(f"the prompt has a field that does not exist: {min(found - allowed)}")


def render(prompt: Prompt, schema: Mapping[str, Any], **texts: str) -> list[dict[str, str]]:
    """The messages of one question."""
    asked = json.dumps(texts, sort_keys=True, ensure_ascii=False)
    mark = hashlib.sha256(asked.encode()).hexdigest()[:8]
    values = {**texts, "schema": json.dumps(schema, ensure_ascii=False, indent=1), "mark": mark}

    def filled(template: str) -> str:
        return _FIELD.sub(lambda field: values[field[1]], template)

    messages = [{"role": "user", "content": filled(prompt.user)}]
    if prompt.system:
        messages.insert(0, {"role": "system", "content": filled(prompt.system)})
    return messages
