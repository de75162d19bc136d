"""What people wrote for the cards of a release: beside the release file, and on the Hub itself.

`notes: FOLDER` in the release file names files NAME.md (`results.md`, `space.md`): their text goes
on the card of NAME. What somebody wrote on the Hub between the marked lines of a card is fetched
before a publication, kept in the work folder, and goes back between them:

    notes.json      {results, notes: {artefact: Markdown}}

The next rehearsal and the publication after it say the same, and a rehearsal needs no network.
"""

import json
from pathlib import Path

from hub.cards import reading
from hub.cards.reading import Notes
from hub.disk import write_json
from hub.failure import BadInput
from release import outside
from release.recipe import Recipe
from release.steps.step import Progress

KEPT = "notes.json"


def take(recipe: Recipe, workdir: Path, endpoint: str, token: str, progress: Progress) -> None:
    """Fetch what stands on the Hub now; says which of it is new to the work folder."""
    results = recipe.release.repo("results")
    before = _kept(recipe, workdir)
    now = outside.notes(results, endpoint, token, workdir / "hf-home", progress)
    for name in sorted(before.keys() | now.keys()):
        if before.get(name, "") != now.get(name, ""):
            progress(f"the card of {name}: what was written on the Hub by hand is taken over")
    if now != before:
        write_json(workdir / KEPT, {"results": results, "notes": now})


def of(recipe: Recipe, workdir: Path, name: str) -> Notes:
    """For the card of one artefact; raises BadInput for a file that is not UTF-8."""
    return Notes(_written(recipe, name), _kept(recipe, workdir).get(name, ""))


def _written(recipe: Recipe, name: str) -> str:
    """The file's text; of an earlier card that somebody put there, what was written by hand."""
    folder = recipe.release.notes
    path = recipe.path.parent / folder / f"{name}.md" if folder else None
    if path is None or not path.is_file():
        return ""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8: save it so") from None
    if reading.BEGIN in text:
        return "\n\n".join(reading.notes(reading.read(text).body))
    return text.strip("\n")


def _kept(recipe: Recipe, workdir: Path) -> dict[str, str]:
    """Of this release: another namespace has other cards."""
    path = workdir / KEPT
    try:
        said = json.loads(path.read_bytes())
        return dict(said["notes"]) if said["results"] == recipe.release.repo("results") else {}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError):
        raise BadInput(f"{path} is damaged: remove it, it is fetched again") from None
