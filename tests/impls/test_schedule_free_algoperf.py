"""AlgoPerf's scores: by hand on three submissions, as published on the real logs, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from claimbench import data
from claimbench.errors import HostError, UnknownName
from claimbench.impls.schedule_free.algoperf import (
    Times,
    bootstrap_scores,
    load_published,
    load_times,
    profile,
    ratios,
    score,
    scores,
    time_ratio,
)

INF, NAN = float("inf"), float("nan")
HEADER = "version,ruleset,submission,study,workload,trial,target_reached,eval_index_at_target,time_at_target_s"
TARGETS = {"base_workloads": ["wmt", "ogbg"], "held_out_workloads": ["wmt_glu_tanh"]}


def files(folder: Path, *rows: str) -> tuple[Path, Path]:
    logs, targets = folder / "times.csv", folder / "targets.json"
    logs.write_text("\n".join([HEADER, *rows, ""]))
    targets.write_text(json.dumps(TARGETS))
    return logs, targets


def row(submission: str, study: int, workload: str, trial: int, index: int, seconds: float) -> str:
    reached = int(index >= 0)
    end = f"{index},{seconds}" if reached else "-1,"
    return f"algoperf_v05,self_tuning,{submission},study_{study},{workload},trial_{trial},{reached},{end}"


def times(*studies: list[list[float]]) -> Times:
    """Submissions a, b, … on wmt, ogbg and the variant of wmt; one number a study."""
    return Times(tuple("abc"[: len(studies)]), ("wmt", "ogbg"), ("wmt_glu_tanh", ""), np.array(studies))


def test_a_studys_trial_is_the_one_with_the_fewest_evaluations(tmp_path: Path) -> None:
    found = load_times(
        *files(
            tmp_path,
            row("a", 0, "wmt", 1, 7, 100.0),
            row("a", 0, "wmt", 2, 5, 300.0),
            row("a", 0, "wmt", 3, 5, 200.0),
            row("a", 1, "wmt", 1, -1, 0.0),
            row("b", 0, "ogbg", 1, 0, 9.0),
            "algoperf_v06,self_tuning,z,study_0,wmt,trial_1,1,1,1",
            "algoperf_v05,external_tuning,y,study_0,wmt,trial_1,1,1,1",
            row("a", 0, "wmt_other", 1, 1, 1.0),
        ),
        "self_tuning",
    )
    assert (found.submissions, found.workloads) == (("a", "b"), ("wmt", "ogbg", "wmt_glu_tanh"))
    assert found.studies[0, 0].tolist() == [300.0, INF]
    assert found.of("b", "ogbg") == 9.0
    assert found.of("b", "wmt") == INF
    with pytest.raises(UnknownName, match="submission"):
        found.of("x", "wmt")
    with pytest.raises(UnknownName, match="workload"):
        found.of("a", "wmtt")


@pytest.mark.parametrize(
    ("content", "targets", "message"),
    [
        pytest.param(HEADER + "\n", TARGETS, "no trials", id="empty"),
        pytest.param("version,ruleset\n", TARGETS, "no column 'submission'", id="column"),
        pytest.param(HEADER + "\n" + row("a", 0, "wmt", 1, 3, 1.0) + "\n", {}, "no list of", id="targets"),
        pytest.param(
            HEADER + "\n" + row("a", 0, "wmt", 1, 3, NAN) + "\n", TARGETS, "row 1: time_at_target_s", id="nan"
        ),
        pytest.param(HEADER + "\n" + row("a", 0, "wmt", 1, 3, -1.0) + "\n", TARGETS, "not a time", id="negative"),
    ],
)
def test_logs_that_are_not_the_ones_are_refused(
    tmp_path: Path, content: str, targets: dict[str, object], message: str
) -> None:
    logs, lists = tmp_path / "times.csv", tmp_path / "targets.json"
    logs.write_text(content)
    lists.write_text(json.dumps(targets))
    with pytest.raises(HostError, match=message):
        load_times(logs, lists, "self_tuning")


def test_medians_leave_out_what_was_not_run() -> None:
    one = times([[3, 1, 2], [4, INF, INF], [NAN, 8, 6]], [[1, NAN, NAN], [NAN, NAN, NAN], [5, INF, 1]])
    assert one.medians().tolist() == [[2, INF, 7], [1, INF, 5]]


def test_profiles_and_scores_by_hand() -> None:
    medians = np.array([[10.0, 10.0, 5.0], [20.0, 5.0, 6.0], [15.0, 30.0, INF]])
    found = ratios(medians, ("wmt_glu_tanh", ""))
    # c never reached the variant of wmt, and took six times the fastest on ogbg.
    assert found.tolist() == [[1, 2], [2, 1], [INF, 6]]
    assert profile(found, np.array([1.0, 1.9, 2.0, 4.0])).tolist() == [[0.5, 0.5, 1, 1], [0.5, 0.5, 1, 1], [0, 0, 0, 0]]
    # One step at τ = 2, between points 1.97 and 2: (1/2 + 2/3·1/2 …), exactly by the trapezoids.
    tau = np.linspace(1, 4, 100)
    expected = np.trapezoid(np.where(tau >= 2, 1.0, 0.5), tau) / 3
    assert score(found).tolist() == pytest.approx([expected, expected, 0.0])


def test_a_slow_variant_counts_as_never_and_a_target_that_nobody_reached_tells_nobody_apart() -> None:
    found = ratios(np.array([[10.0, INF, 5.0], [10.0, INF, 20.1]]), ("wmt_glu_tanh", ""))
    assert found.tolist() == [[1, INF], [INF, INF]]
    assert score(found).tolist() == [0.5, 0.0]


@given(hnp.arrays(float, (3, 2, 5), elements=st.floats(1, 1e5) | st.just(INF)), st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_scores_are_shares_that_no_unit_of_time_changes(studies: np.ndarray, factor: float) -> None:
    one = Times(("a", "b", "c"), ("wmt", "ogbg"), ("", ""), studies)
    found = scores(one)
    assert all(0 <= value <= 1 for value in found.values())
    # A ratio that lies on a point of the grid may round to either side.
    assert scores(replace(one, studies=studies * factor)) == pytest.approx(found, abs=0.02)


def test_time_ratios_count_what_was_never_reached_by_its_budget() -> None:
    one = times([[10], [INF], [1]], [[20], [INF], [1]])
    assert time_ratio(one, "a", "b", self_tuning=True) == pytest.approx(0.5**0.5)
    other = times([[10], [18_478], [1]], [[10], [INF], [1]])
    assert time_ratio(other, "a", "b", self_tuning=False) == pytest.approx(1.0)
    assert time_ratio(other, "a", "b", self_tuning=True) < 0.6


def test_resampling_cannot_move_studies_that_agree() -> None:
    one = times([[10] * 5, [10] * 5, [9] * 5], [[30] * 5, [10] * 5, [9] * 5])
    found = bootstrap_scores(one, "a", "b", 200, 0)
    assert found.low == found.high == pytest.approx(found.difference)
    assert found.difference > 0
    assert found.first_place == 1


def test_resampling_is_seeded_and_straddles_what_is_seen() -> None:
    random = np.random.default_rng(0)
    one = times(*(random.uniform(10, 30, (3, 5)).tolist() for _ in range(3)))
    found = bootstrap_scores(one, "a", "b", 400, 1)
    assert found == bootstrap_scores(one, "a", "b", 400, 1) != bootstrap_scores(one, "a", "b", 400, 2)
    assert found.low <= found.high
    assert 0 <= found.first_place <= 1


def real(name: str) -> Path:
    if not data.available(name):
        pytest.skip(f"{name} is not here: claimbench data fetch {name}")
    return data.path(name)


def test_all_seventeen_published_scores_follow_from_the_logs() -> None:
    published = load_published(real("algoperf_leaderboard"))
    assert len(published) == 17
    for ruleset in ("self_tuning", "external_tuning"):
        found = scores(load_times(real("algoperf_times"), real("algoperf_targets"), ruleset))
        for entry in published:
            if entry.ruleset == ruleset:
                assert f"{found[entry.submission]:.4f}" == f"{float(entry.score):.4f}", entry


def test_a_leaderboard_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("ruleset,rank,submission,score\n")
    with pytest.raises(HostError, match="no rows"):
        load_published(path)
    path.write_text("ruleset,rank\nself_tuning,1\n")
    with pytest.raises(HostError, match="not a leaderboard"):
        load_published(path)
