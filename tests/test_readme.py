"""The README stays true: its commands exist, its links lead somewhere, its table is one that the pages print too."""

from __future__ import annotations

import re
from pathlib import Path

from claimbench import registry
from claimbench.alarm import read_published
from claimbench.cli import app
from claimbench.spec import Claim

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_exists() -> None:
    commands = set(re.findall(r"claimbench ([a-z]+)", TEXT))
    known = {name for name in app if not name.startswith("-")}
    assert commands - known - {"turns"} == set()
    targets = set(re.findall(r"^ *make ([a-z]+)", TEXT, flags=re.M))
    assert {f"{target}:" for target in targets} <= {
        line.split(" ")[0] for line in (ROOT / "Makefile").read_text().splitlines()
    }


def test_every_link_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_excerpt_says_what_was_published() -> None:
    said = re.findall(r"^ {4}(MA-\d+[a-z]?) .* ([A-Z_]+)\*?$", TEXT, flags=re.M)
    assert len(said) >= 5
    published = read_published(ROOT / "reports" / "published")
    for label, status in said:
        claim = registry.get(label)
        ours = published[claim.id]["smoke"] if isinstance(claim, Claim) else "NOT_TESTABLE"
        assert ours == status, label
