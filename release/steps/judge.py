"""The judged answers of a release, as a step."""

from collections.abc import Iterator, Mapping

from evaluation.judge.settings import part
from hub.licences.leaving import may_send
from hub.manifest import Artefact, Input, Outcome
from release.recipe import Recipe
from release.steps.step import EXCLUDED, Place, Step

NAME = "judge"


def steps(recipe: Recipe) -> Iterator[Step]:
    """Raises Refused where the queries may not go to the judge: at `plan`, before anything runs."""
    evaluation = recipe.release.evaluation
    settings = evaluation.judge if evaluation else None
    if settings is None:
        return
    from evaluation.judge.judge import VERSION, Places, inputs, judge

    if endpoint := settings.by.endpoint:
        may_send(endpoint.url, endpoint.send, {settings.queries.name})
    release, data = recipe.release, recipe.data
    known = {*release.models, *release.training, *release.merging, *release.quantised}
    templates = {model.template for model in settings.models.values()} & known
    models = dict.fromkeys([*settings.models, *sorted(templates)])

    def run(have: Mapping[str, Artefact], place: Place) -> dict[str, Outcome]:
        places = Places(place.out, place.excluded, place.cache / NAME)
        found = judge(settings, {name: have[name] for name in models}, data, places, place.progress)
        return {"": found.results, EXCLUDED: found.private}

    yield Step(
        name=NAME,
        stage="evaluation",
        kind="results",
        settings=part(settings),
        needs=tuple((f"model-{name}", name) for name in models),
        sources=tuple(Input(role=r, name=r, digest=d) for r, d in inputs(settings, data).items()),
        version=VERSION,
        build=run,
        siblings=((EXCLUDED, "quarantine"),),
    )
