"""What a release takes from the Hub, pinned: `NAME.lock` beside the release file.

    demo.yaml    what people write: {hub: org/model}
    demo.lock    what the Hub said when it was first asked: the commit, every file with size and
                 digest, the licence on the card, the date

`release.pinning` writes it, the first time that the Hub can be asked; nobody writes one by hand.
Keep both together: with the same lock the same bytes are taken, whatever the Hub holds by then.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.disk import write_json
from hub.failure import BadInput
from hub.pins import PinnedDataset, PinnedModel


class Lock(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    models: dict[str, PinnedModel] = {}
    """by ID@REVISION, as the release file names them"""
    datasets: dict[str, PinnedDataset] = {}
    """by ID@REVISION"""


def beside(recipe: Path) -> Path:
    return recipe.with_suffix(".lock")


def read(recipe: Path) -> Lock:
    """The lock of a release file, empty where there is none; raises BadInput where it is broken."""
    try:
        return Lock.model_validate_json(beside(recipe).read_bytes())
    except FileNotFoundError:
        return Lock()
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise BadInput(
            f"this is no lock ({where}: {problem['msg']}): delete it, and `imprimatur plan` asks "
            "the Hub anew"
        ) from None


def write(recipe: Path, lock: Lock) -> None:
    write_json(beside(recipe), lock.model_dump(mode="json"))
