"""What a paper prints is what its logs say, in Markdown as in LaTeX; one that says otherwise is refused."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loops import loop, toy

from claimbench.impls.ai_scientist.loop.document import (
    Chart,
    Document,
    Number,
    Paragraph,
    Quoted,
    Section,
    Series,
    Table,
    numbers,
    sentence,
    tables,
    words,
)
from claimbench.impls.ai_scientist.loop.evidence import Evidence, Index
from claimbench.impls.ai_scientist.loop.latex import latex
from claimbench.impls.ai_scientist.loop.markdown import markdown, tabulated_cells
from claimbench.impls.ai_scientist.loop.plots import svg, tikz
from claimbench.impls.ai_scientist.loop.publish import check_paper, publish
from claimbench.impls.ai_scientist.loop.quantities import Count, Improvement, Mean, SeedValue
from claimbench.impls.ai_scientist.loop.verify import PaperRefused, stray_numbers, verify
from claimbench.impls.ai_scientist.numbers import tabulated
from claimbench.stats.intervals import paired_t

Paper = tuple[Path, Document, Evidence]
MEAN = Mean(run="held_out/found", metric="error")
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40)


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    folder = tmp_path_factory.mktemp("paper")
    done = loop(folder).run()
    document = Document.model_validate_json((done.paper / "paper.json").read_bytes())
    index = Index.model_validate_json((done.paper / "index.json").read_bytes())
    return done.paper, document, Evidence.read(toy(folder), index, done.paper / "runs")


def rendered(document: Document) -> tuple[str, str]:
    return markdown(document), latex(document)


def with_table(document: Document, rows: tuple[tuple[str | Number, ...], ...]) -> Document:
    table = Table(caption=("x",), header=("name", "value"), rows=rows)
    return document.model_copy(
        update={"sections": (*document.sections, Section(title="More results", blocks=(table,)))}
    )


def test_a_paper_as_it_was_written_stands(paper: Paper) -> None:
    folder, document, evidence = paper
    found = check_paper(folder, evidence.template, folder)
    assert found.numbers == len(list(numbers(document))) > 100
    assert found.standing == found.tabulated == len(tabulated(latex(document)))
    assert found.by_chance < 0.5


@pytest.mark.parametrize(
    ("row", "says"),
    [
        pytest.param(("made up", "93.17"), "does not say which run", id="a bare number"),
        pytest.param(("made up", "93.17 (ours)"), "does not say which run", id="a number among words"),
        pytest.param(("step size", "0.3"), "LaTeX text do not hold", id="a level without its run"),
        pytest.param(("made up", Number(text="3.00", quantity=MEAN)), "prints 3.00 for mean", id="another number"),
        pytest.param(
            ("made up", Number(text="3.00", quantity=Mean(run="held_out/best", metric="error"))),
            "which the logs do not hold",
            id="a run that was not",
        ),
        pytest.param(
            ("made up", Number(text="3.00", quantity=SeedValue(run="held_out/found", metric="error", seed=7))),
            "which the logs do not hold",
            id="a seed that was not",
        ),
        pytest.param(
            ("made up", Number(text="3.00", quantity=Mean(run="held_out/found", metric="accuracy"))),
            "which the logs do not hold",
            id="a metric that was not",
        ),
    ],
)
def test_a_fabricated_number_in_a_table_is_refused(paper: Paper, row: tuple[str | Number, ...], says: str) -> None:
    _, document, evidence = paper
    forged = with_table(document, (row,))
    with pytest.raises(PaperRefused, match=re.escape(says)):
        verify(forged, rendered(forged), evidence)


def test_every_single_number_is_checked(paper: Paper) -> None:
    _, document, evidence = paper
    text = document.model_dump_json()
    places = [found.span(1) for found in re.finditer(r'"text":"(-?\d+(?:\.\d+)?)","quantity"', text)]
    assert len(places) == len(list(numbers(document)))
    for start, end in places[:: max(len(places) // 25, 1)]:
        last = str((int(text[end - 1]) + 1) % 10)
        forged = Document.model_validate_json(text[: end - 1] + last + text[end:])
        with pytest.raises(PaperRefused, match="the logs say"):
            verify(forged, rendered(forged), evidence)
        assert start < end


@pytest.mark.parametrize("name", ["paper.md", "paper.tex"])
def test_a_text_that_was_changed_by_hand_is_refused(paper: Paper, tmp_path: Path, name: str) -> None:
    folder, document, evidence = paper
    for part in ("paper.md", "paper.tex", "paper.json"):
        (tmp_path / part).write_bytes((folder / part).read_bytes())
    number = next(number.text for number in numbers(document) if "." in number.text)
    (tmp_path / name).write_text((folder / name).read_text().replace(number, "0.01"))
    with pytest.raises(PaperRefused, match="not what the document says"):
        check_paper(tmp_path, evidence.template, folder)


def test_a_refused_paper_is_not_written(paper: Paper, tmp_path: Path) -> None:
    folder, document, evidence = paper
    index = Index.model_validate_json((folder / "index.json").read_bytes())
    forged = with_table(document, (("made up", "93.17"),))
    with pytest.raises(PaperRefused):
        publish(forged, tmp_path / "paper", evidence.template, index, folder)
    assert not (tmp_path / "paper").exists()


def test_a_model_may_only_write_numbers_of_the_logs(paper: Paper) -> None:
    _, document, evidence = paper

    def said(text: str) -> Document:
        section = Section(title="Discussion", blocks=(Quoted(by="a model", text=text),))
        return document.model_copy(update={"sections": (*document.sections, section)})

    fine = said(f"The mean is {evidence.text(MEAN)}, which is low.")
    assert verify(fine, rendered(fine), evidence).numbers > 0
    forged = said("The mean is 3.14159.")
    with pytest.raises(PaperRefused, match=r"a model writes 3\.14159"):
        verify(forged, rendered(forged), evidence)


def test_a_paper_without_results_is_refused(paper: Paper) -> None:
    _, document, evidence = paper
    empty = document.model_copy(update={"sections": (), "abstract": ("Nothing.",)})
    with pytest.raises(PaperRefused, match="no table"):
        verify(empty, rendered(empty), evidence)


def test_markdown_and_latex_carry_the_same_numbers_in_the_same_order(paper: Paper) -> None:
    _, document, _ = paper
    in_markdown, in_latex = rendered(document)
    cells = [cell for cell in tabulated_cells(in_markdown) if re.fullmatch(r"-?\d+(\.\d+)?", cell)]
    assert cells == list(tabulated(in_latex))
    assert len(cells) > 50
    abstract = [part.text for part in document.abstract if isinstance(part, Number)]
    both = in_markdown.split("## 1.")[0], in_latex.split("\\section")[0]
    assert abstract
    assert all(number in text for number in abstract for text in both)


def test_improvements_are_the_paired_intervals_of_the_logs(paper: Paper) -> None:
    _, _, evidence = paper
    found, tuned = (evidence.results[f"held_out/{arm}"].values["error"] for arm in ("found", "tuned"))
    expected = paired_t(tuned, found, 0.975)
    interval = evidence.improvement("held_out/found", "held_out/tuned", 0.975)
    assert (interval.estimate, interval.low, interval.high) == (expected.estimate, expected.low, expected.high)
    low = Improvement(subject="held_out/found", baseline="held_out/tuned", level=0.975, part="low")
    assert evidence.text(low) == f"{expected.low:.2f}"
    with pytest.raises(ValueError, match="do not share their seeds"):
        evidence.improvement("held_out/found", "tuning/tuned", 0.975)


def test_counts_are_those_of_the_logs(paper: Paper) -> None:
    folder, _, evidence = paper
    assert evidence.value(Count(of="runs")) == len(list((folder / "runs").iterdir()))
    assert evidence.value(Count(of="control")) == sum(evidence.counts[stage] for stage in ("grid", "pilot", "search"))


def test_sentences_keep_numbers_apart_from_words() -> None:
    number = Number(text="1.5", quantity=MEAN)
    parts = sentence("It is {a}, {b}.", a=number, b=("or ", number))
    assert parts == ("It is ", number, ", ", "or ", number, ".")
    assert words(parts) == "It is 1.5, or 1.5."


def test_numbers_in_prose_are_found() -> None:
    assert stray_numbers("From 1.25 to 2.5 (seed 7), v2 and x86.", {"1.25", "2.5", "7"}) == ()
    assert stray_numbers("It fell by 12.3 %, to 4.", {"4"}) == ("12.3",)
    assert stray_numbers("-1.2 is not 1.2.", {"1.2"}) == ("-1.2",)


@settings(deadline=None, max_examples=60)
@given(text=TEXT, cell=TEXT)
def test_any_text_can_be_rendered_and_tables_read_back(text: str, cell: str) -> None:
    number = Number(text="-1.5", quantity=MEAN)
    table = Table(caption=(text,), header=("name", text), rows=((cell, number), ("x", number)))
    document = Document(
        title=text,
        byline="nobody",
        abstract=(text,),
        sections=(Section(title=text, blocks=(Paragraph(parts=(text,)), table)),),
        references=(text,),
    )
    assert tabulated_cells(markdown(document))[1::2] == ["-1.5", "-1.5"]
    rendering = latex(document)
    assert tabulated(rendering)[-2:] == ("-1.5", "-1.5")
    plain = re.sub(r"\\[\\{}$&#%_]", "", rendering)
    assert plain.count("{") == plain.count("}")
    assert rendering.isascii() or all(ord(character) < 256 for character in rendering)


def test_latex_opens_and_closes_its_environments(paper: Paper) -> None:
    _, document, _ = paper
    stack: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", latex(document)):
        if kind == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack == []


CHARTS = (
    pytest.param(
        Chart(form="steps", x_label="x", y_label="y", series=(Series(label="a", x=(1, 2, 3), y=(3.0, 2.0, 2.0)),)),
        id="steps",
    ),
    pytest.param(
        Chart(
            form="lines",
            x_label="x & y < z",
            y_label="100 %",
            series=(
                Series(label="a", x=(0.0, 1.0), y=(5.0, 5.0)),
                Series(label="", x=(0.0, 1.0), y=(1, 2), faint=True),
            ),
        ),
        id="lines",
    ),
    pytest.param(
        Chart(form="intervals", x_label="x", none=0.0, series=(Series(label="a_b", x=(0.0, 0.0, 0.0)),)), id="intervals"
    ),
)


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("draw", [lambda chart: svg(chart, "<&>"), tikz], ids=["svg", "tikz"])
def test_charts_are_drawn_inside_their_frame_and_the_same_each_time(chart: Chart, draw: Callable[[Chart], str]) -> None:
    picture = draw(chart)
    assert picture == draw(chart)
    assert "nan" not in picture
    assert "inf" not in picture.replace("info", "")
    if picture.startswith("<svg"):
        ElementTree.fromstring(picture)
    else:
        assert not re.search(r"(?<!\\)[_%&]", picture)


def test_tables_are_listed_in_order(paper: Paper) -> None:
    _, document, _ = paper
    assert [table.header[0] for table in tables(document)] == [
        "setting",
        "changed",
        "arm",
        "comparison",
        "setting",
        "setting",
        "seed",
    ]
