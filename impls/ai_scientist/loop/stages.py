"""What a loop has decided so far, kept in its folder, so that an interrupted one goes on and comes to the same end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from claimbench.errors import HostError

__all__ = ["LoopStopped", "Stages", "write"]

M = TypeVar("M", bound=BaseModel)


class LoopStopped(HostError):
    """A loop cannot go on; the message says what to do, and what it did so far is kept."""


class Stages:
    """Results of steps that are taken once, as JSON files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def once(self, name: str, kind: type[M], make: Callable[[], M]) -> M:
        """What is on file under `name`, or else what `make` returns, which is then on file.

        Raises LoopStopped where the file is not a `kind`.
        """
        path = self._folder / f"{name}.json"
        if path.exists():
            try:
                return kind.model_validate_json(path.read_bytes())
            except ValidationError as error:
                raise LoopStopped(
                    f"{path} is not what a loop writes there ({error.error_count()} errors): start in an empty folder"
                ) from error
        made = make()
        write(path, made.model_dump_json(indent=1, round_trip=True))
        return made


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all, and its folder where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
