"""The recipe of every local source: it names all there are, and `plan` finds nothing wrong.

Needs ../shared/data; skipped without it.
"""

from pathlib import Path

import pytest
import yaml
from conftest import ROOT, imprimatur

from release.recipe import load

DATA = ROOT.parent / "shared" / "data"
RECIPE = ROOT / "release" / "recipes" / "every-source.yaml"
DEFINITIONS = ROOT / "evaluation" / "tasks" / "definitions"
NO_TEXT = {"biblio_xml_pubmed", "biblio_xml_sudoc-theses", "lm_eval_v03_pythia",
           "mergekit_configs", "pmc_oa_file_list"}  # fmt: skip
"""library records, which no reader takes; scores, configurations, a list of files"""

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real sets (../shared/data) lie apart"
)


def test_its_plan_has_nothing_against_it(tmp_path):
    done = imprimatur("plan", RECIPE, "--set", f"data={DATA}", "--workdir", tmp_path / "w")
    assert done.returncode == 0, done.stderr
    assert "unpinned" not in done.stdout


def test_every_set_is_a_source_or_a_task_and_each_corpus_takes_all():
    release = load(RECIPE).release
    read = {Path(source.path or source.files).parts[0] for source in release.sources.values()}
    assert release.evaluation
    for task in release.evaluation.tasks.values():
        definition = yaml.safe_load((DEFINITIONS / f"{task.lm_eval}.yaml").read_text("utf-8"))
        files = definition["metadata"]["files"].values()
        read |= {Path(name).parts[0] for name in files}
    assert {folder.name for folder in DATA.iterdir()} == read | NO_TEXT
    for corpus in release.corpora.values():
        assert set(corpus.sources) == set(release.sources)
        assert set(corpus.decontaminate) == set(release.evaluation.tasks)
