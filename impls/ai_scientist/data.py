"""The released data: 500 real papers and their reviews, the ratings of generated papers, ten of these with their logs.

From the authors' repository (Apache-2.0). Files are read as they are there; papers keep the order of the ratings.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from claimbench.errors import HostError

__all__ = [
    "Booleans",
    "Example",
    "Floats",
    "Ratings",
    "Submissions",
    "Texts",
    "load_examples",
    "load_ratings",
    "load_reviews",
    "load_submissions",
    "load_texts",
]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
_ACCEPTED = ("Accept (Oral)", "Accept (Spotlight)", "Accept (Poster)")
_MOST_REVIEWS = 7


@dataclass(frozen=True, eq=False)
class Submissions:
    """Papers submitted to ICLR 2022."""

    ids: tuple[str, ...]
    """OpenReview's identifiers (P,)."""
    accepted: Booleans
    """What the conference decided (P,)."""
    scores: Floats
    """Scores by people (P, 7), of 1, 3, 5, 6, 8 and 10; NaN where a paper had fewer reviews."""

    @property
    def mean_scores(self) -> Floats:
        """Mean score of each paper (P,)."""
        return np.nanmean(self.scores, axis=1)


@dataclass(frozen=True, eq=False)
class Ratings:
    """What a language model says of papers."""

    papers: tuple[str, ...]
    """Names (P,)."""
    overall: Floats
    """Overall score (P,), 1 to 10."""
    confidence: Floats
    """Confidence (P,), 1 to 5."""
    accepts: Booleans
    """Its own decision (P,)."""


@dataclass(frozen=True, eq=False)
class Texts:
    """What the texts that the reviewer was given say beside their content."""

    characters: Floats
    """Length (P,)."""
    anonymous: Booleans
    """Whether authors are called anonymous (P,)."""
    acknowledgement: Booleans
    """Whether anyone is thanked (P,)."""
    published: Booleans
    """Whether a header says that the paper was published (P,)."""
    under_review: Booleans
    """Whether a header says that it is under review (P,)."""


@dataclass(frozen=True)
class Example:
    """A generated paper with what its experiments logged."""

    name: str
    """Name of its idea."""
    latex: str
    """Its source."""
    results: tuple[dict[str, Any], ...]
    """`final_info.json` of run 0, the baseline's, and of each run after it."""
    review: dict[str, Any]
    """The review that lies beside it."""


def load_submissions(path: Path) -> Submissions:
    """The ratings of the 500 papers; raises HostError where the table is not what it should be."""
    ids: list[str] = []
    accepted: list[bool] = []
    scores: list[list[float]] = []
    for number, row in _rows(path, "\t"):
        decision = row.get("decision") or ""
        if decision not in (*_ACCEPTED, "Reject"):
            raise HostError(f"{path}: row {number}: decision {decision!r} is none; restore the file")
        ids.append(row["paper_id"])
        accepted.append(decision in _ACCEPTED)
        scores.append([_number(row[str(k)] or "nan", path, number) for k in range(_MOST_REVIEWS)])
    return Submissions(tuple(ids), np.array(accepted), np.array(scores))


def load_ratings(path: Path) -> Ratings:
    """A table of a language model's reviews, in its own order; raises HostError where it is not what it should be."""
    rows = list(_rows(path))
    for number, row in rows:
        if row.get("Decision") not in ("Accept", "Reject"):
            raise HostError(f"{path}: row {number}: decision {row.get('Decision')!r} is none; restore the file")
    return Ratings(
        papers=tuple(row["paper_id"] for _, row in rows),
        overall=np.array([_number(row["Overall"], path, number) for number, row in rows]),
        confidence=np.array([_number(row["Confidence"], path, number) for number, row in rows]),
        accepts=np.array([row["Decision"] == "Accept" for _, row in rows]),
    )


def load_reviews(path: Path, ids: Sequence[str]) -> Ratings:
    """A language model's reviews of the papers `ids`, in that order; raises HostError where they are of others."""
    found = load_ratings(path)
    order = _order(found.papers, ids, path)
    return Ratings(tuple(ids), found.overall[order], found.confidence[order], found.accepts[order])


def load_texts(path: Path, ids: Sequence[str]) -> Texts:
    """What the texts of the papers `ids` give away; raises HostError where the table is of others."""
    rows = list(_rows(path))
    order = _order([row["paper_id"] for _, row in rows], ids, path)

    def column(name: str) -> Floats:
        return np.array([_number(row[name], path, number) for number, row in rows])[order]

    return Texts(
        characters=column("characters"),
        anonymous=column("has_anonymous_authors") == 1,
        acknowledgement=column("has_acknowledgement") == 1,
        published=column("published_header") == 1,
        under_review=column("under_review_header") == 1,
    )


def load_examples(path: Path) -> tuple[Example, ...]:
    """The generated papers of the archive, by name; raises HostError where one lacks its source, review or results."""
    files: dict[str, dict[str, str]] = {}
    with tarfile.open(path, "r:gz") as tar:
        for info in tar:
            stream = tar.extractfile(info)
            if stream is not None:
                _, paper, file = info.name.split("/", 2)
                files.setdefault(paper, {})[file] = stream.read().decode()
    found: list[Example] = []
    for paper, own in sorted(files.items()):
        runs = sorted(file for file in own if file.endswith("/final_info.json"))
        if not runs or "latex/template.tex" not in own or "review.txt" not in own:
            raise HostError(f"{path}: {paper} lacks its source, its review or its results; restore the file")
        results = tuple(json.loads(own[file]) for file in runs)
        found.append(Example(paper, own["latex/template.tex"], results, json.loads(own["review.txt"])))
    return tuple(found)


def _rows(path: Path, delimiter: str = ",") -> Iterator[tuple[int, dict[str, str]]]:
    """Rows with their numbers, from 1; raises HostError where there are none."""
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    # A review's list of weaknesses is one field, and may be longer than a field is by default.
    csv.field_size_limit(sys.maxsize)
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter=delimiter)
        if "paper_id" not in (table.fieldnames or ()):
            raise HostError(f"{path}: no column 'paper_id', only {table.fieldnames}; restore the file")
        number = 0
        for number, row in enumerate(table, start=1):
            yield number, row
    if not number:
        raise HostError(f"{path}: no rows; restore the file")


def _order(papers: Sequence[str], ids: Sequence[str], path: Path) -> list[int]:
    places = {paper: place for place, paper in enumerate(papers)}
    if len(places) != len(papers) or set(places) != set(ids):
        raise HostError(f"{path}: other papers than those that were rated; restore the file")
    return [places[paper] for paper in ids]


def _number(text: str, path: Path, number: int) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise HostError(f"{path}: row {number}: {text!r} is no number; restore the file") from error
