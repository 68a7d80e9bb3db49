"""One compute thread: with two on two busy cores a step can take ten times as long."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
