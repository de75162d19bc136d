"""A small transformer trained from scratch stands for XLM-R: the procedure is the paper's."""

from pathlib import Path

import numpy as np
import pytest
from test_domain_classifier import sample

from corpus.domain.artefact import Classifier, Expensive
from corpus.domain.cascade import choose_band
from corpus.domain.drift import reference
from corpus.domain.linear import Example, fit
from corpus.domain.settings import Transformer
from corpus.domain.thresholds import choose
from corpus.domain.transformer import TransformerModel, fine_tune
from hub.failure import BadInput


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    words = sorted({word for e in sample(10) for word in e.text.split()})
    special = ["[PAD]", "[UNK]"]
    vocabulary = {word: number for number, word in enumerate([*special, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=special[1]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    named = dict(zip(("pad_token", "unk_token"), special, strict=True))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=128, pad_token_id=0,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder / "base")
    fast.save_pretrained(folder / "base")
    return folder


def settings(**changed: object) -> Transformer:
    known = {"learning_rate": 3e-3, "batch": 16, "epochs": 4.0, "evaluate_every": 10}
    return Transformer(base="base", max_tokens=64, **{**known, **changed})


@pytest.fixture(scope="module")
def tuned(base: Path) -> tuple[Path, list[str]]:
    lines: list[str] = []
    out = base / "best"
    fine_tune(sample(60), sample(10, seed=2), settings(), base, out, lines.append)
    return out, lines


def test_it_learns_and_the_best_checkpoint_is_the_one_that_stays(tuned):
    folder, lines = tuned
    scores = [float(line.rpartition(" ")[2]) for line in lines]
    model = TransformerModel.load(folder, 64)
    unseen = sample(20, seed=5)
    logits = model.logits([e.text for e in unseen])
    labels = np.array([e.label for e in unseen])
    assert max(scores) > 0.9 and ((logits >= 0) == labels).mean() > 0.9
    alone = np.concatenate([model.logits([e.text]) for e in unseen[:5]])
    np.testing.assert_allclose(logits[:5], alone, atol=1e-4)


def test_training_ends_when_precision_gets_no_better(base: Path, tmp_path: Path):
    lines: list[str] = []
    still = settings(learning_rate=1e-12, epochs=50.0, evaluate_every=1, patience=2)
    fine_tune(sample(10), sample(5, seed=2), still, base, tmp_path, lines.append)
    assert len(lines) == 3, "the first, then two without a better one"


def test_one_class_is_refused_before_anything_is_trained(base: Path, tmp_path: Path):
    positive = [e for e in sample(5) if e.label]
    with pytest.raises(BadInput, match="has not both"):
        fine_tune(positive, sample(5), settings(), base, tmp_path, print)
    with pytest.raises(BadInput, match="one class only"):
        fine_tune(sample(5), positive, settings(), base, tmp_path, print)
    with pytest.raises(BadInput, match=r"no config\.json"):
        fine_tune(sample(5), sample(5), settings(), tmp_path, tmp_path / "out", print)


def test_a_saved_cascade_judges_as_it_did_and_asks_about_little(tuned, tmp_path: Path):
    examples = sample(30, seed=8)
    texts, labels = [e.text for e in examples], np.array([e.label for e in examples])
    linear = fit(sample(60))
    folder = tmp_path / "artefact"
    (folder / "transformer").mkdir(parents=True)
    for path in tuned[0].iterdir():
        (folder / "transformer" / path.name).write_bytes(path.read_bytes())
    model = TransformerModel.load(folder / "transformer", 64)
    cheap = linear.logits(texts)
    threshold, _ = choose(labels, model.logits(texts), 0.95)
    band = choose_band(labels, cheap, 0.99, 0.99)
    known = reference(cheap)
    made = Classifier(
        "medical", ("de", "fr"), linear, {"de": 0.0, "fr": 0.0}, known,
        Expensive(band, threshold, 1.0, 0.0, 64), model,
    )  # fmt: skip
    made.save(folder)
    first = made.judge(texts, [e.language for e in examples])
    again = Classifier.load(folder).judge(texts, [e.language for e in examples])
    np.testing.assert_array_equal(first.taken, again.taken)
    np.testing.assert_allclose(first.scores, again.scores, atol=1e-6)
    assert (first.taken == labels).mean() > 0.95
    assert first.asked.mean() < 0.5


def test_empty_texts_have_a_score_too(tuned):
    model = TransformerModel.load(tuned[0], 64)
    assert np.isfinite(model.logits(["", "…", "Herz " * 5_000])).all()
    assert isinstance(sample(1)[0], Example)
