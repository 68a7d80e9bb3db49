"""Chatbot Arena's claims as a whole: complete, valid, within budget; deterministic ones report what is judged."""

from __future__ import annotations

from importlib import import_module

import pytest

from claimbench import data
from claimbench.expectation import Exact
from claimbench.papers.chatbot_arena import CLAIMS
from claimbench.spec import Claim, NotTestable
from claimbench.trial import Exact as Checks
from claimbench.trial import Trial

TESTABLE = [claim for claim in CLAIMS if isinstance(claim, Claim)]
LABELS = {claim.label for claim in CLAIMS}


def test_every_row_of_the_paper_has_a_claim() -> None:
    assert {f"CA-{number:02d}" for number in range(1, 44)} <= LABELS
    assert {f"CAD-{number}" for number in (1, 2, 4, 5, 7, 8)} <= LABELS
    assert len(LABELS) == len(CLAIMS) == len({claim.id for claim in CLAIMS})
    untestable = {claim.label for claim in CLAIMS if isinstance(claim, NotTestable)}
    assert untestable == {"CA-10", "CA-26", "CA-27", "CA-29", "CA-30", "CA-32"}


@pytest.mark.parametrize("claim", TESTABLE, ids=lambda claim: claim.label)
def test_copies_are_valid_and_experiments_exist(claim: Claim) -> None:
    Claim(**{name: getattr(claim, name) for name in Claim.model_fields})
    module, name = claim.experiment.split(":")
    assert callable(getattr(import_module(module), name))
    assert claim.caveats


def test_tiers_stay_within_their_budgets() -> None:
    for tier, seconds in (("smoke", 100), ("cpu", 3000)):
        assert sum(claim.needs.core_seconds[tier] for claim in TESTABLE if tier in claim.workloads) <= seconds
    seeded = [claim.label for claim in TESTABLE if "smoke" in claim.workloads and claim.protocol.unit == "seed"]
    assert sorted(seeded) == ["CA-01", "CA-11b"]


def test_at_smoke_there_is_no_data_but_what_is_installed() -> None:
    needed = {name for claim in TESTABLE if "smoke" in claim.workloads for name in claim.needs.data}
    assert needed == {"arena_votes"}


@pytest.mark.parametrize(
    ("claim", "tier"),
    [
        pytest.param(claim, tier, id=claim.label)
        for claim in TESTABLE
        for tier in claim.workloads
        if isinstance(claim.expectation, Exact)
    ],
)
def test_deterministic_claims_report_the_checks_that_are_judged(claim: Claim, tier: str) -> None:
    for name in claim.needs.data:
        if not data.available(name):
            pytest.skip(f"{name} is not here: claimbench data fetch {name}")
    module, name = claim.experiment.split(":")
    trial = Trial(claim.id, tier, claim.workloads[tier], claim.arms[0].name, claim.arms[0].options, (0,))  # type: ignore[arg-type, index]
    found = getattr(import_module(module), name)(trial)
    assert isinstance(found, Checks)
    assert isinstance(claim.expectation, Exact)
    assert set(found.checks) == set(claim.expectation.boxes)
