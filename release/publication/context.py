"""What every repo of a release needs to know of the whole."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluation.translation.settings import TranslationSettings
from hub.cards.reading import Notes
from hub.licences.rights import Withdrawal
from hub.lineage.graph import Graph, graph
from hub.manifest import Artefact
from release import checkpoints, claims, merges, notes, starts, table
from release.previous import Changed
from release.recipe import Recipe
from release.steps.evaluation import CHECKPOINTS
from release.steps.merging import SWEEP


@dataclass(frozen=True)
class Context:
    recipe: Recipe
    artefacts: Mapping[str, Artefact]
    scores: list[dict[str, Any]]
    claims: list[claims.Judged]
    changed: Changed | None
    """against the version before"""
    workdir: Path

    @cached_property
    def graph(self) -> Graph:
        repos = {name: f"dataset/{self.repo(name)}" for name in self.corpora}
        repos |= {name: f"dataset/{self.repo(name)}" for name in self.translations}
        models = [*self.filters, *self.models, *self.bases]
        repos |= {name: f"model/{self.repo(name)}" for name in models}
        manifests = [artefact.manifest for artefact in self.artefacts.values()]
        return graph(self.recipe.release.release, self.tag, manifests, repos)

    @property
    def judged(self) -> bool:
        """Whether a judge looked at open answers."""
        evaluation = self.recipe.release.evaluation
        return evaluation is not None and evaluation.judge is not None

    def notes(self, name: str) -> Notes:
        return notes.of(self.recipe, self.workdir, name)

    def changes(self, model: str | None = None) -> list[tuple[str, str, str, str, str]]:
        """Rows of a card: of all models, or of what `model` is compared with."""
        return [
            (f"{what}, {change.group}", change.before, change.after, table.interval(change), said)
            for what, change, _, _, said in table.differences(self.recipe.release, self.artefacts)
            if model in (None, change.after)
        ]

    @property
    def confidence(self) -> float:
        """Of every interval of the release; without an evaluation there is none to speak of."""
        evaluation = self.recipe.release.evaluation
        return evaluation.confidence if evaluation else 0.0

    @property
    def tag(self) -> str:
        return f"v{self.recipe.release.version}"

    def repo(self, name: str) -> str:
        """Of an artefact of this release, or of a model on the Hub that it starts from."""
        return self.bases.get(name) or self.recipe.release.repo(name)

    @property
    def corpora(self) -> list[str]:
        return self.recipe.release.published_corpora

    @property
    def translations(self) -> dict[str, TranslationSettings]:
        """Translated benchmarks that are published."""
        evaluation = self.recipe.release.evaluation
        return evaluation.translations if evaluation else {}

    def withdrawn_from(self, corpus: str) -> list[Withdrawal]:
        """Documents that a version of this corpus would hold, or held, but for a withdrawal."""
        ledger = self.artefacts[corpus].folder / "ledger.parquet"
        from pyarrow import parquet

        asked = {one.document: one for one in self.recipe.release.withdrawn}
        if not asked or not ledger.is_file():
            return []
        filters = [("reason", "=", "withdrawn")]
        gone = parquet.read_table(ledger, columns=["id"], filters=filters)["id"].to_pylist()
        return [
            one
            for document, one in asked.items()
            if document in gone or any(corpus in holder.corpora for holder in one.held_by)
        ]

    def learnt(self, model: str) -> list[tuple[Withdrawal, str]]:
        """Withdrawn documents and the earlier versions of a model that learnt from them."""
        found = []
        for one in self.recipe.release.withdrawn:
            versions = [holder.version for holder in one.held_by if model in holder.models]
            if versions:
                found.append((one, ", ".join(versions)))
        return found

    @property
    def filters(self) -> list[str]:
        """Classifiers that a corpus to train on was made with, whether that is published or not."""
        corpora = self.recipe.release.corpora.values()
        used = {corpus.domain_filter for corpus in corpora if corpus.split == "train"}
        return [name for name in self.recipe.release.filters if name in used]

    @property
    def models(self) -> list[str]:
        release = self.recipe.release
        return [*release.training, *release.finetuning, *release.merging, *release.quantised]

    @cached_property
    def bases(self) -> dict[str, str]:
        """Models on the Hub that the release starts from: name -> id."""
        models = self.recipe.release.models
        return {name: model.hub for name, model in models.items() if model.hub}

    def parents(self, name: str) -> list[str]:
        """Ids of the models that `name` was made from, where anybody can find them."""
        inputs = self.artefacts[name].manifest.inputs
        known = {*self.models, *self.bases}
        return [self.repo(entry.name) for entry in inputs if entry.name in known]

    def front(self, name: str) -> list[dict[str, Any]]:
        """What the sweep of merge `name` found; empty where there was none."""
        swept = self.artefacts.get(name + SWEEP)
        return merges.front(swept) if swept else []

    def checkpoints(self, name: str) -> list[dict[str, Any]]:
        """What the checkpoints of run `name` score; empty where they were not compared."""
        compared = self.artefacts.get(name + CHECKPOINTS)
        return checkpoints.points(compared) if compared else []

    def mergekit(self, name: str) -> dict[str, Any]:
        """The configuration that merge `name` was made by; empty for what is no merge."""
        settings = self.recipe.release.merging.get(name)
        swept = self.artefacts.get(name + SWEEP)
        return merges.configuration(settings, swept) if settings else {}

    @property
    def links(self) -> dict[str, str]:
        """Markdown links, by tag, to everything that is published."""
        corpora = {
            n: f"[{self.repo(n)}](/datasets/{self.repo(n)}/tree/{self.tag})"
            for n in [*self.corpora, *self.translations]
        }
        models = {n: f"[{self.repo(n)}](/{self.repo(n)}/tree/{self.tag})" for n in self.models}
        filters = {n: f"[{self.repo(n)}](/{self.repo(n)}/tree/{self.tag})" for n in self.filters}
        return corpora | filters | models | self._links_to_bases()

    def _links_to_bases(self) -> dict[str, str]:
        pins = {name: starts.pinned(self.recipe, name) for name in self.bases}
        return {
            name: f"[{self.repo(name)}](/{self.repo(name)}/tree/{pin.commit})"
            for name, pin in pins.items()
            if pin
        }

    def title(self, name: str) -> str:
        return f"{self.recipe.release.release} · {name}"

    def training_corpora(self, name: str) -> list[str]:
        """Every corpus that went into a model, through all its ancestors."""
        found: dict[str, None] = {}
        for entry in self.artefacts[name].manifest.inputs:
            if entry.name in self.recipe.release.corpora:
                found[entry.name] = None
            elif entry.name in self.models:
                found |= dict.fromkeys(self.training_corpora(entry.name))
        return list(found)

    def examples(self, name: str) -> list[str]:
        """Every source of questions and answers that a model or an ancestor was fine-tuned on."""
        found: dict[str, None] = {}
        for entry in self.artefacts[name].manifest.inputs:
            if entry.role == "examples":
                found[entry.name] = None
            elif entry.name in self.models:
                found |= dict.fromkeys(self.examples(entry.name))
        return list(found)

    def languages(self, corpora: list[str]) -> list[str]:
        """ISO 639 codes, the most frequent first."""
        counts: dict[str, int] = {}
        for name in corpora:
            for row in statistics(self.artefacts[name]):
                for tag, count in row["languages"].items():
                    language = tag.split("-")[0].lower()
                    counts[language] = counts.get(language, 0) + count
        return sorted(counts, key=lambda language: (-counts[language], language))


def statistics(artefact: Artefact) -> list[dict[str, Any]]:
    """Of a corpus: a row a source."""
    rows: list[dict[str, Any]] = json.loads((artefact.folder / "statistics.json").read_bytes())
    return rows
