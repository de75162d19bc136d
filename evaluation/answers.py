"""How a task asks, and what an answer of lm-eval's becomes: a typed row without its text.

asking = read_asking(artefact)
loaded = asking.load()                    what `lm_eval.evaluator.evaluate` takes
sample = sample_of("adapted", "medical", asking, 1234, answer)
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.asking import finite
from evaluation.results import Sample
from evaluation.settings import EvaluationError
from evaluation.tasks.artefact import DOCS, SHOTS, SHOWN, read_definition, read_items
from evaluation.tasks.library import LIBRARY, revived
from hub.manifest import Artefact, canonical_sha256

_WHEREABOUTS = (
    "task", "dataset_path", "dataset_name", "dataset_kwargs", "metadata", "num_fewshot", "tag",
    "task_alias",
)  # fmt: skip
"""of a definition: what changes no word of what is asked"""
_SHARES = ("acc", "acc_norm", "exact_match")
"""metrics that say of one answer whether it is right"""


@dataclass(frozen=True)
class Asking:
    """A task in memory: lm-eval's configuration and the documents it is about."""

    name: str
    definition: Mapping[str, Any]
    docs: Sequence[Mapping[str, Any]]
    shown: Sequence[Mapping[str, Any]]
    template: str

    @property
    def metric(self) -> str:
        """The first of the definition: the one that is reported."""
        return str(self.definition["metric_list"][0]["metric"])

    @property
    def filter(self) -> str:
        """The first pipeline that answers go through."""
        filters = self.definition.get("filter_list")
        return str(filters[0]["name"]) if filters else "none"

    @property
    def result_name(self) -> str:
        return f"{self.metric},{self.filter}"

    @property
    def shots(self) -> int:
        return int(self.definition.get("num_fewshot") or 0)

    @property
    def drawn(self) -> bool:
        """Whether the examples are drawn at random."""
        sampler = (self.definition.get("fewshot_config") or {}).get("sampler", "default")
        return self.shots > 0 and sampler != "first_n"

    def of_one_filter(self, answers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        return [answer for answer in answers if answer["filter"] == self.filter]

    def load(self) -> Any:
        """The task as lm-eval loads it; its documents are handed over in memory."""
        from datasets import Dataset
        from lm_eval.tasks import TaskManager

        config = revived(self.definition)
        splits = {config["test_split"]: Dataset.from_list([dict(doc) for doc in self.docs])}
        if self.shown:
            splits[SHOWN] = Dataset.from_list([dict(doc) for doc in self.shown])

        def in_memory(**_: Any) -> dict[str, Any]:
            return splits

        manager = TaskManager(include_defaults=False)
        return manager.load([config | {"custom_dataset": in_memory}])


def read_asking(task: Artefact) -> Asking:
    """Raises EvaluationError for a task that is not measured by right and wrong answers."""
    definition = read_definition(task)
    metric = definition["metric_list"][0]["metric"]
    rolling = definition["output_type"] == "loglikelihood_rolling"
    if not rolling and metric not in _SHARES:
        raise EvaluationError(
            f"task {definition['task']!r} is measured by {metric}, and only"
            f" {', '.join(_SHARES)} say of each answer whether it is right"
        )
    docs = read_items(task, DOCS if LIBRARY in definition else "items.jsonl")
    if not docs:
        raise EvaluationError(f"task {definition['task']!r} has no question left")
    words = {k: v for k, v in definition.items() if k not in _WHEREABOUTS}
    template = canonical_sha256(words)
    return Asking(definition["task"], definition, docs, read_items(task, SHOTS), template)


def sample_of(
    model: str, group: str, asking: Asking, seed: int | None, answer: Mapping[str, Any]
) -> Sample:
    """What lm-eval logged for one item."""
    doc = answer["doc"]
    item = str(doc["id"]) if "id" in doc else str(answer["doc_id"])
    how: dict[str, Any] = {
        "shots": asking.shots,
        "metric": asking.metric,
        "template": asking.template,
    }
    words = text_hash(asking, answer["arguments"])
    kind = asking.definition["output_type"]
    if kind == "loglikelihood_rolling":
        nats, num_bytes = answer["bits_per_byte"]
        finite([nats], model, asking.name, item)
        return Sample(
            model, asking.name, group, "bits_per_byte", item, words,
            log_likelihood=nats, num_bytes=num_bytes, **how,
        )  # fmt: skip
    right = bool(answer[asking.metric])
    if kind == "generate_until":
        return Sample(
            model, asking.name, group, "accuracy", item, words, correct=right, seed=seed,
            **how,
        )  # fmt: skip
    options = _options(asking, answer["arguments"])
    heard = [nats for nats, _ in answer["filtered_resps"]]
    finite(heard, model, asking.name, item)
    weights = (
        [len(option) for option in options] if asking.metric == "acc_norm" else [1] * len(heard)
    )
    shares = [nats / weight for nats, weight in zip(heard, weights, strict=True)]
    target = answer["target"]
    return Sample(
        model, asking.name, group, "accuracy", item, words,
        option_log_likelihoods=tuple(heard), chosen=max(range(len(shares)), key=shares.__getitem__),
        answer=target if isinstance(target, int) else _place(target, options), correct=right,
        seed=seed, **how,
    )  # fmt: skip


def text_hash(asking: Asking, arguments: Sequence[Sequence[str]]) -> str:
    """Of what is asked: the text, or the prompt and the options as canonical JSON."""
    prompt = arguments[0][0]
    if asking.definition["output_type"] != "multiple_choice":
        return hashlib.sha256(prompt.encode()).hexdigest()
    return canonical_sha256([prompt, *_options(asking, arguments)])


def _options(asking: Asking, arguments: Sequence[Sequence[str]]) -> list[str]:
    delimiter = asking.definition.get("target_delimiter", " ")
    return [target.removeprefix(delimiter) for _, target in arguments]


def _place(target: object, options: Sequence[str]) -> int | None:
    return options.index(str(target)) if str(target) in options else None
