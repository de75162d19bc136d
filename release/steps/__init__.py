"""A release file -> its steps, in an order in which everything a step needs comes before it.

A step makes one artefact (a corpus also its `-excluded` sibling). What crosses stages is carried
here: a stage gets folders and artefacts, never another stage.
"""

from graphlib import CycleError, TopologicalSorter

from release.recipe import Problem, Recipe, RecipeError
from release.steps import corpus, evaluation, filters, judge, merging, starts, training
from release.steps.step import Step


def steps(recipe: Recipe) -> list[Step]:
    """Every step of the release; raises RecipeError for artefacts that need each other."""
    found = {
        step.name: step
        for stage in (filters, corpus, starts, training, merging, evaluation, judge)
        for step in stage.steps(recipe)
    }
    graph = {name: [needed for _, needed in step.needs] for name, step in found.items()}
    try:
        return [found[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " needs ".join(reversed(error.args[1]))
        raise RecipeError([Problem(str(recipe.path), None, f"a circle: {circle}")]) from None
