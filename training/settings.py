"""What a release file may say about training. Light to import: no torch, no TRL.

    models:
      base: {tiny: {corpus: general, licence: CC0-1.0}}
    training:
      adapted: {base: base, corpus: medical, sft_config: {learning_rate: 1.0e-3, max_steps: 200}}

`sft_config` holds TRL `SFTConfig` fields under their own names. Only what would lose tokens, break
the exact resume or leave the machine is refused here; the rest is TRL's to judge (`arguments`).
"""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hub.failure import BadInput
from hub.licences.rights import Use

OURS = {
    "output_dir": "checkpoints go to the work folder",
    "use_cpu": "`system` says where it runs",
    "dataset_text_field": "a corpus has its text in the column `text`",
    "dataset_kwargs": "the corpus is tokenised before TRL sees it",
    "packing": "`packing` names how documents become sequences",
    "packing_strategy": "`packing` names how documents become sequences",
    "padding_free": "`packing` names how documents become sequences",
    "shuffle_dataset": "sequences are drawn at random, from `seed`",
    "deepspeed": "`system` says how it is distributed",
    "fsdp": "`system` says how it is distributed",
    "fsdp_config": "`system` says how it is distributed",
    "parallelism_config": "`system` says how it is distributed",
    "resume_from_checkpoint": "a run resumes by itself",
    "save_only_model": "a run could not resume",
    "load_best_model_at_end": "choosing a checkpoint is not training's job",
    "logging_nan_inf_filter": "it hides a loss that is not a number",
    "logging_strategy": "the learning curve is always recorded",
    "include_num_input_tokens_seen": "tokens are always counted",
    "push_to_hub": "`imprimatur publish` is what publishes",
    "hub_token": "a secret has no place in a release file",
}
"""fields of SFTConfig that the kit answers for, and why"""


PackingName = Literal["best-fit", "wrapped", "grouped", "overlap"]
SystemName = Literal["cpu", "single-gpu", "zero3", "fsdp2", "hsdp"]
SHARDED: tuple[SystemName, ...] = ("zero3", "fsdp2", "hsdp")


class TrainingError(BadInput):
    """Training that cannot be done as asked; one sentence saying what, where and what to do."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TinyModel(_Frozen):
    """The built-in base model: Qwen3 architecture, random weights, tokenizer made from a corpus.

    The defaults make 2.4 million parameters: enough to learn visibly in a minute on two cores.
    """

    corpus: str
    """name of the corpus whose text the tokenizer is trained on"""
    licence: str
    """what the maintainers release the weights under"""
    hidden_size: int = Field(192, gt=0)
    num_hidden_layers: int = Field(4, gt=0)
    num_attention_heads: int = Field(6, gt=0)
    num_key_value_heads: int = Field(3, gt=0)
    head_dim: int = Field(32, gt=0, multiple_of=2)
    intermediate_size: int = Field(512, gt=0)
    vocab_size: int = Field(4096, ge=258)
    """at least the 256 bytes, end of text and padding"""
    max_position_embeddings: int = Field(512, gt=0)
    tie_word_embeddings: bool = True
    seed: int = 0

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.num_attention_heads % self.num_key_value_heads:
            raise ValueError(
                f"num_attention_heads ({self.num_attention_heads}) must be a multiple of "
                f"num_key_value_heads ({self.num_key_value_heads})"
            )
        return self


class Replay(_Frozen):
    """General text mixed in, so that less of it is forgotten."""

    corpus: str
    """name of the corpus to replay"""
    share: float = Field(gt=0, lt=1)
    """of the tokens trained on; the corpus is cut or repeated to reach it"""


class Lora(_Frozen):
    """Low-rank adapters instead of all weights (Hu et al. 2021); merged at the end."""

    r: int = Field(16, gt=0)
    lora_alpha: float = Field(16, gt=0)
    lora_dropout: float = Field(0.05, ge=0, lt=1)
    target_modules: str | tuple[str, ...] = "all-linear"
    """peft's name for every linear layer but the output"""
    quantise: Literal["none", "8-bit", "4-bit"] = "none"
    """the frozen base (QLoRA, Dettmers et al. 2023); needs a GPU"""


class PlannedOn(_Frozen):
    """What `plan` estimates a run for; it changes nothing in the run.

    hardware: {gpu: h100, eur_per_hour: 2.9}
    """

    gpu: str
    """a name of `training.hardware`"""
    eur_per_hour: float | None = Field(None, gt=0)
    """of one GPU; an assumption of whoever writes the release file"""
    utilisation: float = Field(0.4, gt=0, le=1)
    """of the dense bfloat16 peak; the papers reached about a quarter"""


class RunSettings(_Frozen):
    """What continual pre-training and fine-tuning have in common."""

    base: str
    """name of the model to start from"""
    sft_config: dict[str, Any] = Field(default_factory=dict)
    """TRL `SFTConfig` fields, as they are"""
    system: SystemName = "cpu"
    processes: int = Field(1, gt=0)
    """one a device, over all nodes"""
    nodes: int = Field(1, gt=0)
    threads: int = Field(2, gt=0)
    """the number of threads decides how sums are split, hence their last bit: part of the recipe"""
    lora: Lora | None = None
    hardware: PlannedOn | None = None
    """where `plan` is to estimate memory, hours, energy and cost for"""
    country: str | None = Field(None, pattern="^[A-Z]{3}$")
    """where the power comes from (ISO 3166, `FRA`); energy and CO2 are recorded with it"""

    @field_validator("sft_config")
    @classmethod
    def _only_what_is_theirs(cls, fields: dict[str, Any]) -> dict[str, Any]:
        for name, reason in OURS.items():
            if name in fields:
                raise ValueError(f"sft_config.{name} is set by the kit ({reason}): remove it")
        if fields.get("save_total_limit", 2) == 1:
            raise ValueError(
                "sft_config.save_total_limit: 1 deletes the last whole checkpoint before the next "
                "one is whole: use 2 or more"
            )
        return fields

    @model_validator(mode="after")
    def _fits_the_system(self) -> Self:
        sharded = self.system in SHARDED
        if sharded and self.processes < 2:
            raise ValueError(
                f"system {self.system} with one process would not shard anything: set processes to "
                "the number of GPUs, or system to single-gpu"
            )
        if not sharded and self.processes > 1:
            raise ValueError(
                f"system {self.system} is one process: use zero3, fsdp2 or hsdp for "
                f"{self.processes}"
            )
        if self.processes % self.nodes:
            raise ValueError(
                f"processes ({self.processes}) must be a multiple of nodes ({self.nodes})"
            )
        if self.system == "hsdp" and self.nodes < 2:
            raise ValueError(
                "system hsdp shards inside a node and copies between nodes: it needs 2 nodes or "
                "more; on one node use fsdp2"
            )
        if self.lora and self.lora.quantise != "none" and self.system != "single-gpu":
            raise ValueError(
                f"lora.quantise {self.lora.quantise} needs system single-gpu: bitsandbytes' layers "
                "are neither sharded nor made for CPUs"
            )
        return self


class TrainingSettings(RunSettings):
    """One continual pre-training run."""

    corpus: str
    """name of the corpus to train on"""
    packing: PackingName = "best-fit"
    replay: Replay | None = None
    checkpoints: tuple[int, ...] = ()
    """steps after which the model as it is then becomes an artefact `NAME-step-N`, to be evaluated
    and chosen from"""
    step: int | None = Field(default=None, exclude_if=lambda value: value is None)
    """one of `checkpoints` that is the model; the end of the run unless told"""

    @field_validator("checkpoints")
    @classmethod
    def _in_order(cls, steps: tuple[int, ...]) -> tuple[int, ...]:
        if list(steps) != sorted(set(steps)) or (steps and steps[0] < 1):
            raise ValueError("checkpoints are steps from 1 on, in order, each once")
        return steps

    @model_validator(mode="after")
    def _is_kept(self) -> Self:
        if self.step is not None and self.step not in self.checkpoints:
            raise ValueError(f"step {self.step} is not among `checkpoints`: name it there")
        return self


class FineTuningSettings(RunSettings):
    """Supervised fine-tuning on questions and answers; the loss counts the answers alone."""

    examples: str
    """name of the source of the examples: JSON lines with `prompt` and `completion`, as texts or
    as chat messages"""
    use: Use = "commercial"
    """what the result may be used for; the source's terms have to allow it"""
    chat_template: str | None = None
    """Jinja; needed for chat messages where the base has none"""
