"""The dashboard's door: `asv check` and `asv run` find one `track_` function for every series of every claim.

Each reads a number that the store holds; nothing is measured here. `claimbench export asv` writes the same series,
with samples and history, without running anything.
"""

from __future__ import annotations

import math
import pathlib

from claimbench import lock, registry, store
from claimbench.reports import asv

_ROOT = pathlib.Path(__file__).parents[1]


def _records():
    """The records of this checkout's runs, or the published ones where nothing has been run yet."""
    runs = _ROOT / "runs"
    return store.Store(runs if runs.is_dir() else _ROOT / "reports" / "published" / "evidence").records()


def _tracker(one):
    def track(row):
        reading = asv.read(one, _records(), lock.Lock.load()).get(row)
        return math.nan if reading is None else reading.value

    track.benchmark_name = one.name
    track.pretty_name = one.pretty_name
    track.version = one.version
    track.unit = one.unit
    track.params = [list(one.rows)]
    track.param_names = [one.row_name]
    return track


for _series in asv.series(registry.select()):
    globals()["track_" + _series.name.replace(".", "_")] = _tracker(_series)
