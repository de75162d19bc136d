"""Results on cards and in `.eval_results`: what was measured twice is there twice."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub import EvalResult, HfApi, ModelCard, ModelCardData
from huggingface_hub.repocard_data import eval_results_to_model_index

from evaluation.results import TaskScore, write_results
from hub.failure import BadInput, Unexpected
from hub.rehearsal import eval_results as hub_side
from hub.rehearsal.serve import running
from hub.results import Result, card_results, check_card, entry_files, read_benchmark
from hub.verify import check_eval_results
from release import benchmarks
from release.schema import BenchmarkSettings

BOTH = [
    Result("lab/bench", "Bench", "accuracy", value, settings={"num_fewshot": shots},
           source_url="https://example.org/log")
    for shots, value in ((0, 0.41), (5, 0.57))
]  # fmt: skip
EVAL_YAML = "name: Bench\ntasks:\n  - id: bench-fr\n    config: default\n    split: test\n"


def test_zero_and_five_shot_survive_the_card():
    data = ModelCardData(model_name="m", eval_results=card_results(BOTH))
    card = ModelCard(f"---\n{data.to_yaml()}\n---\n")
    read = {r.metric_args["num_fewshot"]: r.metric_value for r in card.data.eval_results}
    assert read == {0: 0.41, 5: 0.57}
    assert {r.metric_name for r in card.data.eval_results} == {
        "accuracy, 0-shot",
        "accuracy, 5-shot",
    }


def test_a_setting_that_the_serialiser_loses_is_noticed():
    """Two dataset names under one dataset: the client keeps the first."""
    plain = {
        "task_type": "text-generation", "dataset_type": "lab/bench", "metric_type": "accuracy",
    }  # fmt: skip
    written = [
        EvalResult(**plain, dataset_name=f"Bench {shots}-shot", metric_value=value)
        for shots, value in ((0, 0.41), (5, 0.57))
    ]
    with pytest.raises(Unexpected, match="5-shot"):
        check_card(eval_results_to_model_index("m", written), written)


def test_one_file_a_task_and_setting_for_registered_benchmarks_only():
    benchmark = read_benchmark("lab/bench", "5503434ddd753f426f4b38109466949a1217c2bb", EVAL_YAML)
    other = Result("lab/own-questions", "Own", "accuracy", 0.9)
    files = entry_files([*BOTH, other], {"lab/bench": benchmark}, "2026-11-20")
    assert len(files) == 2
    for path, text in files.items():
        assert path.startswith(".eval_results/bench-fr-accuracy-")
        (entry,), problem = hub_side.read(text)
        assert problem is None
        assert entry["dataset"]["task_id"] == "bench-fr"
        assert entry["notes"] in path
    values = [hub_side.read(text)[0][0]["value"] for text in files.values()]
    assert values == [0.41, 0.57]


def test_a_dataset_without_tasks_is_no_benchmark():
    with pytest.raises(BadInput, match="lists no tasks"):
        read_benchmark("lab/bench", "5503434", "name: Bench\n")


def scores(folder: Path, value: float) -> Any:
    """A results artefact of two tasks."""
    rows = [TaskScore("small", task, "g", "accuracy", value, 0.0, 1.0, 9, 0.1, "exact")
            for task in ("cloze", "other")]  # fmt: skip
    folder.mkdir()
    write_results(folder, [], rows)
    return SimpleNamespace(folder=folder, manifest=SimpleNamespace(digest=f"{value}"))


def test_scores_of_a_benchmark_are_shown_by_the_hub(tmp_path, monkeypatch):
    """From the release file to the Hub and back; the same bytes at a later call."""
    asked = BenchmarkSettings(dataset="lab/bench", settings={"num_fewshot": 5})
    release: Any = SimpleNamespace(benchmarks={"cloze": asked})
    source = "lab/r-results", "v1.0.0"
    with running(tmp_path / "hub", {"lab": "hf_t"}, []) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        api = HfApi(endpoint=url, token="hf_t")
        made = scores(tmp_path / "results", 0.41)
        with pytest.raises(BadInput, match="no such dataset"):
            benchmarks.files(release, "small", made, source, tmp_path)
        api.create_repo("lab/bench", repo_type="dataset")
        with pytest.raises(BadInput, match=r"no eval\.yaml"):
            benchmarks.files(release, "small", made, source, tmp_path)
        api.upload_file(path_or_fileobj=EVAL_YAML.encode(), path_in_repo="eval.yaml",
                        repo_id="lab/bench", repo_type="dataset")  # fmt: skip
        other: Any = SimpleNamespace(
            benchmarks={"cloze": asked.model_copy(update={"split": "dev"})}
        )
        with pytest.raises(BadInput, match=r"no task for default/dev .*default/test"):
            benchmarks.files(other, "small", made, source, tmp_path)
        files = benchmarks.files(release, "small", made, source, tmp_path)
        assert [*files] == [".eval_results/bench-fr-accuracy-5-shot.yaml"]
        folder = tmp_path / "model"
        (folder / ".eval_results").mkdir(parents=True)
        for path, text in files.items():
            (folder / path).write_text(text)
        api.create_repo("lab/small")
        api.upload_folder(folder_path=folder, repo_id="lab/small")
        monkeypatch.setattr("huggingface_hub.HfApi", lambda: api)
        assert check_eval_results("lab/small", "main", folder) == 1
        (path,) = (folder / ".eval_results").iterdir()
        path.write_text(path.read_text().replace("0.41", "0.97"))
        with pytest.raises(Unexpected, match="does not show its result on lab/bench, bench-fr"):
            check_eval_results("lab/small", "main", folder)
    assert benchmarks.files(release, "small", made, source, tmp_path) == files  # no network now
