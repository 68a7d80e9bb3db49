"""From names and labels as they stand in vote tables to codes."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import VotesError
from claimbench.stats.ranking.votes import Outcome

__all__ = ["ARENA_OUTCOMES", "encode", "encode_outcomes", "refuse_lookalikes"]

ARENA_OUTCOMES: Mapping[str, Outcome] = {
    "model_a": Outcome.FIRST,
    "model_b": Outcome.SECOND,
    "tie": Outcome.TIE,
    "tie (bothbad)": Outcome.TIE,
    "both_bad": Outcome.TIE,
}
"""Labels of the Chatbot Arena's tables, in which "both are bad" is a tie; leave those rows out to drop them."""


def encode(
    names_a: Iterable[str], names_b: Iterable[str], lookalikes: Literal["refuse", "distinct"] = "refuse"
) -> tuple[NDArray[np.int32], NDArray[np.int32], tuple[str, ...]]:
    """Codes of two columns of names, (V,) each, and the names, sorted, that they index.

    Lists, arrays, pandas columns of strings and categories are taken; categories are the fastest.

    Raises VotesError for no votes, for a missing name, for columns of unequal length and, unless `lookalikes` is
    "distinct", for names that differ in case, in surrounding blanks or in the form of their characters only.
    """
    (codes_a, known_a), (codes_b, known_b) = _factorized(names_a), _factorized(names_b)
    if codes_a.size != codes_b.size:
        raise VotesError(f"columns of unequal length: {codes_a.size} and {codes_b.size} names")
    if codes_a.size == 0:
        raise VotesError("no votes: there is nothing to encode")
    models = sorted({*known_a, *known_b})
    if lookalikes == "refuse":
        refuse_lookalikes(models)
    place = {name: np.int32(code) for code, name in enumerate(models)}
    # A look-up table for each column: its own codes to places among the sorted names.
    return (
        np.array([place[name] for name in known_a], dtype=np.int32)[codes_a],
        np.array([place[name] for name in known_b], dtype=np.int32)[codes_b],
        tuple(models),
    )


def encode_outcomes(labels: Iterable[str], codes: Mapping[str, Outcome] = ARENA_OUTCOMES) -> NDArray[np.uint8]:
    """Codes of `Outcome`, (V,), of a column of labels; raises VotesError for one that `codes` does not know."""
    column, known = _factorized(labels)
    unknown = [label for label in known if label not in codes]
    if unknown:
        raise VotesError(f"unknown outcomes {unknown[:5]}: known are {list(codes)}; drop those rows or pass codes")
    return np.array([codes[label] for label in known], dtype=np.uint8)[column]


def _factorized(column: Iterable[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Codes by first appearance, and the names that appear."""
    import pandas as pd

    values: Any = column if hasattr(column, "dtype") else np.array(list(column), dtype=object)
    codes, known = pd.factorize(values)
    names = list(known)
    if codes.size and codes.min() < 0:
        raise VotesError(f"row {int(np.argmin(codes))} has no name: drop rows without one")
    strange = [name for name in names if not isinstance(name, str)]
    if strange:
        raise VotesError(f"names are strings, got {strange[0]!r}: convert the column")
    if blank := [name for name in names if not name.strip()]:
        raise VotesError(f"row {int(np.argmax(codes == names.index(blank[0])))} has a blank name: drop such rows")
    return codes, [str(name) for name in names]


def refuse_lookalikes(models: Iterable[str]) -> None:
    """Raises VotesError for names that differ in case, surrounding blanks or the form of their characters only."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name in models:
        alike[unicodedata.normalize("NFKC", name).strip().casefold()].append(name)
    clashes = [names for names in alike.values() if len(names) > 1]
    if clashes:
        shown = "; ".join(" and ".join(map(repr, names)) for names in clashes[:5])
        raise VotesError(f'one model under several names? {shown}: rename them, or pass lookalikes="distinct"')
