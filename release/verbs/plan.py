"""`imprimatur plan`"""

from release.console import errors, print_json, progress
from release.verbs.common import Debug, Json, RecipePath, Scale, Sets, Workdir, load_recipe


def plan(
    recipe: RecipePath,
    workdir: Workdir = None,
    scale: Scale = None,
    sets: Sets = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check everything before any compute; say what would run, what is up to date, and why.

    Example: imprimatur plan release/recipes/demo.yaml
    """
    with errors(debug):
        loaded, folder = load_recipe(recipe, workdir, scale, sets)
        from dataclasses import asdict

        from hub.failure import BadInput, Refused
        from release.claims import register
        from release.pinning import pin
        from release.plan import plan as plan_release
        from release.plan_page import page

        loaded = pin(loaded, progress())
        register(loaded, folder)
        found = plan_release(loaded, folder)
        if as_json:
            print_json(asdict(found))
        else:
            print("\n".join(page(found)))
        if found.problems:
            raise BadInput("\n".join([*found.problems, *found.refusals]))
        if found.refusals:
            raise Refused("\n".join(found.refusals))
