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

        loaded = pin(loaded, progress())
        register(loaded, folder)
        found = plan_release(loaded, folder)
        if as_json:
            print_json(asdict(found))
        else:
            for each in found.sought.to_fetch:
                print(f"{'fetch':11} {each.source:32} {'to run':11} {each.what}, into {each.into}")
            for line in [*found.sought.to_obtain, *found.sought.left_out]:
                print(f"{'source':11} {line}")
            for step in found.steps:
                print(f"{step.stage:11} {step.name:32} {step.state:11} {step.why}")
            for line in found.unpinned:
                print(f"{'unpinned':11} {line.replace('unpinned: ', '')}")
            for note in found.notes:
                print(f"{'':11} {note}")
        if found.problems:
            raise BadInput("\n".join([*found.problems, *found.refusals]))
        if found.refusals:
            raise Refused("\n".join(found.refusals))
