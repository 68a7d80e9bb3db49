"""What claims about a small network on letters share."""

from __future__ import annotations

from claimbench.papers.schedule_free.comparison import PILOTS, RATES
from claimbench.papers.schedule_free.workloads import Training
from claimbench.spec import Arm, Protocol, Scalar

__all__ = ["FOUR_PILOTS", "RULE_OF_TIMINGS", "SMALL_LETTERS", "letters", "seeds", "variant"]

SMALL_LETTERS = "Two hidden layers of width 64 and 12,000 letters, not the paper's deep networks."
FOUR_PILOTS = RATES.format(pilots=len(PILOTS))
RULE_OF_TIMINGS = (
    "When it was first judged, a rule that is meant for timings (a factor must be larger than what the spread can "
    "show) left it INCONCLUSIVE. The rule no longer reaches trainings; neither the bar nor a measurement was changed."
)
_SAME = "the same start, batches, warm-up, grid of rates and pilot seeds"
_LETTERS_STEPS = 1600


def letters(*chosen_by: str, low: int = -9, high: int = -2, **more: float) -> Training:
    """Training on letters, judged by these metrics."""
    return Training.model_validate(
        {
            "task": "letter_mlp",
            "steps": _LETTERS_STEPS,
            "low": low,
            "high": high,
            "pilots": PILOTS,
            "chosen_by": chosen_by,
            **more,
        }
    )


def seeds(first: int, n: int = 24, tier: str = "cpu") -> Protocol:
    """Paired seeds, all in one trial."""
    return Protocol.model_validate(
        {"unit": "seed", "n": {tier: n}, "n_min": 12, "paired": True, "first_seed": first, "seeds_per_trial": n}
    )


def variant(name: str, role: str, **options: Scalar) -> Arm:
    """Schedule-Free with other options."""
    return Arm.model_validate(
        {
            "name": name,
            "role": role,
            "options": {"method": "schedule_free", **options},
            "why_fair": f"Schedule-Free but for one option; {_SAME}" if role == "baseline" else "",
        }
    )
