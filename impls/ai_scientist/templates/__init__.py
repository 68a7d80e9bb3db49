"""Small experiments that the loop writes about; `planted` trains nothing, and is there to see whether it works."""

from __future__ import annotations

from importlib import import_module

from claimbench.errors import UnknownName
from claimbench.impls.ai_scientist.loop.template import Template

__all__ = ["NAMES", "load"]

NAMES = ("diffusion", "grokking", "language", "planted")


def load(name: str) -> Template:
    """The template called `name`; raises UnknownName."""
    if name not in NAMES:
        raise UnknownName("template", name, NAMES)
    template = import_module(f"{__name__}.{name}").TEMPLATE
    assert isinstance(template, Template)
    return template
