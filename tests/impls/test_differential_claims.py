"""Differential Transformer's printed values, what is counted, and its claims as a whole."""

from __future__ import annotations

from importlib import import_module

import pytest

from claimbench import registry
from claimbench.expectation import Exact, leaves
from claimbench.impls.differential_transformer.accounting import (
    UNITS,
    additional_parameters,
    attention_flops,
    parameters,
    training_flops,
)
from claimbench.impls.differential_transformer.audit import (
    difference,
    fisher,
    holm,
    mantel_haenszel,
    sign_test,
    token_share,
)
from claimbench.impls.differential_transformer.experiments import counts, printed
from claimbench.impls.differential_transformer.published import ABLATIONS, HALLUCINATION, MODEL_3B, ModelShape
from claimbench.papers.differential_transformer import CLAIMS
from claimbench.papers.differential_transformer.workloads import Gradients, Printed
from claimbench.run.plan import BUDGET_CORE_SECONDS
from claimbench.spec import Claim
from claimbench.trial import Exact as Checks
from claimbench.trial import Trial

TESTABLE = [claim for claim in CLAIMS if isinstance(claim, Claim)]
DETERMINISTIC = [
    pytest.param(claim, tier, id=f"{claim.label}-{tier}")
    for claim in TESTABLE
    for tier in claim.workloads
    if isinstance(claim.expectation, Exact)
]
TABLES = [(round(100 * float(row.diff)), round(100 * float(row.transformer)), 100) for row in HALLUCINATION.values()]


def trial(claim: Claim, seed: int = 900, **changes: object) -> Trial:
    (tier, work), *_ = claim.workloads.items()
    return Trial(claim.id, tier, work.model_copy(update=changes), "ours", {}, (seed,))


def named(label: str) -> Claim:
    (claim,) = (claim for claim in TESTABLE if claim.label == label)
    return claim


@pytest.mark.parametrize("table", [*TABLES, (0, 5, 10), (3, 3, 10), (10, 0, 10)], ids=str)
def test_fishers_test_agrees_with_scipy(table: tuple[int, int, int]) -> None:
    stats = pytest.importorskip("scipy.stats")
    a, b, n = table
    assert fisher(table) == pytest.approx(stats.fisher_exact([[a, n - a], [b, n - b]]).pvalue, rel=1e-9)


def test_strata_holm_and_signs_agree_with_other_packages() -> None:
    p = [fisher(table) for table in TABLES]
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    assert holm(p) == pytest.approx(multitest.multipletests(p, method="holm")[1])
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    strata = contingency.StratifiedTable([[[a, n - a], [b, n - b]] for a, b, n in TABLES])
    assert mantel_haenszel(TABLES) == pytest.approx(strata.test_null_odds(correction=False).pvalue)
    assert sign_test(6, 6) == 1 / 32
    assert sign_test(3, 6) == 1


def test_the_audit_of_hallucination() -> None:
    each = printed.hallucination(trial(named("DT-09"))).checks
    assert (each["higher"], each["beyond_chance"], each["beyond_chance_of_six"]) == (6, 1, 0)
    p = {name: each[f"p_{name}"] for name in HALLUCINATION}
    assert p == pytest.approx(
        {"xsum": 0.258, "cnn_dm": 0.240, "multinews": 0.011, "qasper": 0.134, "hotpotqa": 0.196, "2wikimqa": 0.365},
        abs=5e-4,
    )
    together = printed.hallucination_together(trial(named("DT-09b"))).checks
    assert together["p_pooled"] == pytest.approx(1.66e-4, rel=0.01)
    assert together["p_strata"] == pytest.approx(1.16e-4, rel=0.01)


def test_rounding_leaves_differences_and_shares_open() -> None:
    assert difference("3.122", "3.062") == pytest.approx((0.059, 0.061))
    low, high = token_share(ABLATIONS["diff"])
    assert low < (3.247 - 3.062) / (3.247 - 0.880) < high
    with pytest.raises(ValueError, match="lacks"):
        token_share(ABLATIONS["transformer_norm"])


def test_throughput_is_printed_as_time() -> None:
    checks = printed.throughput_changes(trial(named("DT-12b"))).checks
    assert checks["of_time"] == 6
    assert checks["3b_4k_training"] == pytest.approx(10.3, abs=0.05)


def test_parameters_and_operations_by_hand() -> None:
    shape = ModelShape(n_layer=2, d_model=8, d_ff=16, head_dim=2, vocabulary=10, length=4)
    assert parameters(shape) == 2 * 10 * 8 + 2 * (4 * 64 + 3 * 8 * 16 + 16) + 8
    assert additional_parameters(shape) == 2 * 6 * 2
    assert attention_flops(shape, 4) == 2 * 2 * 4 * 16 * 2
    matrices = 10 * 8 + 2 * (4 * 64 + 3 * 8 * 16)
    assert training_flops(shape, "fused") == 6 * matrices * 4 + 2 * 2 * 16 * 16 * 2
    assert {path: sum(units) for path, units in UNITS.items()} == {
        "transformer": 14,
        "two_calls": 20,
        "four_calls": 28,
        "fused": 16,
        "fused_two_passes": 19,
    }
    assert 3.7e9 < parameters(MODEL_3B) < 3.8e9


def test_operations_of_kernels_are_above_transformers() -> None:
    checks = counts.operations_of_kernels(trial(named("DT-17c"))).checks
    assert checks == pytest.approx(
        {"two_calls": 1.045, "four_calls": 1.106, "fused": 1.015, "fused_two_passes": 1.038}, abs=5e-4
    )


def test_labels_and_ids_differ_and_name_no_other_paper() -> None:
    assert len({claim.label for claim in CLAIMS}) == len(CLAIMS) == len({claim.id for claim in CLAIMS})
    slugs = {*registry.papers(), "mar", "lcm", "llama3", "ai_scientist", "quiet_star"} - {"differential_transformer"}
    for claim in CLAIMS:
        words = {claim.id, claim.label, *claim.keywords, *registry.papers()[claim.paper].keywords}
        assert not [(word, slug) for word in words for slug in slugs if slug in word.lower()], claim.label


@pytest.mark.parametrize("claim", TESTABLE, ids=lambda claim: claim.label)
def test_copies_are_valid_and_experiments_exist(claim: Claim) -> None:
    Claim(**{name: getattr(claim, name) for name in Claim.model_fields})
    module, name = claim.experiment.split(":")
    assert callable(getattr(import_module(module), name))
    assert claim.caveats


@pytest.mark.parametrize(("claim", "tier"), DETERMINISTIC)
def test_deterministic_claims_report_the_checks_that_are_judged(claim: Claim, tier: str) -> None:
    module, name = claim.experiment.split(":")
    one = trial(claim)
    if isinstance(one.workload, Gradients):
        one = trial(claim, n_layer=2, length=16, batches=1, models=1)
    found = getattr(import_module(module), name)(one)
    assert isinstance(found, Checks)
    assert isinstance(claim.expectation, Exact)
    assert set(found.checks) == set(claim.expectation.boxes)


def test_a_seed_draws_what_is_drawn() -> None:
    for label in ("DT-16", "DT-16b", "DT-16c"):
        claim = named(label)
        module, name = claim.experiment.split(":")
        experiment = getattr(import_module(module), name)
        small = {"n_layer": 2, "length": 16, "batches": 1, "models": 1}
        assert experiment(trial(claim, 900, **small)).checks != experiment(trial(claim, 901, **small)).checks
        assert claim.protocol.first_seed
    assert isinstance(named("DT-09").workloads["smoke"], Printed)


def test_smoke_is_deterministic_and_every_tier_is_within_its_budget() -> None:
    spent: dict[str, dict[str, float]] = {}
    for claim in TESTABLE:
        for tier, seconds in claim.needs.core_seconds.items():
            spent.setdefault(tier, {})[claim.measure_sha()] = seconds
    assert all(claim.protocol.unit == "deterministic" for claim in TESTABLE if "smoke" in claim.workloads)
    assert sum(spent["smoke"].values()) <= BUDGET_CORE_SECONDS["smoke"]
    assert sum(spent["cpu"].values()) <= BUDGET_CORE_SECONDS["cpu"]


def test_what_is_trained_alike_is_measured_once_and_the_rest_has_seeds_of_its_own() -> None:
    shared: dict[str, list[Claim]] = {}
    for claim in TESTABLE:
        if claim.protocol.unit == "seed":
            shared.setdefault(claim.measure_sha(), []).append(claim)
    assert [[claim.label for claim in claims] for claims in shared.values()] == [
        ["DT-02", "DT-04b", "DT-06", "DT-08", "DT-10", "DT-11"],
        ["DT-13", "DV-01"],
        ["DT-02c", "DT-10b", "DT-11b"],
        ["DT-13d", "DT-14"],
        ["DT-15"],
    ]
    seeds = [seed for (claim, *_) in shared.values() for seed in claim.seeds("cpu")]
    assert len(seeds) == len(set(seeds))
    assert 600 <= min(seeds) <= max(seeds) < 900


def test_every_metric_that_is_judged_is_measured_in_its_direction() -> None:
    for claim in TESTABLE:
        for leaf in leaves(claim.expectation):
            if claim.protocol.unit == "seed":
                assert claim.metric.better == "lower", claim.label
                assert leaf.metric is None or not leaf.metric.startswith(("accuracy", "answer")), claim.label
