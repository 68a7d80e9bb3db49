"""A trial with the gates that every speed claim declares."""

from __future__ import annotations

import pytest
from toys import Toy

from claimbench.trial import Trial


@pytest.fixture
def trial() -> Trial:
    return Trial(
        claim="toy.speed",
        tier="smoke",
        workload=Toy(size=3),
        arm="ours",
        options={},
        seeds=(0,),
        tolerances={"before": 1e-5, "after": 1e-5},
    )
