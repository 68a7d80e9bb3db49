"""Generated code is run here, and nowhere else."""

from __future__ import annotations

from claimbench.impls.ai_scientist.sandbox.limits import Limits, Outcome
from claimbench.impls.ai_scientist.sandbox.run import run_contained

__all__ = ["Limits", "Outcome", "run_contained"]
