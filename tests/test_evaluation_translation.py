"""Translated benchmarks: a scripted translator behind real HTTP, on good days and on bad ones."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evaluation_models import whole
from judge_server import Say, Script, serving
from pydantic import ValidationError

from evaluation.settings import EvaluationError, EvaluationSettings, TaskSettings
from evaluation.tasks import benchmarks
from evaluation.tasks.artefact import read_definition, read_items
from evaluation.translation.aligned import why_not
from evaluation.translation.settings import TranslationSettings
from evaluation.translation.translate import SET_ASIDE, inputs, translate
from hub.failure import Failed, Refused
from hub.manifest import Artefact

SOURCE = {
    "question": "A patient of 65 takes 1,000 mg a day. What is given?",
    "option_A": "0.5 mg of digoxin",
    "option_B": "Furosemide",
    "option_C": "Amoxicillin",
}
GOOD = {
    "question": "Un patient de 65 ans prend 1 000 mg par jour. Que donne-t-on ?",
    "option_A": "0,5 mg de digoxine",
    "option_B": "Furosémide",
    "option_C": "Amoxicilline",
}


def test_an_aligned_translation_is_taken() -> None:
    assert why_not(SOURCE, GOOD) == ""
    # a name may be the same in both languages, and so may a short question
    assert why_not(SOURCE, GOOD | {"option_B": "Furosemide"}) == ""
    assert (
        why_not({"question": "ECG ?", "option_A": "a"}, {"question": "ECG ?", "option_A": "b"})
        == ""
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"option_D": "Rien"}, "other fields"),
        ({"option_C": None}, "other fields"),
        ({"option_B": "  "}, "an empty text"),
        ({"option_B": 3}, "an empty text"),
        ({"option_A": "5 mg de digoxine"}, "the numbers of option_A"),
        ({"question": "Un patient prend 1 000 mg. Que donne-t-on ?"}, "the numbers of question"),
        ({"option_B": "Amoxicillin", "option_C": "Furosemide"}, "options in another order"),
        ({"option_B": "Amoxicilline"}, "two options became one"),
        ({"option_B": "B. Furosémide"}, "a letter before option_B"),
        ({"question": SOURCE["question"].upper()}, "not translated"),
    ],
)
def test_what_is_not_the_same_question_is_said(changes: dict[str, Any], why: str) -> None:
    found = {name: text for name, text in (GOOD | changes).items() if text is not None}
    assert why_not(SOURCE, found) == why


def test_what_is_no_object_is_said() -> None:
    assert why_not(SOURCE, ["A"]) == "other fields"


def french(texts: dict[str, str]) -> dict[str, str]:
    return {name: f"« {text} »" for name, text in texts.items()}


def material(request: dict[str, Any]) -> dict[str, str]:
    asked = request["messages"][-1]["content"]
    found: dict[str, str] = json.loads(re.findall(r"<material \w+>\n(.*?)\n</", asked, re.S)[0])
    return found


def translator(but: Callable[[int, dict[str, str]], Say | None] = lambda *_: None) -> Script:
    def script(request: dict[str, Any], number: int) -> Say:
        texts = material(request)
        return but(number, texts) or Say(json.dumps(french(texts), ensure_ascii=False))

    return script


def settings_for(url: str, of: str = "exam", **changes: Any) -> TranslationSettings:
    endpoint = {"url": url, "model": "scripted", "retries": 0, "concurrency": 1}
    endpoint |= changes.pop("endpoint", {})
    said = {"of": of, "language": "fr", "called": "French", "by": {"endpoint": endpoint}}
    return TranslationSettings.model_validate(said | changes)


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artefact]:
    data, root = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("tasks")
    lines = [
        json.dumps({"realidx": n, "question": f"Which one is number {n} of them?",
                    "options": {letter: f"{word} {n}" for letter, word in
                                zip("ABCD", ("liver", "heart", "lung", "skin"), strict=True)},
                    "answer_idx": "ABCD"[n % 4]})
        for n in range(36)
    ]  # fmt: skip
    (data / "eval_medqa").mkdir()
    (data / "eval_medqa" / "test.jsonl").write_text("\n".join(lines))
    (data / "pubmedqa").mkdir()
    abstracts = {
        str(n): {"QUESTION": f"Does it help {n}?", "CONTEXTS": [f"It was given {n} times."],
                 "final_decision": ("yes", "no", "maybe")[n % 3]}
        for n in range(24)
    }  # fmt: skip
    (data / "pubmedqa" / "ori_pqal.json").write_text(json.dumps(abstracts))
    found = {}
    for name, task in {
        "exam": TaskSettings(lm_eval="medqa", group="en", shots=2),
        "abstracts": TaskSettings(lm_eval="pubmedqa", group="en", shots=0),
    }.items():
        found[name] = whole(
            root / name, "tasks", name, benchmarks.export(name, task, data, root / name)
        )
    return found


def run(
    task: Artefact, settings: TranslationSettings, root: Path, lines: list[str] | None = None
) -> Artefact:
    out = root / "out"
    said = (lines if lines is not None else []).append
    outcome = translate("exam-fr", settings, task, root, root / "cache", out, said)
    return whole(out, "tasks", "exam-fr", outcome)


def test_ids_options_and_answers_stay_where_they_were(
    tasks: dict[str, Artefact], tmp_path: Path
) -> None:
    with serving(translator()) as server:
        made = run(tasks["exam"], settings_for(server.url), tmp_path)
        again = run(tasks["exam"], settings_for(server.url), tmp_path)
        assert len(server.asked) == 36  # 20 questions and 16 examples, each once
    assert again.manifest.digest == made.manifest.digest
    before, after = read_items(tasks["exam"]), read_items(made)
    assert len(after) == 20
    for source, item in zip(before, after, strict=True):
        assert (item["id"], item["answer"]) == (source["id"], source["answer"])
        assert item["options"] == [f"« {option} »" for option in source["options"]]
        assert item["context"] == f"« {source['context']} »"
    assert read_items(made, "shots.jsonl")[0]["context"].startswith("«")
    asked, source_definition = read_definition(made), read_definition(tasks["exam"])
    assert asked["task"] == "exam-fr"
    assert asked["doc_to_text"] == source_definition["doc_to_text"]
    # the translator learns neither which option is right nor which question it is
    for request in server.asked:
        assert set(material(request)) == {"question", *(f"option_{each}" for each in "ABCD")}
        assert request["temperature"] == 0


def test_what_comes_back_otherwise_is_set_aside_by_id_and_reason(
    tasks: dict[str, Artefact], tmp_path: Path
) -> None:
    def bad_days(number: int, texts: dict[str, str]) -> Say | None:
        if number == 1:
            swapped = french(texts) | {"option_A": texts["option_B"]}
            return Say(json.dumps(swapped))
        if number == 3:
            return Say("I would rather not.")
        return Say(finish="content_filter") if number == 5 else None

    lines: list[str] = []
    with serving(translator(bad_days)) as server:
        settings = settings_for(server.url, least=0.5, asked={"description": "Un examen.\n\n"})
        made = run(tasks["exam"], settings, tmp_path, lines)
    ids = [item["id"] for item in read_items(tasks["exam"])]
    assert [item["id"] for item in read_items(made)] == [
        id for number, id in enumerate(ids) if number not in (1, 3, 5)
    ]
    assert read_items(made, SET_ASIDE) == [
        {"id": ids[1], "why": "options in another order"},
        {"id": ids[3], "why": "not JSON"},
        {"id": ids[5], "why": "refused"},
    ]  # fmt: skip
    assert made.manifest.numbers["items"].value == 17
    assert made.manifest.numbers["set_aside.not JSON"].value == 1
    assert read_definition(made)["description"] == "Un examen.\n\n"
    assert "17 of 20 questions came back aligned" in lines


def test_too_few_aligned_questions_are_no_task(tasks: dict[str, Artefact], tmp_path: Path) -> None:
    with (
        serving(translator(lambda *_: Say("non"))) as server,
        pytest.raises(Failed, match=r"0 of 20 questions of exam came back aligned \(not JSON 20\)"),
    ):
        run(tasks["exam"], settings_for(server.url), tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_run_that_broke_off_asks_only_what_it_had_not(
    tasks: dict[str, Artefact], tmp_path: Path
) -> None:
    replies = tmp_path / "cache" / "replies.jsonl"
    broken = [True]

    def script(number: int, _: dict[str, str]) -> Say | None:
        return Say(status=500) if broken[0] and number >= 10 else None

    with serving(translator(script)) as server:
        settings = settings_for(server.url)
        with pytest.raises(Failed, match="unanswered"):
            run(tasks["exam"], settings, tmp_path)
        assert len([line for line in replies.read_text().split("\n") if line]) == 10
        # as by a kill in the middle of a write
        replies.write_bytes(replies.read_bytes()[:-20])
        broken[0] = False
        before = len(server.asked)
        made = run(tasks["exam"], settings, tmp_path)
        assert len(server.asked) - before == 36 - 9
    assert len(read_items(made)) == 20


def test_options_of_every_question_are_translated_once(
    tasks: dict[str, Artefact], tmp_path: Path
) -> None:
    with serving(translator()) as server:
        made = run(tasks["abstracts"], settings_for(server.url, "abstracts"), tmp_path)
        assert material(server.asked[0]) == {
            "option_A": "yes", "option_B": "no", "option_C": "maybe"
        }  # fmt: skip
        assert all(set(material(each)) == {"question", "passage"} for each in server.asked[1:])
    for item in read_items(made):
        assert item["options"] == ["« yes »", "« no »", "« maybe »"]
        assert item["passage"].startswith("«")


def test_examples_may_stay_as_they_are(tasks: dict[str, Artefact], tmp_path: Path) -> None:
    with serving(translator()) as server:
        made = run(tasks["exam"], settings_for(server.url, shots="original"), tmp_path)
        assert len(server.asked) == 20
    assert read_items(made, "shots.jsonl") == read_items(tasks["exam"], "shots.jsonl")


def test_nothing_leaves_that_is_not_named(tasks: dict[str, Artefact], tmp_path: Path) -> None:
    settings = settings_for("https://translate.example.org/v1")
    with pytest.raises(Refused, match="the texts of exam may not leave this machine"):
        inputs(settings, tmp_path)
    with pytest.raises(Refused, match="the texts of exam may not leave this machine"):
        run(tasks["exam"], settings, tmp_path)
    named = settings_for("https://translate.example.org/v1", endpoint={"send": ["exam"]})
    assert inputs(named, tmp_path) == ()


def test_a_translator_that_is_no_model_is_said_at_once(tmp_path: Path) -> None:
    settings = settings_for("http://127.0.0.1:9/v1", by={"local": {"path": "nowhere"}})
    with pytest.raises(EvaluationError, match="not a model folder: the translator"):
        inputs(settings, tmp_path)


@pytest.mark.parametrize(
    ("tasks_said", "said"),
    [
        ({"of": "nothing"}, "nothing is no task on files"),
        ({"of": "exam-fr"}, "exam-fr is no task on files"),
        ({"of": "health"}, "health is no task on files"),
    ],
)
def test_only_questions_on_files_can_be_translated(tasks_said: dict[str, str], said: str) -> None:
    translation = {"language": "fr", "called": "French",
                   "by": {"endpoint": {"url": "http://127.0.0.1:9/v1", "model": "m"}}}  # fmt: skip
    with pytest.raises(ValidationError, match=said):
        EvaluationSettings.model_validate(
            {
                "models": ["base"],
                "tasks": {
                    "exam": {"lm_eval": "medqa", "group": "en"},
                    "health": {"lm_eval": "mmlu_prox_fr_health", "group": "fr"},
                    "exam-fr": {"group": "fr", "translation": translation | tasks_said},
                },
            }
        )


@pytest.mark.parametrize("field", [{"shots": 3}, {"n": 10}, {"questions": 5}])
def test_a_translation_has_the_questions_of_its_task(field: dict[str, int]) -> None:
    settings = settings_for("http://127.0.0.1:9/v1")
    with pytest.raises(ValidationError, match="has the questions and shots of its task"):
        TaskSettings(translation=settings, group="fr", **field)  # type: ignore[arg-type]
