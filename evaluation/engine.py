"""vLLM instead of transformers, by lm-eval's own class. Written, not run: it needs a GPU.

vLLM batches by itself and never runs out of memory on a batch; what lm-eval would let pass is
refused here as well: a prompt that is longer than the model reads.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evaluation.settings import EvaluationError


def engine(name: str, folder: Path, replicas: int) -> Any:
    """A model of lm-eval around vLLM; say `task` before each task, for its messages."""
    if find_spec("vllm") is None:
        raise EvaluationError("backend vllm needs vLLM, which is not here: pip install vllm")
    from lm_eval.models.vllm_causallms import VLLM

    class Engine(VLLM):  # type: ignore[misc]
        task = ""

        def _loglikelihood_tokens(self, requests: Any, *args: Any, **kwargs: Any) -> Any:
            longest = max(len(context) + len(target) for _, context, target in requests)
            # windows of a long text are cut to fit; vLLM has to generate a token
            if requests[0][0] is not None and longest > self.max_length - 1:
                raise EvaluationError(
                    f"task {self.task!r} has a question of {longest} tokens, and model {name!r}"
                    f" reads at most {self.max_length - 1}"
                )
            return VLLM._loglikelihood_tokens(self, requests, *args, **kwargs)

    return Engine(
        pretrained=str(folder), dtype="auto", trust_remote_code=False, data_parallel_size=replicas,
        batch_size="auto",
    )  # fmt: skip
