"""Whether a folder of pages still says what its evidence says."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path

__all__ = ["check"]

_SHOWN = 20


def check(pages: Mapping[str, bytes], folder: Path) -> list[str]:
    """Differences between freshly built pages and a folder, as lines to print; empty where every byte agrees.

    A page that differs is named with its first differing line and a short unified diff; pages that are missing or
    left over are named too. The folder's evidence is not looked at.
    """
    there = {path.relative_to(folder).as_posix() for pattern in _OURS for path in folder.glob(pattern)}
    lines = [f"{folder / name}: missing" for name in sorted(set(pages) - there)]
    lines += [f"{folder / name}: left over, nothing builds it" for name in sorted(there - set(pages))]
    for name in sorted(there & set(pages)):
        found = (folder / name).read_bytes()
        if found != pages[name]:
            lines += _difference(folder / name, found, pages[name])
    return lines


_OURS = ("*.md", "verdicts.json", "figures/*.svg")


def _difference(path: Path, found: bytes, built: bytes) -> list[str]:
    old, new = (content.decode(errors="replace").splitlines() for content in (found, built))
    pairs = enumerate(zip(old, new, strict=False), 1)
    first = next((number for number, (a, b) in pairs if a != b), min(len(old), len(new)) + 1)
    diff = list(unified_diff(old, new, str(path), f"{path} (built from the evidence)", n=1, lineterm=""))
    more = [f"… {len(diff) - _SHOWN} more lines"] if len(diff) > _SHOWN else []
    return [f"{path}:{first}: differs", *diff[:_SHOWN], *more]
