"""Benchmarks on local files: what lm-eval's command says, resumed, cached, exported, refused."""

import json
import multiprocessing
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from evaluation_models import toy_model, whole
from pydantic import ValidationError
from transformers import AutoModelForCausalLM, Qwen3ForCausalLM

from evaluation import harness
from evaluation.cache import Cache
from evaluation.harness import evaluate
from evaluation.lm_eval_files import read_scores as read_file
from evaluation.lm_eval_layout import export as export_layout
from evaluation.results import read_samples, read_scores
from evaluation.settings import EvaluationError, EvaluationSettings, TaskSettings
from evaluation.system import EvaluationSystem
from evaluation.tasks import benchmarks, library
from evaluation.tasks.questions import read_questions
from hub.failure import Failed
from hub.manifest import Artefact

DATA = Path(__file__).parents[2] / "shared" / "data"
WORDS = (
    "fièvre", "toux", "anémie", "amoxicilline", "bilan", "normal", "traitement", "récidive",
    "douleur", "scanner",
)  # fmt: skip
SEEDS = (1234, 7)
SETTINGS = EvaluationSettings(
    models=["toy"],
    tasks={
        "exam": TaskSettings(lm_eval="medqa", group="medical", shots=2, seeds=SEEDS),
        "abstracts": TaskSettings(lm_eval="pubmedqa", group="medical", shots=0),
    },
    resamples=200,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two benchmarks in the formats in which they come, with made-up questions."""
    root = tmp_path_factory.mktemp("data")
    draw = random.Random(0)
    lines = []
    for number in range(40):
        options = dict(zip("ABCD", draw.sample(WORDS, 4), strict=True))
        entry = {"realidx": number, "question": f"{draw.choice(WORDS)} {number} ?",
                 "options": options, "answer_idx": draw.choice("ABCD")}  # fmt: skip
        lines.append(json.dumps(entry, ensure_ascii=False))
    (root / "eval_medqa").mkdir()
    (root / "eval_medqa" / "test.jsonl").write_text("\n".join(lines))
    (root / "pubmedqa").mkdir()
    abstracts = {
        str(number): {
            "QUESTION": f"{draw.choice(WORDS)} ?",
            "CONTEXTS": [" ".join(draw.choices(WORDS, k=9))],
            "final_decision": draw.choice(["yes", "no", "maybe"]),
        }
        for number in range(20)
    }
    (root / "pubmedqa" / "ori_pqal.json").write_text(json.dumps(abstracts))
    return root


@pytest.fixture(scope="module")
def tasks(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artefact]:
    root = tmp_path_factory.mktemp("tasks")
    return {
        name: whole(root / name, "tasks", name, benchmarks.export(name, task, data, root / name))
        for name, task in SETTINGS.tasks.items()
    }


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_model(tmp_path_factory.mktemp("model"), [" ".join(WORDS)], pad=False)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("cache"), "digest-of-the-model")


@pytest.fixture(scope="module")
def results(
    model: Path, tasks: dict[str, Artefact], cache: Cache, tmp_path_factory: pytest.TempPathFactory
) -> Artefact:
    out = tmp_path_factory.mktemp("results")
    return whole(
        out, "results", "toy",
        evaluate(SETTINGS, "toy", model, tasks, out, lambda _: None, cache=cache),
    )  # fmt: skip


def _refuse_loading(*_: object, **__: object) -> Any:
    raise AssertionError("the model was loaded")


def test_the_command_line_of_lm_eval_says_the_same_to_the_last_digit(
    model: Path, tasks: dict[str, Artefact], results: Artefact, tmp_path: Path
) -> None:
    """The real command in the artefact's folder, offline, with the seed of the draw."""
    seed = SEEDS[0]
    command = [
        str(Path(sys.executable).with_name("lm_eval")), "run", "--model", "hf", "--model_args",
        f"pretrained={model},dtype=float32", "--device", "cpu", "--batch_size", "16",
        "--include_path", ".", "--tasks", "exam", "--seed", f"0,1234,1234,{seed}",
        "--log_samples", "--output_path", str(tmp_path / "out"),
    ]  # fmt: skip
    environment = {
        **os.environ, "OMP_NUM_THREADS": "2", "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path),
        "CUDA_VISIBLE_DEVICES": "",
    }  # fmt: skip
    done = subprocess.run(
        command, cwd=tasks["exam"].folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (samples,) = (tmp_path / "out").glob("*/samples_exam_*.jsonl")
    theirs = {row["doc"]["id"]: row for row in map(json.loads, samples.read_text().splitlines())}
    ours = [s for s in read_samples(results) if (s.task, s.seed) == ("exam", seed)]
    assert len(ours) == len(theirs) == 40 - benchmarks.POOL
    for sample in ours:
        row = theirs[sample.item]
        heard = [float(answer[0]) for answer in row["filtered_resps"]]
        assert list(sample.option_log_likelihoods or ()) == heard
        assert float(bool(sample.correct)) == row["acc"]
    (aggregated,) = (tmp_path / "out").glob("*/results_*.json")
    share = sum(bool(sample.correct) for sample in ours) / len(ours)
    assert json.loads(aggregated.read_text())["results"]["exam"]["acc,none"] == share
    # What the command wrote is read back with everything that decides comparability.
    (score,) = [s for s in read_file(aggregated) if s.metric == "acc"]
    assert (score.n, score.shots, score.value) == (len(ours), 2, share)
    assert "options" in score.template


def test_each_question_is_asked_once_a_draw_and_counts_once(results: Artefact) -> None:
    samples = [s for s in read_samples(results) if s.task == "exam"]
    assert {sample.seed for sample in samples} == set(SEEDS)
    assert len(samples) == 2 * (40 - benchmarks.POOL)
    exam, abstracts = (
        next(score for score in read_scores(results) if score.task == name)
        for name in ("exam", "abstracts")
    )
    assert exam.n == 40 - benchmarks.POOL
    assert "2 draws of examples" in exam.method
    assert exam.value == sum(bool(sample.correct) for sample in samples) / len(samples)
    assert abstracts.n == 20
    assert {(s.shots, s.metric) for s in samples} == {(2, "acc")}
    prompts = {(s.item, s.text_sha256) for s in samples}
    assert len(prompts) == len(samples), "other examples are another prompt"


def test_a_rerun_loads_nothing_and_gives_the_same_bytes(
    model: Path, tasks: dict[str, Artefact], results: Artefact, cache: Cache, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", _refuse_loading)
    evaluate(SETTINGS, "toy", model, tasks, tmp_path, lambda _: None, cache=cache)
    for path in results.payload:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    with pytest.raises(AssertionError, match="was loaded"):
        other = cache._replace(model_digest="another model")
        evaluate(SETTINGS, "toy", model, tasks, tmp_path, lambda _: None, cache=other)


def test_a_run_that_was_killed_asks_only_what_it_had_not(
    model: Path, tasks: dict[str, Artefact], results: Artefact, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from lm_eval import evaluator

    asked: list[str] = []
    real = evaluator.evaluate

    def dies_at_the_second(**arguments: Any) -> Any:
        asked.append("")
        if len(asked) == 2:
            raise KeyboardInterrupt
        return real(**arguments)

    cache = Cache(tmp_path / "cache", "model")
    monkeypatch.setattr(evaluator, "evaluate", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        evaluate(SETTINGS, "toy", model, tasks, tmp_path, lambda _: None, cache=cache)
    (kept,) = cache.folder.iterdir()
    (cache.folder / "half.parquet").write_bytes(kept.read_bytes()[:200])
    evaluate(SETTINGS, "toy", model, tasks, tmp_path, lambda _: None, cache=cache)
    assert len(asked) == 4, "abstracts once; of exam the draw that died, again, and the other"
    assert (tmp_path / "scores.json").read_bytes() == (results.folder / "scores.json").read_bytes()
    kept.write_bytes(kept.read_bytes()[:200])
    evaluate(SETTINGS, "toy", model, tasks, tmp_path, lambda _: None, cache=cache)
    assert len(asked) == 5, "half a file is asked for again"


def test_processes_share_the_draws_and_one_that_dies_loses_nothing(
    model: Path, tasks: dict[str, Artefact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = tuple(range(8))
    asked = EvaluationSettings(
        models=["toy"],
        tasks={"exam": SETTINGS.tasks["exam"].model_copy(update={"seeds": draws})},
        resamples=200,
        system=EvaluationSystem(processes=2),
    )
    exam = {"exam": tasks["exam"]}
    cache = Cache(tmp_path / "cache", "digest")

    def kills(line: str) -> None:
        if "answered" in line:
            for process in multiprocessing.active_children():
                process.kill()

    with pytest.raises(Failed, match="run again with fewer `processes`"):
        evaluate(asked, "toy", model, exam, tmp_path / "killed", kills, cache=cache)
    kept = len(list(cache.folder.glob("*.parquet")))
    assert 1 <= kept < len(draws)

    said: list[int | None] = []
    ask = harness.ask

    def counts(name: str, model: Any, task: harness.Task, seed: int | None) -> Any:
        said.append(seed)
        return ask(name, model, task, seed)

    monkeypatch.setattr(harness, "ask", counts)
    alone = asked.model_copy(update={"system": EvaluationSystem()})
    evaluate(alone, "toy", model, exam, tmp_path / "again", print, cache=cache)
    assert len(said) == len(draws) - kept
    evaluate(alone, "toy", model, exam, tmp_path / "fresh", print)
    for file in ("samples.parquet", "scores.json"):
        both = [(tmp_path / where / file).read_bytes() for where in ("again", "fresh")]
        assert both[0] == both[1]


@pytest.mark.parametrize(
    ("system", "said"),
    [
        ({"backend": "vllm"}, "needs vLLM, which is not here"),
        ({"device": "cuda"}, "no GPU is here"),
    ],
)
def test_what_this_machine_lacks_is_one_sentence(
    model: Path, tasks: dict[str, Artefact], tmp_path: Path, system: dict[str, Any], said: str
) -> None:
    if torch.cuda.is_available():
        pytest.skip("a GPU is here")
    settings = SETTINGS.model_copy(update={"system": EvaluationSystem(**system)})
    with pytest.raises(EvaluationError, match=said):
        evaluate(settings, "toy", model, tasks, tmp_path / "out", print)


def test_memory_that_runs_out_makes_the_batch_smaller_then_is_an_error(
    model: Path, tasks: dict[str, Artefact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    real: Callable[..., Any] = Qwen3ForCausalLM.forward

    def short_of(limit: int) -> Callable[..., Any]:
        def forward(self: Any, input_ids: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            sizes.append(len(input_ids))
            if len(input_ids) > limit:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return real(self, input_ids, *args, **kwargs)

        return forward

    alone = SETTINGS.model_copy(update={"tasks": {"abstracts": SETTINGS.tasks["abstracts"]}})
    one = {"abstracts": tasks["abstracts"]}
    monkeypatch.setattr(Qwen3ForCausalLM, "forward", short_of(4))
    evaluate(alone, "toy", model, one, tmp_path, lambda _: None)
    assert sizes[:3] == [16, 8, 4]
    monkeypatch.setattr(Qwen3ForCausalLM, "forward", short_of(0))
    with pytest.raises(EvaluationError, match="memory ran out for a single question of task 'abs"):
        evaluate(alone, "toy", model, one, tmp_path / "none", lambda _: None)
    assert not (tmp_path / "none").exists()


def test_a_prompt_longer_than_the_model_reads_is_refused(
    tasks: dict[str, Artefact], tmp_path: Path
) -> None:
    """lm-eval would cut the examples off and go on."""
    short = toy_model(tmp_path / "short", [" ".join(WORDS)], context=48)
    with pytest.raises(EvaluationError, match=r"question of \d+ tokens, .* reads at most 48"):
        evaluate(SETTINGS, "toy", short, tasks, tmp_path / "out", lambda _: None)


def test_task_data_that_is_gone_or_changed_is_said(data: Path, model: Path, tmp_path: Path) -> None:
    task = SETTINGS.tasks["exam"]
    folder = tmp_path / "exam"
    artefact = whole(folder, "tasks", "exam", benchmarks.export("exam", task, data, folder))
    settings = SETTINGS.model_copy(update={"tasks": {"exam": task}})
    before = benchmarks.inputs("exam", task, data)
    with (folder / "items.jsonl").open("a") as items:
        items.write("{}\n")
    with pytest.raises(EvaluationError, match=r"items\.jsonl of task 'exam' has changed"):
        evaluate(settings, "toy", model, {"exam": artefact}, tmp_path / "out", lambda _: None)
    (folder / "items.jsonl").unlink()
    with pytest.raises(EvaluationError, match=r"items\.jsonl of task 'exam' is gone"):
        evaluate(settings, "toy", model, {"exam": artefact}, tmp_path / "out", lambda _: None)
    with pytest.raises(EvaluationError, match=r"medqa needs .*test\.jsonl: not there"):
        benchmarks.inputs("exam", task, tmp_path)
    (tmp_path / "eval_medqa").mkdir()
    text = (data / "eval_medqa" / "test.jsonl").read_text()
    (tmp_path / "eval_medqa" / "test.jsonl").write_text(text.replace("toux", "fièvre", 1))
    after = benchmarks.inputs("exam", task, tmp_path)
    assert [old.digest == new.digest for old, new in zip(before, after, strict=True)] == [
        True, False,
    ]  # fmt: skip


def test_lm_evals_own_layout_is_written_and_read_back(
    tasks: dict[str, Artefact], results: Artefact, tmp_path: Path
) -> None:
    samples = read_samples(results)
    folder = export_layout("toy", samples, tasks, tmp_path, seed=7)
    (aggregated,) = folder.glob("results_*.json")
    found = {(s.task, s.metric): s for s in read_file(aggregated)}
    own = [s for s in samples if (s.task, s.seed) == ("exam", 7)]
    assert found["exam", "acc"].value == sum(bool(s.correct) for s in own) / len(own)
    assert (found["exam", "acc"].shots, found["exam", "acc"].n) == (2, 24)
    (file,) = folder.glob("samples_exam_*.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["doc"]["id"] for row in rows] == [sample.item for sample in own]
    assert [float(r["filtered_resps"][0][0]) for r in rows] == [
        (s.option_log_likelihoods or (0.0,))[0] for s in own
    ]
    changed = [s for s in samples if s.seed != 1234]
    with pytest.raises(EvaluationError, match="has no answers to 'exam' with seed 1234"):
        export_layout("toy", changed, tasks, tmp_path / "other")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "a JSON list, not a result file"),
        ('{"config_general": {}, "results": {}}', "a result file of lighteval"),
        ('{"acc": 1, "n": 2}', "a JSON object with acc, n"),
        ('{"results": {"a": 1}, "config": {}, "versions": {}}', "not their form"),
        ('{"results": {', "not JSON, or half of it"),
    ],
)
def test_foreign_result_files_are_refused_by_what_they_are(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(EvaluationError, match=complaint):
        read_file(path)


@pytest.mark.skipif(not (DATA / "lm_eval_v03_pythia").is_dir(), reason="needs the real files")
def test_old_result_files_from_the_wild_are_read_with_their_n() -> None:
    files = sorted((DATA / "lm_eval_v03_pythia").glob("*.json"))
    scores = [score for path in files for score in read_file(path)]
    shares = [score for score in scores if score.metric in ("acc", "acc_norm")]
    n = {(s.task, s.n) for s in shares if s.task.startswith("hendrycksTest") and s.n}
    assert ("hendrycksTest-anatomy", 135) in n
    assert ("hendrycksTest-clinical_knowledge", 265) in n
    assert len({task for task, _ in n}) == len(n) == 57, "each subject has one n in all files"
    assert {score.shots for score in scores} == {0, 5}


@pytest.mark.skipif(not (DATA / "eval_medqa").is_dir(), reason="needs the real files")
@pytest.mark.parametrize("name", sorted({*benchmarks.names()} - {"truthfulqa"}))  # not at hand
def test_real_benchmarks_become_tasks_with_examples_that_are_never_asked(
    name: str, tmp_path: Path
) -> None:
    task = TaskSettings(lm_eval=name, group="m", subject="anatomy" if name == "mmlu" else "")
    outcome = benchmarks.export(name, task, DATA, tmp_path)
    artefact = whole(tmp_path, "tasks", name, outcome)
    items, shots = (
        [json.loads(line) for line in (artefact.folder / f).read_text().split("\n") if line]
        for f in ("items.jsonl", "shots.jsonl")
    )
    assert not {item["context"] for item in items} & {shot["context"] for shot in shots}
    assert len(items) == outcome.numbers["items"].value > 100
    assert str(DATA).encode() not in (tmp_path / "task.yaml").read_bytes()


@pytest.mark.parametrize(
    ("reader", "text", "complaint"),
    [
        ("lettered", '{"question": "a"}', "not in the format lettered: KeyError"),
        ("csv", 'a,b,c,"', "not in the format csv"),
        ("csv", "a,b,c,7\n", "has 2 options and its answer is number 8"),
        ("pubmedqa", '{"1": {"final_decision": "perhaps"}}', "not in the format pubmedqa"),
        ("frenchmedmcqa", "{}{", "not in the format frenchmedmcqa"),
    ],
)
def test_a_file_of_another_format_is_refused(
    reader: str, text: str, complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(EvaluationError, match=complaint):
        read_questions(reader, path)


def test_what_the_hub_has_is_pinned_and_programs_are_refused() -> None:
    task = TaskSettings(lm_eval="mmlu_prox_fr_health", group="medical")
    assert "unpinned: li-lab/MMLU-ProX (fr)" in library.unpinned(task)
    pinned = task.model_copy(update={"revision": "a" * 40})
    assert library.unpinned(pinned) == ""
    with pytest.raises(EvaluationError, match="is a program, which is not run"):
        library.needs("pubmedqa")
    with pytest.raises(EvaluationError, match="nothing is called no_such_task"):
        library.needs("no_such_task")


@pytest.mark.parametrize(
    "fields",
    [
        {"group": "g"},
        {"group": "g", "lm_eval": "medqa", "corpus": "c"},
        {"group": "g", "corpus": "c", "shots": 3},
        {"group": "g", "lm_eval": "medqa", "seeds": [1, 1]},
        {"group": "g", "lm_eval": "medqa", "measure": "bits_per_byte"},
    ],
)
def test_a_task_has_one_origin(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TaskSettings.model_validate(fields)
