"""Documents that were taken out of a release, in a file beside the release file.

    demo.yaml              what people write
    demo.withdrawn.json    what `imprimatur withdraw` recorded: document, who, why, who held it

The second is read with the first, so a withdrawal holds for every later run. Keep both together.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from hub.disk import write_json
from hub.failure import BadInput
from hub.licences.rights import Holder, Withdrawal

_LIST = TypeAdapter(tuple[Withdrawal, ...])


def beside(recipe: Path) -> Path:
    return recipe.with_name(f"{recipe.stem}.withdrawn.json")


def read(recipe: Path) -> tuple[Withdrawal, ...]:
    """What was recorded; raises BadInput where it cannot be read."""
    path = beside(recipe)
    try:
        return _LIST.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise BadInput(f"this is no list of withdrawn documents ({reason})") from None


def record(
    recipe: Path,
    known: Sequence[Withdrawal],
    document: str,
    who: str,
    why: str,
    holders: Sequence[Holder],
) -> Withdrawal:
    """Write one down, beside those that are `known` already; what is recorded stands.

    Raises BadInput where it is not said who withdraws it, and why.
    """
    earlier = next((entry for entry in known if entry.document == document), None)
    if earlier is None and not (who.strip() and why.strip()):
        raise BadInput(f"say with --who and --why who withdraws {document}, and why")
    said = (earlier.who, earlier.why) if earlier else (who.strip(), why.strip())
    versions = {holder.version: holder for holder in (earlier.held_by if earlier else ())}
    found = {holder.version: holder for holder in holders} | versions
    now = Withdrawal(
        document=document, who=said[0], why=said[1],
        held_by=tuple(found[version] for version in sorted(found)),
    )  # fmt: skip
    if now != earlier:
        others = [entry for entry in read(recipe) if entry.document != document]
        write_json(beside(recipe), [entry.model_dump(mode="json") for entry in [*others, now]])
    return now
