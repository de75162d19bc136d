"""A chat model on this machine: loaded from its folder and nowhere else, spoken to in its template.

A base or merged model has no template of its own, or one it has forgotten: it is given its
instruct parent's (DeFineMed, appendix A.7.1), so that all models of a family read the same tokens.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from evaluation.language_model.replies import Messages, Reply
from evaluation.language_model.settings import Generation, LanguageModel
from evaluation.settings import EvaluationError
from hub.disk import sha256_file
from hub.model_folder import model_files, quiet

GREEDY = Generation(temperature=0.0)


class Said(NamedTuple):
    """What a model said."""

    text: str
    prompt_sha256: str
    """of the question in the model's template"""
    prompt_tokens: int
    tokens: int
    ended: Literal["stop", "length", "too long"]
    """by itself, at max_new_tokens, or not begun: the question does not fit the model"""

    def as_reply(self) -> Reply:
        used = (self.prompt_tokens, self.tokens)
        if self.ended == "too long":
            return Reply("rejected", "longer than the model can read", *used)
        if self.ended == "length":
            return Reply("cut", self.text, *used)
        return Reply("said" if self.text.strip() else "empty", self.text, *used)


class Chat:
    """A model folder with a chat template."""

    def __init__(self, name: str, folder: Path, template: str) -> None:
        """`template` is Jinja; empty for the model's own."""
        from transformers import AutoTokenizer

        if not (folder / "config.json").is_file():
            raise EvaluationError(f"{name}: {folder} is not a model folder, it has no config.json")
        with quiet():
            self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self.network: Any = _network(folder)
        self.tokenizer.padding_side = "left"
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token_id = self.tokenizer.eos_token_id
        self.name = name
        self.template = template or self.tokenizer.chat_template or ""
        if not self.template:
            raise EvaluationError(
                f"{name} has no chat template: `template` says whose it uses, its instruct parent's"
            )
        self.turn_end = self._turn_end()
        config = self.network.config.get_text_config()
        self.max_length: int = getattr(config, "max_position_embeddings", 1 << 20)

    def answer(
        self,
        asked: Sequence[Messages],
        max_new_tokens: int,
        how: Generation = GREEDY,
        seed: int = 0,
    ) -> list[Said]:
        """One batch; the same messages, settings and seed give the same answers."""
        import torch

        prompts = [self._prompt(messages) for messages in asked]
        tokens = [self.tokenizer(p, add_special_tokens=False)["input_ids"] for p in prompts]
        fits = [n for n, one in enumerate(tokens) if len(one) + 1 <= self.max_length]
        said = [
            Said("", _sha256(prompt), len(one), 0, "too long")
            for prompt, one in zip(prompts, tokens, strict=True)
        ]
        if not fits:
            return said
        padded = self.tokenizer.pad({"input_ids": [tokens[n] for n in fits]}, return_tensors="pt")
        padded = padded.to(self.network.device)
        width = padded["input_ids"].shape[1]
        sampling: dict[str, Any] = {
            "do_sample": False,
            "temperature": None,
            "top_p": None,
            "top_k": None,
        }
        if how.temperature:
            sampling = {"do_sample": True, "temperature": how.temperature, "top_p": how.top_p,
                        "top_k": 0}  # fmt: skip
            torch.manual_seed(seed)
        with torch.inference_mode(), quiet():
            output = self.network.generate(
                input_ids=padded["input_ids"],
                attention_mask=padded["attention_mask"],
                max_new_tokens=max(1, min(max_new_tokens, self.max_length - width)),
                pad_token_id=self.tokenizer.pad_token_id,
                eos_token_id=sorted(self._stops()),
                **sampling,
            )
        for row, n in enumerate(fits):
            new = output[row, width:].tolist()
            said[n] = self._said(prompts[n], len(tokens[n]), new)
        return said

    def _prompt(self, messages: Messages) -> str:
        return self._render(messages, add_generation_prompt=True)

    def _render(self, messages: Messages, *, add_generation_prompt: bool) -> str:
        from jinja2 import TemplateError

        try:
            prompt = self.tokenizer.apply_chat_template(
                messages, chat_template=self.template, tokenize=False,
                add_generation_prompt=add_generation_prompt,
            )  # fmt: skip
        except TemplateError as error:
            raise EvaluationError(f"the chat template of {self.name} fails: {error}") from None
        return str(prompt)

    def _said(self, prompt: str, prompt_tokens: int, new: list[int]) -> Said:
        stops = self._stops()
        at = next((n for n, token in enumerate(new) if token in stops), None)
        kept = new if at is None else new[:at]
        # Special tokens are kept: one in the middle of an answer is a broken chat, to be seen.
        text: str = self.tokenizer.decode(kept, skip_special_tokens=False)
        before, spelt, _ = text.partition(self.turn_end) if self.turn_end else (text, "", "")
        ended: Literal["stop", "length"] = "length" if at is None and not spelt else "stop"
        return Said(before, _sha256(prompt), prompt_tokens, len(kept), ended)

    def _turn_end(self) -> str:
        """What the template writes after an answer.

        A base model with its instruct parent's template ends its turn by this, and not by the end
        of text that its own configuration names: it would talk on to the limit.
        """
        said = "\u2603"  # a text that no template has
        messages = [{"role": "user", "content": "?"}, {"role": "assistant", "content": said}]
        whole = self._render(messages, add_generation_prompt=False)
        return (whole.partition(said)[2].split() or [""])[0]

    def _stops(self) -> set[int]:
        named = self.network.generation_config.eos_token_id
        stops = {*(named if isinstance(named, list) else [named]), self.tokenizer.eos_token_id}
        end = self.tokenizer(self.turn_end, add_special_tokens=False)["input_ids"]
        if len(end) == 1 and end[0] in self.tokenizer.added_tokens_decoder:
            stops.add(end[0])
        return {stop for stop in stops if stop is not None}


def _network(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    found: Any = AutoModelForCausalLM.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype="auto"
    )
    device: Any = "cuda" if torch.cuda.is_available() else "cpu"
    return found.to(device)


def read_template(name: str, path: Path) -> str:
    """Of a model folder or a .jinja file; raises EvaluationError where there is none."""
    file = path / "chat_template.jinja" if path.is_dir() else path
    if file.is_file():
        return file.read_text(encoding="utf-8")
    if path.is_dir() and (path / "tokenizer_config.json").is_file():
        from transformers import AutoTokenizer

        with quiet():
            tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
        if tokenizer.chat_template:
            return str(tokenizer.chat_template)
    raise EvaluationError(f"{name}: {path} holds no chat template")


def digest_of(by: LanguageModel, data: Path) -> str:
    """Of a local model's files; empty for an endpoint. Raises EvaluationError for no model."""
    if by.local is None:
        return ""
    folder = data / by.local.path
    names = model_files(folder) if folder.is_dir() else ()
    if "config.json" not in names:
        raise EvaluationError(f"{folder} is not a model folder: the {by.role} of by.local.path")
    return _sha256("\n".join(f"{name} {sha256_file(folder / name)}" for name in names))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
