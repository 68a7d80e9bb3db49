"""Reading LIBSVM files, strictly: a row that is not what the format says is named, never guessed at."""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import HostError

__all__ = ["Labelled", "parse_libsvm", "read_libsvm"]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows with one of several labels."""

    x: NDArray[np.float64]
    """Features (n, d), zero where a row leaves one out."""
    y: NDArray[np.intp]
    """Class of each row (n,), an index into `labels`."""
    labels: tuple[float, ...]
    """Labels, ascending."""


def read_libsvm(path: Path) -> Labelled:
    """A LIBSVM file, compressed or not; raises HostError, with file and line, where it is not one."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("ascii")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise HostError(f"{path}: cannot be read ({error}); restore the file") from error
    return parse_libsvm(text, str(path))


def parse_libsvm(text: str, name: str) -> Labelled:
    """`label index:value ...` a line, indices from 1 and ascending, features that are zero left out.

    `name` stands in messages. Raises HostError, with the line, for no rows, a label or value that is no finite number,
    and indices that are not whole, start below 1 or do not ascend.
    """
    lines = text.splitlines()
    if not lines:
        raise HostError(f"{name}: no rows; restore the file")
    labels, rows = zip(*(_row(line, f"{name}: line {number}") for number, line in enumerate(lines, 1)), strict=True)
    width = max((indices[-1] for indices, _ in rows if indices), default=0)
    x = np.zeros((len(lines), width))
    for place, (indices, values) in enumerate(rows):
        x[place, [index - 1 for index in indices]] = values
    known = sorted(set(labels))
    return Labelled(x, np.searchsorted(known, labels), tuple(known))


def _row(line: str, where: str) -> tuple[float, tuple[list[int], list[float]]]:
    fields = line.split()
    if not fields:
        raise HostError(f"{where}: empty; every line is a row")
    label = _finite(fields[0])
    if label is None:
        raise HostError(f"{where}: the label {fields[0]!r} is not a finite number")
    indices: list[int] = []
    values: list[float] = []
    for field in fields[1:]:
        index, colon, value = field.partition(":")
        number = _finite(value)
        if not colon or number is None:
            raise HostError(f"{where}: {field!r} is not index:value with a finite value")
        if not (index.isascii() and index.isdigit()) or int(index) < 1:
            raise HostError(f"{where}: {field!r}: indices are whole numbers from 1 on")
        if indices and int(index) <= indices[-1]:
            raise HostError(f"{where}: index {index} after {indices[-1]}: indices must ascend")
        indices.append(int(index))
        values.append(number)
    return label, (indices, values)


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    # float() also takes digits with underscores, which no file of this format has.
    return value if math.isfinite(value) and "_" not in text else None
