"""A document in Markdown, and the numbers in a Markdown text's tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimbench.impls.ai_scientist.loop.document import (
    Block,
    Cell,
    Document,
    Figure,
    Inline,
    Items,
    Listing,
    Number,
    Paragraph,
    Quoted,
    Table,
    words,
)

__all__ = ["markdown", "tabulated_cells"]

_ROWS = re.compile(r"(?:^\|.*\|$\n?)+", re.MULTILINE)
_UNESCAPED = re.compile(r"\\([\\`*_{}\[\]<>|#])")
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#])")


def markdown(document: Document, figures: str = "figures") -> str:
    """The document, with figures as SVG files in the folder `figures`."""
    lines = [f"# {_escaped(document.title)}", f"*{_escaped(document.byline)}*", "## Abstract", _text(document.abstract)]
    count = {"Table": 0, "Figure": 0}
    for number, section in enumerate(document.sections, start=1):
        lines.append(f"## {number}. {_escaped(section.title)}")
        lines += [_block(block, figures, count) for block in section.blocks]
    if document.references:
        lines.append("## References")
        lines.append("\n".join(f"{n}. {_escaped(text)}" for n, text in enumerate(document.references, start=1)))
    return "\n\n".join(lines) + "\n"


def tabulated_cells(text: str) -> list[str]:
    """The cells of all tables of a Markdown text, without their heads, in order."""
    cells: list[str] = []
    for table in _ROWS.findall(text):
        for row in table.splitlines()[2:]:
            cells += [_UNESCAPED.sub(r"\1", cell.strip()) for cell in re.split(r"(?<!\\)\|", row.strip("|"))]
    return cells


def _block(block: Block, figures: str, count: dict[str, int]) -> str:
    match block:
        case Paragraph(parts=parts):
            return _text(parts)
        case Items(items=items):
            return "\n".join(f"- {_text(item)}" for item in items)
        case Quoted(by=by, text=text):
            quoted = "\n".join(f"> {_escaped(line)}" for line in text.strip().splitlines())
            return f"In the words of {_escaped(by)}:\n\n{quoted}"
        case Listing(text=text):
            return f"```\n{text}\n```"
        case Table():
            count["Table"] += 1
            return f"**Table {count['Table']}.** {_text(block.caption)}\n\n{_table(block)}"
        case Figure(name=name, caption=caption):
            count["Figure"] += 1
            alt = words(caption).replace("[", "(").replace("]", ")")
            return f"![{alt}]({figures}/{name}.svg)\n\n**Figure {count['Figure']}.** {_text(caption)}"


def _table(table: Table) -> str:
    rows: list[Sequence[Cell]] = [table.header, *table.rows]
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    rule = "|" + "|".join(":---" if index == 0 else "---:" for index in range(len(table.header))) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _text(parts: Inline) -> str:
    return "".join(_cell(part) for part in parts)


def _cell(cell: Cell) -> str:
    return cell.text if isinstance(cell, Number) else _escaped(cell)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
