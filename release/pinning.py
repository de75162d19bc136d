"""Asks the Hub, once, what a release takes from it, and writes the answer into the lock.

What the lock holds is never asked again. What cannot be asked now stays unpinned: `plan` lists it.
What the Hub answers but cannot be used (no such repo, weights that can run code, a token that may
not read) is BadInput, all of it at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from evaluation.settings import EvaluationError, TaskSettings
from hub.failure import BadInput, Unreachable
from hub.pins import read_dataset, read_model
from release import lock
from release.lock import Lock
from release.recipe import Recipe
from release.schema import Release


def pin(recipe: Recipe, progress: Callable[[str], None]) -> Recipe:
    """The recipe with its lock filled as far as the Hub can be asked, and its tasks at the commits
    of the lock; raises BadInput."""
    models, datasets = dict(recipe.lock.models), dict(recipe.lock.datasets)
    named = {model.at: name for name, model in recipe.release.models.items() if model.hub}
    tasks = {name: f"{dataset}@main" for name, dataset in _datasets(recipe.release)}
    problems: list[str] = []
    for at in dict.fromkeys([*named, *tasks.values()]):
        if at in models or at in datasets:
            continue
        repo, _, revision = at.partition("@")
        try:
            if at in named:
                models[at] = read_model(repo, revision)
            else:
                datasets[at] = read_dataset(repo, revision)
        except Unreachable as error:
            progress(f"{at}: {error}")
            break  # whoever does not answer once is not asked again
        except BadInput as error:
            problems.append(f"models.{named[at]}: {error}" if at in named else str(error))
        else:
            progress(f"{at}: pinned at {(models.get(at) or datasets[at]).commit[:12]}")
    filled = Lock(models=models, datasets=datasets)
    if filled != recipe.lock:
        lock.write(recipe.path, filled)
    if problems:
        raise BadInput("\n".join(problems))
    return replace(recipe, release=_at_commits(recipe.release, tasks, filled), lock=filled)


def _datasets(release: Release) -> Iterator[tuple[str, str]]:
    """(task, dataset) of lm-eval's own tasks for which the release file names no commit."""
    from evaluation.tasks import benchmarks, library

    for name, task in release.evaluation.tasks.items() if release.evaluation else ():
        if not task.lm_eval or task.revision or task.lm_eval in benchmarks.names():
            continue
        try:
            yield name, library.needs(task.lm_eval).dataset
        except EvaluationError:
            continue  # which `plan` says


def _at_commits(release: Release, tasks: dict[str, str], filled: Lock) -> Release:
    """The release with each task's dataset at the commit that is pinned."""
    if release.evaluation is None:
        return release
    known: dict[str, TaskSettings] = dict(release.evaluation.tasks)
    for name, at in tasks.items():
        if at in filled.datasets:
            revision = filled.datasets[at].commit
            known[name] = known[name].model_copy(update={"revision": revision})
    evaluation = release.evaluation.model_copy(update={"tasks": known})
    return release.model_copy(update={"evaluation": evaluation})
