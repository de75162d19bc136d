"""The judge in a release file: planned as a step, refused before anything runs."""

import json
from pathlib import Path

import pytest
from conftest import DEMO, imprimatur

JUDGE = """\
  judge:
    queries: {{name: questions, file: questions.jsonl}}
    models:
      base: {{template: chat.jinja}}
      adapted: {{template: chat.jinja}}
    by: {{endpoint: {{url: "{url}", model: judge, send: [{send}]}}}}
"""


@pytest.fixture
def release(tmp_path):
    """The demo with a judge; its data is linked to, beside it lie the questions."""

    def write(url: str, send: str = "") -> Path:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        for path in (DEMO.parent / "demo").iterdir():
            if not (data / path.name).exists():
                (data / path.name).symlink_to(path)
        lines = [json.dumps({"query": f"Question {n}?"}) for n in range(3)]
        (data / "questions.jsonl").write_text("\n".join(lines))
        (data / "chat.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}")
        text = DEMO.read_text(encoding="utf-8").replace("data: demo", f"data: {data}")
        text = text.replace("../../space", str(DEMO.parents[2] / "space"))
        judge = JUDGE.format(url=url, send=send)
        text = text.replace("\nspace:", f"\n{judge}\nspace:")
        path = tmp_path / "judged.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_it_is_a_step_of_the_evaluation(release, tmp_path):
    done = imprimatur("plan", release("http://127.0.0.1:8000/v1"), "--workdir", tmp_path / "work")
    assert done.returncode == 0, done.stderr
    assert "judge" in done.stdout


def test_queries_that_may_not_leave_are_refused_by_the_plan(release, tmp_path):
    path = release("https://judge.example.org/v1", send="other-questions")
    done = imprimatur("plan", path, "--workdir", tmp_path / "work")
    assert done.returncode == 3
    assert "the texts of questions may not leave this machine" in done.stderr
    path = release("https://judge.example.org/v1", send="questions")
    assert imprimatur("plan", path, "--workdir", tmp_path / "work").returncode == 0
