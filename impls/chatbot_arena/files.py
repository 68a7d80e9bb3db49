"""Files of votes as they are read: rows, and errors that name the file, the row and what to do."""

from __future__ import annotations

import csv
import functools
import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from claimbench.errors import ClaimbenchError, HostError, VotesError
from claimbench.stats.ranking.arrays import Integers
from claimbench.stats.ranking.names import refuse_lookalikes

__all__ = ["indices", "json_rows", "known", "loader", "members", "model_indices", "rows"]

Arguments = ParamSpec("Arguments")
Loaded = TypeVar("Loaded")


def loader(
    load: Callable[Concatenate[Path, Arguments], Loaded],
) -> Callable[Concatenate[Path, Arguments], Loaded]:
    """`load` with every error of a file that is not there or not what it should be as a HostError that names it."""

    @functools.wraps(load)
    def loaded(path: Path, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Loaded:
        try:
            return load(path, *args, **kwargs)
        except VotesError as error:
            raise HostError(f"{path}: {error}") from error
        except ClaimbenchError:
            raise
        except FileNotFoundError as error:
            raise HostError(f"{error.filename} is not there: see `claimbench data ls`") from error
        except (OSError, EOFError, tarfile.TarError, zlib.error, ValueError, TypeError, LookupError) as error:
            said = f"{type(error).__name__}: {error}"
            raise HostError(f"{path} is not what it should be ({said}); restore the file") from error

    return loaded


def rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Numbered rows of a csv file, compressed or not.

    Raises HostError for a missing column, for a row without all of `columns`, and for no rows.
    """
    opened: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        if table.fieldnames is None:
            raise HostError(f"{path}: the file is empty; restore it")
        missing = [name for name in columns if name not in table.fieldnames]
        if missing:
            raise HostError(f"{path}: no column {missing[0]!r}, only {table.fieldnames}; restore the file")
        number = 0
        for number, row in enumerate(table, start=1):
            if any(row[name] is None for name in columns):  # pyright: ignore[reportUnnecessaryComparison]
                raise HostError(f"{path}: row {number} ends early; restore the file")
            yield number, row
        if number == 0:
            raise HostError(f"{path}: no rows; restore the file")


def json_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file that holds one list; raises HostError for anything else, and for none."""
    try:
        table = json.loads(path.read_bytes())
    except ValueError as error:
        raise HostError(f"{path}: no JSON ({error}); restore the file") from error
    if not isinstance(table, list) or not table:
        raise HostError(f"{path}: no rows; restore the file")
    return table


def members(path: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each file in an archive, by name."""
    # One pass: an archive that is compressed as a whole cannot be read out of order without starting again.
    with tarfile.open(path, "r:gz") as tar:
        texts = {info.name: file.read() for info in tar if (file := tar.extractfile(info)) is not None}
    for name in sorted(texts):
        yield name, io.TextIOWrapper(io.BytesIO(texts[name]), encoding="utf-8").read()


def known(outcomes: Mapping[Any, int], label: Any, path: Path, row: int) -> int:
    """Code of a label; raises HostError, with the row, for one that is not among the outcomes."""
    if label not in outcomes:
        raise HostError(f"{path}: row {row}: unknown outcome {label!r}; known are {list(outcomes)}")
    return outcomes[label]


def model_indices(*columns: tuple[str, ...]) -> tuple[list[Integers], tuple[str, ...]]:
    """As `indices`; raises VotesError for an empty name, and for names that differ in case or blanks only."""
    coded, names = indices(*columns)
    if "" in names:
        raise VotesError("a model has no name; restore the file")
    refuse_lookalikes(names)
    return coded, names


def indices(*columns: tuple[str, ...]) -> tuple[list[Integers], tuple[str, ...]]:
    """Columns of names as indices into their common sorted names."""
    names = sorted({name for column in columns for name in column})
    place = {name: index for index, name in enumerate(names)}
    return [np.array([place[name] for name in column], dtype=np.int64) for column in columns], tuple(names)
