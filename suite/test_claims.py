"""Every claim once, and every timed arm once more with the samples it was judged by."""

from __future__ import annotations

import pytest

from claimbench import clock, registry
from claimbench.reports import estimates


def test_claim(claim_id, evidence_of, settle, record_property):
    found = evidence_of(claim_id)
    for name, value in _facts(found.verdict, found.records).items():
        record_property(name, value)
    settle(found)


def test_timing(claim_id, arm, evidence_of, benchmark):
    found = evidence_of(claim_id)
    claim = registry.get(claim_id)
    samples = estimates.unit_values(claim, found.records, arm, claim.metric.name)
    if not samples:
        pytest.skip(f"no timings of {arm}: see test_claim[{claim_id}]")
    benchmark.group = claim_id
    benchmark.name = f"{arm} {_headline(found.verdict)}" if arm == claim.arms[0].name else arm
    benchmark.extra_info.update(_facts(found.verdict, [record for record in found.records if record.arm == arm]))
    with clock.replaying(samples):
        benchmark.pedantic(lambda: None, rounds=len(samples), iterations=1)
    assert benchmark.disabled or benchmark.stats["data"] == samples


def _headline(verdict):
    effects = [part.effect for part in verdict.parts if part.effect]
    found = f"{effects[0].estimate:.3g} [{effects[0].low:.3g}, {effects[0].high:.3g}] " if effects else ""
    return f"{found}{verdict.status}"


def _facts(verdict, records):
    return {
        "claim": verdict.claim,
        "version": verdict.version,
        "tier": verdict.tier,
        "verdict": verdict.status,
        "reason": verdict.reason,
        "effects": [part.effect.model_dump(mode="json") for part in verdict.parts if part.effect],
        "n": dict(verdict.n),
        "seeds": sorted({seed for record in records for seed in record.seeds}),
        "records": [record.trial[:12] for record in records],
    }
