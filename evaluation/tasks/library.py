"""Any task that lm-eval ships, by name; its data comes from the Hub at a commit.

    evaluation:
      tasks:
        health-fr: {lm_eval: mmlu_prox_fr_health, group: medical-fr, revision: 0123…}

The documents are fetched once and lie in the artefact (`docs.jsonl`), so that what was asked does
not change under a release; how they are asked stays in lm-eval, whose version is in the definition.
A dataset that is a program is refused: `datasets` no longer runs one, and neither do we.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.settings import EvaluationError, TaskSettings
from evaluation.tasks.artefact import DOCS, ITEMS, SHOTS, SHOWN, write_task
from evaluation.tasks.benchmarks import check_number
from hub.manifest import Number, Outcome

LIBRARY = "library"
"""key of a definition: the name in lm-eval's library"""

PREFIX = "library/"
"""before a name: lm-eval's own task, where a definition of ours has the same name"""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_PROGRAMS = ("bigbio/",)
"""namespaces whose datasets are loading scripts throughout"""
_KEPT = (
    "output_type", "test_split", "metric_list", "filter_list", "target_delimiter", "repeats",
    "generation_kwargs", "description",
)  # fmt: skip


class Needed(NamedTuple):
    """What a task takes from the Hub."""

    dataset: str
    config: str
    splits: tuple[str, ...]


@cache
def find(name: str) -> Path:
    """The YAML that defines `name`; raises EvaluationError where lm-eval has no such task."""
    name = name.removeprefix(PREFIX)
    if not re.fullmatch(r"[\w.-]+", name):
        raise EvaluationError(f"{name!r} is not the name of an lm-eval task")
    quoted = rf"[\"']?{re.escape(name)}[\"']?"
    line = re.compile(rf"^[\"']?task[\"']?:\s*{quoted}\s*$".encode(), re.MULTILINE)
    known = _definitions()
    # The file is nearly always called as the task is; only then are all of them read.
    for path in sorted(known, key=lambda path: path.stem != name):
        if line.search(path.read_bytes()):
            return path
    raise EvaluationError(
        f"nothing is called {name}: neither a definition of ours nor a task of lm-eval"
        f" {version('lm-eval')}"
    )


@cache
def _definitions() -> tuple[Path, ...]:
    spec = find_spec("lm_eval")
    if spec is None or not spec.submodule_search_locations:
        raise EvaluationError("evaluation needs its extra: pip install 'imprimatur[evaluation]'")
    return tuple((Path(next(iter(spec.submodule_search_locations))) / "tasks").glob("**/*.yaml"))


def needs(name: str) -> Needed:
    """Raises EvaluationError for a task whose dataset is a program, or comes from elsewhere."""
    config = _plain(find(name))
    path = str(config.get("dataset_path", ""))
    scripted = (config.get("dataset_kwargs") or {}).get("trust_remote_code")
    if path.startswith(_PROGRAMS) or path.endswith(".py") or scripted:
        raise EvaluationError(
            f"the dataset {path} of task {name} is a program, which is not run: use a definition on"
            " files, as `pubmedqa` is, or a copy of the dataset as data"
        )
    if "/" not in path:
        raise EvaluationError(f"task {name} reads {path or 'its own code'}, not a Hub dataset")
    splits = [
        config.get("test_split") or config.get("validation_split"),
        config.get("fewshot_split"),
    ]
    return Needed(path, str(config.get("dataset_name") or ""), tuple(filter(None, splits)))


def unpinned(settings: TaskSettings) -> str:
    """A sentence for a task without a commit; empty where it has one. Raises EvaluationError."""
    needed = needs(settings.lm_eval)
    if settings.template:
        raise EvaluationError(
            f"{settings.lm_eval} is asked as lm-eval does: `template` is for files"
        )
    if _COMMIT.fullmatch(settings.revision):
        return ""
    config = f" ({needed.config})" if needed.config else ""
    return f"unpinned: {needed.dataset}{config} on the Hub needs a `revision`, its commit"


def export(name: str, settings: TaskSettings, out: Path) -> Outcome:
    """Fetch the documents of a library task at its commit and write them as task `name`."""
    if said := unpinned(settings):
        raise EvaluationError(f"task {name!r} is {said}")
    needed = needs(settings.lm_eval)
    config = revived({LIBRARY: settings.lm_eval, "task": name}, whole=True)
    kwargs = {**(config.get("dataset_kwargs") or {}), "revision": settings.revision}
    config["dataset_kwargs"] = kwargs
    loaded = _loaded(config, needed)
    docs = [dict(doc) for doc in loaded.eval_docs]
    shown = [dict(doc) for doc in loaded.fewshot_docs() or ()]
    shots = int(config.get("num_fewshot") or 0) if settings.shots is None else settings.shots
    check_number(name, settings, len(docs))
    if settings.questions is not None:
        docs = docs[: settings.questions]
    items = [
        {"id": _id(doc, number), "text": _words(loaded, doc)} for number, doc in enumerate(docs)
    ]
    definition = {
        "task": name,
        LIBRARY: settings.lm_eval,
        "lm_eval_version": version("lm-eval"),
        "num_fewshot": shots,
        **{key: config[key] for key in _KEPT if config.get(key) is not None},
        "test_split": config.get("test_split") or config.get("validation_split"),
        "fewshot_config": _plain_fewshot(config),
        "metadata": {"dataset": needed.dataset, "config": needed.config,
                     "revision": settings.revision},
    }  # fmt: skip
    payload = write_task(out, definition, {ITEMS: items, DOCS: docs, SHOTS: shown})
    return Outcome(payload, {"items": Number(value=len(docs), unit="questions")})


def revived(definition: Mapping[str, Any], whole: bool = False) -> dict[str, Any]:
    """A definition as lm-eval takes it; one of its library is read there, with its functions.

    Documents of an artefact went through `process_docs` when they were exported: `whole` keeps it.
    """
    if LIBRARY not in definition:
        return dict(definition)
    from lm_eval.tasks._yaml_loader import load_yaml

    config: dict[str, Any] = load_yaml(find(str(definition[LIBRARY])))
    config |= {"task": definition["task"]}
    for field in ("tag", "group", "task_alias"):
        config.pop(field, None)
    if whole:
        return config
    config.pop("process_docs", None)
    config |= {"num_fewshot": definition["num_fewshot"], "fewshot_split": SHOWN}
    config["test_split"] = definition["test_split"]
    fewshot = {**(config.get("fewshot_config") or {})}
    fewshot.pop("process_docs", None)
    fewshot.pop("samples", None)
    config["fewshot_config"] = {**fewshot, "split": SHOWN} if fewshot else None
    return config


def _loaded(config: Mapping[str, Any], needed: Needed) -> Any:
    from lm_eval.tasks import TaskManager

    try:
        manager = TaskManager(include_defaults=False)
        return manager.load([dict(config)])["tasks"][config["task"]]
    except Exception as error:  # datasets, the Hub's client and the network each have their own
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EvaluationError(
            f"the dataset {needed.dataset} of task {config['task']!r} cannot be had: {said}"
        ) from error


def _plain_fewshot(config: Mapping[str, Any]) -> dict[str, str]:
    return {"sampler": str((config.get("fewshot_config") or {}).get("sampler", "default"))}


def _words(task: Any, doc: Mapping[str, Any]) -> str:
    """The question as it is asked, which is what a corpus is decontaminated against."""
    text = task.doc_to_text(doc)
    return text if isinstance(text, str) else str(task.doc_to_choice(doc))


def _id(doc: Mapping[str, Any], number: int) -> str:
    return str(next((doc[key] for key in ("id", "question_id") if key in doc), number))


def _plain(path: Path) -> dict[str, Any]:
    """A YAML with what it includes, its functions left as names."""
    from lm_eval.tasks._yaml_loader import load_yaml

    config: dict[str, Any] = load_yaml(path, resolve_func=False)
    return config
