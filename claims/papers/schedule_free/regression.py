"""What the claims about logistic regression share: the experiment, its arms, and seeds that choose rates."""

from __future__ import annotations

from claimbench.spec import Arm

__all__ = ["EDGE", "EXPERIMENT", "PILOTS", "arms"]

EXPERIMENT = "claimbench.impls.schedule_free.experiments.convex:final_accuracy"
PILOTS = (1000, 1001, 1002)
EDGE = {"rate_on_edge": 0.0}
"""Gate: problems whose best rate lies at an end of the grid."""
_WHY = {
    "linear_decay": "Adam with momentum and a rate that falls to zero, the best schedule that the paper knows",
    "polyak": "Adam with momentum at a constant rate, averaged with Schedule-Free's weights, as in Appendix I",
    "primal": "Schedule-Free Adam at β = 1, as in Section 2",
    "cosine": "Adam with momentum and a cosine to zero",
}


def arms(low: int, high: int, *baselines: str) -> tuple[Arm, ...]:
    """Schedule-Free and its baselines, each tuned over the powers of two from `low` to `high`."""
    tried = high - low + 1
    return (
        Arm(name="schedule_free", options={"method": "schedule_free"}, configurations_tuned=tried),
        *(
            Arm(
                name=method,
                role="baseline",
                options={"method": method},
                why_fair=f"{_WHY[method]}; the same batches, grid of rates, pilot seeds and epochs",
                configurations_tuned=tried,
            )
            for method in baselines
        ),
    )
