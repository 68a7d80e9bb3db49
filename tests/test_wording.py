"""Settings and workloads in words."""

from __future__ import annotations

import pytest

from claimbench.spec import Workload
from claimbench.wording import settings_words, workload_words


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ""),
        ({"d_model": 64, "learning_rate": 0.016}, "d_model 64, learning_rate 0.016"),
        ({"selective": "", "tied": False}, "selective none, tied False"),
        ({"parameters": None, "steps": 0}, "steps 0"),
        ({"shares": ((0.5, 0.5), (1.0, 0.0))}, "shares (0.5 0.5) (1.0 0.0)"),
        (
            {"lengths": (256, 512), "attention": {"heads": 4, "head_dim": 64}},
            "lengths 256 512, attention (heads 4, head_dim 64)",
        ),
    ],
)
def test_settings(settings: dict[str, object], words: str) -> None:
    assert settings_words(settings) == words


class Plain(Workload):
    kind: str = "plain"
    size: int = 8


class Told(Plain):
    """Numbers to be
    sorted."""


class Fixed(Workload):
    """Nothing to choose."""

    kind: str = "fixed"


@pytest.mark.parametrize(
    ("load", "words"),
    [(Plain(), "kind plain, size 8"), (Told(), "Numbers to be sorted; size 8"), (Fixed(), "Nothing to choose")],
    ids=["no docstring", "docstring", "no sizes"],
)
def test_a_workload_is_said_by_its_docstring(load: Workload, words: str) -> None:
    assert workload_words(load) == words
