"""The built-in tiny model: a base made from nothing, so that a release can be tried anywhere.

A byte-level BPE tokenizer is trained on a corpus and a Qwen3 gets random weights from a seed. The
architecture is a real one on purpose: `from_pretrained`, mergekit, lm-eval and every inference
engine know it, so whatever works with the tiny model works with its 8 B sisters.
Same corpus and settings, same bytes.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.manifest import Artefact, Number, Outcome
from hub.model_folder import model_files, prove, quiet
from training.settings import TinyModel, TrainingError
from training.tokens import documents

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

END_OF_TEXT = "<|endoftext|>"
PADDING = "<|pad|>"
"""a token of its own: where it is the end of text, trainers that mask padding unlearn the end"""


def create(settings: TinyModel, corpus: Artefact, out: Path) -> Outcome:
    """Make the model in `out`; it has learnt nothing yet."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = train_tokenizer(settings, documents(corpus))
    shape = settings.model_dump(exclude={"corpus", "licence", "seed"})
    config = Qwen3Config(
        **shape,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float32",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        model = Qwen3ForCausalLM(config)
    out.mkdir(parents=True, exist_ok=True)
    with quiet():
        model.save_pretrained(out)
        tokenizer.save_pretrained(out)
        proof = prove(out)
    numbers = {
        "parameters": Number(value=proof.num_parameters, unit="parameters"),
        "vocabulary": Number(value=len(tokenizer), unit="tokens"),
    }
    return Outcome(payload=model_files(out), numbers=numbers, licence=(settings.licence,))


def train_tokenizer(settings: TinyModel, texts: Iterable[str]) -> "PreTrainedTokenizerFast":
    """Byte-level BPE: every text has an encoding, whatever its language or script."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.normalizer = normalizers.NFC()
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocab_size,
        special_tokens=[END_OF_TEXT, PADDING],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    if bpe.get_vocab_size() < settings.vocab_size:
        raise TrainingError(
            f"corpus {settings.corpus} gives a vocabulary of only {bpe.get_vocab_size()} tokens: "
            f"use more text, or a vocab_size below {settings.vocab_size}"
        )
    wrap: Any = PreTrainedTokenizerFast  # its constructor has no types
    tokenizer: PreTrainedTokenizerFast = wrap(
        tokenizer_object=bpe,
        eos_token=END_OF_TEXT,
        pad_token=PADDING,
        model_max_length=settings.max_position_embeddings,
        clean_up_tokenization_spaces=False,
    )
    return tokenizer
