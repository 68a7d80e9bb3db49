"""Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

__all__ = ["table"]


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A GitHub table whose cells stand as they are; columns that are empty in every row are left out."""
    kept = [index for index in range(len(headers)) if any(row[index] for row in rows)]
    return tabulate(
        [[_cell(row[index]) for index in kept] for row in rows],
        headers=[headers[index] for index in kept],
        tablefmt="github",
        disable_numparse=True,
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
