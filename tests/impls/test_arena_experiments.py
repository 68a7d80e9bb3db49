"""Experiments of Chatbot Arena's claims on printed numbers, tables and orders: each runs, and says what is known."""

from __future__ import annotations

import numpy as np
import pytest

from claimbench import data
from claimbench.errors import SpecError, UnknownName
from claimbench.impls.chatbot_arena.data import ArenaTable
from claimbench.impls.chatbot_arena.experiments import order, printed, ratings, tables
from claimbench.impls.chatbot_arena.order import in_random_orders
from claimbench.impls.chatbot_arena.simulate import round_robin
from claimbench.papers.chatbot_arena.workloads import KnownTruth, Orders, Printed, Resamples, Shuffles
from claimbench.spec import Scalar, Workload
from claimbench.stats.ranking.elo import summarize
from claimbench.trial import Quality, Trial


def trial(workload: Workload | None = None, seeds: tuple[int, ...] = (1000,), **options: Scalar) -> Trial:
    return Trial("chatbot_arena.x", "smoke", workload or Printed(), "ours", options, seeds)


def test_table_5_says_half_of_the_anomalous() -> None:
    checks = printed.detection(trial()).checks
    assert (checks["true_positive_0.1"], checks["true_negative_0.1"]) == (0.52, 0.96)
    assert (checks["true_positive_0.3"], checks["true_negative_0.3"]) == (0.84, 0.68)
    assert checks["by_column_0.1"] == checks["by_column_0.3"] == 1


def test_agreements_of_160_battles_have_a_point_in_common() -> None:
    checks = printed.agreement_rates(trial()).checks
    assert checks["overlap"] > 0  # type: ignore[operator]
    assert (checks["unattainable_agreements"], checks["unattainable_win_rates"]) == (6, 0)


def test_clusters_separate_models() -> None:
    checks = printed.topic_clusters(trial()).checks
    assert (checks["clusters"], checks["clusters_in_text"]) == (8, 7)
    assert checks["p"] == pytest.approx(0.002, abs=1e-4)
    assert checks["largest_half_width"] == pytest.approx(0.168, abs=1e-3)


def test_the_best_of_many_is_as_the_response_says() -> None:
    checks = printed.best_of_many(trial()).checks
    assert checks["best_of_50"] == pytest.approx(11.5, abs=0.1)
    assert checks["sigma_for_50_points"] == pytest.approx(26.8, abs=0.05)
    assert checks["votes_for_50_points"] == pytest.approx((110.3, 168.4), abs=0.1)


def test_other_arithmetic_on_printed_numbers() -> None:
    assert printed.identical_checkpoints(trial()).checks["z"] == pytest.approx(0.875, abs=1e-3)
    speed = printed.peer_speed(trial()).checks
    assert speed["bradley_terry"] == pytest.approx((44.04, 44.09), abs=0.01)
    assert speed["elo"] == pytest.approx((2.99, 3.00), abs=0.01)
    low, high = printed.sample_sizes(trial()).checks["win matrix"]  # type: ignore[misc]
    assert low < 54 < high
    upside_down = printed.upside_down(trial()).checks
    assert upside_down["distance"] < 1e-12  # type: ignore[operator]
    assert upside_down["tau_printed"] == -upside_down["tau_meant"]  # type: ignore[operator]
    assert upside_down["tau_meant"] > 0.9  # type: ignore[operator]


def test_printed_nonparametric_scores_rank_well_and_are_no_bradley_terry_scores() -> None:
    checks = printed.nonparametric(trial()).checks
    assert checks["printed"] == pytest.approx(29.906, abs=1e-3)
    assert checks["repaired"] < 1e-12  # type: ignore[operator]
    assert checks["tau_printed"] == 1


def test_two_slips_in_the_posts() -> None:
    checks = printed.posts(trial()).checks
    assert checks == {"gpt-4-0613": 1, "mt_bench_agreement": 3.5, "mt_bench_separability": 0}


def test_figure_2_gives_the_order_that_is_known() -> None:
    checks = ratings.figure_2(trial()).checks
    assert checks["battles"] == 31_348
    assert [checks[f"rank {name}"] for name in ("gpt-4-turbo", "gpt-4-0613", "mistral-7b")] == [1, 2, 12]
    fit = ratings.fit_figure_2()
    assert fit.chi_square == pytest.approx(82.5, abs=0.05)
    known = (1.989, 1.230, 1.129, 0.905, 0.932, 0.892, 0.866, 0.746, 0.596, 0.276, 0.148, 0)
    assert fit.scores == pytest.approx(known, abs=1e-3)


def test_versions_differ_on_the_real_votes() -> None:
    checks = ratings.model_versions(trial()).checks
    assert checks["gpt4_0314_over_0613"] == pytest.approx(23.7, abs=0.05)
    assert checks["gpt35_0613_over_0314_low"] > 0  # type: ignore[operator]
    assert checks["gpt35_0613_over_1106"] == pytest.approx(49.1, abs=0.05)


@pytest.mark.parametrize(
    ("experiment", "needed", "known"),
    [
        pytest.param(tables.arena_hard_separability, ("arena_hard",), {"top_20": 81.1, "all": 90.3}, id="CA-33"),
        pytest.param(
            tables.null_model,
            ("alpaca_leaderboard",),
            {"win_rate": 76.92, "length_controlled": 86.46, "rank": 1},
            id="CA-40",
        ),
        pytest.param(
            tables.one_baseline, ("alpaca_annotations", "alpaca_leaderboard"), {"models": 57, "tau": 1}, id="CA-40b"
        ),
        pytest.param(tables.published_errors, ("arena_history",), {"se_3000": 5.36, "slope": -0.43}, id="CA-35b"),
        pytest.param(
            tables.annotators,
            ("pandalm_annotators", "pandalm_gpt35", "pandalm_7b"),
            {"people_least": 91.3, "people_gpt35_greatest": 70.9},
            id="annotators",
        ),
        pytest.param(
            tables.crowd_and_model,
            ("llmfao_crowd", "llmfao_gpt4_crowd"),
            {"share": 44.6, "decided": 74.6},
            id="crowd-and-model",
        ),
        pytest.param(
            tables.which_side,
            ("llmfao_crowd", "qlora_gpt4"),
            {"crowd_z": 4.9, "oa_first": 49.0, "vicuna_same_when_swapped": 61.4},
            id="side",
        ),
    ],
)
def test_published_tables_say_what_is_known_of_them(
    experiment: object, needed: tuple[str, ...], known: dict[str, float]
) -> None:
    for name in needed:
        if not data.available(name):
            pytest.skip(f"{name} is not here: claimbench data fetch {name}")
    checks = experiment(trial()).checks  # type: ignore[operator]
    for name, value in known.items():
        assert checks[name] == pytest.approx(value, abs=0.051), name


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"rating": "bradley_terry"}, id="bradley-terry"),
        pytest.param({"rating": "elo", "k": 16.0}, id="elo"),
        pytest.param({"rating": "averaged", "k": 16.0}, id="averaged"),
    ],
)
def test_errors_to_the_truth_have_one_value_a_seed(options: dict[str, Scalar]) -> None:
    found = order.error_to_truth(trial(KnownTruth(models=4, votes=(200, 400)), (1000, 1001), **options))
    assert {name: len(values) for name, values in found.values.items()} == {"rmse_200": 2, "rmse_400": 2}
    again = order.error_to_truth(trial(KnownTruth(models=4, votes=(200, 400)), (1001,), **options))
    assert again.values["rmse_400"][0] == found.values["rmse_400"][1]


def test_a_rating_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean averaged"):
        order.error_to_truth(trial(KnownTruth(models=4, votes=(200,)), rating="average", k=4.0))


def test_elo_needs_its_step() -> None:
    with pytest.raises(UnknownName, match="option"):
        order.error_to_truth(trial(KnownTruth(models=4, votes=(200,)), rating="elo"))
    with pytest.raises(SpecError, match="needs a KnownTruth"):
        order.error_to_truth(trial(Printed(), rating="elo"))


def test_interval_widths_have_one_ratio_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = round_robin(np.linspace(-1, 1, 4), 0.3).draw(2000, np.random.default_rng(0))
    table = np.zeros((4, 4, 3), dtype=np.int64)
    np.add.at(table, (drawn.first, drawn.second, drawn.outcome), 1)
    first, second = np.triu_indices(4, 1)
    lost, tied, won = np.moveaxis(table[first, second] + table[second, first][:, ::-1], -1, 0)
    counts = np.stack([won, lost, tied, np.zeros_like(tied)], axis=1)
    monkeypatch.setattr(order, "arena_table", lambda: ArenaTable(drawn.models, first, second, counts))
    found = order.interval_widths(trial(Resamples(resamples=100, k=16.0), (1000, 1001)))
    assert len(found.values["ratio"]) == 2
    assert min(found.values["ratio"]) > 1


@pytest.mark.parametrize(
    ("package", "options"),
    [
        pytest.param("numpy", {"system": "elo", "k": 16.0}, id="elo"),
        pytest.param("glicko2", {"system": "glicko2"}, id="glicko2"),
        pytest.param("trueskill", {"system": "trueskill"}, id="trueskill"),
        pytest.param("openskill", {"system": "weng_lin"}, id="weng-lin"),
    ],
)
def test_every_rating_system_of_one_vote_at_a_time_has_noise_of_order(package: str, options: dict[str, Scalar]) -> None:
    pytest.importorskip(package)
    found = order.system_noise(trial(Shuffles(models=4, votes=150, orders=3), (1000, 1001), **options)).values
    assert {name: len(values) for name, values in found.items()} == {"ratio": 2, "median_sd": 2, "rmse": 2}
    assert min(found["median_sd"]) > 0.1


def test_a_rating_system_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownName, match="did you mean trueskill"):
        order.system_noise(trial(Shuffles(models=4, votes=150, orders=3), system="trueskil"))


def test_the_order_of_votes_is_nothing_to_bradley_terry() -> None:
    assert order.reshuffled(trial()).checks["change"] < 1e-9  # type: ignore[operator]


def test_sorted_votes_of_the_real_arena_ruin_elo() -> None:
    checks = order.sorted_votes(trial()).checks
    assert checks["tau_sorted"] < 0.8  # type: ignore[operator]
    assert checks["largest_distance"] > 1000  # type: ignore[operator]


def test_the_compiled_replay_is_the_reference_over_many_orders() -> None:
    votes = round_robin([0.0, 0.5, -0.7], 0.3).draw(1500, np.random.default_rng(0))
    one = summarize(order.compiled(votes, 300, 16.0, 1))
    other = summarize(in_random_orders(votes, 300, 16.0, 1))
    np.testing.assert_allclose(one.mean, other.mean, atol=5 * np.max(one.mean_se))
    np.testing.assert_allclose(one.sd, other.sd, rtol=0.25)


def test_the_noise_of_orders_on_the_real_votes() -> None:
    found = order.order_noise(trial(Orders(orders=2)))
    assert isinstance(found, Quality)
    assert all(len(values) == 1 for values in found.values.values())
    assert found.values["bradley_terry_change"][0] < 1e-9
    law = order.root_k(trial(Orders(orders=2, ks=(8.0, 16.0, 32.0))))
    assert len(law.curves["median_sd"].y) == 1
