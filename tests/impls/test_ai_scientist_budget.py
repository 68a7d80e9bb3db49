"""The ledger: nothing is sent that the budget may not cover, and what was spent outlives the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claimbench.errors import HostError
from claimbench.impls.ai_scientist.budget import Budget, BudgetSpent, Ledger, Prices, stage
from claimbench.impls.ai_scientist.journal import Journal, read

PRICES = Prices(2.0, 10.0)
AMPLE = Budget(100.0, 1000)
TOKENS = st.integers(0, 10**6)


def test_prices_are_per_million() -> None:
    assert PRICES.dollars(1_000_000, 100_000) == 3.0


def test_a_call_is_entered_at_its_worst_and_then_at_what_it_took() -> None:
    ledger = Ledger(AMPLE)
    call = ledger.begin("m", PRICES, 1000, 500)
    (sent,) = ledger.entries
    assert (sent.dollars, sent.ended) == (pytest.approx(0.007), False)
    ended = call.end(100, 50)
    assert ledger.entries == (ended,)
    assert (ended.dollars, ended.ended, ended.reported) == (pytest.approx(0.0007), True, True)


def test_tokens_that_nobody_counted_are_as_many_as_there_can_be() -> None:
    ledger = Ledger(AMPLE)
    entry = ledger.begin("m", PRICES, 1000, 500).end(None, 50, "not counted")
    assert (entry.prompt_tokens, entry.completion_tokens, entry.reported) == (1000, 50, False)
    assert entry.note == "not counted"


@given(st.lists(st.tuples(TOKENS, TOKENS, st.floats(0, 1), st.floats(0, 1), st.booleans())), st.floats(0, 50))
def test_dollars_never_exceed_the_budget(calls: list[tuple[int, int, float, float, bool]], dollars: float) -> None:
    ledger = Ledger(Budget(dollars, 1000))
    for prompt, completion, read_share, written_share, comes_back in calls:
        worst = PRICES.dollars(prompt, completion)
        if ledger.total.dollars + worst > dollars:
            with pytest.raises(BudgetSpent, match="give more, or ask for fewer tokens"):
                ledger.begin("m", PRICES, prompt, completion)
            continue
        call = ledger.begin("m", PRICES, prompt, completion)
        if comes_back:
            call.end(int(prompt * read_share), int(completion * written_share))
        assert ledger.total.dollars <= dollars


def test_calls_never_exceed_the_budget() -> None:
    ledger = Ledger(Budget(100.0, 2))
    ledger.begin("m", PRICES, 1, 1)
    ledger.begin("m", PRICES, 1, 1).end(0, 0)
    with pytest.raises(BudgetSpent, match="all 2 calls"):
        ledger.begin("m", PRICES, 1, 1)


def test_calls_at_the_same_time_share_the_budget() -> None:
    ledger = Ledger(Budget(0.01 * 10.5, 1000))

    def call(_: int) -> bool:
        try:
            ledger.begin("m", PRICES, 0, 1000)
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(call, range(40))) == 10


def test_totals_go_by_stage() -> None:
    ledger = Ledger(AMPLE)
    for name, tokens in (("ideas", 10), ("review", 30), ("ideas", 20)):
        with stage(name):
            ledger.begin("m", PRICES, 100, 100).end(tokens, tokens)
    ledger.begin("m", PRICES, 100, 100).end(1, 1)
    totals = ledger.totals()
    assert list(totals) == ["ideas", "review", ""]
    assert (totals["ideas"].calls, totals["ideas"].prompt_tokens) == (2, 30)
    assert sum(total.dollars for total in totals.values()) == pytest.approx(ledger.total.dollars)


def test_a_stage_within_a_stage_ends() -> None:
    ledger = Ledger(AMPLE)
    with stage("write"):
        with stage("review"):
            ledger.begin("m", PRICES, 1, 1)
        ledger.begin("m", PRICES, 1, 1)
    assert [entry.stage for entry in ledger.entries] == ["review", "write"]


def test_a_ledger_on_the_disk_is_carried_on(tmp_path: Path) -> None:
    first = Ledger(Budget(1.0, 3), tmp_path / "ledger.jsonl")
    first.begin("m", PRICES, 1000, 500).end(100, 50)
    first.begin("m", PRICES, 1000, 500)
    first.close()
    second = Ledger(Budget(1.0, 3), tmp_path / "ledger.jsonl")
    assert second.entries == first.entries
    assert second.begin("m", PRICES, 1, 1).end(1, 1).call == 3
    with pytest.raises(BudgetSpent):
        second.begin("m", PRICES, 1, 1)
    second.close()


def test_a_process_that_dies_in_a_call_has_spent_the_worst(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    code = (
        "import os, sys; from pathlib import Path\n"
        "from claimbench.impls.ai_scientist.budget import Budget, Ledger, Prices\n"
        "ledger = Ledger(Budget(1.0, 9), Path(sys.argv[1]))\n"
        "ledger.begin('m', Prices(2.0, 10.0), 1000, 500).end(100, 50)\n"
        "ledger.begin('m', Prices(2.0, 10.0), 1000, 500)\n"
        "os.abort()\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code, str(path)], capture_output=True, check=False)
    assert done.returncode != 0
    ledger = Ledger(AMPLE, path)
    assert ledger.total.dollars == pytest.approx(0.0077)
    assert [entry.ended for entry in ledger.entries] == [True, False]
    ledger.close()


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_a_line_that_a_crash_tore_is_cut_off(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(AMPLE, path)
    ledger.begin("m", PRICES, 1000, 500).end(100, 50)
    ledger.close()
    sent, ended = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(sent + ended[:kept])
    again = Ledger(AMPLE, path)
    assert again.total.dollars == pytest.approx(0.007)
    again.begin("m", PRICES, 1, 1)
    again.close()
    assert [line["call"] for line in read(path)] == [1, 2]


def test_two_loops_do_not_share_a_ledger(tmp_path: Path) -> None:
    ledger = Ledger(AMPLE, tmp_path / "ledger.jsonl")
    with pytest.raises(HostError, match="another loop is writing it"):
        Ledger(AMPLE, tmp_path / "ledger.jsonl")
    ledger.close()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param("[1]\n", ":1: not a line", id="no object"),
        pytest.param("{}\n{\n", ":2: not a line", id="broken in the middle"),
        pytest.param('{"call": 1}\n', "no call", id="another file's line"),
        pytest.param("\n", ":1: not a line", id="blank"),
    ],
)
def test_a_file_that_is_no_ledger_is_left_as_it_is(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(content)
    with pytest.raises(HostError, match=why):
        Ledger(AMPLE, path)
    assert path.read_text() == content


def test_a_disk_that_is_full_says_so_and_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "lines.jsonl")
    journal.append({"a": 1})
    real = os.write

    def fails(fd: int, data: bytes) -> int:
        if len(data) > 4:
            return real(fd, data[:4])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", fails)
    with pytest.raises(HostError, match="No space left"):
        journal.append({"b": 2})
    monkeypatch.undo()
    journal.append({"c": 3})
    journal.close()
    assert [json.loads(line) for line in journal.path.read_text().splitlines()] == [{"a": 1}, {"c": 3}]


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_prices_and_budgets_are_numbers_from_zero_on(price: float) -> None:
    with pytest.raises(ValueError, match="from 0 on"):
        Prices(1.0, price)
    with pytest.raises(ValueError, match="from 0 on"):
        Budget(price, 1)
