"""Nothing more permissive than the words: recognition, evidence, verdicts."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.licences import compose
from hub.licences.evidence import Evidence, judge, resolve
from hub.licences.recognise import recognise
from hub.licences.table import ACTS, LICENCES, restrictiveness


@pytest.mark.parametrize(
    ("words", "id"),
    [
        ("CC BY 4.0", "CC-BY-4.0"),
        ("CC-BY-NC", "LicenseRef-CC-BY-NC"),
        ("cc by-nc-sa 3.0", "CC-BY-NC-SA-3.0"),
        ("CC0", "CC0-1.0"),
        ("https://creativecommons.org/licenses/by-nd/4.0/", "CC-BY-ND-4.0"),
        ("http://creativecommons.org/licenses/by/3.0/fr/legalcode", "CC-BY-3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/deed.fr", "CC0-1.0"),
        ("distributed under the terms of the Creative Commons Attribution License, which permits "
         "unrestricted use, distribution, and reproduction in any medium", "LicenseRef-CC-BY"),
        ("Creative Commons Attribution-NonCommercial 4.0 International License", "CC-BY-NC-4.0"),
        ("etalab-2.0", "etalab-2.0"),
        ("LGPL-LR", "LGPLLR"),
        ("Apache-2.0", "Apache-2.0"),
    ],
)  # fmt: skip
def test_known_words(words, id):
    assert recognise(words) == id


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "free for academic use",
        "CC BY, non-commercial use only",
        "CC BY 4.0 – utilisation commerciale interdite, pas d’utilisation commerciale",
        "CC BY 4.0, aber keine Bearbeitung",
        "Creative Commons Attribution License; all rights reserved",
        "CC BY 4.0 for the figures, CC BY-NC 4.0 for the text",
        "https://creativecommons.org.example.com/licenses/by/4.0/",
        "not CC",
        "x" * 1_000_000,
        "\x00\x01\x02",
        "CC BY-XX 4.0 nonsense licence",
    ],
)
def test_what_is_not_certain_is_not_recognised_as_free(words):
    id = recognise(words)
    assert id is None or LICENCES[id].acts["commercial"] != "allowed"


@given(st.text(alphabet=string.printable + "éàü©–“”", max_size=200))
def test_recognition_never_crashes(words):
    assert recognise(words) is None or recognise(words) in LICENCES


RESTRICTIONS = (
    "non-commercial use only",
    "no derivatives",
    "nicht kommerziell",
    "sans modification",
)


@given(st.sampled_from(sorted(LICENCES)), st.sampled_from(RESTRICTIONS), st.booleans())
def test_an_added_restriction_never_makes_more_permissive(id, restriction, before):
    words = f"{restriction}; {id}" if before else f"{id}, {restriction}"
    found = recognise(words)
    if found is not None:
        for act in ACTS:
            if LICENCES[id].acts[act] == "forbidden":
                assert LICENCES[found].acts[act] == "forbidden"


statements = st.sampled_from(
    ["CC BY 4.0", "CC BY-NC 4.0", "CC BY-ND 4.0", "CC0", "etalab-2.0", "who knows", "GFDL"]
)
evidence = st.lists(st.builds(Evidence, st.sampled_from([1, 2, 3]), statements), max_size=6)
ORDER = {"refused": 0, "unknown": 0, "allowed": 1}


@given(evidence, st.randoms(), st.sampled_from(["commercial", "research"]))
def test_the_order_of_statements_does_not_matter(given_evidence, random, use):
    shuffled = list(given_evidence)
    random.shuffle(shuffled)
    assert judge(resolve(given_evidence), use) == judge(resolve(shuffled), use)


@given(evidence.filter(bool), statements, st.sampled_from(["commercial", "research"]))
def test_a_statement_of_the_deciding_rank_never_makes_more_permissive(given_evidence, words, use):
    deciding = min(entry.rank for entry in given_evidence)
    before = judge(resolve(given_evidence), use)
    after = judge(resolve([*given_evidence, Evidence(deciding, words)]), use)
    assert ORDER[after.verdict] <= ORDER[before.verdict]


@given(evidence)
def test_commercial_use_is_never_wider_than_research(given_evidence):
    resolved = resolve(given_evidence)
    if judge(resolved, "commercial").verdict == "allowed":
        assert judge(resolved, "research").verdict == "allowed"


def test_the_documents_own_words_beat_the_collection():
    found = resolve([Evidence(1, "CC BY 4.0"), Evidence(3, "CC BY-NC 4.0")])
    assert found.licence == "CC-BY-4.0"
    assert found.conflict == "CC BY-NC 4.0"
    assert judge(found, "commercial").verdict == "refused"
    assert judge(found, "research").verdict == "allowed"


def test_no_statement_is_unknown_and_says_so():
    verdict = judge(resolve([]), "research")
    assert verdict.verdict == "unknown"
    assert "no statement" in verdict.rule


def test_no_derivatives_cannot_be_published_cleaned():
    assert judge(resolve([Evidence(1, "CC BY-ND 4.0")]), "research").verdict == "refused"


@given(st.lists(st.lists(st.sampled_from(sorted(LICENCES)), min_size=1, max_size=3), min_size=1))
def test_a_merge_is_bound_by_every_parent(parents):
    licence = compose.governing(compose.merged(parents))
    most = max(restrictiveness(id) for parent in parents for id in parent)
    assert restrictiveness(licence) == most


def test_a_model_trained_on_a_research_corpus_is_for_research():
    licences = compose.adapted(("Apache-2.0",), "research")
    assert LICENCES[compose.governing(licences)].acts["commercial"] == "forbidden"
    assert compose.adapted(("Apache-2.0",), "commercial") == ("Apache-2.0",)
