"""The release file: precedence, line marks, every problem listed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release import yaml
from release.recipe import RecipeError, load
from release.steps import steps

RECIPES = Path(__file__).parents[1] / "release" / "recipes"

SMALL = """\
release: small
version: 0.1.0
namespace: someone
description: A small release.
sources:
  notes: {reader: jsonl, files: "*.jsonl"}
corpora:
  general: {sources: [notes], use: commercial}
models:
  blank: {tiny: {corpus: general, licence: CC0-1.0}}
training:
  base: {base: blank, corpus: general, sft_config: {learning_rate: 2e-5, max_steps: 60}}
scales:
  mini: {training.base.sft_config.max_steps: 5}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def problems(path: Path, **arguments) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load(path, **arguments)
    return [str(problem) for problem in caught.value.problems]


def test_yaml_1_2_reads_numbers_as_numbers_and_no_as_text():
    assert yaml.plain(yaml.read("{a: 2e-5, b: no, c: 0o17, d: off}")) == {
        "a": 2e-5, "b": "no", "c": 15, "d": "off",
    }  # fmt: skip


def test_file_then_scale_then_set(small):
    def max_steps(*arguments) -> int:
        return load(small, *arguments).release.training["base"].sft_config["max_steps"]

    assert max_steps() == 60
    assert max_steps("mini") == 5
    assert max_steps("mini", ["training.base.sft_config.max_steps=7"]) == 7


@given(st.one_of(st.integers(-(10**9), 10**9), st.booleans(), st.floats(0.001, 1e6)))
def test_set_reads_values_as_the_file_does(value):
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    assert yaml.plain(yaml.read(text)) == value


def test_a_duplicate_key_is_refused_with_its_line(small):
    small.write_text(SMALL + "scales:\n  mini: {}\n")
    assert problems(small) == [f"{small}:15: scales is given twice"]


def test_every_problem_is_listed_with_its_line(small):
    text = SMALL.replace("use: commercial", "use: comercial").replace(
        "version: 0.1.0", "version: 1"
    )
    small.write_text(text.replace("files:", "fles:"))
    found = problems(small)
    assert any(line.startswith(f"{small}:2: version") for line in found)
    assert any(line.startswith(f"{small}:8: corpora.general.use") for line in found)
    assert any("fles: unknown field; did you mean files?" in line for line in found)
    assert any("sources.notes.files: is missing" in line for line in found)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("corpus: general, sft", "corpus: generl, sft", 12, "nothing is named generl; did you"),
        ("base: blank", "base: bland", 12, "nothing is named bland; did you mean blank?"),
        ("[notes]", "[nots]", 8, "nothing is named nots; did you mean notes?"),
        ("CC0-1.0", "freeware", 10, "unknown licence “freeware”"),
        ("  base: {base", "  general: {base", 12, "general is already defined in corpora"),
    ],
)  # fmt: skip
def test_undefined_names_and_licences_have_their_line(small, old, new, line, words):
    small.write_text(SMALL.replace(old, new))
    (problem,) = problems(small)
    assert problem.startswith(f"{small}:{line}: ")
    assert words in problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense.field=1", "unknown field"),
        ("training.bse.sft_config.max_steps=1", "there is no bse in training; did you mean base?"),
        ("version.major=1", "version has no fields"),
        ("no equals sign", "must look like a.b=value"),
        ("version={", "not valid YAML"),
    ],
)
def test_a_wrong_set_is_one_problem(small, text, words):
    (problem,) = problems(small, sets=[text])
    assert words in problem


@pytest.mark.parametrize("scales", ["scales: [mini]", "scales: {mini: 3}"])
def test_scales_of_another_kind_are_one_problem(small, scales):
    small.write_text(SMALL.partition("scales:")[0] + scales + "\n")
    assert any(line.startswith(f"{small}:13: scales") for line in problems(small, scale="mini"))


def test_without_scales_set_still_counts_and_a_scale_is_unknown(small):
    small.write_text(SMALL.partition("scales:")[0])
    assert load(small, None, ["version=0.2.0"]).release.version == "0.2.0"
    assert problems(small, scale="mini") == [f"{small}: no scale mini (there are: none)"]


def test_an_unknown_scale_names_those_there_are(small):
    assert problems(small, scale="huge") == [f"{small}: no scale huge (there are: mini)"]


@pytest.mark.parametrize("content", [b"", b"- a\n- b\n", b"\xff\xfe", b"a: [1,", b"a: &x *x\n"])
def test_what_is_no_release_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    for problem in problems(path):
        assert "\n" not in problem


def test_a_missing_file_and_a_folder(tmp_path):
    assert problems(tmp_path / "none.yaml") == [f"{tmp_path / 'none.yaml'}: there is no such file"]
    assert problems(tmp_path) == [f"{tmp_path}: is a folder, not a file"]


def test_data_is_relative_to_the_file_and_set_data_to_where_one_stands(
    small, monkeypatch, tmp_path
):
    assert load(small).data == small.parent
    monkeypatch.chdir(tmp_path)
    assert load(small, sets=["data=sub/folder"]).data == tmp_path / "sub" / "folder"


def test_models_that_need_each_other_are_refused(small):
    more = "  other: {base: base, corpus: general}\n"
    text = SMALL.replace("base: blank", "base: other").replace("scales:", more + "scales:")
    small.write_text(text)
    (small.parent / "a.jsonl").write_text('{"text": "a"}\n')
    with pytest.raises(RecipeError, match="a circle"):
        steps(load(small))


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_recipes_load_at_every_scale(path):
    release = load(path).release
    for scale in release.scales:
        load(path, scale)
