"""How many runs a budget of seconds allows, decided once, from how long the first runs took."""

from __future__ import annotations

from claimbench.impls.ai_scientist.loop.explore import Effort
from claimbench.impls.ai_scientist.loop.stages import LoopStopped
from claimbench.impls.ai_scientist.loop.template import Template

__all__ = ["MOST", "fitted"]

MOST = Effort(pilot=12, search=16)
"""Runs of a loop that has the time."""
_LEAST = Effort(pilot=3, search=4)
_ARMS = 4
_FOLLOW_UPS = 4
"""Settings that are put back, of each of which every held-out seed is run, in a common paper."""


def fitted(template: Template, budget_s: float, grid_s: float, grid_runs: int) -> Effort:
    """The runs of pilot and search that leave time for as many at random, the held-out runs and what a review asks for.

    `grid_s` is what the first `grid_runs` took, on as many seeds as all later ones of the search. Seeds of one run may
    train side by side, so that held-out runs take less than is set aside for them. Raises LoopStopped where the budget
    does not allow the least.
    """
    run_s = grid_s / grid_runs
    held_out_s = run_s * len(template.seeds.held_out) / len(template.seeds.tuning)
    fixed_s = grid_s + grid_runs * run_s + (_ARMS + _FOLLOW_UPS) * held_out_s
    least = _LEAST.pilot + _LEAST.search
    if fixed_s + 2 * least * run_s > budget_s:
        raise LoopStopped(
            f"a budget of {budget_s:.0f} s is too small for runs of {run_s:.1f} s: give at least "
            f"{fixed_s + 2 * least * run_s:.0f} s"
        )
    runs = min(int((budget_s - fixed_s) / (2 * run_s)), MOST.pilot + MOST.search)
    pilot = round(runs * MOST.pilot / (MOST.pilot + MOST.search))
    return Effort(pilot=pilot, search=runs - pilot)
