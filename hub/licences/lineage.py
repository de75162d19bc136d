"""The licence of a model, composed anew from everything it was made from.

Only manifests are read. What a manifest claims counts where nothing stands behind it (the model one
starts from); everywhere else the claim is compared with what its inputs compose to, and it may be
narrower, never wider.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.licences import compose
from hub.licences.expression import ids_of
from hub.licences.rights import Use
from hub.licences.table import ACTS, Act
from hub.manifest import Artefact, Input

UNREAD = "LicenseRef-unknown"
_TEXTS = ("corpus", "replay")
"""roles of what is text; every other input of a model is a model"""
MODELS = ("model", "checkpoint", "merge", "quantised")


@dataclass(frozen=True)
class JudgedModel:
    """What may be done with one model."""

    name: str
    kind: str
    licence: tuple[str, ...]
    """everything that binds it, as composed"""
    verdict: str
    """allowed, refused or unknown: to publish it, and for the asked use to use it"""
    rule: str


class _Missing(Exception):
    """An input whose manifest is not among those given."""


def ancestors(artefact: Artefact, among: Sequence[Artefact]) -> list[Artefact]:
    """`artefact` and everything among the given that went into it, itself first."""
    known = _by_digest(among)
    found = {artefact.manifest.key: artefact}
    waiting = [artefact]
    while waiting:
        for entry in waiting.pop().manifest.inputs:
            source = known.get((entry.name, entry.digest))
            if source and source.manifest.key not in found:
                found[source.manifest.key] = source
                waiting.append(source)
    return list(found.values())


def judge_models(artefacts: Iterable[Artefact], use: Use) -> list[JudgedModel]:
    """Every model among the given, by name."""
    among = list(artefacts)
    models = [each for each in among if each.manifest.kind in MODELS]
    known = _by_digest(among)
    return sorted((_judge(model, known, use) for model in models), key=lambda model: model.name)


def _judge(model: Artefact, known: Mapping[tuple[str, str], Artefact], use: Use) -> JudgedModel:
    manifest = model.manifest
    try:
        licence = _composed(model, known)
    except _Missing as missing:
        rule = f"made from {missing}, which is not here"
        return JudgedModel(manifest.name, manifest.kind, manifest.licence, "unknown", rule)
    wider = _wider(manifest.licence, licence)
    if wider:
        rule = f"says {', '.join(manifest.licence) or 'nothing'}, its inputs do not allow: {wider}"
        return JudgedModel(manifest.name, manifest.kind, licence, "refused", rule)
    acts: tuple[Act, ...] = ("train", "publish_adapted")
    acts += ("commercial",) if use == "commercial" else ()
    permission = compose.allows(licence, acts)
    verdict = "refused" if permission == "forbidden" else permission
    return JudgedModel(manifest.name, manifest.kind, licence, verdict, _rule(licence, acts))


def _composed(model: Artefact, known: Mapping[tuple[str, str], Artefact]) -> tuple[str, ...]:
    """By the roles of its inputs: a base and corpora adapt, parents merge."""
    manifest = model.manifest

    def found(entry: Input) -> Artefact:
        if (entry.name, entry.digest) not in known:
            raise _Missing(entry.name)
        return known[(entry.name, entry.digest)]

    parents = [
        _composed(found(entry), known) for entry in manifest.inputs if entry.role not in _TEXTS
    ]
    corpora = [found(entry) for entry in manifest.inputs if entry.role in _TEXTS]
    if not parents:
        return _read(model)
    licences = compose.merged(parents)
    position = manifest.recipe.get("position", compose.DEFAULT)
    for corpus in corpora:
        use = corpus.manifest.recipe.get("corpus", {}).get("use", "research")
        licences = compose.adapted(licences, use, _read(corpus), position)
    return licences


def _read(artefact: Artefact) -> tuple[str, ...]:
    """Its licences by its manifest, of which somebody may have written anything."""
    return tuple(id if _is_known(id) else UNREAD for id in artefact.manifest.licence)


def _is_known(expression: str) -> bool:
    try:
        return bool(ids_of(expression))
    except KeyError:
        return False


def _wider(claimed: tuple[str, ...], composed: tuple[str, ...]) -> str:
    """The acts that the claim allows and its inputs do not."""
    acts = [
        act
        for act in ACTS
        if all(map(_is_known, claimed))
        and compose.allows(claimed, (act,)) == "allowed"
        and compose.allows(composed, (act,)) != "allowed"
    ]
    return " or ".join(act.replace("_", " ") for act in acts)


def _rule(licence: tuple[str, ...], acts: tuple[Act, ...]) -> str:
    against = [each for each in licence if compose.allows((each,), acts) != "allowed"]
    return f"bound by {', '.join(against or licence) or 'no licence that is stated'}"


def _by_digest(artefacts: Iterable[Artefact]) -> dict[tuple[str, str], Artefact]:
    return {(each.manifest.name, each.manifest.digest): each for each in artefacts}
