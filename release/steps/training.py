"""The models that are trained, as steps."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from corpus.build import source_digest, source_files
from hub.disk import place as copy
from hub.licences import compose
from hub.manifest import Artefact, Input, Outcome, canonical_sha256
from release.checkpoints import CHECKPOINT
from release.gate import may_train, may_tune, terms, use_of
from release.recipe import Recipe
from release.schema import Release
from release.steps.step import Place, Step, licensed
from training.settings import FineTuningSettings, TrainingSettings

VERSION = 1
"""Raise it when the same settings and corpus would give another model."""


def steps(recipe: Recipe) -> Iterator[Step]:
    release = recipe.release
    for name, training in release.training.items():
        yield _training(name, training, release)
    for name, tuning in release.finetuning.items():
        yield _finetuning(name, tuning, recipe)


def _finetuning(name: str, settings: FineTuningSettings, recipe: Recipe) -> Step:
    release = recipe.release
    source = release.sources[settings.examples]
    texts = terms(source)
    digest = canonical_sha256(source_digest(source, recipe.data))

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from training.finetune import finetune

        base = have[settings.base]
        may_tune(name, settings.use, base.manifest.licence, texts)
        examples = source_files(source, recipe.data)
        outcome = finetune(
            settings, base.folder, examples, place.out, place.scratch, place.progress
        )
        licences = compose.adapted(
            base.manifest.licence, settings.use, texts, release.training_position
        )
        return {"": licensed(outcome, licences)}

    part = settings.model_dump(mode="json", exclude={"hardware"})
    return Step(
        name, "training", "model",
        part | {"position": release.training_position, "terms": list(texts)},
        (("base", settings.base),),
        (Input(role="examples", name=settings.examples, digest=digest),), VERSION, run,
    )  # fmt: skip


def _taken(run: Outcome, checkpoint: Outcome, folder: Path, out: Path) -> Outcome:
    """The model of a checkpoint in the place of the end of its run; what the run cost stays."""
    for path in run.payload:
        (out / path).unlink()
    for path in checkpoint.payload:
        copy(folder / path, out / path)
    numbers = {name: n for name, n in run.numbers.items() if name != "final_train_loss"}
    return Outcome(checkpoint.payload, numbers | dict(checkpoint.numbers))


def _training(name: str, settings: TrainingSettings, release: Release) -> Step:
    use = use_of(release, settings)
    part = settings.model_dump(mode="json", exclude={"hardware"})
    part |= {"position": release.training_position}
    replayed = (("replay", settings.replay.corpus),) if settings.replay else ()

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from training.pretrain import Run, kept_checkpoints, kept_folder, pretrain

        base, corpus = have[settings.base], have[settings.corpus]
        replay = have[settings.replay.corpus] if settings.replay else None
        texts = {*corpus.manifest.licence, *(replay.manifest.licence if replay else ())}
        licences = compose.adapted(base.manifest.licence, use, texts, release.training_position)
        may_train(name, use, base.manifest.licence, [corpus, *([replay] if replay else [])])
        # One cache for all runs: the same corpus and tokenizer are tokenised once.
        tokens = place.out.parents[1] / "tokens"
        where = Run(base.folder, corpus, place.out, place.scratch, tokens, replay)
        trained = pretrain(settings, where, place.progress)
        kept = kept_checkpoints(settings, where)
        if settings.step is not None:
            trained = _taken(
                trained, kept[settings.step], kept_folder(place.scratch, settings.step), place.out
            )
        outcomes = {"": licensed(trained, licences)}
        key = place.out.name.rpartition("-")[2]
        for step, outcome in kept.items():
            suffix = CHECKPOINT.format(step)
            folder = place.out.with_name(f"{name}{suffix}-{key}")
            for path in outcome.payload:
                (kept_folder(place.scratch, step) / path).replace(folder / path)
            outcomes[suffix] = licensed(outcome, licences)
        return outcomes

    return Step(
        name, "training", "model", part,
        (("base", settings.base), ("corpus", settings.corpus), *replayed), (), VERSION, run,
        tuple((CHECKPOINT.format(step), "checkpoint") for step in settings.checkpoints),
    )  # fmt: skip
