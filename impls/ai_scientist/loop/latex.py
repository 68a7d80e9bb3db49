"""A document in LaTeX, which needs nothing but a common distribution: figures are drawn by TikZ."""

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
)
from claimbench.impls.ai_scientist.loop.plots import tikz

__all__ = ["latex"]

_HEAD = r"""\documentclass[11pt]{article}
\usepackage[a4paper,margin=2.5cm]{geometry}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{booktabs}
\usepackage{tikz}
\frenchspacing
\emergencystretch=3em"""
_AS_IS = {character: f"\\{character}" for character in "{}$&#%_"}
_NAMED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
_DASHES = {"–": "--", "—": "---", "−": "-", "…": "...", "‘": "`", "’": "'", "“": "``", "”": "''"}
_LETTERS = {"≤": "<=", "≥": ">=", "α": "alpha", "β": "beta", "σ": "sigma", "λ": "lambda"}
_PLAIN = str.maketrans(_DASHES | _LETTERS)
_SAFE = str.maketrans(_AS_IS | _NAMED)
_UNKNOWN = re.compile(r"[^\x00-\xff]")


def latex(document: Document) -> str:
    """The document, whole, in one file."""
    lines = [
        _HEAD,
        f"\\title{{{_escaped(document.title)}}}",
        f"\\author{{\\parbox{{0.85\\textwidth}}{{\\centering\\normalsize {_escaped(document.byline)}}}}}",
        "\\date{}",
        "\\begin{document}\n\\maketitle",
        f"\\begin{{abstract}}\n{_text(document.abstract)}\n\\end{{abstract}}",
    ]
    for section in document.sections:
        lines.append(f"\\section{{{_escaped(section.title)}}}")
        lines += [_block(block) for block in section.blocks]
    if document.references:
        entries = [f"\\bibitem{{r{n}}} {_escaped(text)}." for n, text in enumerate(document.references, start=1)]
        lines.append("\\begin{thebibliography}{9}\n" + "\n".join(entries) + "\n\\end{thebibliography}")
    lines.append("\\end{document}\n")
    return "\n\n".join(lines)


def _block(block: Block) -> str:
    match block:
        case Paragraph(parts=parts):
            return _text(parts)
        case Items(items=items):
            return _environment("itemize", "\n".join(f"\\item {_text(item)}" for item in items))
        case Quoted(by=by, text=text):
            paragraphs = "\n\n".join(_escaped(line) for line in text.strip().splitlines())
            return f"In the words of {_escaped(by)}:\n\n{_environment('quote', paragraphs)}"
        case Listing(text=text):
            return "{\\small\n" + _environment("verbatim", text) + "\n}"
        case Table():
            return _float("table", block.caption, _table(block))
        case Figure(caption=caption, chart=chart):
            return _float("figure", caption, tikz(chart))


def _environment(name: str, content: str) -> str:
    return f"\\begin{{{name}}}\n{content}\n\\end{{{name}}}"


def _float(name: str, caption: Inline, content: str) -> str:
    captioned = f"\\caption{{{_text(caption)}}}"
    parts = (captioned, content) if name == "table" else (content, captioned)
    return f"\\begin{{{name}}}[htbp]\n\\centering\\small\n" + "\n".join(parts) + f"\n\\end{{{name}}}"


def _table(table: Table) -> str:
    rows: list[Sequence[Cell]] = [table.header, *table.rows]
    lines = [" & ".join(_cell(cell) for cell in row) + r" \\" for row in rows]
    columns = "l" + "r" * (len(table.header) - 1)
    body = ["\\toprule", lines[0], "\\midrule", *lines[1:], "\\bottomrule"]
    return f"\\begin{{tabular}}{{{columns}}}\n" + "\n".join(body) + "\n\\end{tabular}"


def _text(parts: Inline) -> str:
    return "".join(_cell(part) for part in parts)


def _cell(cell: Cell) -> str:
    if isinstance(cell, Number):
        return f"${cell.text}$" if cell.text.startswith("-") else cell.text
    return _escaped(cell)


def _escaped(text: str) -> str:
    """Text whose every character a plain installation can set; what a model wrote may hold any."""
    return _UNKNOWN.sub("?", text.translate(_PLAIN)).translate(_SAFE)
