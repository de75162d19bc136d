"""Asks a causal model that transformers loads on this machine: no server, nothing sent.

The two answers are compared by the probability of their first token right after the prompt, so that
a model cannot say anything else; the rest of the probability is kept as what it would rather say.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.domain.answers import Answer
from corpus.domain.settings import DOCUMENT, Labeller
from hub.failure import BadInput


class Model:
    """A model and the tokens of its two answers."""

    def __init__(self, settings: Labeller, data: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        assert settings.local is not None
        folder = data / settings.local.path
        if not (folder / "config.json").is_file():
            raise BadInput(f"{folder} is not the folder of a model: it has no config.json")
        self.settings = settings
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side="left")
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token or self.tokenizer.unk_token
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        model: Any = AutoModelForCausalLM.from_pretrained(folder)
        self.model = model.eval().to(self.device)
        self.answers = [
            sorted(self._first_tokens(word)) for word in (settings.positive, settings.negative)
        ]
        shared = set(self.answers[0]) & set(self.answers[1])
        if shared or not all(self.answers):
            raise BadInput(
                f"the tokenizer of {folder.name} cannot tell “{settings.positive}” from "
                f"“{settings.negative}” by their first token: choose other answers"
            )

    def ask(self, texts: Sequence[str]) -> list[Answer]:
        """One answer a text; similar lengths go together, so that little is padded."""
        assert self.settings.local is not None
        prompts = [self._prompt(text) for text in texts]
        order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
        found: dict[int, Answer] = {}
        for start in range(0, len(order), self.settings.local.batch):
            some = order[start : start + self.settings.local.batch]
            for number, answer in zip(some, self._ask([prompts[n] for n in some]), strict=True):
                found[number] = answer
        return [found[number] for number in range(len(texts))]

    def _ask(self, prompts: list[str]) -> Iterator[Answer]:
        import torch

        encoded = self.tokenizer(
            prompts, return_tensors="pt", padding=True, add_special_tokens=False,
            return_token_type_ids=False,
        ).to(self.device)  # fmt: skip
        with torch.inference_mode():
            logits = self.model(**encoded, logits_to_keep=1).logits[:, -1].double()
        likely = torch.softmax(logits, dim=-1)
        yes, no = (likely[:, tokens].sum(dim=-1).tolist() for tokens in self.answers)
        sizes = encoded["attention_mask"].sum(dim=1).tolist()
        for positive, negative, size in zip(yes, no, sizes, strict=True):
            mass = min(1.0, positive + negative)
            if mass < max(self.settings.least_mass, 1e-6):
                yield Answer("prose", mass=mass, input_tokens=size)
            else:
                share = positive / (positive + negative)
                yield Answer("labelled", share >= 0.5, share, mass, input_tokens=size)

    def _prompt(self, text: str) -> str:
        asked = self.settings.prompt.replace(DOCUMENT, text[: self.settings.max_characters])
        if not self.tokenizer.chat_template:
            return asked
        said = [{"role": "user", "content": asked}]
        prompt: str = self.tokenizer.apply_chat_template(
            said, tokenize=False, add_generation_prompt=True
        )
        return prompt

    def _first_tokens(self, word: str) -> set[int]:
        """Of the answer as a model may write it: with a space before it, with a capital."""
        forms = {word, word.capitalize(), word.upper()}
        forms |= {f" {form}" for form in forms}
        found = (self.tokenizer.encode(form, add_special_tokens=False) for form in forms)
        first = {tokens[0] for tokens in found if tokens}
        space = set(self.tokenizer.encode(" ", add_special_tokens=False)[:1])
        return first - space - {self.tokenizer.unk_token_id}
