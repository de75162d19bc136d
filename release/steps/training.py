"""The models that are started from and those that are trained, as steps."""

from collections.abc import Iterator, Mapping

from hub.licences import compose
from hub.licences.recognise import recognise
from hub.manifest import Artefact, Outcome
from release.recipe import Recipe
from release.schema import Release
from release.steps.step import Place, Step, licensed
from training.settings import TinyModel, TrainingSettings


def steps(recipe: Recipe) -> Iterator[Step]:
    release = recipe.release
    for name, model in release.models.items():
        yield _tiny(name, model.tiny)
    for name, training in release.training.items():
        yield _training(name, training, release)


def _tiny(name: str, settings: TinyModel) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from training.tiny import create

        outcome = create(settings, have[settings.corpus], place.out)
        return {"": licensed(outcome, (recognise(settings.licence) or settings.licence,))}

    return Step(
        name, "training", "model", settings.model_dump(mode="json"),
        (("corpus", settings.corpus),), (), 1, run,
    )  # fmt: skip


def _training(name: str, settings: TrainingSettings, release: Release) -> Step:
    use = release.corpora[settings.corpus].use
    part = settings.model_dump(mode="json") | {"position": release.training_position}

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from training.pretrain import pretrain

        base, corpus = have[settings.base], have[settings.corpus]
        outcome = pretrain(settings, base.folder, corpus, place.out, place.scratch, place.progress)
        licences = compose.adapted(
            base.manifest.licence, use, corpus.manifest.licence, release.training_position
        )
        return {"": licensed(outcome, licences)}

    return Step(
        name, "training", "model", part,
        (("base", settings.base), ("corpus", settings.corpus)), (), 1, run,
    )  # fmt: skip
