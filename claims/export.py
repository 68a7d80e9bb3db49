"""The records as one long table, a row a number: for pandas, csv and parquet. Derived and rebuildable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from claimbench.errors import HostError, StoreError
from claimbench.record import Record

if TYPE_CHECKING:
    import pandas

__all__ = ["COLUMNS", "frame", "write"]

COLUMNS = (
    "claim", "version", "tier", "role", "arm", "seed", "attempt", "status", "reason",
    "metric", "index", "x", "value", "high", "trial", "run", "commit", "started", "duration_s",
)  # fmt: skip
"""`index` counts the samples of a trial or the lines of a curve, `x` is a curve's axis; a check's interval is
`value` to `high`. A trial without numbers has one row whose `metric` is empty."""


def frame(records: Iterable[Record]) -> pandas.DataFrame:
    """The long table of the records, with the columns of `COLUMNS`."""
    import pandas

    return pandas.DataFrame([row for record in records for row in _rows(record)], columns=list(COLUMNS))


def write(records: Sequence[Record], form: Literal["csv", "parquet"], out: Path) -> Path:
    """Write the long table to `out`, replacing it whole.

    Raises HostError where parquet is asked for and pyarrow is not installed, StoreError where `out` cannot be written.
    """
    table = frame(records)
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if form == "csv":
            table.to_csv(part, index=False)
        else:
            table.to_parquet(part, index=False, engine="pyarrow")
        part.replace(out)
    except ImportError as error:
        raise HostError("parquet needs pyarrow, which is not installed: pip install pyarrow, or export csv") from error
    except OSError as error:
        raise StoreError(f"cannot write {out} ({error.strerror}); name another file") from error
    finally:
        if part.exists():
            part.unlink()
    return out


def _rows(record: Record) -> Iterator[dict[str, Any]]:
    common: dict[str, Any] = {name: getattr(record, name) for name in COLUMNS if name in type(record).model_fields} | {
        "seed": record.seeds[0]
    }
    empty = True
    for metric, values in record.samples.items():
        by_seed = len(values) == len(record.seeds)
        for index, value in enumerate(values):
            empty = False
            seed = record.seeds[index] if by_seed else record.seeds[0]
            yield common | {"metric": metric, "index": index, "value": value, "seed": seed}
    for metric, curve in record.curves.items():
        for index, x, value, seed in _points(record, curve.x, curve.y):
            empty = False
            yield common | {"metric": metric, "index": index, "x": x, "value": value, "seed": seed}
    for check, (low, high) in record.checks.items():
        empty = False
        yield common | {"metric": check, "index": 0, "value": low, "high": high}
    if empty:
        yield common | {"metric": ""}


def _points(
    record: Record, x: Sequence[float], y: Sequence[Sequence[float]]
) -> Iterator[tuple[int, float, float, int]]:
    """(index, x, value, seed): training curves have one line a seed, timed sweeps one list of samples per x."""
    if len(y) == len(record.seeds) and all(len(line) == len(x) for line in y) and record.regime is None:
        for seed, line in zip(record.seeds, y, strict=True):
            yield from ((index, at, value, seed) for index, (at, value) in enumerate(zip(x, line, strict=True)))
    else:
        for at, samples in zip(x, y, strict=True):
            yield from ((index, at, value, record.seeds[0]) for index, value in enumerate(samples))
