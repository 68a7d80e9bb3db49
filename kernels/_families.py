"""The kernels' folders, found by looking: a new one is warmed and built ahead of time without being listed anywhere."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

__all__ = ["modules"]


def modules(*names: str) -> Iterator[ModuleType]:
    """The modules of these names in every family, families in alphabetical order."""
    here = Path(__file__).parent
    for family in sorted(each.name for each in pkgutil.iter_modules([str(here)]) if each.ispkg and each.name[0] != "_"):
        inside = {each.name for each in pkgutil.iter_modules([str(here / family)])}
        for name in names:
            if name in inside:
                yield import_module(f"claimbench.kernels.{family}.{name}")
