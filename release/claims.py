"""The claims of a release: written down before the results, tested before anything is published.

register   at `plan` and `run`: hashes of the claims and their tests into `claims.json`
judge      before publication: every claim against the answers; raises Refused where one fails
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.claims import Judgement, claim_hash
from evaluation.claims import judge as judge_claim
from evaluation.results import read_samples
from hub.disk import write_json
from hub.failure import BadInput, Refused
from hub.manifest import Artefact
from release.recipe import Recipe
from release.steps.evaluation import RESULTS

REGISTERED = "claims.json"


class Judged(NamedTuple):
    judgement: Judgement
    sha256: str
    planned: bool

    def sentence(self) -> str:
        return f"{self.judgement.sentence()} ({'planned' if self.planned else 'post hoc'})."

    def row(self) -> dict[str, Any]:
        """As `claims.json` of the results repo has it."""
        return {
            **self.judgement.claim.model_dump(mode="json"),
            "holds": self.judgement.holds,
            "test": self.judgement.test,
            "gains": [gain._asdict() for gain in self.judgement.gains],
            "sha256": self.sha256,
            "planned": self.planned,
        }


def register(recipe: Recipe, workdir: Path) -> None:
    """A claim that is first seen once there are results was made knowing them."""
    settings = recipe.release.evaluation
    if settings is None or not settings.claims:
        return
    known = registered(workdir)
    blind = not any(workdir.glob(f"evaluation/*{RESULTS}-*/manifest.json"))
    hashes = {claim_hash(claim, settings): blind for claim in settings.claims}
    if hashes.keys() - known.keys():
        workdir.mkdir(parents=True, exist_ok=True)
        write_json(workdir / REGISTERED, hashes | known)


def registered(workdir: Path) -> dict[str, bool]:
    """Hash of each claim seen so far, and whether it was there before any result."""
    try:
        found: dict[str, bool] = json.loads((workdir / REGISTERED).read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise BadInput(f"{workdir / REGISTERED} is damaged ({error}): remove it") from None
    return found


def judge(recipe: Recipe, artefacts: Mapping[str, Artefact], workdir: Path) -> list[Judged]:
    """Every claim of the release; raises Refused with all that do not hold."""
    settings = recipe.release.evaluation
    if settings is None or not settings.claims:
        return []
    known = registered(workdir)
    answers = {m: read_samples(artefacts[m + RESULTS]) for m in settings.models}
    found = []
    for claim in settings.claims:
        sha256 = claim_hash(claim, settings)
        judgement = judge_claim(claim, answers, settings)
        found.append(Judged(judgement, sha256, known.get(sha256, False)))
    refusals = [
        f"claim does not hold: {judged.judgement.sentence()}"
        for judged in found
        if not judged.judgement.holds
    ]
    if refusals:
        raise Refused("\n".join(refusals))
    return found
