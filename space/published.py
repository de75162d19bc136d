"""`release.json` and the manifests it leads to: what was published, and what came from what.

take_release(record)           the fields that the page uses, checked one by one
describe_model(repo, manifest) a model with its parents, licence and size
take_models(rows)              the same from `models.json`, where the results hold one
by_family(models)              base, adapted, merged: each family together, oldest first
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from source import REPO
from tables import Unreadable, tame

KINDS = {"dataset", "model", "space"}
MAX_GENERATIONS = 12
MAX_PARENTS = 8
"""bounds for manifests that mean harm: a line is walked through every parent"""


@dataclass(frozen=True)
class Model:
    name: str
    kind: str = ""
    """model, merge, quantised …; empty where nothing says so"""
    repo: str = ""
    parents: tuple[str, ...] = ()
    """names of models, here or elsewhere"""
    licence: tuple[str, ...] = ()
    parameters: int | None = None
    languages: tuple[str, ...] = ()
    family: str = ""
    depth: int = 0
    """0: a base; 1: made from a base; …"""


@dataclass(frozen=True)
class Release:
    name: str
    version: str
    tag: str
    digest: str
    signature: str
    repos: list[dict[str, str]] = field(default_factory=list)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    """sha256 by repo and path"""


def take_release(record: Mapping[str, Any]) -> Release:
    try:
        repos = [
            {key: tame(repo[key]) for key in ("type", "id", "artefact", "kind", "commit")}
            for repo in record["repos"]
        ]
        digests = {
            str(repo["id"]): {str(file["path"]): str(file["sha256"]) for file in repo["files"]}
            for repo in record["repos"]
        }
        fields = ("release", "version", "tag", "publication_digest", "signature")
        name, version, tag, digest, signature = (tame(record[key]) for key in fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"release.json lacks {tame(error)}: not a release of this kit") from None
    if not all(repo["type"] in KINDS and REPO.fullmatch(repo["id"]) for repo in repos):
        raise Unreadable("release.json lists a repo that cannot exist")
    return Release(name, version, tag, digest, signature, repos, digests)


def describe_model(repo: Mapping[str, str], manifest: Mapping[str, Any] | None) -> Model:
    """What the manifest of a model says; only what `release.json` says where there is none."""
    model = Model(repo["artefact"], repo["kind"], repo["id"])
    if manifest is None:
        return model
    inputs = [entry for entry in _items(manifest.get("inputs")) if isinstance(entry, Mapping)]
    numbers = manifest.get("numbers")
    parameters = numbers.get("parameters") if isinstance(numbers, Mapping) else None
    count = parameters.get("value") if isinstance(parameters, Mapping) else None
    return replace(
        model,
        parents=tuple(tame(entry.get("name")) for entry in inputs if _is_parent(entry)),
        licence=tuple(tame(licence) for licence in _items(manifest.get("licence"))),
        parameters=count if type(count) is int and count > 0 else None,
    )


def take_models(record: Mapping[str, Any]) -> list[Model]:
    """`models.json`: {"models": [{name, kind, repo, parents, licence, parameters, languages}]}."""
    found = []
    for row in _items(record.get("models")):
        if not isinstance(row, Mapping) or not row.get("name"):
            raise Unreadable("models.json lists a model without a name")
        count = row.get("parameters")
        found.append(
            Model(
                name=tame(row["name"]),
                kind=tame(row.get("kind") or ""),
                repo=tame(row.get("repo") or ""),
                parents=tuple(tame(name) for name in _items(row.get("parents"))),
                licence=tuple(tame(name) for name in _items(row.get("licence"))),
                parameters=count if type(count) is int and count > 0 else None,
                languages=tuple(tame(name) for name in _items(row.get("languages"))),
            )
        )
    return found


def _is_parent(entry: Mapping[str, Any]) -> bool:
    role = str(entry.get("role"))
    return role == "base" or role.startswith("parent")


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def by_family(models: Iterable[Model]) -> list[Model]:
    """The same models with family and depth, each family together and parents before children."""
    known = {model.name: model for model in models}
    lines = {name: _line(name, known, ()) for name in known}
    placed = [
        replace(model, family=lines[name][0], depth=len(lines[name]) - 1)
        for name, model in known.items()
    ]
    families = {family: i for i, family in enumerate(dict.fromkeys(m.family for m in placed))}
    return sorted(placed, key=lambda model: (families[model.family], model.depth))


def _line(name: str, known: Mapping[str, Model], younger: tuple[str, ...]) -> tuple[str, ...]:
    """The longest line of ancestors that ends in `name`: a merge of base and adapted hangs on
    adapted. Of a circle, which only a broken manifest can make, each is walked once."""
    line = (*younger, name)
    if len(line) > MAX_GENERATIONS:
        return (name,)
    parents = [parent for parent in known[name].parents if parent in known and parent not in line]
    lines = [_line(parent, known, line) for parent in parents[:MAX_PARENTS]]
    return (*max(lines, key=len, default=()), name)
