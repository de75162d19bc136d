"""The gate before every publication: licences once more, from what was made and not from memory.

`rehearse` and `publish` pass it; no flag goes round it. What it refuses it names: the documents,
and the rule.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from corpus.settings import SourceSettings
from hub.failure import Refused
from hub.licences.expression import licence_of, permission
from hub.licences.recognise import recognise
from hub.licences.rights import Use
from hub.licences.table import LICENCES, Act
from hub.manifest import Artefact
from release import questions
from release.recipe import Recipe
from release.schema import Release
from training.settings import TrainingSettings

_SHOWN = 5


def gate(recipe: Recipe, artefacts: Mapping[str, Artefact]) -> None:
    """Raises Refused where what is about to be published is not allowed to be."""
    refusals: list[str] = []
    for name, corpus in recipe.release.corpora.items():
        if not corpus.publish:
            continue
        acts: tuple[Act, ...] = ("publish_adapted",)
        acts += ("commercial",) if corpus.use == "commercial" else ()
        refusals += _of_corpus(name, artefacts[name], acts)
    release = recipe.release
    for name in release.evaluation.translations if release.evaluation else ():
        made = "a translation of its questions"
        refusals += _of_made(artefacts[name], ("publish_adapted",), made)
    for name in [
        *release.filters, *release.training, *release.finetuning, *release.merging,
        *release.quantised,
    ]:  # fmt: skip
        made = "what was made from it"
        refusals += _of_made(artefacts[name], ("train", "publish_adapted"), made)
    refusals += questions.refusals(release, artefacts)
    if refusals:
        raise Refused("; ".join(refusals))


def _of_made(artefact: Artefact, acts: tuple[Act, ...], made: str) -> list[str]:
    """Of what carries the licences of that from which it was made."""
    name, licences = artefact.manifest.name, artefact.manifest.licence
    if not licences:
        return [f"{name}: no licence is stated for it"]
    return [
        f"{name}: {licence} does not allow publishing {made}"
        for licence in licences
        if not _allows(licence, acts)
    ]


def may_train(name: str, use: Use, base: Iterable[str], corpora: Iterable[Artefact]) -> None:
    """Raises Refused, before anything is computed, where a licence and the use do not compose."""
    refusals = []
    for corpus in corpora:
        if corpus.manifest.recipe.get("corpus", {}).get("publish", True):
            refusals += _of_texts(corpus.manifest.licence, use)
        else:
            refusals += _not_for_training(corpus, use)
    _refuse_training(name, use, base, refusals)


def may_tune(name: str, use: Use, base: Iterable[str], texts: Iterable[str]) -> None:
    """The same for a fine-tuning on examples under the licences `texts`."""
    _refuse_training(name, use, base, _of_texts(texts, use))


def _refuse_training(name: str, use: Use, base: Iterable[str], refusals: list[str]) -> None:
    refusals = refusals + [
        f"{licence} of its base does not allow training on"
        for licence in sorted(set(base))
        if not _allows(licence, ("train",))
    ]
    if refusals:
        raise Refused(f"{name} is not trained ({use} use): " + "; ".join(dict.fromkeys(refusals)))


def _of_texts(texts: Iterable[str], use: Use) -> list[str]:
    acts: tuple[Act, ...] = ("train", "commercial") if use == "commercial" else ("train",)
    return [
        f"{licence} of its texts does not allow {_words(licence, acts)}"
        for licence in sorted(set(texts))
        if not _allows(licence, acts)
    ]


def use_of(release: Release, training: TrainingSettings) -> Use:
    """Commercial where every corpus that is trained on is."""
    names = [training.corpus, *([training.replay.corpus] if training.replay else [])]
    commercial = all(release.corpora[name].use == "commercial" for name in names)
    return "commercial" if commercial else "research"


def _not_for_training(corpus: Artefact, use: Use) -> list[str]:
    """Of a corpus that is not published its ledger decides: a right beside the licence counts."""
    from pyarrow import parquet

    if use == "commercial" and corpus.manifest.recipe["corpus"]["use"] != "commercial":
        return [f"{corpus.manifest.name} is for research"]
    columns = ["id", "status", "may_train"]
    rows = parquet.read_table(corpus.folder / "ledger.parquet", columns=columns).to_pylist()
    wrong = [r["id"] for r in rows if r["status"] == "kept" and r["may_train"] != "allowed"]
    return [f"{id} may not be trained on" for id in wrong[:_SHOWN]]


def terms(source: SourceSettings) -> tuple[str, ...]:
    """The licences that a source states for all it holds."""
    return tuple(sorted({recognise(said.licence) or said.licence for said in source.terms}))


def _allows(licence: str, acts: tuple[Act, ...]) -> bool:
    try:
        return permission(licence, acts) == "allowed"
    except KeyError:  # not in the table: unknown is not permission
        return False


def _of_corpus(name: str, artefact: Artefact, acts: tuple[Act, ...]) -> list[str]:
    """Its licences by the manifest, and every document by the ledger."""
    refusals = [
        f"{name}: {licence} does not allow {_words(licence, acts)}"
        for licence in artefact.manifest.licence
        if permission(licence, acts) != "allowed"
    ]
    ledger = artefact.folder / "ledger.parquet"
    if not ledger.is_file():
        return refusals
    from pyarrow import parquet

    columns = ["id", "status", "licence", "verdict", "rule"]
    wrong: dict[str, list[str]] = defaultdict(list)
    for row in parquet.read_table(ledger, columns=columns).to_pylist():
        if row["status"] != "kept":
            continue
        known = row["licence"] in artefact.manifest.licence
        if (
            row["verdict"] != "allowed"
            or not known
            or permission(row["licence"], acts) != "allowed"
        ):
            wrong[f"{row['licence'] or 'licence not known'} ({row['rule']})"].append(row["id"])
    for rule, ids in wrong.items():
        more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
        refusals.append(f"{name}: {', '.join(ids[:_SHOWN])}{more}: {rule}")
    return refusals


def _words(licence: str, acts: tuple[Act, ...]) -> str:
    if licence not in LICENCES:
        return "it: " + ", ".join(act.replace("_", " ") for act in acts)
    refused = [act for act in acts if licence_of(licence).acts[act] != "allowed"]
    return " or ".join(act.replace("_", " ") for act in refused)
