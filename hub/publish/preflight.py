"""Everything that can be known to go wrong before the first byte is sent: all of it, listed.

Whose account it is and what its token may do; names that clash; folders and files that the Hub
would refuse; cards; base models that nobody could load; work of other hands on the repos. How much
storage is left the Hub does not tell: where it is used up, the upload says so.
"""

import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

from hub.failure import BadInput, Refused, Unexpected
from hub.publication import Publication, ReleaseRecord
from hub.publish.cards import card_problems
from hub.publish.content import content_problems
from hub.publish.deprecation import problem as deprecation_problem
from hub.publish.ours import conflict, gate_conflict
from hub.publish.patience import patiently
from hub.publish.remote import Address, Seen
from hub.publish.staging import FILES_A_COMMIT

COMMITS_AN_HOUR = 128
"""What the Hub lets one account do (HTTP 429 beyond it)."""

_WRITING_ROLES = {"admin", "write", "contributor"}


def check(
    publication: Publication,
    folder: Path,
    api: HfApi,
    looks: Mapping[str, Seen | None],
    record: ReleaseRecord | None,
    rehearsal: bool = False,
) -> None:
    """Raises BadInput with every problem, Refused for a foreign repo, Unexpected for an edited one.

    `looks`: by address, what is on the Hub; None for a repo that is to be made. A `rehearsal` is at
    a Hub that has nothing of before.
    """
    problems = [*_account(publication, api)]
    if not problems:  # with another account, every repo would look foreign
        problems += _names(publication, api, looks)
    for repo in publication.repos:
        content = folder / repo.type / repo.id
        problems += [f"{repo.id}: {problem}" for problem in content_problems(repo.files, content)]
        problems += [
            f"{repo.id}: {problem}"
            for problem in card_problems(api, publication, repo, content, bases=not rehearsal)
        ]
    problems += _rate(publication)
    if not rehearsal:
        problems += filter(None, (deprecation_problem(api, one) for one in publication.superseded))
    if problems:
        raise BadInput("\n".join(problems))
    recorded = {(repo.type, repo.id): repo for repo in record.repos} if record else {}
    edited: list[str] = []
    foreign: list[str] = []
    for repo in publication.repos:
        seen = looks[repo.address]
        known = recorded.get((repo.type, repo.id))
        content = folder / repo.type / repo.id
        found = conflict(api, Address(repo.type, repo.id), seen, known, content) if seen else None
        if seen and known and not found:
            found = gate_conflict(repo, seen, known)
        if found:
            (foreign if known is None else edited).append(found)
    if foreign:
        raise Refused("\n".join([*foreign, *edited]))
    if edited:
        raise Unexpected("\n".join(edited))


def _account(publication: Publication, api: HfApi) -> Iterator[str]:
    """The token may write to the namespace."""
    account: Mapping[str, Any] = patiently(api.whoami)
    organisations = {org["name"]: org for org in account.get("orgs", [])}
    namespace, name = publication.namespace, account["name"]
    if namespace != name and namespace not in organisations:
        yield (
            f"the token of {name} may not write to {namespace}: use a token of that account, or "
            f"--set namespace={name}"
        )
    elif namespace in organisations:
        role = organisations[namespace].get("roleInOrg", "write")
        if role not in _WRITING_ROLES:
            yield f"{name} may only read in {namespace} (role {role}): ask its administrator"
    token = (account.get("auth") or {}).get("accessToken") or {}
    if token.get("role") == "read":
        yield "the token may only read: make one with the role `write`"
    if token.get("role") == "fineGrained" and not _may_write(token, namespace):
        yield f"the fine-grained token has no `repo.write` on {namespace}: edit its permissions"


def _may_write(token: Mapping[str, Any], namespace: str) -> bool:
    scoped = (token.get("fineGrained") or {}).get("scoped") or []
    return any(
        "repo.write" in entry.get("permissions", [])
        and entry.get("entity", {}).get("name") == namespace
        for entry in scoped
    )


def _names(publication: Publication, api: HfApi, looks: Mapping[str, Seen | None]) -> Iterator[str]:
    """The Hub takes two names that differ by case for one, and answers for neither."""
    own = Counter(f"{repo.type}/{repo.id.casefold()}" for repo in publication.repos)
    yield from (
        f"{name}: two repos of this release differ only by case" for name in own if own[name] > 1
    )
    for kind in dict.fromkeys(repo.type for repo in publication.repos if not looks[repo.address]):
        there = patiently(functools.partial(_repos_of, api, kind, publication.namespace))
        by_case = {id.casefold(): id for id in there}
        for repo in publication.repos:
            known = by_case.get(repo.id.casefold())
            if repo.type == kind and known not in (None, repo.id):
                yield f"{repo.id}: there is a {kind} {known}, which differs only by case"


def _repos_of(api: HfApi, kind: str, namespace: str) -> list[str]:
    if kind == "dataset":
        return [repo.id for repo in api.list_datasets(author=namespace)]
    if kind == "model":
        return [repo.id for repo in api.list_models(author=namespace)]
    return [repo.id for repo in api.list_spaces(author=namespace)]


def _rate(publication: Publication) -> Iterator[str]:
    """Commits: the staged ones, the promotion, `release.json`."""
    staged = sum(-(-len(repo.files) // FILES_A_COMMIT) + 1 for repo in publication.repos)
    if staged + 1 > COMMITS_AN_HOUR:
        yield (
            f"it takes up to {staged + 1} commits, and the Hub allows about {COMMITS_AN_HOUR} an "
            "hour: write fewer, larger files"
        )
