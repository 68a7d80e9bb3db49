"""Compiling before anybody waits for it."""

from __future__ import annotations

__all__ = ["warm"]


def warm() -> None:
    """Compile every CPU kernel into the cache."""
