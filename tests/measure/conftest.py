"""A trial with the gates that every speed claim declares, on one thread as in a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from toys import Toy

from claimbench.trial import Trial


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
