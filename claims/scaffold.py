"""`claimbench new` and `claimbench schema`: what a writer of claims starts from."""

from __future__ import annotations

import json
import re
from pathlib import Path

from claimbench import registry
from claimbench.errors import HostError, SpecError
from claimbench.spec import Claim

__all__ = ["schema_text", "write_skeleton"]

_PAPER = '''"""{paper}: its paper and claims."""

from typing import Literal

from claimbench.expectation import Difference
from claimbench.spec import Arm, Claim, Metric, Needs, Paper, Protocol, Published, Source, Workload

PAPER = Paper(slug="{paper}", title="TITLE", authors="AUTHORS", arxiv="0000.00000", year=2024)
'''

_CLAIM = '''

class {workload}(Workload):
    """What one trial of {claim} works on."""

    kind: Literal["{claim}"] = "{claim}"
    """Name of the task."""
    size: int
    """Number of examples."""


{constant} = Claim(
    id="{paper}.{claim}",
    label="{initials}-{number:02d}",
    statement="One sentence, in your own words.",
    source=Source(arxiv="0000.00000v1", where="Table 1"),
    published=(Published(arm="ours", metric="accuracy", value=0.0, unit="1", where="Table 1, row 1"),),
    kind="quality",
    experiment="claimbench.impls.{paper}.experiments:{claim}",
    arms=(
        Arm(name="subject"),
        Arm(name="baseline", role="baseline", why_fair="Which code it stands for, and why it is the strongest."),
    ),
    workloads={{"smoke": {workload}(size=64)}},
    metric=Metric(name="accuracy", unit="1", better="higher"),
    expectation=Difference(subject="subject", baseline="baseline", at_least=0.05),
    protocol=Protocol(unit="seed", n={{"smoke": 8}}, n_min=6, paired=True),
    needs=Needs(core_seconds={{"smoke": 30}}),
    caveats=("What this scale does not show.",),
)
'''


def schema_text() -> str:
    """JSON schema of a claim, as committed in claims/schema.json."""
    return json.dumps(Claim.model_json_schema(), indent=1, ensure_ascii=False) + "\n"


def write_skeleton(paper: str, claim: str) -> str:
    """Write or extend claims/papers/<paper>.py with a skeleton; return what to do next.

    Raises SpecError for a name that cannot be an id, or a claim that exists, HostError outside a checkout.
    """
    for what, name in (("paper", paper), ("claim", claim)):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise SpecError(f"{what} {name!r}: use snake case, such as selective_copying")
    if f"{paper}.{claim}" in registry.claims():
        raise SpecError(f"{paper}.{claim} exists already; see claimbench show {paper}.{claim}")
    folder = Path("claims/papers")
    if not folder.is_dir():
        raise HostError("claims/papers is not here; run this at the root of a checkout")
    path = folder / f"{paper}.py"
    number = 1
    if (folder / paper).is_dir():
        number = 1 + len(registry.paper_claims(paper))
        path = folder / paper / f"{claim}.py"
        text = _PAPER.split("PAPER")[0].rstrip() + "\n"
    elif path.exists():
        number = 1 + len(registry.paper_claims(paper))
        text = path.read_text(encoding="utf-8")
    else:
        text = _PAPER.format(paper=paper)
    initials = "".join(word[0] for word in paper.split("_")).upper().ljust(2, "X")
    workload = "".join(word.capitalize() for word in claim.split("_"))
    text = text.format(paper=paper) if "{paper}" in text else text
    text += _CLAIM.format(
        paper=paper, claim=claim, workload=workload, constant=claim.upper(), initials=initials, number=number
    )
    path.write_text(text, encoding="utf-8")
    return (
        f"{path}: fill it in, add {claim.upper()} to CLAIMS, write claimbench.impls.{paper}.experiments:{claim},\n"
        f"look at pilot seeds, then: claimbench lock {paper}.{claim}"
    )
