"""Every claim once, and every timed arm once more with the samples it was judged by."""

from __future__ import annotations

import statistics

import pytest

from claimbench import clock, registry


def test_claim(claim_id, verdict_of, settle, record_property):
    verdict, trials = verdict_of(claim_id)
    for name, value in _facts(verdict, trials).items():
        record_property(name, value)
    settle(verdict, trials)


def test_timing(claim_id, arm, verdict_of, benchmark):
    verdict, trials = verdict_of(claim_id)
    name = registry.get(claim_id).metric.name
    samples = [_median(trial, name) for trial in trials if trial.arm == arm and trial.status == "ok"]
    if not samples:
        benchmark.skipped = True
        pytest.skip(f"no timings of {arm}: see test_claim[{claim_id}]")
    benchmark.group = claim_id
    benchmark.name = f"{arm} {_headline(verdict)}" if arm == registry.get(claim_id).arms[0].name else arm
    benchmark.extra_info.update(_facts(verdict, [trial for trial in trials if trial.arm == arm]))
    with clock.replaying(samples):
        benchmark.pedantic(lambda: None, rounds=len(samples), iterations=1)
    assert benchmark.disabled or benchmark.stats["data"] == samples


def _median(trial, name):
    """One process, one number; of a sweep the largest size."""
    values = trial.samples[name] if name in trial.samples else trial.curves[name].y[-1]
    return statistics.median(values)


def _headline(verdict):
    effects = [part.effect for part in verdict.parts if part.effect]
    found = f"{effects[0].estimate:.3g} [{effects[0].low:.3g}, {effects[0].high:.3g}] " if effects else ""
    return f"{found}{verdict.status}"


def _facts(verdict, trials):
    return {
        "claim": verdict.claim,
        "version": verdict.version,
        "tier": verdict.tier,
        "verdict": verdict.status,
        "reason": verdict.reason,
        "effects": [part.effect.model_dump(mode="json") for part in verdict.parts if part.effect],
        "n": dict(verdict.n),
        "seeds": sorted({seed for trial in trials for seed in trial.seeds}),
        "records": [trial.trial[:12] for trial in trials],
    }
