"""The data sets, each named once, in a module a paper: where it comes from, its hash, size and licence."""

from __future__ import annotations

from claimbench.datasets import ai_scientist, chatbot_arena, schedule_free, shared
from claimbench.datasets.entry import DataSet

__all__ = ["DATA_SETS", "DataSet"]

DATA_SETS = {
    entry.name: entry
    for entry in (
        *shared.DATA_SETS,
        *chatbot_arena.DATA_SETS,
        *schedule_free.DATA_SETS,
        *ai_scientist.DATA_SETS,
    )
}
