"""Every paper and claim that can be found: our own modules in `claimbench.papers`, and plugins.

A plugin is a distribution with an entry point in the group `claimbench.claims` that names a module with `PAPER`
and `CLAIMS`. Nothing is imported before it is asked for; what was found is kept for the life of the process.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType, ModuleType

from pydantic import ValidationError

from claimbench.errors import SpecError, UnknownName
from claimbench.spec import AnyClaim, Claim, Paper, Tier, explain

__all__ = ["claims", "controls", "get", "keywords", "matches", "paper_claims", "papers", "select", "testable"]

GROUP = "claimbench.claims"


@cache
def _found() -> tuple[MappingProxyType[str, Paper], MappingProxyType[str, AnyClaim]]:
    papers: dict[str, Paper] = {}
    claims: dict[str, AnyClaim] = {}
    for origin, module in _modules():
        paper = getattr(module, "PAPER", None)
        if not isinstance(paper, Paper):
            raise SpecError(f"{origin}: no PAPER; a claims module defines PAPER = Paper(...) and CLAIMS = (...)")
        if paper.slug in papers:
            raise SpecError(f"{origin}: paper {paper.slug!r} is already there; choose another slug")
        papers[paper.slug] = paper
        for claim in getattr(module, "CLAIMS", ()):
            if claim.paper != paper.slug:
                raise SpecError(f"{origin}: claim {claim.id!r} must begin with '{paper.slug}.'")
            if claim.id in claims:
                raise SpecError(f"{origin}: claim {claim.id!r} is there twice; ids must differ")
            claims[claim.id] = claim
    return MappingProxyType(papers), MappingProxyType(claims)


def _modules() -> list[tuple[str, ModuleType]]:
    import claimbench.papers

    found: list[tuple[str, ModuleType]] = []
    names = [f"claimbench.papers.{info.name}" for info in pkgutil.iter_modules(claimbench.papers.__path__)]
    names += [point.value for point in entry_points(group=GROUP)]
    for name in sorted(names):
        try:
            found.append((name, importlib.import_module(name)))
        except ValidationError as error:
            raise explain(error, name) from error
        except ImportError as error:
            raise SpecError(f"{name}: cannot be imported ({error}); mend or uninstall the plugin") from error
    return found


def papers() -> MappingProxyType[str, Paper]:
    """Slug → paper."""
    return _found()[0]


def claims() -> MappingProxyType[str, AnyClaim]:
    """Id → claim, testable or not."""
    return _found()[1]


def get(claim_id: str) -> AnyClaim:
    """The claim with this id or label; raises UnknownName with the nearest ids."""
    found = claims()
    if claim_id in found:
        return found[claim_id]
    for claim in found.values():
        if claim.label.lower() == claim_id.lower():
            return claim
    raise UnknownName("claim", claim_id, found)


def paper_claims(slug: str) -> list[AnyClaim]:
    """The claims of one paper, by label; raises UnknownName."""
    if slug not in papers():
        raise UnknownName("paper", slug, papers())
    return sorted((claim for claim in claims().values() if claim.paper == slug), key=lambda claim: claim.label)


def keywords(claim: AnyClaim) -> set[str]:
    """Words that `-k` matches beside the claim's id."""
    return {claim.label, claim.kind, *claim.keywords, *papers()[claim.paper].keywords}


def matches(claim: AnyClaim, expression: str) -> bool:
    """Whether `expression` (words with `and`, `or`, `not` and brackets, as in pytest) selects the claim."""
    words = [claim.id.lower(), *(word.lower() for word in keywords(claim))]
    tokens = re.findall(r"\(|\)|[^\s()]+", expression)
    if not tokens:
        raise SpecError("-k: the expression is empty; try -k mamba, or leave it out")
    position = 0

    def disjunction() -> bool:
        value = conjunction()
        while peek() == "or":
            advance()
            value = conjunction() or value
        return value

    def conjunction() -> bool:
        value = negation()
        while peek() == "and":
            advance()
            value = negation() and value
        return value

    def negation() -> bool:
        token = advance()
        if token == "not":
            return not negation()
        if token == "(":
            value = disjunction()
            if advance() != ")":
                raise SpecError(f"-k {expression!r}: a bracket is not closed")
            return value
        if token in ("", ")", "and", "or"):
            raise SpecError(f"-k {expression!r}: a word is missing; write for instance 'mamba and not quality'")
        return any(token.lower() in word for word in words)

    def peek() -> str:
        return tokens[position] if position < len(tokens) else ""

    def advance() -> str:
        nonlocal position
        token = peek()
        position += 1
        return token

    value = disjunction()
    if position < len(tokens):
        raise SpecError(f"-k {expression!r}: cannot read {tokens[position]!r}; join words with and, or, not")
    return value


def select(expression: str | None = None) -> list[AnyClaim]:
    """Claims that the expression selects, by paper and label; the house's own controls are left out.

    An expression that is exactly an id, a label or a paper's slug selects that alone. Raises UnknownName where nothing
    is selected.
    """
    house = {claim.id for claim in controls()}
    found = sorted(
        (claim for claim in claims().values() if claim.id not in house), key=lambda claim: (claim.paper, claim.label)
    )
    if expression is None:
        return found
    exact = [claim for claim in found if expression in (claim.id, claim.label, claim.paper)]
    chosen = exact or [claim for claim in found if matches(claim, expression)]
    if not chosen:
        raise UnknownName("claim that matches -k", expression, [*papers(), *claims()])
    return chosen


def testable(expression: str | None, tier: Tier) -> list[Claim]:
    """Selected claims that the tier can test; raises UnknownName where none can."""
    chosen = select(expression)
    found = [claim for claim in chosen if isinstance(claim, Claim) and tier in claim.workloads]
    if not found:
        others = sorted({other for claim in chosen if isinstance(claim, Claim) for other in claim.workloads})
        raise SpecError(f"no selected claim can be tested at {tier}; their tiers are: {', '.join(others) or 'none'}")
    return found


def controls() -> list[Claim]:
    """The house's placebo and positive control."""
    return [claim for claim in claims().values() if isinstance(claim, Claim) and claim.role in ("placebo", "control")]
