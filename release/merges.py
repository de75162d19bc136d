"""What crosses stages when models are merged: candidates to evaluation, its scores back, texts.

    sweep        candidates in memory, each asked the validation tasks; front.json says who won
    merge        mergekit's merge of the chosen candidate, held against it, and proven
    quantise     a smaller copy, measured beside the model it was made from

A killed sweep resumes at the candidate that it was evaluating.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.settings import EvaluationSettings
from hub.disk import write_json
from hub.licences import compose
from hub.manifest import Artefact, Number, Outcome
from merging.settings import MergingSettings, QuantisedSettings, parents_of

if TYPE_CHECKING:
    from release.steps.step import Place

CANDIDATES = "candidates"


def sweep(
    name: str,
    settings: MergingSettings,
    choosing: EvaluationSettings,
    have: Mapping[str, Artefact],
    place: "Place",
) -> Outcome:
    """Evaluate the parents and every candidate of merge `name` on the tasks of `choosing`."""
    from evaluation.results import SAMPLES, SCORES, read_samples
    from evaluation.summary import summarise
    from merging.sweep import FRONT, points

    if settings.sweep is None:
        raise ValueError(f"{name} has no sweep")
    found: dict[str, dict[str, float]] = {}
    payload = []
    for number, label in enumerate(_answers(settings, choosing, have, place)):
        part = f"{CANDIDATES}/{number:02d}"
        shutil.copytree(place.scratch / f"{number:02d}", place.out / part)
        payload += [f"{part}/{SAMPLES}", f"{part}/{SCORES}"]
        samples = read_samples(place.out / part)
        found[label] = {
            score.group: score.value
            for score in summarise(samples, choosing)
            if score.metric == settings.sweep.measure
        }
    rows = points(name, settings, found)
    write_json(place.out / FRONT, [asdict(row) for row in rows])
    (chosen,) = [row.candidate for row in rows if row.chosen]
    place.progress(f"{len(rows)} models compared; by rule {settings.sweep.choose!r}: {chosen}")
    on_front = sum(row.on_front for row in rows)
    numbers = {
        "candidates": Number(value=len(rows), unit="models"),
        "on_the_front": Number(value=on_front, unit="models"),
    }
    return Outcome((FRONT, *payload), numbers)


def _answers(
    settings: MergingSettings,
    choosing: EvaluationSettings,
    have: Mapping[str, Artefact],
    place: "Place",
) -> Iterator[str]:
    """Label after label, once its answers lie in scratch: parents first, from their folders."""
    from evaluation.harness import InMemory, evaluate
    from evaluation.results import SCORES
    from merging.candidates import Network, grid

    parents = parents_of(settings)
    asked = {task: have[task] for task in choosing.tasks}
    network: Network | None = None
    for number, (label, mergekit) in enumerate(
        [*((parent, None) for parent in parents), *grid(settings)]
    ):
        out = place.scratch / f"{number:02d}"
        if not (out / SCORES).is_file():  # written last
            if mergekit is None:
                model: Path | InMemory = have[label].folder
            else:
                network = network or Network({p: have[p].folder for p in parents}, parents[0])
                network.become(mergekit)
                model = InMemory(network.network, network.tokenizer)
            evaluate(choosing, label, model, asked, out, place.progress)
        yield label


def merge(
    settings: MergingSettings,
    swept: Artefact | None,
    texts: Mapping[str, list[str]],
    have: Mapping[str, Artefact],
    place: "Place",
) -> Outcome:
    """The merge; of a sweep the chosen candidate, which what mergekit wrote has to match."""
    from merging import merge as mergekit
    from merging.match import match
    from merging.postflight import postflight
    from merging.sweep import chosen_candidate

    chosen = settings.mergekit
    if swept is not None:
        label, chosen = chosen_candidate(settings, front(swept))
        place.progress(f"the sweep chose {label}")
    parents = {parent: have[parent].folder for parent in parents_of(settings)}
    licences = compose.merged(have[parent].manifest.licence for parent in parents)
    outcome = mergekit.merge(MergingSettings(mergekit=chosen), parents, place.out, place.progress)
    numbers = dict(outcome.numbers)
    if settings.sweep is not None:
        apart = match(chosen, parents, place.out)
        place.progress(
            f"the candidate and the merge are at most {apart.ulps:.3g} bf16 ulp apart"
            + (f", but for {apart.cancelled:,} weights of cancelling terms" * bool(apart.cancelled))
        )
        numbers["distance_to_candidate"] = Number(value=apart.ulps, unit="bf16 ulp")
        numbers["weights_of_cancelling_terms"] = Number(value=apart.cancelled, unit="weights")
    numbers |= postflight(place.out, parents, texts, place.progress).numbers()
    return Outcome(outcome.payload, numbers, licences)


def quantise(
    settings: QuantisedSettings,
    texts: Mapping[str, list[str]],
    have: Mapping[str, Artefact],
    place: "Place",
) -> Outcome:
    from merging.quantise import quantise as shrink

    full = have[settings.model]
    flat = [text for group in texts.values() for text in group]
    outcome = shrink(settings, full.folder, flat, place.out, place.progress)
    licences = compose.merged([full.manifest.licence])
    return Outcome(outcome.payload, outcome.numbers, licences)


def validation_texts(
    choosing: EvaluationSettings | None, have: Mapping[str, Artefact]
) -> dict[str, list[str]]:
    """Texts by group of the validation tasks; empty where none measures text."""
    from evaluation.tasks.artefact import read_items

    found: dict[str, list[str]] = {}
    for name, task in choosing.tasks.items() if choosing else ():
        if task.measure == "bits_per_byte":
            texts = [item["text"] for item in read_items(have[name])]
            found.setdefault(task.group, []).extend(texts)
    return found


def configuration(settings: MergingSettings, swept: Artefact | None) -> dict[str, Any]:
    """mergekit's, as the merge was made: after a sweep with a rule, with what it chose."""
    from merging.sweep import chosen_candidate

    return chosen_candidate(settings, front(swept)).mergekit if swept else settings.mergekit


def front(swept: Artefact) -> list[dict[str, Any]]:
    """The points of a sweep, as `front.json` has them."""
    rows: list[dict[str, Any]] = json.loads((swept.folder / "front.json").read_bytes())
    return rows
