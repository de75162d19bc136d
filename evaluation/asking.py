"""The model as lm-eval asks it, with three things that it would let pass.

    lm = listener(network, tokenizer, "adapted", "medqa")

A prompt that is longer than the model reads is refused: lm-eval cuts its beginning off, and with
it the examples or the question. The batch is as large as its logits allow (LOGIT_BYTES), and half
as large after each time that memory runs out; a single prompt that does not fit is an error.
A tokenizer without a token to pad with pads with the one that ends a text: what is padded is
masked, so that no score depends on which token it is.

What lm-eval does twice is done once: a template is compiled once and not for every question, a
prompt is cut into tokens once and not for every option, and log-softmax, which looks at one
position at a time, is taken of those positions alone that are scored. No digit changes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, TypeVar

from evaluation.settings import EvaluationError

LOGIT_BYTES = 1 << 28
"""largest block of logits a batch may need; log-softmax holds about three of them at once"""
MAX_BATCH = 16
PROMPTS_KEPT = 16
"""in tokens: the options of a question follow each other"""

Answers = TypeVar("Answers")


def listener(network: Any, tokenizer: Any, model: str, task: str) -> Any:
    """An `HFLM` of lm-eval around a loaded network."""
    import torch
    from lm_eval.models.huggingface import HFLM

    class Listener(HFLM):  # type: ignore[misc]
        longest_continuation = 0

        def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> list[float]:
            # A token is at least a byte; what is longer is read in windows.
            longest = min(self.max_length, max(len(r.args[0].encode()) for r in requests))
            return self._fitting(
                longest, lambda: HFLM.loglikelihood_rolling(self, requests, disable_tqdm)
            )

        def _loglikelihood_tokens(
            self, requests: Any, disable_tqdm: bool = False, override_bs: int | None = None
        ) -> list[tuple[float, bool]]:
            def ask() -> list[tuple[float, bool]]:
                found: list[tuple[float, bool]] = HFLM._loglikelihood_tokens(
                    self, requests, disable_tqdm, override_bs
                )
                return found

            self.longest_continuation = max(len(target) for _, _, target in requests)
            if override_bs is not None:  # windows of a long text, which are cut to fit
                return ask()
            longest = max(len(context) + len(target) for _, context, target in requests)
            self._readable(longest, self.max_length)
            return self._fitting(longest, ask)

        def _model_call(self, inps: Any, attn_mask: Any = None, labels: Any = None) -> Any:
            """Without the positions that come before every continuation of the batch: lm-eval
            counts from the end, as it does where a model adds tokens of its own in front."""
            with torch.no_grad():
                logits = self.model(inps, use_cache=False).logits
            return logits[:, first_scored(inps, self.longest_continuation) :]

        def _select_cont_toks(
            self, logits: Any, contlen: int | None = None, inplen: int | None = None
        ) -> Any:
            if not contlen or not inplen or inplen < contlen:
                raise RuntimeError("a position that is scored was left out")
            return logits[inplen - contlen : inplen]

        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            prompts = [request.args[0] for request in requests]
            room = max(r.args[1].get("max_gen_toks", self.max_gen_toks) for r in requests)
            longest = max(map(len, self.tokenizer(prompts)["input_ids"]))
            self._readable(longest, self.max_length - room)
            return self._fitting(
                longest + room, lambda: HFLM.generate_until(self, requests, disable_tqdm)
            )

        def _readable(self, longest: int, at_most: int) -> None:
            if longest > at_most:
                raise EvaluationError(
                    f"task {task!r} has a question of {longest} tokens, and model {model!r} reads"
                    f" at most {at_most}"
                )

        def _fitting(self, longest: int, ask: Callable[[], Answers]) -> Answers:
            vocabulary = self.model.config.get_text_config().vocab_size
            self.batch_size_per_gpu = batch_size(longest, vocabulary)
            while True:
                try:
                    return ask()
                except (MemoryError, RuntimeError) as error:
                    if not out_of_memory(error):
                        raise
                if self.batch_size_per_gpu == 1:
                    raise EvaluationError(
                        f"memory ran out for a single question of task {task!r}, which has up to"
                        f" {longest} tokens: model {model!r} needs a larger machine, or fewer shots"
                    )
                self.batch_size_per_gpu //= 2

    found = Listener(pretrained=network, tokenizer=_padding(model, tokenizer))
    found.tok_encode = lru_cache(PROMPTS_KEPT)(found.tok_encode)
    return found


def first_scored(tokens: Any, longest_continuation: int) -> int:
    """The first position of a padded batch that any row may be scored at, or one before it.

    lm-eval pads with zeros on the right. A text that ends in token 0 seems shorter than it is,
    which keeps more than is needed.
    """
    filled = tokens != 0
    lengths = filled.shape[1] - filled.flip(1).int().argmax(1)
    lengths[~filled.any(1)] = 0
    return max(0, int(lengths.min()) - longest_continuation)


@contextmanager
def templates_compiled_once() -> Iterator[None]:
    from lm_eval.utils import env

    env.from_string = cache(env.from_string)
    try:
        yield
    finally:
        del env.from_string


def batch_size(longest: int, vocabulary: int) -> int:
    """How many texts of `longest` tokens keep their float32 logits within LOGIT_BYTES."""
    return max(1, min(MAX_BATCH, LOGIT_BYTES // (4 * longest * vocabulary)))


def out_of_memory(error: BaseException) -> bool:
    """Torch says it in three ways: a class on accelerators, and two sentences on processors."""
    words = ("out of memory", "can't allocate memory", "not enough memory")
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(each in said for each in words)


def finite(values: Sequence[float], model: str, task: str, item: str) -> None:
    """Raises EvaluationError for a log-likelihood that is not a number."""
    import math

    if not all(map(math.isfinite, values)):
        raise EvaluationError(
            f"model {model!r} gave a log-likelihood that is not a finite number for item"
            f" {item!r} of task {task!r}: its weights or logits are broken"
        )


def _padding(model: str, tokenizer: Any) -> Any:
    if tokenizer.bos_token_id is None and tokenizer.eos_token_id is None:
        # lm-eval conditions the first token of a text on one of them.
        raise EvaluationError(
            f"the tokenizer of model {model!r} has neither a BOS nor an EOS token"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token_id = tokenizer.eos_token_id or tokenizer.bos_token_id
    return tokenizer
