"""One compute thread: two on two busy cores can take ten times as long. Examples without a deadline."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
# Speed is measured in benchmarks: an example that a busy machine takes long for fails no test.
settings.register_profile("claimbench", deadline=None)
settings.load_profile("claimbench")
