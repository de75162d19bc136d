"""Cards, before they are sent: what the Hub itself would say, and whether base models are there."""

import email.utils
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi, RepoCard
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from hub.publication import Publication, Repo
from hub.publish.patience import patiently

SKEW_SECONDS = 300
"""Signed upload links are good for minutes; a clock that is further off cannot use them."""


def card_problems(
    api: HfApi, publication: Publication, repo: Repo, content: Path, bases: bool = True
) -> Iterator[str]:
    """What is wrong with the README of one repo, one sentence each.

    `bases`: whether base models of others are looked for; a rehearsal Hub has none of them.
    """
    path = content / "README.md"
    if not path.is_file():
        yield "it has no README.md, and a repo without a card is not published"
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    answer = patiently(lambda: _validated(api, repo, text))
    yield from (f"README.md: {error['message']}" for error in answer.json().get("errors", []))
    date = answer.headers.get("date")
    skewed = clock_problem(date, time.time()) if date else None
    if skewed:
        yield skewed
    card: Any = RepoCard(text, ignore_metadata_errors=True)
    data = card.data.to_dict()
    if not data.get("license") and repo.type != "space":
        yield "README.md: no license is stated"
    if repo.type == "model":
        named = data.get("base_model") or []
        for base in [named] if isinstance(named, str) else named:
            ours = any(other.type == "model" and other.id == base for other in publication.repos)
            if bases and not ours:
                yield from _base(api, str(base))


def _validated(api: HfApi, repo: Repo, text: str) -> httpx2.Response:
    """What the Hub itself says about a card: 200, or 400 where it would refuse it."""
    answer = get_session().post(
        f"{api.endpoint}/api/validate-yaml",
        json={"content": text, "repoType": repo.type},
        headers=build_hf_headers(token=api.token),
    )
    if answer.status_code != 400:
        hf_raise_for_status(answer)
    return answer


def _base(api: HfApi, base: str) -> Iterator[str]:
    """A base model has to be there for a reader who has no token."""
    try:
        info = patiently(lambda: api.model_info(base, token=False))
    except (RepositoryNotFoundError, GatedRepoError):
        yield f"README.md: the base model {base} is private or does not exist: none can check it"
        return
    if info.private:
        yield f"README.md: the base model {base} is private: nobody could check it"


def clock_problem(date: str, now: float) -> str | None:
    """A clock that is wrong makes signed links look expired; `date` is the Hub's header."""
    skew = now - email.utils.parsedate_to_datetime(date).timestamp()
    if abs(skew) <= SKEW_SECONDS:
        return None
    side = "ahead of" if skew > 0 else "behind"
    return f"this machine's clock is {abs(skew) / 60:.0f} minutes {side} the Hub's: set it"
