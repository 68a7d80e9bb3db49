"""Finding claims: ours, plugins, selections."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from claimbench import registry
from claimbench.errors import SpecError, UnknownName
from claimbench.spec import NotTestable, Paper, Source

SLUGS = (
    "mamba",
    "chatbot_arena",
    "quiet_star",
    "evolutionary_merging",
    "schedule_free",
    "mar",
    "llama3",
    "ai_scientist",
    "differential_transformer",
    "lcm",
)


def module(slug: str, *ids: str) -> ModuleType:
    made = ModuleType(slug)
    paper = Paper(
        slug=slug,
        title=slug,
        authors="A",
        arxiv="2401.00001",
        year=2024,
        keywords=("ranking",) * (slug == "chatbot_arena"),
    )
    source = Source(arxiv="2401.00001v1", where="Table 1")
    claims = tuple(
        NotTestable(id=name, label=f"XX-{index}", statement="s", source=source, reason="r")
        for index, name in enumerate(ids)
    )
    made.PAPER, made.CLAIMS = paper, claims  # type: ignore[attr-defined]
    return made


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ModuleType]]:
    modules: list[ModuleType] = []
    monkeypatch.setattr(registry, "_modules", lambda: [(made.__name__, made) for made in modules])
    registry._found.cache_clear()
    yield modules
    registry._found.cache_clear()


def test_every_slug_selects_its_own_paper_and_nothing_else(found: list[ModuleType]) -> None:
    found += [module(slug, f"{slug}.one", f"{slug}.two") for slug in SLUGS]
    for slug in SLUGS:
        assert {claim.paper for claim in registry.select(slug)} == {slug}
        assert len(registry.select(slug)) == 2


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        pytest.param("mamba or lcm", 4, id="or"),
        pytest.param("one and not (mamba or lcm)", 8, id="brackets"),
        pytest.param("ranking", 2, id="keyword"),
        pytest.param("not not mamba", 2, id="double-negation"),
        pytest.param("mar.one", 1, id="exact-id"),
    ],
)
def test_expressions_read_as_in_pytest(found: list[ModuleType], expression: str, count: int) -> None:
    found += [module(slug, f"{slug}.one", f"{slug}.two") for slug in SLUGS]
    assert len(registry.select(expression)) == count


@pytest.mark.parametrize("expression", ["", "mamba and", "(mamba", "mamba lcm", "and"])
def test_an_unreadable_expression_says_so(found: list[ModuleType], expression: str) -> None:
    found.append(module("mamba", "mamba.one"))
    with pytest.raises(SpecError, match="-k"):
        registry.select(expression)


def test_an_unknown_name_suggests_the_nearest(found: list[ModuleType]) -> None:
    found.append(module("mamba", "mamba.selective_copying"))
    with pytest.raises(UnknownName, match=r"mamba\.selective_copying"):
        registry.get("mamba.selectiv_copying")
    with pytest.raises(UnknownName, match="mamba"):
        registry.select("manba")
    with pytest.raises(UnknownName, match="paper"):
        registry.paper_claims("manba")


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        pytest.param((module("a", "a.x"), module("a", "a.y")), "already there", id="two-papers-of-one-slug"),
        pytest.param((module("a", "b.x"),), "must begin with 'a.'", id="claim-of-another-paper"),
        pytest.param((module("a", "a.x", "a.x"),), "there twice", id="claim-twice"),
        pytest.param((ModuleType("plugin"),), "no PAPER", id="not-a-claims-module"),
    ],
)
def test_a_broken_plugin_is_named(found: list[ModuleType], modules: tuple[ModuleType, ...], message: str) -> None:
    found += modules
    with pytest.raises(SpecError, match=message):
        registry.claims()


def test_a_plugin_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        value = "no_such_module_of_claims"

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    registry._found.cache_clear()
    with pytest.raises(SpecError, match="no_such_module_of_claims.*uninstall the plugin"):
        registry.claims()
    registry._found.cache_clear()
