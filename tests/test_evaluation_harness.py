"""A small real model through the real lm-eval, its scores computed again in two other ways."""

import json
import math
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
import torch
from evaluation_models import toy_model, whole
from transformers import (
    AutoModelForCausalLM,
    PreTrainedTokenizerFast,
)

from evaluation.asking import first_scored
from evaluation.cloze import Document
from evaluation.harness import evaluate
from evaluation.results import Sample, read_samples, read_scores
from evaluation.settings import EvaluationError, EvaluationSettings, TaskSettings
from evaluation.statistics.intervals import Estimate
from evaluation.summary import estimate
from evaluation.tasks.heldout import export
from hub.manifest import (
    Artefact,
    Outcome,
    read_artefact,
)

VOCABULARY = (
    "le la patient fièvre toux 38,5 °C mg/l bilan sanguin normal traitement par amoxicilline"
    " pendant sept jours puis contrôle clinique sans récidive à trois mois malgré une anémie"
)
CONTEXT_TOKENS = 144
"""of the toy model: long documents need several windows, questions fit"""

SETTINGS = EvaluationSettings(
    models=["toy"],
    tasks={
        "medical-text": TaskSettings(corpus="heldout", measure="bits_per_byte", group="medical"),
        "medical-cloze": TaskSettings(
            corpus="heldout", measure="accuracy", group="medical", questions=12
        ),
    },
    resamples=200,
)
SCRIPT = """
import sys
from pathlib import Path
from evaluation.harness import evaluate
from evaluation.settings import EvaluationSettings
from hub.manifest import read_artefact
settings = EvaluationSettings.model_validate_json(sys.argv[1])
tasks = {name: read_artefact(Path(sys.argv[2], name)) for name in reversed(sorted(settings.tasks))}
evaluate(settings, "toy", Path(sys.argv[3]), tasks, Path(sys.argv[4]), print)
"""


def _documents() -> list[Document]:
    draw = random.Random(0)
    sizes = [60 + 13 * index for index in range(16)]
    return [
        Document(f"doc-{index:02d}", " ".join(draw.choices(VOCABULARY.split(), k=size)))
        for index, size in enumerate(sizes)
    ]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [document.text for document in _documents()]
    return toy_model(tmp_path_factory.mktemp("model"), texts, CONTEXT_TOKENS)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artefact]:
    root = tmp_path_factory.mktemp("tasks")
    (root / "corpus" / "data").mkdir(parents=True)
    table = pyarrow.Table.from_pylist([document._asdict() for document in _documents()])
    pyarrow.parquet.write_table(table, root / "corpus" / "data" / "0.parquet")
    corpus = whole(root / "corpus", "corpus", "heldout", Outcome(("data/0.parquet",), {}))
    return {
        name: whole(root / name, "tasks", name, export(name, task, corpus, root / name))
        for name, task in SETTINGS.tasks.items()
    }


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(scope="module")
def results(
    model: Path, tasks: dict[str, Artefact], tmp_path_factory: pytest.TempPathFactory
) -> Artefact:
    out = tmp_path_factory.mktemp("results")
    outcome = evaluate(SETTINGS, "toy", model, tasks, out, lambda _: None)
    return whole(out, "results", "toy", outcome)


def _windows(tokens: list[int], eos: int) -> Iterator[tuple[list[int], int]]:
    """Each token is predicted once, in windows of the model's length filled from the left."""
    stream = [eos, *tokens]
    for start in range(0, len(tokens), CONTEXT_TOKENS):
        stop = min(start + CONTEXT_TOKENS, len(tokens))
        yield stream[max(0, stop - CONTEXT_TOKENS) : stop + 1], stop - start


def _log_likelihood(network: Any, window: list[int], num_targets: int) -> float:
    with torch.no_grad():
        logits = network(torch.tensor([window[:-1]])).logits[0].double()
    chosen = logits.log_softmax(-1).gather(1, torch.tensor(window[1:])[:, None])
    return float(chosen[-num_targets:].sum())


def test_bits_per_byte_equals_a_plain_computation(model: Path, results: Artefact) -> None:
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model)
    samples = [each for each in read_samples(results) if each.task == "medical-text"]
    texts = {document.id: document.text for document in _documents()}
    assert [sample.item for sample in samples] == sorted(texts)
    bits = 0.0
    for sample in samples:
        tokens = tokenizer.encode(texts[sample.item])
        nats = sum(
            _log_likelihood(network, window, num_targets)
            for window, num_targets in _windows(tokens, tokenizer.eos_token_id)
        )
        assert sample.log_likelihood == pytest.approx(nats, rel=1e-5)
        assert sample.num_bytes == len(texts[sample.item].encode())
        bits -= nats / math.log(2)
    assert max(len(tokenizer.encode(text)) for text in texts.values()) > 2 * CONTEXT_TOKENS
    score = next(each for each in read_scores(results) if each.task == "medical-text")
    num_bytes = sum(len(text.encode()) for text in texts.values())
    assert score.value == pytest.approx(bits / num_bytes, rel=1e-5)


def test_a_choice_is_the_likeliest_option(
    model: Path, tasks: dict[str, Artefact], results: Artefact
) -> None:
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model)
    lines = (tasks["medical-cloze"].folder / "items.jsonl").read_text().splitlines()
    items = {item["id"]: item for item in map(json.loads, lines)}
    samples = [each for each in read_samples(results) if each.task == "medical-cloze"]
    assert len(samples) == len(items) == 12
    for sample in samples:
        item = items[sample.item]
        start = tokenizer.encode(item["context"])
        expected = []
        for option in item["options"]:
            option_tokens = tokenizer.encode(f" {option}")
            expected.append(_log_likelihood(network, start + option_tokens, len(option_tokens)))
        assert sample.option_log_likelihoods == pytest.approx(expected, rel=1e-5)
        assert sample.chosen == expected.index(max(expected))
        assert sample.answer == item["answer"]
        assert sample.correct == (sample.chosen == item["answer"])


def test_no_position_that_is_scored_is_left_out() -> None:
    batch = torch.tensor([[5, 6, 7, 8, 9], [5, 6, 7, 0, 0], [5, 6, 7, 8, 0]])
    assert first_scored(batch, 1) == 2  # the second text ends at 3
    assert first_scored(batch, 2) == 1
    assert first_scored(batch, 9) == 0
    # token 0 at the end of a text looks like padding: more is kept than is needed
    assert first_scored(torch.tensor([[5, 0, 0], [0, 0, 0]]), 1) == 0


def test_scores_equal_lm_evals_own_run_of_the_exported_task(
    model: Path,
    tasks: dict[str, Artefact],
    results: Artefact,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`simple_evaluate` is what the command line calls; it reads `task.yaml` as it stands."""
    import datasets
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    # It lists the packages of the machine, which takes seconds and is not a score.
    monkeypatch.setattr("lm_eval.evaluator.add_env_info", lambda _: None)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    for score in read_scores(results):
        monkeypatch.chdir(tasks[score.task].folder)
        theirs = simple_evaluate(
            model="hf",
            model_args={"pretrained": str(model), "dtype": "float32"},
            batch_size=16,
            device="cpu",
            tasks=[score.task],
            task_manager=TaskManager(include_path=".", include_defaults=False),
        )["results"][score.task]
        if score.metric == "accuracy":
            assert theirs["acc,none"] == score.value
            assert theirs["acc_stderr,none"] == pytest.approx(score.stderr, rel=1e-12)
        else:
            assert theirs["bits_per_byte,none"] == score.value


def test_every_score_lies_in_its_interval_and_is_a_number_of_the_outcome(
    results: Artefact,
) -> None:
    scores = read_scores(results)
    assert [score.task for score in scores] == ["medical-cloze", "medical-text"]
    for score in scores:
        assert score.ci_low <= score.value <= score.ci_high
        assert score.ci_low < score.ci_high
        assert score.stderr > 0
        assert results.manifest.numbers[score.task].value == score.value
        assert results.manifest.numbers[f"{score.task}.ci_low"].value == score.ci_low
    assert "Wilson" in scores[0].method
    assert "bootstrap" in scores[1].method


def test_the_payload_holds_no_text_and_no_path(
    tmp_path_factory: pytest.TempPathFactory, results: Artefact
) -> None:
    table = pyarrow.parquet.read_table(results.folder / "samples.parquet")
    assert str(table.schema.field("option_log_likelihoods").type) == "list<element: double>"
    assert str(table.schema.field("log_likelihood").type) == "double"
    readable = json.dumps(table.to_pylist()) + (results.folder / "scores.json").read_text()
    assert str(tmp_path_factory.getbasetemp()) not in readable
    assert not any(document.text[:20] in readable for document in _documents())
    assert all(len(digest) == 64 for digest in table["text_sha256"].to_pylist())


def test_another_process_elsewhere_writes_the_same_bytes_and_nothing_else(
    model: Path, tasks: dict[str, Artefact], results: Artefact, tmp_path: Path
) -> None:
    """Also: no cache in the user's home, no noise beside the progress, tasks in another order."""
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    root = str(tasks["medical-text"].folder.parent)
    arguments = [SETTINGS.model_dump_json(), root, str(model), str(tmp_path / "out")]
    repository = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env={"HOME": str(home), "PYTHONPATH": repository, "PATH": "/usr/bin:/bin"},
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "toy: loading"
    assert lines[1].startswith("toy: medical-cloze 0.")
    assert lines[2].startswith("toy: medical-text ")
    assert len(lines) == 3
    assert list(home.iterdir()) == list(work.iterdir()) == []
    for path in results.payload:
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.usefixtures("no_network")
def test_the_model_is_loaded_once_and_a_task_alone_scores_the_same(
    model: Path,
    tasks: dict[str, Artefact],
    results: Artefact,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads: list[object] = []
    load = AutoModelForCausalLM.from_pretrained

    def count(*args: Any, **kwargs: Any) -> Any:
        loads.append(args)
        return load(*args, **kwargs)

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", count)
    threads = torch.get_num_threads()
    evaluate(SETTINGS, "toy", model, tasks, tmp_path / "both", lambda _: None)
    assert len(loads) == 1
    assert torch.get_num_threads() == threads
    name = "medical-text"
    alone = SETTINGS.model_copy(update={"tasks": {name: SETTINGS.tasks[name]}})
    outcome = evaluate(alone, "toy", model, {name: tasks[name]}, tmp_path / "one", lambda _: None)
    expected = [score for score in read_scores(results) if score.task == name]
    assert read_scores(whole(tmp_path / "one", "results", "toy", outcome)) == expected


def _broken(model: Path, out: Path, **changes: object) -> Path:
    """A copy of `model` with entries of its config changed."""
    out.mkdir()
    for path in model.iterdir():
        (out / path.name).write_bytes(path.read_bytes())
    config = json.loads((model / "config.json").read_text()) | changes
    (out / "config.json").write_text(json.dumps(config))
    return out


def test_a_model_that_cannot_answer_is_refused(
    model: Path, tasks: dict[str, Artefact], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(EvaluationError, match=r"'toy' has no config\.json"):
        evaluate(SETTINGS, "toy", tmp_path, tasks, out, lambda _: None)
    short = _broken(model, tmp_path / "short", max_position_embeddings=32)
    with pytest.raises(EvaluationError, match="model 'toy' reads at most 32"):
        evaluate(SETTINGS, "toy", short, tasks, out, lambda _: None)
    # A norm that divides by the root of a negative number gives NaN everywhere.
    undefined = _broken(model, tmp_path / "nan", rms_norm_eps=-1e9)
    with pytest.raises(EvaluationError, match="not a finite number for item 'doc-"):
        evaluate(SETTINGS, "toy", undefined, tasks, out, lambda _: None)
    mute = _broken(model, tmp_path / "mute")
    settings = json.loads((mute / "tokenizer_config.json").read_text())
    settings["eos_token"] = settings["pad_token"] = None
    (mute / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(EvaluationError, match="neither a BOS nor an EOS token"):
        evaluate(SETTINGS, "toy", mute, tasks, out, lambda _: None)
    assert not out.exists()


def test_tasks_that_are_not_what_they_are_called_are_refused(
    model: Path, tasks: dict[str, Artefact], results: Artefact, tmp_path: Path
) -> None:
    def ask(changed: dict[str, Artefact]) -> None:
        evaluate(SETTINGS, "toy", model, changed, tmp_path / "out", lambda _: None)

    with pytest.raises(EvaluationError, match="do not match: medical-cloze"):
        ask({"medical-text": tasks["medical-text"]})
    with pytest.raises(EvaluationError, match="kind results, not tasks"):
        ask(tasks | {"medical-text": results})
    with pytest.raises(EvaluationError, match="exported under the name 'medical-cloze'"):
        ask(tasks | {"medical-text": tasks["medical-cloze"]})


def test_a_score_that_its_rows_do_not_reproduce_is_refused(
    model: Path, tasks: dict[str, Artefact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def off_by_a_hair(samples: list[Sample], settings: EvaluationSettings) -> Estimate:
        found = estimate(samples, settings)
        return found._replace(value=math.nextafter(found.value, math.inf))

    monkeypatch.setattr("evaluation.harness.estimate", off_by_a_hair)
    with pytest.raises(EvaluationError, match=r"add up to [\d.]+, and lm-eval says"):
        evaluate(SETTINGS, "toy", model, tasks, tmp_path / "out", lambda _: None)


def test_results_read_back_as_they_were_written(results: Artefact) -> None:
    found = read_artefact(results.folder)
    assert found is not None
    samples = read_samples(found)
    assert {type(sample) for sample in samples} == {Sample}
    assert len({(sample.task, sample.item) for sample in samples}) == len(samples) == 28
