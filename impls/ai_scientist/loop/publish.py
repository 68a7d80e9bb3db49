"""Papers on the disk: written, read back and checked against the logs beside them."""

from __future__ import annotations

from pathlib import Path

from claimbench.impls.ai_scientist.loop.document import Document, Figure, words
from claimbench.impls.ai_scientist.loop.evidence import Evidence, Index
from claimbench.impls.ai_scientist.loop.latex import latex
from claimbench.impls.ai_scientist.loop.markdown import markdown
from claimbench.impls.ai_scientist.loop.plots import svg
from claimbench.impls.ai_scientist.loop.stages import LoopStopped, write
from claimbench.impls.ai_scientist.loop.template import Template
from claimbench.impls.ai_scientist.loop.verify import Verified, verify

__all__ = ["INDEX", "RUNS", "check_paper", "publish"]

INDEX, RUNS = "index.json", "runs"


def publish(document: Document, folder: Path, template: Template, index: Index, logs: Path) -> Verified:
    """Write a paper to `folder`, and check what was written against `logs`; raises PaperRefused, and writes nothing.

    paper.json is the document, paper.md and paper.tex what it renders to; figures are in a folder of their own.
    """
    found = verify(document, (markdown(document), latex(document)), Evidence.read(template, index, logs / RUNS))
    write(logs / INDEX, index.model_dump_json(indent=1))
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Figure):
                write(folder / "figures" / f"{block.name}.svg", svg(block.chart, words(block.caption)))
    write(folder / "paper.json", document.model_dump_json(indent=1))
    write(folder / "paper.md", markdown(document))
    write(folder / "paper.tex", latex(document))
    return found


def check_paper(folder: Path, template: Template, logs: Path) -> Verified:
    """Check a paper as it lies in `folder` against `logs`.

    Raises PaperRefused, and LoopStopped where a file is missing or a run's results were changed.
    """
    try:
        document = Document.model_validate_json((folder / "paper.json").read_bytes())
        texts = ((folder / "paper.md").read_text("utf-8"), (folder / "paper.tex").read_text("utf-8"))
        index = Index.model_validate_json((logs / INDEX).read_bytes())
    except OSError as error:
        raise LoopStopped(f"{error.filename} is missing: give the folder of a loop that has ended") from error
    return verify(document, texts, Evidence.read(template, index, logs / RUNS))
