"""mergekit in this process, on the CPU, with nothing of this machine left in what it writes.

    outcome = merge(settings, {"base": folder, "adapted": folder}, out, print)

mergekit writes a card with an empty `base_model` and the local paths of the parents; here it
writes no card, and `mergekit_config.yml` is our copy of the configuration, with artefact names.
Where several parents could lend configuration and tokenizer it asks a set, whose order changes
from run to run: here it is always the base model, or the first parent.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.disk import write_atomically, write_json
from hub.manifest import Number, Outcome
from hub.model_folder import TOKENIZER, BrokenModel, model_files, quiet_models, scan
from merging import headers, preflight
from merging.settings import MergeError, MergingSettings, parents_of, rename

if TYPE_CHECKING:
    from mergekit.config import MergeConfiguration

SEED = 0
"""for the methods that drop weights at random (DARE)"""
MADE_BY_THE_MERGE = ("dtype", "torch_dtype", "num_hidden_layers", "layer_types")
"""fields of config.json that a merge may change; the others are the donor's"""


def merge(
    settings: MergingSettings,
    parents: Mapping[str, Path],
    out: Path,
    progress: Callable[[str], None],
) -> Outcome:
    """Merge `parents` (artefact name to folder) into `out`.

    Raises MergeError where they do not fit, where mergekit refuses the configuration, and where
    what it made has values that are not numbers.
    """
    names = parents_of(settings)
    if unknown := [name for name in names if name not in parents]:
        raise MergeError(
            f"mergekit configuration names {unknown[0]}, which is no model of this release: "
            f"use one of {', '.join(sorted(parents))}"
        )
    if not names:
        raise MergeError("mergekit configuration names no model: list them under models or slices")
    described = {name: headers.read(name, parents[name]) for name in names}
    for note in preflight.check(described):
        progress(note)
    preflight.check_configuration(settings.mergekit, described)
    out.mkdir(parents=True, exist_ok=True)
    preflight.check_room(settings.mergekit, described[names[0]], out)
    progress(f"{', '.join(names)}: same architecture, shapes and vocabulary")
    by_name = validate(settings.mergekit)
    with quiet_models():
        run(rename(settings.mergekit, lambda name: _folder(parents[name])), out)
        tidy(parents[names[0]], out)
        try:
            proof = scan(out)
        except BrokenModel as error:
            raise MergeError(_blame(error, {name: parents[name] for name in names})) from error
    write_atomically(out / "mergekit_config.yml", (by_name.to_yaml() + "\n").encode())
    progress(f"merged {proof.num_parameters:,} parameters by {by_name.merge_method}")
    numbers = {
        "parameters": Number(value=proof.num_parameters, unit="parameters"),
        "tensors": Number(value=proof.num_tensors, unit="tensors"),
    }
    return Outcome(payload=model_files(out), numbers=numbers)


def _blame(error: BrokenModel, parents: Mapping[str, Path]) -> str:
    """The headers do not tell values: only when the merge is broken is every parent read."""
    for name, folder in parents.items():
        try:
            scan(folder)
        except BrokenModel as cause:
            return f"{name} cannot be merged: {cause}; fetch or train it again"
    return f"{error} after the merge, and in no parent: merge in float32"


def validate(configuration: Mapping[str, Any]) -> "MergeConfiguration":
    """mergekit's own reading of the configuration; raises MergeError where it refuses."""
    from mergekit import merge_methods
    from mergekit.config import MergeConfiguration
    from pydantic import ValidationError

    # mergekit ignores what it does not know, so a typo would silently merge with the defaults.
    for key in configuration:
        if key not in MergeConfiguration.model_fields:
            raise MergeError(
                f"mergekit configuration has an unknown field {key}: use "
                f"{', '.join(MergeConfiguration.model_fields)}"
            )
    try:
        valid = MergeConfiguration.model_validate(dict(configuration))
        merge_methods.get(valid.merge_method)
    except (RuntimeError, ValidationError) as error:
        raise MergeError(f"mergekit configuration: {_sentence(error)}") from error
    return valid


def run(configuration: dict[str, Any], out: Path) -> None:
    """Let mergekit write weights and configuration into `out`."""
    from mergekit.config import MergeConfiguration
    from mergekit.io.tasks import LoaderCache
    from mergekit.merge import run_merge

    try:
        run_merge(MergeConfiguration.model_validate(configuration), str(out), _options())
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise MergeError(
            f"mergekit refused the merge ({_sentence(error)}): correct its configuration"
        ) from error
    finally:
        # It keeps the parents open for the life of the process: their pages count as its memory,
        # and a parent that is made anew in the same folder would be read as it was.
        LoaderCache.loaders.clear()


def plan(configuration: dict[str, Any]) -> list[Any]:
    """mergekit's own tasks (name, work, type) for every tensor of a merge that keeps its parents'
    layers, in order.

    They are the tasks that save, of which only the work is carried out: those that return a tensor
    instead cannot be built in mergekit 0.1.5.
    Seeds as `run` does: a method that draws has to be run from here on without another draw.
    """
    from mergekit.architecture import get_architecture_info
    from mergekit.io.tasks import LoaderCache, SaveTensor
    from mergekit.plan import MergePlanner
    from transformers.trainer_utils import set_seed

    options = _options()
    valid = validate(configuration)
    donor = valid.base_model or valid.referenced_models()[0]
    try:
        LoaderCache().setup(options=options)
        tasks = MergePlanner(
            valid, get_architecture_info(valid, options), options, donor.config()
        ).plan_to_disk("")
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise MergeError(
            f"mergekit refused the merge ({_sentence(error)}): correct its configuration"
        ) from error
    set_seed(SEED)
    return [task for task in tasks if isinstance(task, SaveTensor)]


def tidy(donor: Path, out: Path) -> None:
    """Configuration and tokenizer of the donor, whichever parent mergekit happened to ask."""
    written = json.loads((out / "config.json").read_bytes())
    config = json.loads((donor / "config.json").read_bytes())
    config.pop("_name_or_path", None)
    for field in MADE_BY_THE_MERGE:
        config.pop(field, None)
        if field in written:
            config[field] = written[field]
    write_json(out / "config.json", config)
    for path in donor.iterdir():
        if TOKENIZER.fullmatch(path.name) or path.name == "generation_config.json":
            shutil.copyfile(path, out / path.name)


def _options() -> Any:
    from mergekit.options import MergeOptions

    return MergeOptions(
        device="cpu",
        random_seed=SEED,
        copy_tokenizer=False,
        write_model_card=False,
        trust_remote_code=False,
        quiet=True,
    )


def _sentence(error: Exception) -> str:
    """One line of what a library says in several."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or error.title
        return f"{where}: {problem['msg']}"
    return " ".join(str(error).split())


def _folder(path: Path) -> dict[str, Any]:
    """mergekit's long form of a reference: in a string, `@` and `+` would have a meaning."""
    return {"model": {"path": str(path)}}
