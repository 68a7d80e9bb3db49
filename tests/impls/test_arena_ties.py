"""Ties: their encodings, and models in which they are an outcome, on the real votes."""

from __future__ import annotations

import pytest

from claimbench.impls.chatbot_arena.experiments import ties
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.trial import Trial

TRIAL = Trial("chatbot_arena.x", "smoke", Printed(), "ours", {}, (0,))


def test_encodings_of_a_tie_agree() -> None:
    assert all(value < 1e-9 for value in ties.encodings(TRIAL).checks.values())  # type: ignore[operator]


def test_likelihoods_are_those_that_leaderbot_prints() -> None:
    checks = ties.likelihoods(TRIAL).checks
    assert {name: round(value, 4) for name, value in checks.items()} == {  # type: ignore[arg-type]
        "bradley_terry": 0.6554,
        "rao_kupper": 1.0095,
        "davidson": 1.0100,
    }


def test_models_of_ties_predict_pairs_that_they_have_not_seen() -> None:
    checks = ties.unseen_pairs(TRIAL).checks
    assert checks["rao_kupper_over_davidson"] == pytest.approx(5.3e-4, abs=1e-5)
    assert checks["davidson_over_constant"] == pytest.approx(1.73e-3, abs=1e-5)
    assert checks["pairs_left_out"] == 0
