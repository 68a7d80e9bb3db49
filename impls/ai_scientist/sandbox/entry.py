"""Starts one module of this package in a bare interpreter: `python -I -S entry.py MODULE ARGUMENT...`.

What stands between a user and generated code should load nothing but the standard library: no site-packages, and of
this package only what it names. The packages above stand in empty, so that their own imports do not run.
"""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

__all__ = ["command", "main"]

_PACKAGE = "claimbench.impls.ai_scientist.sandbox"


def command(module: types.ModuleType, *arguments: str) -> list[str]:
    """What runs `main` of a module of this package in a process of its own."""
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), module.__name__.split(".")[-1], *arguments]


def main() -> None:
    """Call `main` of the module that the first argument names."""
    folder = str(Path(__file__).resolve().parent)
    names = _PACKAGE.split(".")
    for depth in range(1, len(names) + 1):
        stand_in = types.ModuleType(".".join(names[:depth]))
        stand_in.__path__ = [folder]
        sys.modules[stand_in.__name__] = stand_in
    importlib.import_module(f"{_PACKAGE}.{sys.argv[1]}").main()


if __name__ == "__main__":
    main()
