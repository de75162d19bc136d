"""A transformer classifier by DeFineMed's procedure (appendix A.2).

AdamW, a few epochs, the checkpoint with the best F-beta on validation documents (beta below 1:
precision counts more), no further once it stops getting better. In recipes the base is XLM-R-base;
any encoder that transformers loads for sequence classification will do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.domain.linear import Example, check_classes
from corpus.domain.settings import Transformer
from hub.failure import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TransformerModel:
    folder: Path
    tokenizer: Any
    model: Any
    max_tokens: int
    device: str

    @classmethod
    def load(cls, folder: Path, max_tokens: int) -> "TransformerModel":
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        if not (folder / "config.json").is_file():
            raise BadInput(f"{folder} is not the folder of a model: it has no config.json")
        device = "cuda" if torch.cuda.is_available() else "cpu"
        model: Any = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
        tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        return cls(folder, tokenizer, model.eval().to(device), max_tokens, device)

    def logits(self, texts: Sequence[str], batch: int = 32) -> Floats:
        """Log-odds; texts of similar length go together, so that little is padded."""
        import torch

        found = np.zeros(len(texts))
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        self.model.eval()
        with torch.inference_mode():
            for start in range(0, len(order), batch):
                some = order[start : start + batch]
                out = self.model(**self._encoded([texts[number] for number in some])).logits
                found[some] = (out[:, 1] - out[:, 0]).double().cpu().numpy()
        return found

    def _encoded(self, texts: Sequence[str]) -> Any:
        # A token is rarely shorter than two characters and never longer than the text.
        cut = [text[: self.max_tokens * 12] for text in texts]
        return self.tokenizer(
            cut, truncation=True, max_length=self.max_tokens, padding=True, return_tensors="pt"
        ).to(self.device)


def fine_tune(
    examples: Sequence[Example],
    validation: Sequence[Example],
    settings: Transformer,
    data: Path,
    out: Path,
    progress: Callable[[str], None],
) -> float:
    """The best checkpoint to `out`; its F-beta on the validation documents.

    Raises BadInput where a language has one class only, or the validation documents have.
    """
    import torch

    check_classes(examples)
    if len({example.label for example in validation}) < 2:
        raise BadInput("the validation documents are of one class only: label more")
    torch.manual_seed(settings.seed)
    model = TransformerModel.load(data / settings.base, settings.max_tokens)
    chance = np.random.default_rng(settings.seed)
    optimiser = torch.optim.AdamW(
        model.model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    steps = max(1, round(settings.epochs * len(examples) / settings.batch))
    best, since = -1.0, 0
    order: list[int] = []
    for step in range(1, steps + 1):
        if len(order) < settings.batch:
            order += chance.permutation(len(examples)).tolist()
        some, order = order[: settings.batch], order[settings.batch :]
        _step(model, optimiser, [examples[number] for number in some])
        if step % settings.evaluate_every == 0 or step == steps:
            score = _f_beta(model, validation, settings.beta)
            progress(f"step {step} of {steps}: F{settings.beta:g} {score:.4f}")
            since = 0 if score > best else since + 1
            if score > best:
                best = score
                model.model.save_pretrained(out)
                model.tokenizer.save_pretrained(out)
            if since >= settings.patience:
                break
    return best


def _step(model: TransformerModel, optimiser: Any, examples: Sequence[Example]) -> None:
    import torch

    model.model.train()
    labels = torch.tensor([int(example.label) for example in examples], device=model.device)
    loss = model.model(**model._encoded([e.text for e in examples]), labels=labels).loss
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.model.parameters(), 1.0)
    optimiser.step()


def _f_beta(model: TransformerModel, examples: Sequence[Example], beta: float) -> float:
    """At even odds; 0 where nothing of the domain is found."""
    labels = np.array([example.label for example in examples])
    taken = model.logits([example.text for example in examples]) >= 0
    right, weight = float((labels & taken).sum()), beta**2
    below = weight * labels.sum() + taken.sum()
    return float((1 + weight) * right / below) if below else 0.0
