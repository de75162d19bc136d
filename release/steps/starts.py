"""The models that a release starts from, as steps: built-in, on the Hub, in a folder."""

import shutil
from collections.abc import Iterator, Mapping

from hub.licences.recognise import recognise
from hub.manifest import (
    FROM_HUB,
    Artefact,
    Input,
    Number,
    Outcome,
    canonical_sha256,
    describe_files,
)
from hub.model_folder import model_files, scan
from release import starts
from release.recipe import Recipe
from release.schema import ModelSettings
from release.steps.step import Place, Step, licensed
from training.settings import TinyModel


def steps(recipe: Recipe) -> Iterator[Step]:
    for name, model in recipe.release.models.items():
        if model.tiny:
            yield _tiny(name, model.tiny)
        elif model.hub:
            yield from_hub(name, model, recipe)
        else:
            yield _folder(name, model, recipe)


def _tiny(name: str, settings: TinyModel) -> Step:
    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from training.tiny import create

        outcome = create(settings, have[settings.corpus], place.out)
        return {"": licensed(outcome, (recognise(settings.licence) or settings.licence,))}

    return Step(
        name, "training", "model", settings.model_dump(mode="json"),
        (("corpus", settings.corpus),), (), 1, run,
    )  # fmt: skip


def from_hub(name: str, model: ModelSettings, recipe: Recipe) -> Step:
    pin = starts.pinned(recipe, name)
    repo = str(model.hub)

    def run(_: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        from hub.pins import download

        if pin is None:
            raise starts.Unpinned(f"models.{name}: {model.at} on the Hub is unpinned")
        place.progress(f"{repo} at {pin.commit[:12]}, {pin.size / 1e9:.2f} GB")
        return {"": _as_it_is(download(repo, pin, place.out), starts.licence(recipe, name), place)}

    files = {path: file.digest for path, file in pin.files.items()} if pin else {}
    commit = pin.commit if pin else None
    source = Input(
        role=FROM_HUB,
        name=repo,
        digest=canonical_sha256(files),
        repo=f"model/{repo}",
        commit=commit,
    )
    settings = {"hub": repo, "commit": commit, "licence": model.licence}
    return Step(name, "training", "model", settings, (), (source,), 1, run)


def _folder(name: str, model: ModelSettings, recipe: Recipe) -> Step:
    folder = recipe.data / str(model.folder)
    # A folder that is not there is a problem that `plan` words.
    files = describe_files(folder, model_files(folder)) if folder.is_dir() else ()
    digest = canonical_sha256([file.model_dump() for file in files])

    def run(_: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        for file in files:
            shutil.copyfile(folder / file.path, place.out / file.path)  # it may be written anew
        names = tuple(file.path for file in files)
        return {"": _as_it_is(names, starts.licence(recipe, name), place)}

    return Step(
        name, "training", "model", {"folder": model.folder, "licence": model.licence},
        (), (Input(role="folder", name=f"{name} (folder)", digest=digest),), 1, run,
    )  # fmt: skip


def _as_it_is(files: tuple[str, ...], licence: tuple[str, ...], place: Place) -> Outcome:
    """Every weight was read once, and is a number."""
    proof = scan(place.out)
    numbers = {"parameters": Number(value=proof.num_parameters, unit="parameters")}
    return Outcome(files, numbers, licence)
