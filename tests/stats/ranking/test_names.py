"""Names and labels to codes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from claimbench.errors import VotesError
from claimbench.stats.ranking.names import encode, encode_outcomes
from claimbench.stats.ranking.votes import Outcome

A, B = ["gpt-4", "claude", "gpt-4", "mixtral"], ["claude", "gpt-4", "mixtral", "llama"]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(list, id="list"),
        pytest.param(lambda x: np.array(x), id="numpy strings"),
        pytest.param(lambda x: np.array(x, dtype=object), id="numpy objects"),
        pytest.param(pd.Series, id="pandas"),
        pytest.param(lambda x: pd.Series(x).astype("category"), id="categories"),
        pytest.param(iter, id="iterator"),
    ],
)
def test_names_become_codes_of_sorted_names(kind) -> None:
    a, b, models = encode(kind(A), kind(B))
    assert models == ("claude", "gpt-4", "llama", "mixtral")
    assert [models[code] for code in a] == A
    assert [models[code] for code in b] == B


def test_codes_do_not_depend_on_the_order_of_votes() -> None:
    assert encode(A, B)[2] == encode(A[::-1], B[::-1])[2] == encode(B, A)[2]


@pytest.mark.parametrize(
    ("other", "shown"), [("GPT-4", "'GPT-4' and 'gpt-4'"), ("gpt-4 ", "'gpt-4' and 'gpt-4 '"), ("ｇpt-4", "'ｇpt-4'")]
)
def test_lookalikes_are_refused_by_name(other: str, shown: str) -> None:
    with pytest.raises(VotesError, match=shown):
        encode(A, [other, *B[1:]])
    assert other in encode(A, [other, *B[1:]], lookalikes="distinct")[2]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        pytest.param([], [], "no votes", id="empty"),
        pytest.param(["x"], ["y", "z"], "unequal", id="lengths"),
        pytest.param(["x", None], ["y", "y"], "row 1 has no name", id="missing"),
        pytest.param(["x", "x", " "], ["y", "y", "y"], "row 2 has a blank name", id="blank"),
        pytest.param(["x", 3], ["y", "y"], "strings", id="numbers"),
    ],
)
def test_columns_without_names(a: list, b: list, message: str) -> None:
    with pytest.raises(VotesError, match=message):
        encode(a, b)


def test_both_ways_of_writing_a_tie() -> None:
    labels = ["model_a", "tie", "model_b", "tie (bothbad)", "both_bad"]
    assert encode_outcomes(labels).tolist() == [2, 1, 0, 1, 1]
    assert encode_outcomes(["x", "y"], {"x": Outcome.FIRST, "y": Outcome.SECOND}).tolist() == [2, 0]


def test_unknown_outcome_is_named() -> None:
    with pytest.raises(VotesError, match="model_c"):
        encode_outcomes(["model_a", "model_c"])
