"""Generated code is run here, and nowhere else."""

from __future__ import annotations

from claimbench.impls.ai_scientist.sandbox.edits import check_edit
from claimbench.impls.ai_scientist.sandbox.guarantees import Guarantee, Isolation, isolation
from claimbench.impls.ai_scientist.sandbox.limits import Limits, Outcome
from claimbench.impls.ai_scientist.sandbox.run import run_contained

__all__ = ["Guarantee", "Isolation", "Limits", "Outcome", "check_edit", "isolation", "run_contained"]
