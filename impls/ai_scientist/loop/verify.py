"""Whether every number that a paper prints is what its logs say; a paper of which this is not so is refused.

Three ways, of which none trusts the program that wrote the paper: each typed number is computed again from the runs'
files; the tables are read back from the LaTeX and Markdown texts, and hold these numbers and no others; and what a
language model wrote may hold a number only as the rest of the paper prints it. Whether it is used rightly, nothing
checks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from claimbench.errors import MeasurementRefused
from claimbench.impls.ai_scientist.loop.document import Document, Number, Quoted, numbers, tables
from claimbench.impls.ai_scientist.loop.evidence import Evidence
from claimbench.impls.ai_scientist.loop.latex import latex
from claimbench.impls.ai_scientist.loop.markdown import markdown, tabulated_cells
from claimbench.impls.ai_scientist.loop.template import Space, Template, printed
from claimbench.impls.ai_scientist.numbers import check, tabulated

__all__ = ["PaperRefused", "Verified", "levels", "quotable", "stray_numbers", "verify"]

_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?![\w.]*\w)")


class PaperRefused(MeasurementRefused):
    """A paper prints a number that its logs do not hold."""


@dataclass(frozen=True)
class Verified:
    """What was checked."""

    numbers: int
    """Measured numbers in the paper, each computed again from the logs."""
    tabulated: int
    """Numbers in its tables, as read back from the LaTeX text."""
    standing: int
    """Of these, numbers that stand in the logs or follow from them: all."""
    by_chance: float
    """Share of neighbours of these numbers that would have stood as well: how much this last check is worth alone."""


def verify(document: Document, texts: tuple[str, str], evidence: Evidence) -> Verified:
    """Check a paper with its Markdown and LaTeX texts against evidence that was read from the logs anew.

    Raises PaperRefused that names the first number which is not what the logs say.
    """
    computed = [_recomputed(number, evidence) for number in numbers(document)]
    cells = [cell for table in tables(document) for row in table.rows for cell in row]
    for cell in cells:
        if isinstance(cell, str) and (wrong := _unexplained(cell, evidence)):
            raise PaperRefused(f"a table prints {wrong} and does not say which run it comes from")
    if (markdown(document), latex(document)) != texts:
        raise PaperRefused("the Markdown or LaTeX text is not what the document says: write it anew")
    pool = sorted([*evidence.pool(), *computed])
    for quoted in _quoted(document):
        if stray := stray_numbers(quoted.text, quotable(document, evidence.template)):
            raise PaperRefused(f"{quoted.by} writes {stray[0]}, which the rest of the paper does not print")
    in_markdown, in_latex = texts
    expected = [cell.text for cell in cells if isinstance(cell, Number)]
    if not expected:
        raise PaperRefused("no table of the paper holds a measured number")
    if list(tabulated(in_latex)) != expected:
        raise PaperRefused("the tables of the LaTeX text do not hold the numbers of the document")
    if [cell for cell in tabulated_cells(in_markdown) if _NUMBER.fullmatch(cell)] != expected:
        raise PaperRefused("the tables of the Markdown text do not hold the numbers of the document")
    found = check(in_latex, [pool])
    if found.standing != found.numbers:
        raise PaperRefused(f"{found.numbers - found.standing} numbers in tables stand nowhere in the logs")
    return Verified(len(computed), found.numbers, found.standing, found.by_chance)


def quotable(document: Document, template: Template) -> set[str]:
    """Numbers that a language model may write: measured ones as the paper prints them, and levels of levers."""
    return {number.text for number in numbers(document)} | levels(template.space)


def levels(space: Space) -> set[str]:
    """All levels of all levers, as they are printed."""
    return {printed(level) for lever in space.levers for level in lever.levels}


def stray_numbers(text: str, allowed: Collection[str]) -> tuple[str, ...]:
    """Numbers in running text that are none of the allowed ones."""
    return tuple(number for number in _NUMBER.findall(text) if number not in allowed)


def _recomputed(number: Number, evidence: Evidence) -> float:
    try:
        value, text = evidence.value(number.quantity), evidence.text(number.quantity)
    except (KeyError, ValueError) as error:
        raise PaperRefused(f"{number.text} is said to be {_named(number)}, which the logs do not hold") from error
    if text != number.text:
        raise PaperRefused(f"the paper prints {number.text} for {_named(number)}, the logs say {text}")
    return value


def _named(number: Number) -> str:
    fields = number.quantity.model_dump()
    return f"{fields.pop('kind')} ({', '.join(f'{name} {value}' for name, value in fields.items())})"


def _unexplained(cell: str, evidence: Evidence) -> str:
    """The first number in a cell of words that is no level of a lever and no seed; empty where there is none."""
    seeds = {str(seed) for found in evidence.results.values() for seed in found.seeds}
    return next(iter(stray_numbers(cell, levels(evidence.template.space) | seeds)), "")


def _quoted(document: Document) -> Iterator[Quoted]:
    for section in document.sections:
        yield from (block for block in section.blocks if isinstance(block, Quoted))
