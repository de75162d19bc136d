"""No label is ever invented, no text leaves the machine unasked, no answer is paid for twice."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from labelling_server import Script, serving

from corpus.domain.label import Sampled, estimate, label
from corpus.domain.settings import (
    DEFINEMED_PROMPT,
    DOCUMENT,
    Labeller,
    LabellingEndpoint,
    LocalModel,
)
from hub.failure import BadInput, Failed, Refused
from hub.licences.leaving import is_local


@pytest.fixture
def script():
    with serving() as found:
        yield found


def document(text: str, source: str = "web") -> Sampled:
    return Sampled(text[:20], source, "de", text)


def run(texts: list[str], settings: Labeller, folder: Path):
    lines: list[str] = []
    found = label([document(text) for text in texts], settings, folder, folder / "c", lines.append)
    return found, lines


def test_each_bad_day_has_its_outcome_and_no_label(script: Script, tmp_path: Path):
    expected = {
        "medical": "labelled", "other": "labelled", "prosaic": "prose", "doubtful": "prose",
        "refusing": "refused", "filtered": "refused", "silent": "no probability",
        "busy": "unanswered", "broken": "unanswered", "slow": "unanswered", "page": "unanswered",
        "hollow": "unanswered", "busy:2": "labelled", "broken:1": "labelled",
    }  # fmt: skip
    texts = [f"Ein Text, {word}" for word in expected]
    found, _ = run([*texts, " \n "], script.labeller(), tmp_path)
    outcomes = [answer.outcome for answer in found.answers]
    assert outcomes == [*expected.values(), "empty"]
    for answer in found.answers:
        assert (answer.label is None) == (answer.outcome != "labelled")
    assert found.answers[0].label is True and found.answers[1].label is False
    assert found.answers[0].probability == pytest.approx(0.9)
    assert found.answers[1].probability == pytest.approx(0.05)


def test_one_token_is_asked_for_with_the_papers_prompt(script: Script, tmp_path: Path):
    run(["Ein Text, medical"], script.labeller(), tmp_path)
    (asked,) = script.asked
    assert asked["max_tokens"] == 1 and asked["logprobs"] is True and asked["temperature"] == 0
    content = asked["messages"][0]["content"]
    assert content == DEFINEMED_PROMPT.replace(DOCUMENT, "Ein Text, medical")


def test_nothing_is_asked_twice_and_a_half_written_answer_is(script: Script, tmp_path: Path):
    texts = ["Eins, medical", "Zwei, other", "Drei, prosaic", "Eins, medical"]
    first, _ = run(texts, script.labeller(), tmp_path)
    assert len(script.asked) == 3, "a copy is asked about once"
    (path,) = (tmp_path / "c").glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    again, lines = run(texts, script.labeller(), tmp_path)
    assert again.answers == first.answers
    assert len(script.asked) == 4 and again.cost.documents == 1
    other = script.labeller(prompt=f"Medizin? {DOCUMENT}")
    assert estimate([document(t) for t in texts], other, tmp_path / "c").documents == 3
    assert "counted: 1 documents" in lines[-1]


def test_what_was_not_answered_is_asked_by_the_next_run(script: Script, tmp_path: Path):
    settings = script.labeller(endpoint={"retries": 0})
    first, _ = run(["Ein Text, busy:1"], settings, tmp_path)
    assert first.answers[0].outcome == "unanswered"
    second, _ = run(["Ein Text, busy:1"], settings, tmp_path)
    assert second.answers[0].label is True


def test_a_dead_server_is_not_asked_about_every_document(script: Script, tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    texts = ["Gut, medical", *(f"Text {n}, broken" for n in range(200))]
    settings = script.labeller(endpoint={"retries": 0})
    with pytest.raises(Failed, match="1 answers are kept"):
        run(texts, settings, tmp_path)
    assert len(script.asked) < 120
    dead = script.labeller(endpoint={"retries": 0, "url": f"http://127.0.0.1:{port}/v1"})
    with pytest.raises(Failed, match="in a row"):
        run([f"Text {n}" for n in range(64)], dead, tmp_path)


def test_a_wrong_key_ends_the_run_at_once(script: Script, tmp_path: Path, monkeypatch):
    with pytest.raises(Failed, match="answers 401"):
        run(["Ein Text, locked"], script.labeller(), tmp_path)
    monkeypatch.delenv("LABEL_KEY", raising=False)
    with pytest.raises(BadInput, match="LABEL_KEY is not set"):
        run(["Ein Text"], script.labeller(endpoint={"key_variable": "LABEL_KEY"}), tmp_path)


def test_texts_leave_the_machine_only_where_the_recipe_says_so(tmp_path: Path):
    away = Labeller(
        endpoint=LabellingEndpoint(url="https://labels.example.org/v1", model="m", send=("a",))
    )
    with pytest.raises(Refused, match="texts of b may not leave this machine") as refused:
        label([document("x", "a"), document("y", "b")], away, tmp_path, tmp_path / "c", print)
    assert refused.value.exit_code == 3
    local = ["http://localhost:1/v1", "http://127.0.0.2/v1", "http://[::1]:8000/v1"]
    assert all(map(is_local, local))
    elsewhere = ["http://0.0.0.0/v1", "http://localhost.example.org/v1", "http://10.0.0.1/v1",
                 "http://127.0.0.1.example.org/v1", "http://[::ffff:10.0.0.1]/v1"]  # fmt: skip
    assert not any(map(is_local, elsewhere))


def test_a_redirect_or_a_proxy_takes_nothing_away(script: Script, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://192.0.2.1:9")
    found, _ = run(["Ein Text, medical"], script.labeller(), tmp_path)
    assert found.answers[0].label is True
    with pytest.raises(Failed, match="answers 307"):
        run(["Ein Text, away"], script.labeller(), tmp_path)


def test_cost_is_estimated_before_and_counted_after(script: Script, tmp_path: Path):
    settings = script.labeller(endpoint={"price_per_million_input": 10_000.0, "currency": "USD"})
    found, lines = run(["Ein Text, medical", "Ein Text, other"], settings, tmp_path)
    assert (found.cost.input_tokens, found.cost.output_tokens) == (200, 2)
    assert found.cost.money == pytest.approx(2.0) and found.cost.currency == "USD"
    assert lines[0].startswith("labelling, estimated: 2 documents")
    assert lines[1] == "labelling, counted: 2 documents, 200 tokens, 2.00 USD"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal model with random weights and a tokenizer that knows both answers."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny"
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    words = ["yes", "no", "Yes", "No", " yes", " no"] * 50 + [DEFINEMED_PROMPT]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(words, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    fast.chat_template = (
        "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"
        "{% if add_generation_prompt %}answer: {% endif %}"
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=2048,
        bos_token_id=0, eos_token_id=1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


TEXTS = ["Der Patient hat Fieber.", "Das Gericht tagt.", "Die Dosis beträgt 5 mg. " * 20]


def test_a_local_model_compares_its_two_answers(tiny: Path, tmp_path: Path):
    local = Labeller(local=LocalModel(path="tiny", batch=2), least_mass=0.0)
    documents = [document(text) for text in TEXTS]
    found = label(documents, local, tiny.parent, tmp_path / "c", print)
    assert [answer.outcome for answer in found.answers] == ["labelled"] * 3
    for answer in found.answers:
        assert answer.mass is not None and 0 < answer.mass < 0.5, "an untrained model says anything"
        assert answer.label is (answer.probability >= 0.5)
    alone = label(documents[2:], local, tiny.parent, tmp_path / "d", print)
    assert alone.answers[0].probability == pytest.approx(found.answers[2].probability, abs=1e-5)
    strict = Labeller(local=LocalModel(path="tiny"))
    refused = label(documents, strict, tiny.parent, tmp_path / "c", print)
    assert {answer.outcome for answer in refused.answers} == {"prose"}
    with pytest.raises(BadInput, match=r"no config\.json"):
        label(
            documents, Labeller(local=LocalModel(path="nowhere")), tmp_path, tmp_path / "e", print
        )


@pytest.fixture(scope="module")
def served(tiny: Path):
    """`transformers serve`, the real one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(tiny),
               "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]  # fmt: skip
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except OSError:
                assert process.poll() is None, process.stderr and process.stderr.read()
                time.sleep(0.25)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(20)


def test_transformers_serve_labels_by_typed_decisions(served: str, tiny: Path, tmp_path: Path):
    endpoint = LabellingEndpoint(url=served, model=str(tiny), api="systemone", timeout_seconds=60)
    settings = Labeller(endpoint=endpoint)
    found = label([document(t) for t in TEXTS], settings, tmp_path, tmp_path / "c", print)
    assert [answer.outcome for answer in found.answers] == ["labelled"] * 3
    assert len({answer.probability for answer in found.answers}) == 3
    assert found.cost.input_tokens > 100


def test_transformers_serve_gives_no_probability_with_one_token(
    served: str, tiny: Path, tmp_path: Path
):
    """Its chat ignores `logprobs`: an answer without its probability is not taken by default."""
    vocabulary = json.loads((tiny / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    free = LabellingEndpoint(url=served, model=str(tiny), timeout_seconds=60)
    documents = [document(t) for t in TEXTS]
    found = label(documents, Labeller(endpoint=free), tmp_path, tmp_path / "c", print)
    assert {answer.outcome for answer in found.answers} == {"prose"}
    bias = {str(vocabulary["yes"]): 100.0, str(vocabulary["no"]): 100.0}
    biased = free.model_copy(update={"token_bias": bias})
    found = label(documents, Labeller(endpoint=biased), tmp_path, tmp_path / "c", print)
    assert {answer.outcome for answer in found.answers} == {"no probability"}
    kept = Labeller(endpoint=biased, probability="optional")
    found = label(documents, kept, tmp_path, tmp_path / "c", print)
    assert {answer.outcome for answer in found.answers} == {"labelled"}
    assert all(answer.probability is None for answer in found.answers)
