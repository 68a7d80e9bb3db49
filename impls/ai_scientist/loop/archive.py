"""The archive of a loop's papers: a line each, which new ideas are held against."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from claimbench.impls.ai_scientist.loop.ideas import Entry
from claimbench.impls.ai_scientist.loop.stages import LoopStopped

__all__ = ["Archive"]


class Archive:
    """A file of JSON lines; it need not exist yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> list[Entry]:
        """All papers, oldest first; raises LoopStopped where a line is not one."""
        if not self._path.exists():
            return []
        entries: list[Entry] = []
        for number, line in enumerate(self._path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                entries.append(Entry.model_validate_json(line))
            except ValidationError as error:
                raise LoopStopped(f"{self._path}, line {number} is not a paper: mend it or take it out") from error
        return entries

    def add(self, entry: Entry) -> None:
        """Add a paper, unless the archive has it already."""
        if entry not in self.entries():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(entry.model_dump_json() + "\n")
