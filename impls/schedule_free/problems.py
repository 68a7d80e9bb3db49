"""Logistic regression problems: those of Figure 7 that can be had, others like them, and two kinds of drawn ones."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from claimbench import data
from claimbench.errors import HostError, UnknownName
from claimbench.impls.schedule_free.libsvm import Labelled, read_libsvm

__all__ = ["Task", "load", "parse_table", "scaled", "task"]

Singles = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Task:
    """A problem in the form in which it is trained."""

    name: str
    """Name in metrics."""
    x: Singles
    """Features and a last column of ones (n, d)."""
    y: NDArray[np.intp]
    """Classes (n,)."""
    classes: int
    """K."""


def task(name: str, x: NDArray[np.float64], y: NDArray[np.intp]) -> Task:
    """Features (n, d) with a constant added, and classes (n,) from 0."""
    ones = np.ones((len(x), 1))
    return Task(name, np.hstack([x, ones]).astype(np.float32), y.astype(np.intp), int(y.max()) + 1)


def load(name: str, find: Callable[[str], Path]) -> Task:
    """A problem by name; `find` gives the path of a data set, as `trial.data` does.

    Raises UnknownName, and DataMissing or HostError where the data are not there or not what they should be.
    """
    if name in _TABLES:
        rows = parse_table(_TABLES[name](), name)
        return task(name, scaled(rows.x), rows.y)
    if name in _LIBSVM:
        rows = read_libsvm(find(f"libsvm_{name}"))
        return task(name, rows.x, rows.y)
    if name in _DRAWN:
        return _DRAWN[name](name)
    raise UnknownName("problem", name, [*_TABLES, *_LIBSVM, *_DRAWN])


def parse_table(content: bytes, name: str) -> Labelled:
    """Comma-separated features with the class, a whole number from 0, in the last column.

    A first line that begins with the numbers of rows and of features is checked against the rest. Raises HostError.
    """
    rows = list(_rows(content, name))
    header = rows[0]
    if len(header) > 2 and not _is_number(header[-1]):
        stated, rows = (header[0], header[1]), rows[1:]
        found = (str(len(rows)), str(len(rows[0]) - 1 if rows else 0))
        if stated != found:
            raise HostError(f"{name}: states {stated} rows and features, and has {found}; restore the table")
    table = _numbers(rows, name)
    labels = table[:, -1]
    if not (labels == labels.astype(np.intp)).all() or labels.min() < 0:
        raise HostError(f"{name}: classes are whole numbers from 0 on; restore the table")
    known, classes = np.unique(labels, return_inverse=True)
    return Labelled(table[:, :-1], classes.astype(np.intp), tuple(known.tolist()))


def scaled(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every feature moved and scaled to [−1, 1], as LIBSVM's scaled files are; a constant one becomes 0."""
    low, high = x.min(axis=0), x.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    return np.where(high > low, 2 * (x - low) / width - 1, 0.0)


def _drawn(name: str, decades: float) -> Task:
    """Ten features with spreads log-uniform over some decades, three classes by a softmax of strength about 1.

    At 0 decades every direction matters alike, and there is nothing for a schedule to be better at.
    """
    random = np.random.default_rng(20240524)
    x, weights = random.normal(size=(600, 10)), random.normal(size=(10, 3))
    logits = 0.5 * x @ weights
    y = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    spread = 10 ** random.uniform(-decades, 0, 10)
    return task(name, x * spread, y)


def _rows(content: bytes, name: str) -> Iterator[list[str]]:
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as error:
        raise HostError(f"{name}: not text ({error}); restore the table") from error
    lines = text.splitlines()
    if not lines:
        raise HostError(f"{name}: no rows; restore the table")
    yield from csv.reader(lines)


def _numbers(rows: list[list[str]], name: str) -> NDArray[np.float64]:
    if not rows or len({len(row) for row in rows}) > 1 or len(rows[0]) < 2:
        raise HostError(f"{name}: rows must be there and have equal numbers of columns, two or more")
    try:
        table = np.array(rows, dtype=np.float64)
    except ValueError as error:
        raise HostError(f"{name}: {error}; restore the table") from error
    if not np.isfinite(table).all():
        raise HostError(f"{name}: values must be finite; restore the table")
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_TABLES: dict[str, Callable[[], bytes]] = {
    "iris": data.iris,
    "wine": data.wine,
    "breast_cancer": data.breast_cancer,
    "digits": data.digits,
}
"""Tables of scikit-learn, scaled here."""
_LIBSVM = ("glass", "letter", "satimage", "segment", "vehicle", "svmguide2", "a9a")
"""Files of LIBSVM, used without modification as the paper used them."""
_DRAWN: dict[str, Callable[[str], Task]] = {
    "well_conditioned": lambda name: _drawn(name, 0.0),
    "ill_conditioned": lambda name: _drawn(name, 4.0),
}
"""Drawn once and for all; seeds change the order of rows only."""
