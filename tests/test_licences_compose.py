"""Composition: never more than every part grants, whatever the order; and people's decisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.licences import compose
from hub.licences.evidence import Evidence, judge, judge_acts, resolve, settle
from hub.licences.expression import all_of, licence_of, normalised, permission
from hub.licences.recognise import recognise
from hub.licences.rights import RecordedDecision, RightsBasis
from hub.licences.table import ACTS, LICENCES, aliases

ids = st.sampled_from(sorted(LICENCES))
acts = st.lists(st.sampled_from(ACTS), min_size=1, max_size=4, unique=True).map(tuple)
uses = st.sampled_from(["commercial", "research"])
LEVEL = {"allowed": 0, "unknown": 1, "forbidden": 2}
TRAIN_ANYWAY = RightsBasis(basis="tdm-exception", article="Art. 4", use="commercial")


def test_every_id_of_the_hub_has_a_row():
    named = {row.hub for row in LICENCES.values()}
    assert {"apache-2.0", "gfdl", "odbl", "llama4", "openrail++", "unknown", "other"} <= named
    assert len(named) == 83
    assert all(row.url.startswith("http") for row in LICENCES.values())


@given(st.lists(ids, min_size=1, max_size=4), acts)
def test_what_a_part_does_not_grant_the_whole_does_not(parts, asked):
    whole = permission(all_of(parts), asked)
    assert LEVEL[whole] == max(LEVEL[LICENCES[id].acts[act]] for id in parts for act in asked)
    assert compose.allows(parts, asked) == whole


@given(ids, ids, acts)
def test_an_or_grants_what_one_branch_grants_at_once(one, other, asked):
    either = permission(f"{one} OR {other}", asked)
    assert LEVEL[either] == min(LEVEL[permission(one, asked)], LEVEL[permission(other, asked)])


@given(st.lists(ids, min_size=1, max_size=4), st.randoms())
def test_order_does_not_matter(parts, random):
    shuffled = list(parts)
    random.shuffle(shuffled)
    assert all_of(parts) == all_of(shuffled)
    assert compose.merged([[id] for id in parts]) == compose.merged([[id] for id in shuffled])
    stated, again = ([Evidence(1, id) for id in order] for order in (parts, shuffled))
    assert resolve(stated) == resolve(again)


@given(st.lists(ids, min_size=1, max_size=3), ids, uses)
def test_another_statement_of_the_rank_never_gives_more(parts, added, use):
    before = judge_acts(resolve([Evidence(2, id) for id in parts]), use)
    after = judge_acts(resolve([Evidence(2, id) for id in [*parts, added]]), use)
    for act in ("train", "publish_cleaned", "publish_verbatim"):
        if getattr(after, act).verdict == "allowed":
            assert getattr(before, act).verdict == "allowed"


@given(st.lists(ids, min_size=1, max_size=3), ids, uses, st.sampled_from([*compose.POSITIONS]))
def test_another_document_never_frees_a_model(corpus, added, use, position):
    before = compose.adapted(("MIT",), use, corpus, position)
    after = compose.adapted(("MIT",), use, [*corpus, added], position)
    for act in ACTS:
        assert LEVEL[compose.allows(after, (act,))] >= LEVEL[compose.allows(before, (act,))]


@given(ids, ids)
def test_an_expression_reads_back(one, other):
    for joint in ("AND", "OR"):
        written = normalised(f"{one} {joint} {other}", lambda name: aliases().get(name.lower()))
        assert written is not None
        assert set(licence_of(written).acts) == set(ACTS)


def test_two_restrictions_of_one_rank_both_bind():
    found = resolve([Evidence(1, "CC BY-NC 4.0"), Evidence(1, "CC BY-ND 4.0")])
    assert licence_of(found.licence).acts["commercial"] == "forbidden"
    assert judge(found, "research").verdict == "refused"


def test_a_restriction_of_lower_rank_is_a_conflict_even_without_a_licences_name():
    found = resolve([Evidence(1, "CC BY 4.0"), Evidence(2, "for academic use only")])
    assert judge(found, "commercial").verdict == "refused"
    assert judge(found, "research").verdict == "allowed"


def test_no_derivatives_is_trained_on_where_a_right_allows_it_and_never_published_cleaned():
    silent = resolve([Evidence(1, "all rights reserved")])
    assert judge_acts(silent, "research").train.verdict == "unknown"
    found = judge_acts(silent, "research", TRAIN_ANYWAY)
    assert (found.train.verdict, found.corpus.verdict) == ("allowed", "refused")
    research = RightsBasis(basis="tdm-exception", article="Art. 3")
    assert judge_acts(silent, "commercial", research).train.verdict != "allowed"


def test_an_opt_out_of_mining_is_honoured():
    said = [Evidence(1, "all rights reserved; text and data mining is reserved")]
    assert judge_acts(resolve(said), "research", TRAIN_ANYWAY).train.verdict == "refused"


def test_an_opt_out_that_the_source_states_elsewhere_is_honoured():
    silent = resolve([Evidence(1, "all rights reserved")])
    reserved = TRAIN_ANYWAY.model_copy(update={"reserved": "tdmrep.json: tdm-reservation 1"})
    train = judge_acts(silent, "research", reserved).train
    assert train.verdict == "refused"
    assert "tdmrep.json" in train.rule
    granted = resolve([Evidence(1, "CC BY 4.0")])
    assert judge_acts(granted, "commercial", reserved).train.verdict == "allowed"


def test_a_basis_has_to_say_which():
    with pytest.raises(ValidationError, match="needs article"):
        RightsBasis(basis="contract")


STATED = [Evidence(1, "CC BY 4.0"), Evidence(3, "CC BY-NC 4.0")]
COPIES = [("d1", "leaflets")]


def recorded(**fields):
    return RecordedDecision(**{"rule": "conflict", "who": "A. Name", "why": "own terms", **fields})


def test_a_conflict_is_settled_by_name_only():
    assert settle(STATED, COPIES, []).resolved.conflict
    settled = settle(STATED, COPIES, [recorded(sources=("leaflets",))])
    assert judge(settled.resolved, "commercial").verdict == "allowed"
    assert settled.decided_by == "A. Name (conflict): own terms"
    assert settle(
        STATED, [*COPIES, ("d2", "web")], [recorded(sources=("leaflets",))]
    ).resolved.conflict


def test_a_decision_reads_unread_words_and_frees_nothing_else():
    reading = recorded(rule="unread", documents=("d1",), licence="CC-BY-4.0")
    unread = [Evidence(1, "free to all who credit us")]
    assert settle(unread, COPIES, [reading]).resolved.licence == "CC-BY-4.0"
    forbidden = [Evidence(1, "CC BY-NC 4.0")]
    assert settle(forbidden, COPIES, [reading]).resolved.licence == "CC-BY-NC-4.0"
    both = settle([*unread, *forbidden], COPIES, [reading]).resolved
    assert judge(both, "commercial").verdict == "refused"


@pytest.mark.parametrize("fields", [{}, {"sources": ("a",), "licence": "MIT"},
                                    {"rule": "unread", "sources": ("a",)},
                                    {"sources": ("a",), "who": ""}])  # fmt: skip
def test_a_decision_without_its_reasons_is_refused(fields):
    with pytest.raises(ValidationError):
        recorded(**fields)


def test_an_added_restriction_makes_any_licence_unread_or_already_had_it():
    for id in LICENCES:
        found = recognise(f"{id}, but no commercial use and no modifications")
        assert found is None or licence_of(found).acts["commercial"] == "forbidden"
