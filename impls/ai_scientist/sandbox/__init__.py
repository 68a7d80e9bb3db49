"""Generated code is run here, and nowhere else."""

from __future__ import annotations

from claimbench.impls.ai_scientist.sandbox.limits import Limits, Outcome

__all__ = ["Limits", "Outcome"]
