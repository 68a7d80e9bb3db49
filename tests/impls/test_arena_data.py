"""Loaders of real votes: what they read from tiny files, what they refuse, and what is known of the real ones."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from claimbench import data
from claimbench.errors import HostError, VotesError
from claimbench.impls.chatbot_arena.data import (
    NO_VERDICT,
    ArenaTable,
    Panel,
    alpaca,
    arena_table,
    llmfao,
    pandalm,
    qlora,
)
from claimbench.impls.chatbot_arena.leaderboards import alpaca_leaderboard, arena_hard, arena_leaderboard
from claimbench.impls.chatbot_arena.votes import JudgedVotes, Votes


def real(name: str) -> Path:
    """The real file, or a skip where it is not on this machine."""
    if not data.available(name):
        pytest.skip(f"{name} is not here: claimbench data fetch {name}")
    return data.path(name)


def table(path: Path, header: str, *lines: str) -> Path:
    content = "\n".join([header, *lines, ""]).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def archive(path: Path, members: dict[str, list[dict[str, object]]]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, rows in members.items():
            content = "\n".join(json.dumps(row) for row in rows).encode()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


TOY = ArenaTable(("a", "b", "c"), np.array([0, 0]), np.array([1, 2]), np.array([[3, 1, 2, 4], [0, 5, 0, 0]]))


def test_counts_by_outcome_have_both_bad_as_ties_or_not_at_all() -> None:
    assert TOY.votes == 15
    assert TOY.by_outcome().tolist() == [[1, 6, 3], [5, 0, 0]]
    assert TOY.by_outcome("drop").tolist() == [[1, 2, 3], [5, 0, 0]]


@pytest.mark.parametrize("both_bad", ["tie", "drop"])
def test_the_sequence_of_a_table_folds_into_the_table(both_bad: str) -> None:
    sequence = TOY.sequence(both_bad)  # type: ignore[arg-type]
    assert len(sequence) == TOY.by_outcome(both_bad).sum()  # type: ignore[arg-type]
    folded, counted = sequence.battles(), TOY.battles(both_bad)  # type: ignore[arg-type]
    np.testing.assert_array_equal(folded.counts, counted.counts)
    assert sequence.first.tolist() == sorted(sequence.first.tolist())


CROWD = "id,prompt,model_x,model_y,worker,winner,left,right"


def test_votes_of_a_crowd_keep_worker_and_side(tmp_path: Path) -> None:
    path = table(tmp_path / "crowd.csv.gz", CROWD, "7,1,0,1,58,tie,B,A", "7,1,0,1,9,left,B,A", "3,1,0,1,9,right,A,C")
    votes = llmfao(path)
    assert (votes.models, votes.judges) == (("A", "B", "C"), ("58", "9"))
    assert votes.first.tolist() == [1, 1, 0]
    assert votes.second.tolist() == [0, 0, 2]
    assert votes.score.tolist() == [0.5, 1.0, 0.0]
    assert votes.item[0] == votes.item[1] != votes.item[2]
    assert votes.by("9").outcome.tolist() == [2, 0]
    with pytest.raises(VotesError, match="no judge '1'"):
        votes.by("1")


def test_votes_of_one_model_bear_its_name(tmp_path: Path) -> None:
    path = table(tmp_path / "gpt4.csv", "id,prompt,model_x,model_y,winner,left,right", "0,8,1,2,left,A,B")
    assert llmfao(path, "gpt-4").judges == ("gpt-4",)


@pytest.mark.parametrize(
    ("load", "header", "lines", "message"),
    [
        pytest.param(llmfao, CROWD, ["0,1,0,1,5,nobody,A,B"], "row 1: unknown outcome 'nobody'", id="outcome"),
        pytest.param(llmfao, CROWD, [], "no rows", id="empty"),
        pytest.param(llmfao, CROWD, ["0,1,0,1,5,left,A"], "row 1 ends early", id="short-row"),
        pytest.param(llmfao, CROWD, ["0,1,0,1,5,left,A,a"], "one model under several names. 'A' and 'a'", id="case"),
        pytest.param(llmfao, CROWD, ["0,1,0,1,5,left,A,"], "a model has no name", id="no-name"),
        pytest.param(llmfao, "id,winner,left", ["0,left,A"], "no column 'right'", id="column"),
        pytest.param(
            alpaca, "model,annotator,len_1_chars,len_2_chars,preference", ["m,j,1,2,"], "no verdicts", id="bl"
        ),
        pytest.param(alpaca, "model,annotator,len_1_chars,len_2_chars,preference", ["m,j,1,2,3"], "between 1", id="3"),
        pytest.param(alpaca, "model,annotator,len_1_chars,len_2_chars,preference", ["m,j,1,2,.5"], "got 0.5", id="5"),
        pytest.param(alpaca, "model,annotator,len_1_chars,len_2_chars,preference", ["m,j,1,2,x"], "restore", id="x"),
        pytest.param(alpaca, "model,annotator,len_1_chars,len_2_chars,preference", ["m,j,1,2,nan"], "got nan", id="n"),
        pytest.param(arena_hard, "model,score", ["m,1"], "no column 'rating_q025'", id="arena-hard"),
        pytest.param(
            arena_hard, "model,score,rating_q025,rating_q975", ["m,5,1,4"], "row 1: 5.0 is not within", id="ends"
        ),
        pytest.param(arena_leaderboard, "rank,model,arena_score,95_pct_ci,votes", ["1,m,9,±3,4"], "such as", id="ci"),
        pytest.param(alpaca_leaderboard, ",win_rate", ["m,1"], "no column 'standard_error'", id="alpaca-leaderboard"),
    ],
)
def test_a_table_that_is_not_the_one_is_refused(
    tmp_path: Path, load: Callable[[Path], object], header: str, lines: list[str], message: str
) -> None:
    with pytest.raises(HostError, match=message):
        load(table(tmp_path / "x.csv", header, *lines))


@pytest.mark.parametrize("load", [llmfao, pandalm, qlora, alpaca, arena_hard, arena_leaderboard, alpaca_leaderboard])
@pytest.mark.parametrize("content", [None, b"", b"\x1f\x8b\x08damaged"], ids=["missing", "empty", "damaged"])
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, load: Callable[[Path], object], content: bytes | None
) -> None:
    path = tmp_path / "votes.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(HostError, match="votes.gz.*(not there|restore)"):
        load(path)


def test_preferences_of_a_judge_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", "model,annotator,len_1_chars,len_2_chars,preference", "m,j,1,2,1.75")
    assert alpaca(path).win_rates("j") == {"m": 0.75}
    with pytest.raises(VotesError, match="no judge 'k'"):
        alpaca(path).win_rates("k")


def pair(idx: int, *labels: object) -> dict[str, object]:
    people = {f"annotator{number}": label for number, label in enumerate(labels, start=1)}
    return {"idx": idx, "cmp_key": "one_two", **people}


def test_a_panel_holds_every_judge_and_no_verdict_is_none(tmp_path: Path) -> None:
    people, judge = tmp_path / "people.json", tmp_path / "judge.json"
    people.write_text(json.dumps([pair(0, 1, 2, 0), pair(1, 1, 1, 1)]))
    judge.write_text(json.dumps([{"idx": 0, "gpt_result": "Tie"}, {"idx": 1, "gpt_result": "garbage"}]))
    panel = pandalm(people, {"gpt": judge})
    assert panel.judges == ("annotator1", "annotator2", "annotator3", "gpt")
    assert panel.outcome.tolist() == [[2, 0, 1, 1], [2, 2, 2, NO_VERDICT]]
    votes = panel.votes()
    assert (len(votes), votes.without_verdict) == (7, 1)
    assert votes.by("gpt").outcome.tolist() == [1]
    assert votes.by("annotator2").item.tolist() == [0, 1]


def test_a_judge_of_other_pairs_is_refused(tmp_path: Path) -> None:
    people, judge, odd = tmp_path / "people.json", tmp_path / "judge.json", tmp_path / "odd.json"
    people.write_text(json.dumps([pair(0, 1, 2, 0)]))
    judge.write_text(json.dumps([{"idx": 5, "x_result": 1}]))
    odd.write_text(json.dumps([pair(0, 1, 2, 7)]))
    with pytest.raises(HostError, match="not the 1 pairs"):
        pandalm(people, {"x": judge})
    with pytest.raises(HostError, match="unknown outcome 7"):
        pandalm(odd)
    judge.write_text("[]")
    with pytest.raises(HostError, match="no rows"):
        pandalm(judge)


def test_verdicts_in_both_orders_are_read_from_names_of_files(tmp_path: Path) -> None:
    end = "-gpt-4-reviewer-threeclass.jsonl"
    path = archive(
        tmp_path / "raw.tar.gz",
        {
            f"oa/7b-guanaco-oa-generations-topp0.9-temp0.7-vs-gpt-4-oa-generations{end}": [
                {"message_id": "p", "score": 1},
                {"message_id": "q", "score": -1},
            ],
            f"vicuna/pairwise/answer-gpt4-vs-7b-guanaco-vicuna-generations-topp0.9-temp0.7{end}": [
                {"question_id": 4, "score": 3}
            ],
        },
    )
    votes = qlora(path)
    assert votes.models == ("7b-guanaco", "gpt-4")
    assert votes.judges == ("gpt-4 on oa", "gpt-4 on vicuna")
    assert [votes.first.tolist(), votes.second.tolist(), votes.outcome.tolist()] == [[0, 1], [1, 0], [2, 1]]
    assert votes.without_verdict == 1


def test_an_archive_without_verdicts_is_refused(tmp_path: Path) -> None:
    name = "oa/a-oa-generations-vs-b-oa-generations-gpt-4-reviewer-threeclass.jsonl"
    with pytest.raises(HostError, match="no verdicts"):
        qlora(archive(tmp_path / "raw.tar.gz", {name: [{"message_id": "p", "score": -1}]}))
    with pytest.raises(HostError, match="row 0: unknown outcome 9"):
        qlora(archive(tmp_path / "raw.tar.gz", {name: [{"message_id": "p", "score": 9}]}))
    with pytest.raises(HostError, match="question_id"):
        qlora(archive(tmp_path / "raw.tar.gz", {name: [{"score": 1}]}))
    with pytest.raises(HostError, match="restore"):
        qlora(archive(tmp_path / "raw.tar.gz", {"oa/another.jsonl": [{"message_id": "p", "score": 1}]}))


def test_columns_of_unequal_length_are_no_votes() -> None:
    with pytest.raises(VotesError, match="unequal"):
        Votes(("a", "b"), np.array([0]), np.array([1, 0]), np.array([2], dtype=np.uint8))


def test_votes_of_a_model_against_itself_can_be_left_out() -> None:
    one = np.array([0, 1, 1])
    votes = JudgedVotes(("a", "b"), one, one[::-1], np.array([2, 1, 0], dtype=np.uint8), one, one, ("x", "y"))
    kept = votes.between_models()
    assert (len(kept), kept.first.tolist(), kept.judge.tolist()) == (2, [0, 1], [0, 1])


def test_the_arenas_table_has_its_known_totals() -> None:
    arena = arena_table()
    assert (arena.votes, len(arena.models), len(arena.first)) == (1_670_250, 129, 3460)
    assert arena.counts.sum(axis=0).tolist() == [595_570, 498_305, 281_121, 295_254]
    assert int(arena.counts.sum(axis=1).max()) == 13_149
    assert "gpt-4-0314" in arena.models


def test_the_real_crowd() -> None:
    votes = llmfao(real("llmfao_crowd"))
    assert (len(votes), len(votes.models), len(votes.judges)) == (8931, 59, 124)
    assert np.bincount(votes.outcome).tolist() == [2549, 3471, 2911]
    assert len(llmfao(real("llmfao_gpt4_crowd"))) == votes.item.max() + 1 == 2139
    assert len(llmfao(real("llmfao_gpt4"))) == 3236


def test_the_real_annotators() -> None:
    panel: Panel = pandalm(real("pandalm_annotators"), {"gpt": real("pandalm_gpt35"), "pandalm": real("pandalm_7b")})
    assert (panel.outcome.shape, len(panel.models)) == ((999, 5), 5)
    assert (panel.outcome == NO_VERDICT).sum(axis=0).tolist() == [0, 0, 0, 25, 0]


def test_the_real_verdicts_in_both_orders_are_those_of_the_derived_table() -> None:
    path = real("qlora_gpt4")
    votes = qlora(path)
    assert (len(votes), votes.without_verdict, len(votes.models)) == (43_011, 1495, 8)
    derived = path.parent / "battles.csv.gz"
    if derived.exists():
        outcomes = {"model_a": 2, "tie": 1, "model_b": 0}
        with gzip.open(derived, "rt") as file:
            theirs = Counter(
                (row["model_a"], row["model_b"], outcomes[row["winner"]], f"gpt-4 on {row['bench']}")
                for row in csv.DictReader(file)
                if row["winner"] in outcomes
            )
        columns = (votes.first, votes.second, votes.outcome, votes.judge)
        ours = Counter(
            (votes.models[i], votes.models[j], o, votes.judges[by])
            for i, j, o, by in zip(*(column.tolist() for column in columns), strict=True)
        )
        assert ours == theirs


def test_preferences_reproduce_the_published_win_rates() -> None:
    published = {entry.model: entry.win_rate for entry in alpaca_leaderboard(real("alpaca_leaderboard"))}
    found = alpaca(real("alpaca_annotations")).win_rates("weighted_alpaca_eval_gpt4_turbo")
    both = found.keys() & published.keys()
    assert len(both) == 57
    assert max(abs(100 * found[name] - published[name]) for name in both) < 1e-8


def test_the_real_leaderboards() -> None:
    assert len(alpaca_leaderboard(real("alpaca_leaderboard_1"))) == 102
    assert len(arena_hard(real("arena_hard"))) == 60
    latest = arena_leaderboard(real("arena_leaderboard"))
    assert (len(latest), latest[0].model, latest[0].high - latest[0].score) == (266, "Gemini-2.5-Pro", 5.0)
    history = arena_leaderboard(real("arena_history"))
    assert len(history) == 16_012
    assert len({entry.snapshot for entry in history}) == 92
    assert all(entry.low <= entry.score <= entry.high for entry in history)
