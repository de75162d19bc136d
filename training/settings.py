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

OURS = {
    "output_dir": "checkpoints go to the work folder",
    "use_cpu": "`system` says where it runs",
    "dataset_text_field": "a corpus has its text in the column `text`",
    "dataset_kwargs": "the corpus is tokenised before TRL sees it",
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


class TrainingSettings(_Frozen):
    """One continual pre-training run."""

    base: str
    """name of the model to start from"""
    corpus: str
    """name of the corpus to train on"""
    sft_config: dict[str, Any] = Field(default_factory=dict)
    """TRL `SFTConfig` fields, as they are"""
    system: Literal["cpu"] = "cpu"
    threads: int = Field(2, gt=0)
    """the number of threads decides how sums are split, hence their last bit: part of the recipe"""

    @field_validator("sft_config")
    @classmethod
    def _only_what_is_theirs(cls, fields: dict[str, Any]) -> dict[str, Any]:
        for name, reason in OURS.items():
            if name in fields:
                raise ValueError(f"sft_config.{name} is set by the kit ({reason}): remove it")
        return fields

    @field_validator("sft_config")
    @classmethod
    def _lose_nothing(cls, fields: dict[str, Any]) -> dict[str, Any]:
        if fields.get("packing_strategy", "bfd_split") not in ("bfd_split", "wrapped"):
            raise ValueError(
                f"sft_config.packing_strategy {fields['packing_strategy']!r} drops the tokens that "
                "overflow a sequence: use bfd_split (documents kept apart) or wrapped"
            )
        if not fields.get("packing", True):
            raise ValueError(
                "sft_config.packing: false cuts every document at max_length and drops the rest: "
                "remove it"
            )
        if fields.get("save_total_limit", 2) == 1:
            raise ValueError(
                "sft_config.save_total_limit: 1 deletes the last whole checkpoint before the next "
                "one is whole: use 2 or more"
            )
        return fields
