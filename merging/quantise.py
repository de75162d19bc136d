"""A smaller copy of a model, with what it costs: size, memory, speed and accuracy on text.

    outcome = quantise(settings, full, texts, out, print)

    torchao-int8         weights in 8 bits, one scale a row
    bitsandbytes-int8    LLM.int8(): 8 bits, outliers apart
    bitsandbytes-nf4     4 bits (NormalFloat), scales quantised too
    gptq                 4 bits, groups of 128, calibrated on texts; needs llmcompressor
    awq                  the same, with channels scaled by what they answer to; and needs a GPU

The copy is written before it is first used: on a CPU bitsandbytes repacks 4-bit weights at the
first forward pass, and what is saved then cannot be read back. It is reloaded from disk as any
user would, in a process of its own, beside the full model, and has to speak.
"""

import json
import multiprocessing
import re
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from hub.disk import write_json
from hub.environment import secrets_hidden
from hub.failure import Failed
from hub.manifest import Number, Outcome
from hub.model_folder import TOKENIZER, model_files, quiet, scan
from merging.settings import MergeError, Method, QuantisedSettings

NEEDS: dict[Method, str] = {
    "torchao-int8": "torchao",
    "bitsandbytes-int8": "bitsandbytes",
    "bitsandbytes-nf4": "bitsandbytes",
    "gptq": "llmcompressor",
    "awq": "llmcompressor",
}
EXTRA = ("torchao", "bitsandbytes")
"""what the extra `quantise` installs"""
APART = "--no-deps llmcompressor compressed-tensors auto-round"
"""llm-compressor 0.14 asks for an older transformers than ours, and works with it"""
SCHEME = {"gptq": "W4A16", "awq": "W4A16_ASYM"}
"""llm-compressor's names: weights in 4 bits, groups of 128"""
MAX_TEXTS, MAX_TOKENS = 8, 256


class Cost(NamedTuple):
    file_bytes: int
    memory_bytes: int
    """by which loading the model and reading the texts raised the process's peak"""
    tokens_per_second: float
    """reading, not generating; median of three"""
    perplexity: float | None
    """a token, over the texts; None without a text of two tokens"""


def missing(settings: QuantisedSettings) -> str | None:
    """The sentence, before any work, where the method's library is absent."""
    library = NEEDS[settings.method]
    if find_spec(library) is not None:
        return None
    how = "'imprimatur[quantise]'" if library in EXTRA else APART
    return f"method {settings.method} needs {library}, which is not here: pip install {how}"


def quantise(
    settings: QuantisedSettings,
    full: Path,
    texts: Sequence[str],
    out: Path,
    progress: Callable[[str], None],
) -> Outcome:
    """Write the copy of `full` into `out`; `texts` calibrate and judge it."""
    if absent := missing(settings):
        raise MergeError(absent)
    with quiet():
        if settings.method in SCHEME:
            _compress(settings.method, full, texts, out)
        else:
            _transformers(settings.method, full, out)
        _tidy(full, out)
        parameters = scan(full).num_parameters
        scan(out)
    costs = {name: _alone(folder, texts) for name, folder in (("full", full), ("copy", out))}
    for name, cost in costs.items():
        progress(
            f"{name}: {cost.file_bytes:,} bytes, {cost.memory_bytes >> 20:,} MiB in memory, "
            f"{cost.tokens_per_second:,.0f} tokens/s"
            + ("" if cost.perplexity is None else f", perplexity {cost.perplexity:.4g}")
        )
    if costs["copy"].file_bytes >= costs["full"].file_bytes:
        progress("the copy is no smaller: most of this model is embeddings, which stay as they are")
    return Outcome(model_files(out), _numbers(parameters, costs))


def _numbers(parameters: int, costs: dict[str, Cost]) -> dict[str, Number]:
    found = {"parameters": Number(value=parameters, unit="parameters")}
    for name, cost in costs.items():
        found[f"{name}.size"] = Number(value=cost.file_bytes, unit="bytes")
        found[f"{name}.memory"] = Number(value=cost.memory_bytes, unit="bytes")
        found[f"{name}.speed"] = Number(value=cost.tokens_per_second, unit="tokens/s")
        if cost.perplexity is not None:
            found[f"{name}.perplexity"] = Number(value=cost.perplexity, unit="a token")
    return found


def _transformers(method: Method, full: Path, out: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    dtype = _dtype(full)
    model: Any = AutoModelForCausalLM.from_pretrained(
        full,
        local_files_only=True,
        use_safetensors=True,
        dtype=dtype,
        device_map="cuda" if torch.cuda.is_available() else "cpu",
        quantization_config=_configuration(method, dtype),
    )
    model.save_pretrained(out)


def _configuration(method: Method, dtype: Any) -> Any:
    import transformers
    from transformers import TorchAoConfig

    bits_and_bytes: Any = transformers.BitsAndBytesConfig  # it has no types
    if method == "torchao-int8":
        from torchao.quantization import Int8WeightOnlyConfig

        return TorchAoConfig(Int8WeightOnlyConfig())
    if method == "bitsandbytes-int8":
        return bits_and_bytes(load_in_8bit=True)
    return bits_and_bytes(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _compress(method: Method, full: Path, texts: Sequence[str], out: Path) -> None:
    """By llm-compressor, whose AWQ pins memory for an accelerator and so needs one."""
    import torch
    from datasets import Dataset
    from llmcompressor import oneshot
    from llmcompressor.modifiers.gptq import GPTQModifier
    from llmcompressor.modifiers.quantization import QuantizationModifier
    from llmcompressor.modifiers.transform.awq import AWQModifier

    if method == "awq" and not torch.cuda.is_available():
        raise MergeError("method awq needs a GPU, and none is here: gptq runs without one")
    calibration = _calibration(texts)
    what = {"targets": ["Linear"], "scheme": SCHEME[method], "ignore": ["lm_head"]}
    recipe = [GPTQModifier(**what)]
    if method == "awq":
        recipe = [AWQModifier(), QuantizationModifier(**what)]
    oneshot(
        model=str(full),
        dataset=Dataset.from_list([{"text": text} for text in calibration]),
        recipe=recipe,
        output_dir=str(out),
        num_calibration_samples=len(calibration),
        max_seq_length=MAX_TOKENS,
    )
    (out / "recipe.yaml").unlink(missing_ok=True)


def _calibration(texts: Sequence[str]) -> list[str]:
    if not texts:
        raise MergeError(
            "gptq and awq are calibrated on texts: give the release a task of bits_per_byte on a "
            "corpus of the validation split"
        )
    return list(texts)


def _dtype(folder: Path) -> Any:
    import torch

    config = json.loads((folder / "config.json").read_bytes())
    return getattr(torch, str(config.get("dtype") or config.get("torch_dtype") or "float32"))


def _tidy(full: Path, out: Path) -> None:
    """Tokenizer of the full model; nothing of this machine in the configuration."""
    config = json.loads((out / "config.json").read_bytes())
    config.pop("_name_or_path", None)
    write_json(out / "config.json", config)
    for path in full.iterdir():
        if TOKENIZER.fullmatch(path.name):
            shutil.copyfile(path, out / path.name)


def _alone(folder: Path, texts: Sequence[str]) -> Cost:
    """Memory can only be told apart in a process that did nothing else."""
    with secrets_hidden(), ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, folder, list(texts[:MAX_TEXTS])).result()


def measure(folder: Path, texts: Sequence[str]) -> Cost:
    """Load the model in `folder` and let it read; raises Failed where it says what is no number."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with quiet(), torch.inference_mode():
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        before = _peak_of_now()
        model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
        ids = [
            tokenizer(text, return_tensors="pt", truncation=True, max_length=MAX_TOKENS).input_ids
            for text in texts
        ]
        readable = [one for one in ids if one.shape[1] > 1]
        ids = readable or [torch.zeros((1, 32), dtype=torch.int64)]
        ids = [one.to(model.device) for one in ids]
        num_tokens = sum(one.shape[1] for one in ids)
        rates, nats = [], 0.0
        for _ in range(3):
            began, nats = time.perf_counter(), 0.0
            for one in ids:
                heard = model(one).logits[0, :-1].to(torch.float32)
                nats += float(torch.nn.functional.cross_entropy(heard, one[0, 1:], reduction="sum"))
            rates.append(num_tokens / (time.perf_counter() - began))
        after = _peak()
    value = torch.tensor(nats / (num_tokens - len(ids)))
    if not bool(torch.isfinite(value)):
        raise Failed(f"{folder.name} gives what is no number: this copy is broken")
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    perplexity = float(value.clamp_max(700).double().exp()) if readable else None
    return Cost(size, after - before, statistics.median(rates), perplexity)


def _peak_of_now() -> int:
    """Linux: forget the peak so far, of imports and of the process that this one was forked from
    (which getrusage would go on counting)."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    """Bytes that the process had in memory at most."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])
