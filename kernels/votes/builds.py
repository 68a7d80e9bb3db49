"""The kernels of votes as they are compiled ahead of time: codes in int32, the real table's 129 models."""

from __future__ import annotations

from claimbench.kernels._build import Build
from claimbench.kernels.votes import _triton_kernels as kernels
from claimbench.kernels.votes import bootstrap_triton as bootstrap
from claimbench.kernels.votes import triton as fold

__all__ = ["BUILDS"]

_FOLD = {"COPIES": fold.COPIES, "BLOCK": fold.BLOCK}
_VOTES = {
    "a_ptr": "*i32", "b_ptr": "*i32", "outcome_ptr": "*u8", "weights_ptr": "*fp32", "scale_ptr": "*fp64",
    "refused_ptr": "*i64", "votes": "i32", "models": "i32", "cells": "i32",
}  # fmt: skip
_STEPS = 11
"""Of the largest count of the real table, 5956."""
_DRAWS = {
    "seed": "i64", "start": "i32", "cdf_ptr": "*fp64", "begin_ptr": "*i64", "size_ptr": "*i32", "first_ptr": "*i32",
    "half_votes_ptr": "*i32", "pairs": "i32", "replicates": "i32",
}  # fmt: skip
_RIVALS = {
    "begin_ptr": "*i32", "other_ptr": "*i32", "own_ptr": "*i32", "theirs_ptr": "*i32", "scored_ptr": "*i32",
    "half_votes_ptr": "*i32", "ratings_ptr": "*fp64", "replicates": "i32",
}  # fmt: skip
_REPLICATES = {"BLOCK_R": bootstrap.BLOCK_R}

BUILDS = (
    *(
        Build(
            "votes", kernels.fold_kernel, _FOLD | {"HAS_WEIGHTS": weighted}, fold.NUM_WARPS, (),
            "weighted" if weighted else "", _VOTES | {"counts_ptr": "*i64" if weighted else "*i32"},
        )
        for weighted in (False, True)
    ),
    *(
        Build("votes", kernel, _REPLICATES | constants, bootstrap.NUM_WARPS, (), types=types)
        for kernel, constants, types in (
            (kernels.draw_kernel, {"STEPS": _STEPS}, _DRAWS),
            (kernels.surplus_kernel, {}, _RIVALS | {"out_ptr": "*fp64"}),
            (kernels.reach_kernel, {}, _RIVALS | {"reached_ptr": "*i8", "out_ptr": "*i8"}),
        )
    ),
)  # fmt: skip
