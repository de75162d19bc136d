"""Two real models answer, a real server judges, and everything is written down."""

import csv
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pyarrow.parquet
import pytest
from judge_server import pick, serving, shown

from evaluation.judge.answers import read_answers
from evaluation.judge.judge import Places, inputs, judge
from evaluation.judge.prompts import FAILURE_MODES
from evaluation.judge.settings import JudgeSettings
from evaluation.settings import EvaluationError
from hub.failure import Refused
from hub.manifest import Artefact, MadeBy, Manifest

TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="module")
def chats(tmp_path_factory) -> dict[str, Artefact]:
    """Two tiny chat models of one tokenizer; only `instruct` has a chat template."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from hub.model_folder import quiet
    from training.settings import TinyModel
    from training.tiny import train_tokenizer

    found = {}
    texts = ["What helps against a cold? Rest, water and time help."] * 20
    for seed, name in enumerate(("instruct", "merged")):
        folder = tmp_path_factory.mktemp("models") / name
        tokenizer = train_tokenizer(TinyModel(corpus="c", licence="CC0-1.0", vocab_size=270), texts)
        tokenizer.add_special_tokens({"additional_special_tokens": ["<|end|>"]})
        torch.manual_seed(seed)
        config = Qwen3Config(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
            head_dim=16, intermediate_size=64, vocab_size=len(tokenizer), dtype="float32",
            max_position_embeddings=4096, tie_word_embeddings=False, bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        if name == "instruct":
            tokenizer.chat_template = TEMPLATE
        with quiet():
            Qwen3ForCausalLM(config).save_pretrained(folder)
            tokenizer.save_pretrained(folder)
        found[name] = artefact(name, folder)
    return found


def artefact(name: str, folder: Path) -> Artefact:
    made_by = MadeBy(
        code="", packages={}, command="", machine="", accelerator="", wall_seconds=0, cpu_seconds=0
    )
    manifest = Manifest(
        kind="model", name=name, key="", digest=f"digest of {name}", files=(), inputs=(),
        recipe={}, numbers={}, licence=(), made_by=made_by,
    )  # fmt: skip
    return Artefact(folder, manifest)


@pytest.fixture
def data(tmp_path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    lines = [{"id": f"q{n}", "query": f"What helps against cold {n}?"} for n in range(6)]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder


def settings_of(by, **changes) -> JudgeSettings:
    return JudgeSettings.model_validate(
        {
            "queries": {"name": "questions", "file": "questions.jsonl"},
            "models": {"instruct": {}, "merged": {"template": "instruct"}},
            "generation": {"max_new_tokens": 12, "batch": 4},
            "by": by,
            "resamples": 200,
        }
        | changes
    )


def run(settings, chats, data, tmp_path, again="", said=None):
    places = Places(tmp_path / f"out{again}", tmp_path / f"private{again}", tmp_path / "cache")
    places.out.mkdir()
    places.private.mkdir()
    lines = [] if said is None else said
    return judge(settings, chats, data, places, lines.append), places


def scripted(request, _):
    answers = shown(request)
    if "" in answers:
        return pick_modes(verbosity=len(answers[""]) > 10)
    return pick("A" if len(answers["A"]) >= len(answers["B"]) else "B", "SECRET-REASON <b>")


def pick_modes(**found):
    from judge_server import Say

    return Say(json.dumps(dict.fromkeys(FAILURE_MODES, False) | found))


def test_a_whole_run_and_a_second_one(chats, data, tmp_path):
    with serving(scripted) as server:
        by = {"endpoint": {"url": server.url, "model": "scripted"}}
        (results, _), places = run(settings_of(by), chats, data, tmp_path)
        num_asked = len(server.asked)
        assert num_asked == 6 * 2 + 2 * 6
        said: list[str] = []
        _, again = run(settings_of(by), chats, data, tmp_path, "-2", said)
        assert len(server.asked) == num_asked, "a second run asks nothing"
        assert not any("answering" in line for line in said), "and generates nothing"
    for name in results.payload:
        assert (places.out / name).read_bytes() == (again.out / name).read_bytes()
    found = json.loads((places.out / "judge.json").read_text())
    assert found["queries"] == 6 and len(found["win_rates"]) == 1
    assert (
        results.numbers["win-rate.merged.instruct"].value == found["win_rates"][0]["rate"]["value"]
    )
    # what can be published holds no text of queries, answers or reasons
    answers = read_answers(places.private / "answers.parquet")
    published = b"".join((places.out / name).read_bytes() for name in results.payload)
    for name in ("verdicts", "modes", "safety"):
        table = pyarrow.parquet.read_table(places.out / f"{name}.parquet")
        published += json.dumps(table.to_pylist()).encode()
    assert b"SECRET-REASON" not in published and b"helps against" not in published
    assert not any(one.text.encode() in published for one in answers if len(one.text) > 8)
    # both models read the same template, the parent's
    prompts = {one.item: one.prompt_sha256 for one in answers if one.model == "instruct"}
    assert all(prompts[one.item] == one.prompt_sha256 for one in answers)
    assert {one.template_sha256 == "" for one in answers if one.model == "merged"} == {False}
    page = (places.private / "report.html").read_text()
    assert "SECRET-REASON &lt;b&gt;" in page and "<b>" not in page
    assert "http://" not in page and "https://" not in page and "<script" not in page
    assert "language_mixing" in page and "merged against instruct" in page


def test_a_killed_generation_goes_on_at_its_batch(chats, data, tmp_path):
    with serving(scripted) as server:
        settings = settings_of({"endpoint": {"url": server.url, "model": "scripted"}})
        _, whole = run(settings, chats, data, tmp_path)
        kept = tmp_path / "cache" / "answers.jsonl"
        lines = kept.read_bytes().split(b"\n")
        kept.write_bytes(b"\n".join(lines[: len(lines) // 2]) + b'\n{"key": "torn')
        said: list[str] = []
        _, again = run(settings, chats, data, tmp_path, "-2", said)
    assert any("answering" in line for line in said)
    assert read_answers(whole.private / "answers.parquet") == read_answers(
        again.private / "answers.parquet"
    )


def test_an_endpoint_elsewhere_is_refused_before_anything_is_done(chats, data, tmp_path):
    by = {"endpoint": {"url": "https://judge.example.org/v1", "model": "m", "send": ["others"]}}
    with pytest.raises(Refused, match="questions may not leave this machine") as refused:
        run(settings_of(by), chats, data, tmp_path)
    assert refused.value.exit_code == 3
    assert not (tmp_path / "cache").exists()


def test_a_model_without_a_template_is_bad_input(chats, data, tmp_path):
    with serving(scripted) as server:
        by = {"endpoint": {"url": server.url, "model": "scripted"}}
        models = {"merged": {}, "instruct": {}}
        with pytest.raises(EvaluationError, match="merged has no chat template"):
            run(settings_of(by, models=models), chats, data, tmp_path)
        assert server.asked == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "at least 2 different queries"),
        ('{"query": "a"}\n{"query": ', "line 2: is not a JSON object"),
        ('{"query": "a"}\n{"frage": "b"}', "line 2: no 'query' to ask"),
        ('{"id": 1, "query": "a"}\n{"id": 1, "query": "b"}', "line 2: '1' is asked twice"),
        ('{"query": ["a"]}', "line 1: 'query' is not text"),
        ("\udcff", "cannot be read"),
    ],
)
def test_queries_that_cannot_be_asked(text, problem, chats, data, tmp_path):
    (data / "questions.jsonl").write_bytes(text.encode("utf-8", "surrogateescape"))
    settings = settings_of({"endpoint": {"url": "http://127.0.0.1:9/v1", "model": "m"}})
    with pytest.raises(EvaluationError, match=problem):
        run(settings, chats, data, tmp_path)


def test_a_local_judge_and_what_people_say(chats, data, tmp_path):
    """A tiny model judges: all it says is prose, and so nobody wins. People fill the sheet in."""
    judge_folder = data / "judge-model"
    judge_folder.symlink_to(chats["instruct"].folder)
    settings = settings_of({"local": {"path": "judge-model"}, "max_tokens": 16}, safety=False)
    assert set(inputs(settings, data)) == {"queries", "judge"}
    _, places = run(settings, chats, data, tmp_path)
    found = json.loads((places.out / "judge.json").read_text())
    rate = found["win_rates"][0]
    assert rate["rate"] is None and sum(rate["bad"].values()) == 12
    assert any("no verdict" in line for line in found["warnings"])
    with (places.private / "sheet.csv").open(newline="", encoding="utf-8-sig") as opened:
        sheet = list(csv.DictReader(opened))
    assert len(sheet) == 6 and all(not row["winner"] for row in sheet)
    assert "instruct" not in json.dumps(sheet) and "merged" not in json.dumps(sheet)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_transformers_serve_as_the_judge(chats, data, tmp_path):
    """The real server with a model that has learnt nothing: its noise is counted as noise."""
    port = free_port()
    command = Path(sys.executable).with_name("transformers")
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [command, "serve", chats["instruct"].folder, "--host", "127.0.0.1", "--port",
             str(port), "--device", "cpu"],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(400):
            assert server.poll() is None, (tmp_path / "log").read_text()[-2000:]
            try:
                if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.3)
        endpoint = {"url": f"{url}/v1", "model": str(chats["instruct"].folder), "concurrency": 1}
        settings = settings_of({"endpoint": endpoint, "max_tokens": 16}, safety=False)
        _, places = run(settings, chats, data, tmp_path)
    finally:
        server.terminate()
        server.wait(20)
    found = json.loads((places.out / "judge.json").read_text())
    bad = found["win_rates"][0]["bad"]
    assert sum(bad.values()) == 12 and bad.keys() <= {"prose", "cut", "empty"}
    assert "unanswered" not in bad and "rejected" not in bad, "the server understood what was asked"
