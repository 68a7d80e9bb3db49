"""The loop as a whole: it ends in a paper, goes on after an interruption, and survives what runs and models do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from loops import EFFORT, Machine, Script, loop, process, toy

from claimbench.impls.ai_scientist.budget import BudgetSpent
from claimbench.impls.ai_scientist.chat import Message, Reply
from claimbench.impls.ai_scientist.endpoint import EndpointFailed
from claimbench.impls.ai_scientist.loop.__main__ import main
from claimbench.impls.ai_scientist.loop.archive import Archive
from claimbench.impls.ai_scientist.loop.loop import Loop
from claimbench.impls.ai_scientist.loop.publish import check_paper
from claimbench.impls.ai_scientist.loop.stages import LoopStopped

HONEST = ("No language model was used, for anything", "held-out seeds", "random search", "Limitations", "run it again")


def texts(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in ("paper.md", "paper.tex", "paper.json", "review.json")}


def test_a_loop_ends_in_a_paper_about_what_was_planted(tmp_path: Path) -> None:
    lines: list[str] = []
    done = loop(tmp_path, say=lines.append).run()
    assert done.outcome == "better"
    assert 4.5 < done.improvement.estimate < 8.5
    paper = (done.paper / "paper.md").read_text()
    assert all(words in paper for words in HONEST)
    assert "shape square" in paper
    assert done.review.decision == "Reject"
    assert {path.name for path in (done.paper / "figures").iterdir()} == {"search.svg", "comparisons.svg", "curves.svg"}
    order = [json.loads(line)["stage"] for line in (done.paper / "log.jsonl").read_text().splitlines()]
    assert order.index("plan") < order.index("held_out") < order.index("follow_up")
    assert any(line.startswith("idea: ") for line in lines)
    (entry,) = Archive(done.paper / "archive.jsonl").entries()
    assert (entry.outcome, entry.template) == ("better", "toy")


def test_where_nothing_matters_the_paper_says_so_and_looks_twice(tmp_path: Path) -> None:
    done = loop(tmp_path, runner=Machine(scale=0.0)).run()
    paper = (done.paper / "paper.md").read_text()
    assert done.outcome == "undecided"
    assert "No improvement was found." in paper.split("## 1.")[0]
    assert "second look" in paper
    assert "second look" not in (done.paper / "draft" / "paper.md").read_text().split("## 5.")[1]


@pytest.mark.parametrize(("compare", "better"), [("ratio", "lower"), ("ratio", "higher"), ("difference", "higher")])
def test_what_is_better_follows_the_metric(tmp_path: Path, compare: str, better: str) -> None:
    done = loop(tmp_path, template=toy(tmp_path, compare=compare, better=better)).run()
    assert done.outcome in ("better", "undecided", "worse")
    assert (done.improvement.estimate > (1 if compare == "ratio" else 0)) is (done.outcome == "better")
    chosen = json.loads((done.paper / "stages" / "plan.json").read_text())["arms"]["found"]
    assert (chosen["shape"] == "square") is (better == "lower")


@pytest.mark.parametrize("call", [1, 7, 14, 31, 34])
def test_a_loop_that_was_interrupted_writes_the_same_paper(tmp_path: Path, call: int) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    whole = loop(tmp_path, "whole").run()
    machine = Machine(at={call: stop})
    with pytest.raises(KeyboardInterrupt):
        loop(tmp_path, "broken", runner=machine).run()
    broken = loop(tmp_path, "broken", runner=machine).run()
    assert texts(broken.paper) == texts(whole.paper)
    again = Machine()
    assert loop(tmp_path, "broken", runner=again).run() == broken
    assert again.calls == 0


def test_another_seed_or_budget_needs_another_folder(tmp_path: Path) -> None:
    loop(tmp_path).run()
    with pytest.raises(LoopStopped, match="seed 0, not 1"):
        loop(tmp_path, seed=1).run()


def test_an_idea_differs_from_the_archive(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive.jsonl")
    for number in range(3):
        loop(tmp_path, f"loop{number}", archive=tmp_path / "archive.jsonl", seed=number).run()
    assert len({entry.levers for entry in archive.entries()}) == 3
    paper = (tmp_path / "loop2" / "paper.md").read_text()
    assert "holds 2 earlier papers on this experiment" in paper
    assert "leaving out what an earlier paper is about" in paper
    (first, *_) = archive.entries()
    for size in (1, 2, 3):
        for levers in combinations(("shape", "size", "trick"), size):
            archive.add(first.model_copy(update={"levers": levers}))
    with pytest.raises(LoopStopped, match="about all that was tried"):
        loop(tmp_path, "loop3", archive=tmp_path / "archive.jsonl").run()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda found: {**found, "values": {"error": [float("nan")] * len(found["seeds"])}}, id="nan"),
        pytest.param(lambda found: {**found, "seeds": [seed + 1 for seed in found["seeds"]]}, id="other seeds"),
        pytest.param(lambda found: {**found, "settings": {**found["settings"], "trick": "yes"}}, id="other settings"),
        pytest.param(lambda found: {**found, "evaluate_on": "train"}, id="other data"),
        pytest.param(lambda found: {**found, "values": {"error": [1.0]}}, id="too few values"),
        pytest.param(lambda found: {**found, "values": {"loss": found["values"]["error"]}}, id="another metric"),
        pytest.param(lambda found: [found], id="a list"),
    ],
)
def test_results_that_are_not_what_was_asked_for_are_no_results(tmp_path: Path, wrong: Callable[[Any], Any]) -> None:
    machine = Machine(wrong=wrong)
    with pytest.raises(LoopStopped, match="not one had a result"):
        loop(tmp_path, runner=machine, effort=EFFORT).run()
    # What was wrong with the machine is mended: the same loop goes on.
    assert loop(tmp_path).run().outcome == "better"


def test_some_runs_may_fail_and_count_as_the_worst(tmp_path: Path) -> None:
    def diverges(found: dict[str, Any]) -> dict[str, Any]:
        bad = found["settings"]["rate"] == 1.0 and found["settings"]["shape"] == "flat"
        return {**found, "values": {"error": [float("inf")] * len(found["seeds"])}} if bad else found

    done = loop(tmp_path, runner=Machine(wrong=diverges)).run()
    assert done.outcome == "better"
    failed = int((done.paper / "paper.md").read_text().split(" runs failed;")[0].rsplit(" ", 1)[1])
    assert failed > 0


def test_a_held_out_run_that_fails_stops_the_loop_and_is_tried_again(tmp_path: Path) -> None:
    def fails(found: dict[str, Any]) -> object:
        return found if found["evaluate_on"] == "validation" else []

    with pytest.raises(LoopStopped, match="a run that the comparison needs failed"):
        loop(tmp_path, runner=Machine(wrong=fails)).run()
    assert loop(tmp_path).run().outcome == "better"


def test_results_that_were_changed_after_the_run_are_noticed(tmp_path: Path) -> None:
    done = loop(tmp_path).run()
    changed = next((done.paper / "runs").glob("*/results/final_info.json"))
    changed.write_text(changed.read_text().replace("1", "2", 1))
    with pytest.raises(LoopStopped, match="was changed after the run"):
        check_paper(done.paper, toy(tmp_path), done.paper)


def test_a_budget_of_seconds_decides_on_the_runs(tmp_path: Path) -> None:
    done = loop(tmp_path, effort=None, budget_s=40.0).run()
    assert done.seconds <= 40.0
    assert "The time allowed" in (done.paper / "paper.md").read_text()
    with pytest.raises(LoopStopped, match="a budget of 10 s is too small"):
        loop(tmp_path, "poor", effort=None, budget_s=10.0).run()


def test_a_program_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    done = loop(tmp_path, runner=process, effort=EFFORT.model_copy(update={"pilot": 1, "search": 1})).run()
    assert done.outcome == "undecided"
    assert done.improvement.estimate == 0.0


def answers(messages: Sequence[Message]) -> str:
    """A model that does what it is asked for, and has read the paper."""
    task = messages[-1].content
    if "Have an idea" in task:
        return json.dumps({"title": "Squares", "hypothesis": "Squares help.", "levers": ["shape"], "novelty": 3})
    if "Propose the next settings" in task:
        place = len(task.split("Runs so far")[1].split("\n\n")[0].splitlines())
        shape, rate = ("square", "flat", "round")[place % 3], (0.1, 0.3, 1.0)[place // 3 % 3]
        return json.dumps({"settings": {"rate": rate, "shape": shape, "size": 2, "trick": "no"}})
    if "Write its discussion" in task:
        return json.dumps({"discussion": "Squares are better than what is round. No more is shown."})
    form = dict.fromkeys(("originality", "quality", "clarity", "significance", "soundness", "presentation"), 3)
    said = {"summary": "s", "strengths": ["a"], "weaknesses": ["b"], "contribution": 2, "overall": 4, "confidence": 4}
    return json.dumps({**form, **said, "decision": "Reject", **({"done": True} if "Round" in task else {})})


def test_a_language_model_has_the_idea_and_the_paper_says_what_is_its_own(tmp_path: Path) -> None:
    model = Script(answers)
    done = loop(tmp_path, model=model).run()
    paper = (done.paper / "paper.md").read_text()
    assert done.outcome == "better"
    assert paper.startswith("# Squares\n")
    assert "In the words of a script:\n\n> Squares help." in paper
    assert "No more is shown." in paper
    assert "No language model was used" not in paper
    assert (done.review.by, done.review.members, done.review.overall) == ("a script", 5, 4)
    asked = len(model.asked)
    assert loop(tmp_path, model=model).run() == done
    assert len(model.asked) == asked


@pytest.mark.parametrize("says", ["", "I will not.", "{", '{"title": 3}', '{"settings": {"rate": 7}}'])
def test_a_language_model_that_talks_nonsense_is_replaced_and_the_paper_says_so(tmp_path: Path, says: str) -> None:
    done = loop(tmp_path, model=Script(lambda messages: says)).run()
    paper = (done.paper / "paper.md").read_text()
    assert "It gave nothing that could be used" in paper
    assert "A language model was to have the idea, but a script gave no usable answer" in paper
    assert "For 8 of 8 settings of the search" in paper
    assert done.review.by.startswith("a program of rules")
    assert done.review.notes[0].startswith("A language model was to review the paper, but")


def test_a_language_model_that_refuses_is_replaced(tmp_path: Path) -> None:
    class Refuses(Script):
        def complete(self, messages: Sequence[Message], *, temperature: float, max_tokens: int) -> Reply:
            return Reply("", "refusal", 1, 0, 0.0)

    done = loop(tmp_path, model=Refuses(answers)).run()
    assert "It gave nothing that could be used" in (done.paper / "paper.md").read_text()


def test_a_budget_that_is_spent_in_the_middle_leaves_a_paper_that_says_from_where_on(tmp_path: Path) -> None:
    model = Script(answers)

    def three(messages: Sequence[Message]) -> str:
        if len(model.asked) > 3:
            raise BudgetSpent("spent")
        return answers(messages)

    model.says = three
    done = loop(tmp_path, model=model).run()
    paper = (done.paper / "paper.md").read_text()
    (own,) = re.findall(r"By it are the idea and (\d) of the settings of the search", paper)
    ((others, all_of_them),) = re.findall(r"For (\d) of (\d) settings of the search the budget for it was spent", paper)
    assert 0 < int(own) == int(all_of_them) - int(others)


def test_an_endpoint_that_fails_stops_the_loop_which_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = loop(tmp_path, "whole", model=Script(answers)).run()
    model = Script(answers)

    def fails(messages: Sequence[Message]) -> str:
        if len(model.asked) == 4:
            raise EndpointFailed("no answer")
        return answers(messages)

    model.says = fails
    with pytest.raises(EndpointFailed):
        loop(tmp_path, "broken", model=model).run()
    assert texts(loop(tmp_path, "broken", model=model).run().paper) == texts(whole.paper)


@pytest.mark.parametrize("invented", ["It is 93.17 points better.", "An effect of 43 %."])
def test_a_discussion_with_a_number_of_its_own_is_left_out(tmp_path: Path, invented: str) -> None:
    def invents(messages: Sequence[Message]) -> str:
        if any("Write its discussion" in message.content for message in messages):
            return json.dumps({"discussion": invented})
        return answers(messages)

    done = loop(tmp_path, model=Script(invents)).run()
    paper = (done.paper / "paper.md").read_text()
    assert invented not in paper
    assert "A language model was to discuss the results, but a script gave no usable answer" in paper


@pytest.mark.parametrize(
    "idea",
    [
        pytest.param({"title": "x", "hypothesis": "y", "levers": ["rate"]}, id="a lever that all arms are tuned in"),
        pytest.param({"title": "x", "hypothesis": "y", "levers": []}, id="no lever"),
        pytest.param({"title": "x 3", "hypothesis": "y", "levers": ["size"]}, id="a number in the title"),
        pytest.param({"title": "x", "hypothesis": "by 40 %", "levers": ["size"]}, id="a number nobody measured"),
        pytest.param({"title": "x", "hypothesis": "y", "levers": ["size"], "novelty": 11}, id="a rating out of range"),
    ],
)
def test_ideas_that_cannot_be_tested_are_refused(tmp_path: Path, idea: dict[str, object]) -> None:
    def proposes(messages: Sequence[Message]) -> str:
        if "Have an idea" in messages[1].content:
            return json.dumps(idea)
        return answers(messages)

    model = Script(proposes)
    loop(tmp_path, model=model).run()
    assert sum("Have an idea" in messages[1].content for messages in model.asked) == 3
    repair = model.asked[1][-1].content
    assert any(name in repair for name in ("levers", "title", "hypothesis", "novelty"))


def command(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0)


def test_the_command_line_writes_goes_on_and_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--template", "planted", "--out", str(tmp_path / "paper"), "--pilot", "2", "--search", "3")
    machine = Machine()
    monkeypatch.setattr(Loop, "__post_init__", with_runner(machine))
    assert command(*options) == 0
    assert "last review: Overall" in capsys.readouterr().out
    ran = machine.calls
    assert command(*options) == 0
    assert machine.calls == ran
    assert command("check", str(tmp_path / "paper")) == 0
    assert "all the same" in capsys.readouterr().out
    paper = (tmp_path / "paper" / "paper.md").read_text()
    assert "loop --template planted --seed 0 --out FOLDER --pilot 2 --search 3" in paper
    (tmp_path / "paper" / "paper.md").write_text(paper.replace("the", "The"))
    assert command("check", str(tmp_path / "paper")) == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(("--template", "plant", "--out", "x"), 2, "did you mean planted", id="no such template"),
        pytest.param(("--template", "planted"), 2, "--out", id="no folder"),
        pytest.param(("--template", "planted", "--out", "x", "--pilot", "3"), 2, "both", id="half an effort"),
        pytest.param(("check", "nowhere"), 3, "holds no loop", id="no loop"),
    ],
)
def test_the_command_line_says_what_to_do(
    words: tuple[str, ...],
    code: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(*words) == code
    assert says in capsys.readouterr().err


def with_runner(machine: Machine) -> Callable[[Loop], None]:
    made = Loop.__post_init__

    def post(self: Loop) -> None:
        self.runner = machine
        made(self)

    return post
