"""Where models are asked.

    evaluation:
      system: {processes: 4}                       # on this machine, a model in each
      system: {device: cuda, processes: 8}         # one for each GPU
      system: {backend: vllm, processes: 8}        # vLLM's own data parallelism

The number of processes changes no digit: each task is asked by one of them. Backend and device do
move the last ones, so they are part of what decides a result.
"""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class EvaluationSystem(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["transformers", "vllm"] = "transformers"
    device: Literal["cpu", "cuda"] = "cpu"
    """of transformers; vLLM finds its own"""
    processes: int = Field(default=1, ge=1, le=256)
    """that load the model each; with vllm its replicas"""

    @model_validator(mode="after")
    def _of_transformers(self) -> Self:
        if self.backend == "vllm" and self.device != "cpu":
            raise ValueError("vllm finds its own device: leave `device` out")
        return self

    def part(self) -> dict[str, Any]:
        """What moves the last digits; empty for the plain case."""
        plain = {"backend": "transformers", "device": "cpu"}
        found = {"backend": self.backend, "device": self.device}
        return {} if found == plain else found
