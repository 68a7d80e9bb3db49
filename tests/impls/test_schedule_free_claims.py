"""Schedule-Free's printed values, what follows from them, and its claims as a whole."""

from __future__ import annotations

from importlib import import_module

import pytest

from claimbench import data
from claimbench.expectation import Exact
from claimbench.impls.schedule_free.audit import attainable, best_schedule, contrast, count, z_interval
from claimbench.impls.schedule_free.experiments import printed
from claimbench.impls.schedule_free.published import (
    FIGURE_2A,
    FIGURE_3,
    FIGURE_7,
    FIGURE_8,
    LEARNING_RATES,
    ROWS,
    Cell,
    cell,
    problems,
)
from claimbench.papers.schedule_free import CLAIMS
from claimbench.papers.schedule_free.workloads import Bounds, Printed, Training
from claimbench.spec import Claim
from claimbench.trial import Exact as Checks
from claimbench.trial import Trial

TESTABLE = [claim for claim in CLAIMS if isinstance(claim, Claim)]
EXACT = [
    pytest.param(claim, tier, id=claim.label)
    for claim in TESTABLE
    for tier in claim.workloads
    if isinstance(claim.expectation, Exact) and claim.label != "SF-05c"
]
"""SF-05c differs from SF-05 in its problems alone, and takes seconds."""


def made(mean: str, se: str, better: str = "higher") -> Cell:
    return Cell("p", "m", mean, se, better)  # type: ignore[arg-type]


def test_tables_are_complete() -> None:
    assert len(problems(FIGURE_7)) == 12
    assert len(FIGURE_7) == 48
    assert set(ROWS) == set(problems(FIGURE_7))
    assert problems(FIGURE_3) == problems(FIGURE_8)
    assert {one.problem for one in LEARNING_RATES} == {*problems(FIGURE_3), *problems(FIGURE_2A)}
    assert cell(FIGURE_7, "Glass", "primal").se == 0.61
    with pytest.raises(KeyError, match="no cosine on Glass"):
        cell(FIGURE_7, "Glass", "cosine")


def test_rounding_leaves_an_interval() -> None:
    assert made("96.03", "0.04").mean_interval == pytest.approx((96.025, 96.035))
    assert made("100.0", "0.00").se_interval == (0.0, 0.005)


def test_contrasts_are_in_standard_errors_and_favour_the_better_direction() -> None:
    assert contrast(made("10.0", "0.3"), made("9.0", "0.4")) == pytest.approx(2.0)
    assert contrast(made("9.0", "0.3", "lower"), made("10.0", "0.4", "lower")) == pytest.approx(2.0)
    assert contrast(made("1.0", "0.0"), made("1.0", "0.0")) == 0
    assert contrast(made("0.9", "0.0"), made("1.0", "0.0")) == float("-inf")


@pytest.mark.parametrize("figure", [FIGURE_3, FIGURE_7, FIGURE_8])
def test_what_is_printed_lies_within_what_rounding_leaves_open(figure: tuple[Cell, ...]) -> None:
    for one in figure:
        for other in figure:
            if one.problem == other.problem and one != other:
                low, high = z_interval(one, other)
                assert low <= contrast(one, other) <= high


def test_the_audit_of_the_notes() -> None:
    z = {name: contrast(cell(FIGURE_3, name, "schedule_free"), best_schedule(name)) for name in problems(FIGURE_3)}
    assert z["CIFAR-10"] == pytest.approx(5.3, abs=0.05)
    assert z["CIFAR-100"] == pytest.approx(12, abs=0.1)
    assert z["SVHN"] == pytest.approx(5.8, abs=0.05)
    assert z["DLRM"] == pytest.approx(13.4, abs=0.05)
    assert z["NanoGPT"] == pytest.approx(2.46, abs=0.01)
    assert z["fastMRI"] == pytest.approx(1.0, abs=0.01)
    assert z["ImageNet"] == 0
    found = count(FIGURE_7, "schedule_free", "linear_decay")
    assert (found.higher, found.equal, found.lower, found.surely_higher, found.surely_lower) == (6, 5, 1, 5, 0)


@pytest.mark.parametrize(
    ("mean", "se", "rows", "possible"),
    [
        pytest.param("98.7", "0.00", 150, True, id="all-148"),
        pytest.param("98.6", "0.00", 150, False, id="iris"),
        pytest.param("98.6", "0.07", 150, True, id="one-of-ten-below"),
        pytest.param("98.6", "0.06", 150, False, id="too-sure"),
        pytest.param("100.0", "0.00", 178, True, id="wine"),
        pytest.param("50.0", "0.00", 3, False, id="no-half-of-three"),
        pytest.param("50.0", "9.00", 3, True, id="mean-of-thirds"),
    ],
)
def test_means_of_shares_are_attainable_or_not(mean: str, se: str, rows: int, possible: bool) -> None:
    assert attainable(made(mean, se), rows) is possible


def test_printed_experiments_say_what_is_known() -> None:
    trial = Trial("sf.x", "smoke", Printed(), "ours", {}, (0,))
    rates = printed.learning_rates(trial).checks
    assert (rates["cifar10"], rates["fastmri"]) == (50, 1)
    assert printed.problem_count(trial).checks["problems"] == 28
    assert printed.attainable_accuracies(trial).checks["iris"] == 4
    assert printed.averaging(trial).checks["polyak"] == pytest.approx(1.62, abs=0.01)
    assert printed.averaging(trial).checks["primal"] == pytest.approx(2.78, abs=0.01)
    assert printed.momentum(trial).checks["same_setting"] == pytest.approx(1.0)
    assert printed.convex_counts(trial).checks == {"higher": 6, "tied": 6}
    assert printed.sure_counts(trial).checks == {"surely_higher": 5}
    assert (rates["larger"], min(rates.values())) == (8, 1)


def test_labels_and_ids_differ() -> None:
    assert len({claim.label for claim in CLAIMS}) == len(CLAIMS) == len({claim.id for claim in CLAIMS})
    assert {int(claim.label[3:5]) for claim in CLAIMS} == set(range(1, 20))


@pytest.mark.parametrize("claim", TESTABLE, ids=lambda claim: claim.label)
def test_copies_are_valid_and_experiments_exist(claim: Claim) -> None:
    Claim(**{name: getattr(claim, name) for name in Claim.model_fields})
    module, name = claim.experiment.split(":")
    assert callable(getattr(import_module(module), name))
    assert claim.caveats


def test_smoke_stays_small_and_has_only_data_that_are_installed() -> None:
    smoke = [claim for claim in TESTABLE if "smoke" in claim.workloads]
    assert sum({claim.measure_sha(): claim.needs.core_seconds["smoke"] for claim in smoke}.values()) <= 220
    needed = {name for claim in smoke for name in claim.needs.data_for("smoke")}
    assert needed == {"iris", "wine", "breast_cancer", "digits"}


@pytest.mark.parametrize(
    "claim", [c for c in TESTABLE if c.experiment.endswith(("training:front", "training:sensitivity"))]
)
def test_every_tier_declares_the_data_of_its_task(claim: Claim) -> None:
    of_task = {"digits_mlp": "digits", "digits_conv": "digits", "letter_mlp": "libsvm_letter"}
    for tier, work in claim.workloads.items():
        assert isinstance(work, Training)
        assert claim.needs.data_for(tier) == (of_task.get(work.task, "english_novels"),)


def test_seeds_that_confirm_are_none_that_a_draft_or_a_pilot_saw() -> None:
    drawn = {"SF-01", "SF-02", "SF-03", "SF-04", "SF-05", "SF-05b", "SF-05c", "SF-09b", "SF-18", "SF-19"}
    assert drawn <= {claim.label for claim in TESTABLE if claim.protocol.unit == "deterministic"}
    for claim in TESTABLE:
        if claim.protocol.unit == "seed" or claim.label in drawn:
            for tier in claim.workloads:
                assert 400 <= min(claim.seeds(tier)) <= max(claim.seeds(tier)) < 900, claim.label


def test_what_is_trained_alike_is_measured_once() -> None:
    """Train loss, test and other schedules are claims about the same runs."""
    shared: dict[str, list[str]] = {}
    for claim in TESTABLE:
        shared.setdefault(claim.measure_sha(), []).append(claim.label)
    assert sorted(labels for labels in shared.values() if len(labels) > 1 and labels[0] > "SF-07") == [
        ["SF-07a", "SF-07b", "SF-07c"],
        ["SF-07d", "SF-07e", "SF-07f", "SF-08e"],
        ["SF-07g", "SF-07h", "SF-07i"],
        ["SF-07j", "SF-07k", "SF-07l"],
        ["SF-07m", "SF-07n", "SF-07o"],
        ["SF-10", "SF-10c"],
        ["SF-16", "SF-16b"],
    ]


def test_claims_about_the_same_problems_have_seeds_of_their_own() -> None:
    seeds = [seed for c in TESTABLE if c.label.startswith("SF-06") for t in c.workloads for seed in c.seeds(t) if seed]
    assert len(seeds) == len(set(seeds)) == 40 + 40 + 5 * 10


def test_a_seed_draws_what_is_drawn() -> None:
    """A claim whose experiment passed over its seed would be one of the draft's."""
    for label in ("SF-01", "SF-02", "SF-03", "SF-04", "SF-18", "SF-19"):
        (claim,) = (claim for claim in TESTABLE if claim.label == label)
        module, name = claim.experiment.split(":")
        experiment = getattr(import_module(module), name)
        work = claim.workloads["smoke"]
        small = work.model_copy(update={"steps": (100,) if isinstance(work, Bounds) else 10, "draws": 1})
        one, other = (experiment(Trial(claim.id, "smoke", small, "ours", {}, (seed,))).checks for seed in (900, 901))
        assert one != other, label


@pytest.mark.parametrize(("claim", "tier"), EXACT)
def test_deterministic_claims_report_the_checks_that_are_judged(claim: Claim, tier: str) -> None:
    for name in claim.needs.data:
        if not data.available(name):
            pytest.skip(f"{name} is not here: claimbench data fetch {name}")
    module, name = claim.experiment.split(":")
    trial = Trial(
        claim.id,
        tier,  # type: ignore[arg-type]
        claim.workloads[tier],  # type: ignore[index]
        "ours",
        claim.arms[0].options,
        (900,),
        tolerances=claim.gates,
    )
    found = getattr(import_module(module), name)(trial)
    assert isinstance(found, Checks)
    assert isinstance(claim.expectation, Exact)
    assert set(found.checks) == set(claim.expectation.boxes)
    assert {name: gate.passed for name, gate in trial.gates.items()} == dict.fromkeys(claim.gates, True)
