"""What the house's own controls say about every timing on the pages."""

from __future__ import annotations

from claimbench.health import Health, on_gpu
from claimbench.protocol import TIERS
from claimbench.reports.numbers import interval, number

__all__ = ["health_lines"]


def health_lines(health: Health) -> list[str]:
    """Observed false-alarm rate of the placebo, and what the positive control saw; one line each."""
    if not health.runs:
        return ["no run has a placebo yet, so nothing is known about false alarms of the timings"]
    lowest = min(health.placebo_p.values())
    lines = [
        f"placebo, the same code on both sides: {health.false_alarms} of {health.runs} runs look like an effect at 5 % "
        f"({number(100 * health.rate)} % observed; smallest p {number(lowest)}, pooled p {number(health.pooled_p)})"
    ]
    seen = [
        f"{interval(*ends)} in {run}{' on a GPU' if run in health.gpu_runs else ''}"
        for run, ends in sorted(health.control_ratio.items())
    ]
    if seen:
        lines.append(f"positive control, 1.5 times the work (95 % interval of the slowdown): {'; '.join(seen)}")
    reasons = [
        health.fault([run for run in health.placebo_p if (run in health.gpu_runs) == on_gpu(tier)], tier)
        for tier in TIERS
    ]
    return lines + [f"timings may not be believed: {reason}" for reason in dict.fromkeys(reasons) if reason]
