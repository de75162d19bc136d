"""Three floors and no arrow upwards: release -> stages -> hub. Kept by a test, not by goodwill."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAGES = ("corpus", "training", "merging", "evaluation")
OURS = {*STAGES, "hub", "release", "space"}

ALLOWED = {
    **{stage: {stage, "hub"} for stage in STAGES},
    "hub": {"hub"},
    "release": OURS - {"space"},
    "space": set(),
}

STAGES_MAY_USE = {
    "hub.manifest", "hub.licences", "hub.disk", "hub.environment", "hub.failure",
    "hub.model_folder",
}  # fmt: skip


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}: imports are absolute")
    return found


@pytest.mark.parametrize("folder", sorted(ALLOWED))
def test_no_arrow_upwards(folder):
    for path in (ROOT / folder).rglob("*.py"):
        ours = {name.split(".")[0] for name in imports(path)} & OURS
        assert ours <= ALLOWED[folder], f"{path} imports {ours - ALLOWED[folder]}"


@pytest.mark.parametrize("stage", STAGES)
def test_stages_meet_in_the_contracts_only(stage):
    for path in (ROOT / stage).rglob("*.py"):
        for name in imports(path):
            if name.startswith("hub."):
                assert ".".join(name.split(".")[:2]) in STAGES_MAY_USE, f"{path} imports {name}"


def test_help_and_settings_load_nothing_heavy():
    """What makes `imprimatur --help` quick, stated as what it must not load."""
    heavy = (
        "torch transformers trl mergekit lm_eval datasets datatrove numpy huggingface_hub gradio"
    )
    heavy = [*heavy.split(), "pyarrow"]
    for module, forbidden in (("release.cli", [*heavy, "pydantic", "ruamel", "rich"]),
                              ("release.recipe", heavy)):  # fmt: skip
        code = f"import sys, {module}; print([m for m in {forbidden} if m in sys.modules])"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]", f"{module} loads {done.stdout}"


def test_no_file_outgrows_its_reader():
    for folder in OURS:
        for path in (ROOT / folder).rglob("*.py"):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            assert lines <= 450, f"{path} has {lines} lines: look for the missing noun"
