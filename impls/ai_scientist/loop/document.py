"""A paper as a typed document, of which Markdown and LaTeX are renderings, so that these cannot disagree.

A number that was measured is a `Number`: its text beside the quantity that it prints. Words are plain strings.
"""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from claimbench.impls.ai_scientist.loop.quantities import Quantity
from claimbench.spec import Model

__all__ = [
    "Block",
    "Cell",
    "Chart",
    "Document",
    "Figure",
    "Inline",
    "Items",
    "Listing",
    "Number",
    "Paragraph",
    "Quoted",
    "Section",
    "Series",
    "Table",
    "numbers",
    "sentence",
    "tables",
    "words",
]


class Number(Model):
    """A measured number."""

    text: str
    """As printed."""
    quantity: Quantity
    """What it prints."""


Cell = str | Number
Inline = tuple[Cell, ...]


class Paragraph(Model):
    """Running text."""

    kind: Literal["paragraph"] = "paragraph"
    """Discriminator."""
    parts: Inline
    """Words and numbers."""


class Items(Model):
    """A list with bullets."""

    kind: Literal["items"] = "items"
    """Discriminator."""
    items: tuple[Inline, ...]
    """Its items."""


class Quoted(Model):
    """What a language model wrote, in its words."""

    kind: Literal["quoted"] = "quoted"
    """Discriminator."""
    by: str
    """The model's name."""
    text: str
    """Its words."""


class Listing(Model):
    """Text for machines: a command, settings."""

    kind: Literal["listing"] = "listing"
    """Discriminator."""
    text: str
    """Its lines."""


class Table(Model):
    """A table; its first column holds names."""

    kind: Literal["table"] = "table"
    """Discriminator."""
    caption: Inline
    """What it shows."""
    header: tuple[str, ...]
    """Names of the columns."""
    rows: tuple[tuple[Cell, ...], ...]
    """Cells; a string is a name or a level, never a result."""

    @model_validator(mode="after")
    def _square(self) -> Self:
        if any(len(row) != len(self.header) for row in self.rows):
            raise ValueError("every row of a table needs a cell for each column")
        return self


class Series(Model):
    """Points of a chart that belong together."""

    label: str
    """Its name in the legend, or beside its interval."""
    x: tuple[float, ...]
    """Where; of an interval its estimate and ends."""
    y: tuple[float, ...] = ()
    """Values; empty for an interval."""
    faint: bool = False
    """Whether it is drawn thin, behind the others."""


class Chart(Model):
    """What a figure draws."""

    form: Literal["steps", "lines", "intervals"]
    """Steps that hold a value until the next, lines through points, or intervals one below the other."""
    x_label: str
    """Name of the horizontal axis."""
    y_label: str = ""
    """Name of the vertical axis; intervals have none."""
    none: float | None = None
    """Where no effect is, of intervals."""
    series: Annotated[tuple[Series, ...], Field(min_length=1)]
    """What is drawn."""


class Figure(Model):
    """A chart with a caption."""

    kind: Literal["figure"] = "figure"
    """Discriminator."""
    name: str
    """Name of its file, without an ending."""
    caption: Inline
    """What it shows."""
    chart: Chart
    """What is drawn."""


Block = Annotated[Paragraph | Items | Quoted | Listing | Table | Figure, Field(discriminator="kind")]


class Section(Model):
    """A part with a title."""

    title: str
    """Its title."""
    blocks: tuple[Block, ...]
    """What it holds."""


class Document(Model):
    """A paper."""

    title: str
    """Its title."""
    byline: str
    """Who or what wrote it."""
    abstract: Inline
    """Its abstract, one paragraph."""
    sections: tuple[Section, ...]
    """Its sections; an appendix is the last ones."""
    references: tuple[str, ...]
    """What it refers to, numbered from 1."""


def sentence(template: str, /, **values: Cell | Inline) -> Inline:
    """Words with numbers in them: `sentence("It took {n} runs.", n=number)`."""
    parts: list[Cell] = []
    for text, name, _, _ in Formatter().parse(template):
        if text:
            parts.append(text)
        if name is not None:
            value = values[name]
            parts += value if isinstance(value, tuple) else (value,)
    return tuple(parts)


def words(parts: Inline) -> str:
    """Running text without its types."""
    return "".join(part.text if isinstance(part, Number) else part for part in parts)


def tables(document: Document) -> tuple[Table, ...]:
    """All tables, in order."""
    return tuple(block for section in document.sections for block in section.blocks if isinstance(block, Table))


def numbers(document: Document) -> Iterator[Number]:
    """Every measured number: in the abstract, in paragraphs, items, captions and tables."""
    for part in _parts(document):
        if isinstance(part, Number):
            yield part


def _parts(document: Document) -> Iterator[Cell]:
    yield from document.abstract
    for section in document.sections:
        for block in section.blocks:
            match block:
                case Paragraph(parts=parts):
                    yield from parts
                case Items(items=items):
                    for item in items:
                        yield from item
                case Table(caption=caption, rows=rows):
                    yield from caption
                    for row in rows:
                        yield from row
                case Figure(caption=caption):
                    yield from caption
                case _:
                    pass
