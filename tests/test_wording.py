"""Settings in words."""

from __future__ import annotations

import pytest

from claimbench.wording import settings_words


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ""),
        ({"d_model": 64, "learning_rate": 0.016}, "d_model 64, learning_rate 0.016"),
        ({"selective": "", "tied": False}, "selective none, tied False"),
        ({"parameters": None, "steps": 0}, "steps 0"),
        (
            {"lengths": (256, 512), "attention": {"heads": 4, "head_dim": 64}},
            "lengths 256 512, attention (heads 4, head_dim 64)",
        ),
    ],
)
def test_settings(settings: dict[str, object], words: str) -> None:
    assert settings_words(settings) == words
