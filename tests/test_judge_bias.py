"""A judge with a known bias: the bias is found, and no win comes of it."""

import random
from pathlib import Path

import pytest
from judge_server import better_of, made_up, pick, serving, settings_for, shown

from evaluation.judge.failures import examine, mode_changes, mode_rates
from evaluation.judge.pairwise import (
    Comparison,
    Shown,
    compare,
    length_bias,
    position_bias,
    win_rates,
)
from evaluation.judge.prompts import FAILURE_MODES
from evaluation.judge.queries import Query
from evaluation.language_model.ask import Replies, ask_all


def judged(script, num, better, tmp_path: Path, **changes):
    queries, answers = made_up(num, better)
    with serving(script) as server:
        settings = settings_for(server.url, endpoint={"concurrency": 8}, **changes)
        replies = Replies(tmp_path / "replies.jsonl", settings.by, "")

        def ask(questions):
            return ask_all(questions, settings.by, lambda: None, replies, lambda _: None).replies

        comparisons = compare(queries, answers, settings, ask)
    return comparisons, win_rates(comparisons, settings)[0], settings


def test_a_fair_judge_gives_the_true_rate(tmp_path):
    comparisons, found, settings = judged(
        lambda request, _: pick(better_of(request)), 60, lambda n: n % 3 != 0, tmp_path
    )
    assert found.rate.value == pytest.approx(2 / 3)
    assert found.rate.low > 0.5 and found.p_adjusted < 0.05
    assert found.counts == {
        "later": 40, "earlier": 20, "tie": 0, "flipped": 0, "bad": 0, "identical": 0
    }  # fmt: skip
    assert position_bias(comparisons, settings).value == 0.5


@pytest.mark.parametrize("letter", ["A", "B"])
def test_a_judge_that_always_says_the_same_letter_decides_nothing(letter, tmp_path):
    comparisons, found, settings = judged(lambda *_: pick(letter), 20, lambda n: True, tmp_path)
    assert found.rate is None
    assert found.counts["flipped"] == 20 and found.counts["later"] == 0
    position = position_bias(comparisons, settings)
    assert position.value == (1.0 if letter == "A" else 0.0)
    assert not position.low <= 0.5 <= position.high


@pytest.mark.parametrize("bias", [0.25, 0.6])
def test_position_bias_over_http_is_recovered(bias, tmp_path):
    """The judge says A in exactly this share of the queries, otherwise what is right: what is found
    over HTTP is then exact. How sure it is to be is tested below, on many draws."""

    def script(request, _):
        number = int(shown(request)["A"].split()[3].rstrip(":"))
        return pick("A" if number // 4 % 20 < 20 * bias else better_of(request))

    truth = 0.75
    comparisons, found, settings = judged(script, 240, lambda n: n % 4 != 0, tmp_path)
    position = position_bias(comparisons, settings)
    assert position.value == pytest.approx(0.5 + bias / 2)
    assert position.low > 0.5, "a bias of this size is not overlooked"
    assert found.rate.value == pytest.approx((1 - bias) * truth + bias / 2)
    assert found.rate.low < found.rate.value < found.rate.high
    assert found.counts["flipped"] == 240 * bias


def test_a_judge_that_likes_length_is_seen(tmp_path):
    def script(request, _):
        answers = shown(request)
        return pick("A" if len(answers["A"]) > len(answers["B"]) else "B")

    comparisons, found, settings = judged(script, 40, lambda n: n % 2 == 0, tmp_path)
    assert length_bias(comparisons, settings).value == 1.0
    assert found.rate.value == 1.0  # "adapted" is the longer name
    assert found.rate.low < 0.96, "forty of forty are not certainty"


def simulated(seed, num, truth, bias, tie, cluster_size=1):
    """Verdicts of a judge who follows the position with probability `bias`, calls a tie with `tie`
    and else says what is true of the query's cluster."""
    draw = random.Random(seed)
    found, better = [], True
    for n in range(num):
        if n % cluster_size == 0:
            better = draw.random() < truth
        query = Query(f"q{n}", "", "", "", f"c{n // cluster_size}")
        orders = []
        for later_first in (False, True):
            if draw.random() < bias:
                winner = "A"
            elif draw.random() < tie:
                winner = "0"
            else:
                winner = "A" if better == later_first else "B"
            orders.append(Shown("base", "adapted", query.id, later_first, "judged", winner, ""))
        found.append(Comparison(query, (orders[0], orders[1]), 1))
    return found


@pytest.mark.parametrize(
    ("truth", "bias", "tie", "cluster_size"),
    [(0.7, 0.0, 0.0, 1), (0.7, 0.3, 0.2, 1), (0.5, 0.5, 0.0, 1), (0.65, 0.2, 0.1, 4)],
)
def test_intervals_hold_the_truth_as_often_as_they_say(truth, bias, tie, cluster_size):
    settings = settings_for(resamples=400)
    rate_is = bias * 0.5 + (1 - bias) * (tie * 0.5 + (1 - tie) * truth)
    first_is = bias + (1 - bias) * 0.5
    held = {"rate": 0, "position": 0}
    runs = 100
    for seed in range(runs):
        found = simulated(seed, 160, truth, bias, tie, cluster_size)
        rate = win_rates(found, settings)[0].rate
        held["rate"] += rate.low <= rate_is <= rate.high
        position = position_bias(found, settings)
        held["position"] += position.low - 1e-9 <= first_is <= position.high + 1e-9
    # 95% intervals: below 0.89 of 100 happens to a right method about once in 100 times
    assert held["rate"] >= 0.89 * runs, held
    assert held["position"] >= 0.89 * runs, held


def test_ignoring_clusters_would_have_claimed_too_much():
    settings = settings_for(resamples=400)
    together = simulated(3, 160, 0.6, 0.0, 0.0, cluster_size=8)
    alone = [c._replace(query=c.query._replace(cluster=c.query.id)) for c in together]
    wide, narrow = (win_rates(each, settings)[0].rate for each in (together, alone))
    assert wide.high - wide.low > 1.8 * (narrow.high - narrow.low)


def test_failure_modes_and_what_changed(tmp_path):
    """The judge sees language mixing in a third of the adapted answers, verbosity everywhere."""
    import json

    from judge_server import Say

    def script(request, _):
        text = shown(request)[""]
        mixes = "adapted" in text and int(text.split()[3].rstrip(":")) % 3 == 0
        said = dict.fromkeys(FAILURE_MODES, False)
        return Say(json.dumps(said | {"language_mixing": mixes, "verbosity": True}))

    queries, answers = made_up(60, lambda n: True)
    with serving(script) as server:
        settings = settings_for(server.url)
        replies = Replies(tmp_path / "replies.jsonl", settings.by, "")
        examined = examine(
            queries, answers, settings,
            lambda q: ask_all(q, settings.by, lambda: None, replies, lambda _: None).replies,
        )  # fmt: skip
        assert set(server.asked[0]["response_format"]["json_schema"]["schema"]["required"]) == set(
            FAILURE_MODES
        )
    assert list(FAILURE_MODES)[:2] == ["language_mixing", "verbosity"] and len(FAILURE_MODES) == 14
    rates = {(m.model, m.mode): m.rate for m in mode_rates(examined, settings)}
    assert rates[("adapted", "language_mixing")].value == pytest.approx(1 / 3)
    assert rates[("base", "verbosity")].value == 1.0
    changes = {c.mode: c for c in mode_changes(examined, settings)}
    mixing = changes["language_mixing"]
    assert mixing.change.value == pytest.approx(1 / 3) and mixing.change.low > 0
    assert mixing.p_adjusted == pytest.approx(min(1, 14 * mixing.change.p))
    assert changes["verbosity"].p_adjusted == 1.0
