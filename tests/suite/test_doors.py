"""`pytest suite/`: exact selection, replayed samples, and what is green, red or skipped."""

from __future__ import annotations

import json
import shutil
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest
import scipy.special  # noqa: F401 - what the doors import is kept from run to run only if it was there before
import tabulate  # noqa: F401
from synthetic import ABLATION, CLAIMS, MEMORY, PAPER, SPEED, UNTESTABLE, controls, record, records, timed, trained

from claimbench import alarm, console, evidence, registry  # noqa: F401
from claimbench import lock as locks
from claimbench.record import Record
from claimbench.spec import AnyClaim, Claim, Paper
from claimbench.store import Store

pytest_plugins = ["pytester"]

SUITE = Path(__file__).parents[2] / "suite"
SLUGS = (
    *("mamba", "chatbot_arena", "quiet_star", "evolutionary_merging", "schedule_free"),
    *("mar", "llama3", "ai_scientist", "differential_transformer", "lcm"),
)
# Words that a careless -k would find another paper's slug in.
TRAPS = ("benchmark", "summary", "markdown", "mamba-like", "LCM")


def _paper(slug: str) -> tuple[Paper, list[AnyClaim]]:
    words = ("elo", "rating") if slug == "chatbot_arena" else ()
    paper = PAPER.model_copy(update={"slug": slug, "keywords": (*TRAPS, *words)})
    trap = SPEED.arms[1].model_copy(update={"name": "mamba_benchmark"})
    speed = SPEED.model_copy(
        update={
            "arms": (SPEED.arms[0], trap),
            "expectation": SPEED.expectation.model_copy(update={"baseline": trap.name}),
        }
    )
    claims = [
        claim.model_copy(update={"id": claim.id.replace("invented.", f"{slug}."), "label": f"X{index}-{number}"})
        for index in [SLUGS.index(slug)]
        for number, claim in enumerate((speed, ABLATION, MEMORY, UNTESTABLE))
    ]
    return paper, claims


class House:
    """A repository with the doors, a registry of its own, and a session that writes prepared records."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self.monkeypatch = monkeypatch
        self.asked: list[list[str]] = []
        # Other plugins would be imported anew by every run within this process.
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        shutil.copytree(SUITE, pytester.path / "suite", ignore=shutil.ignore_patterns("__pycache__"))
        pytester.makeini(
            "[pytest]\naddopts = --import-mode=importlib --strict-markers --benchmark-timer=claimbench.clock.clock"
        )

    def holds(self, papers: Sequence[Paper], claims: Sequence[AnyClaim], *, locked: bool = True) -> None:
        """Replace registry and lock."""
        found = ({paper.slug: paper for paper in papers}, {claim.id: claim for claim in claims})
        self.monkeypatch.setattr(registry, "_found", lambda: tuple(map(MappingProxyType, found)))
        held = locks.Lock({}, Path("LOCK.json"))
        if locked:
            held.freeze([claim for claim in claims if isinstance(claim, Claim)], claims)
        self.monkeypatch.setattr(locks.Lock, "load", classmethod(lambda cls, path=None: held))

    def measures(self, prepared: Sequence[Record]) -> None:
        """Replace the session by one that appends the prepared records of the claims it is asked for."""

        def run_claims(claims: Sequence[Claim], tier: str, store: Store, on_event: Callable[..., None]) -> None:
            self.asked.append([claim.id for claim in claims])
            with store.run(f"20260101T000000-{len(self.asked):08}") as writer:
                for one in prepared:
                    if one.claim in self.asked[-1] or one.claim.startswith("house."):
                        writer.append(one)

        session = types.ModuleType("claimbench.run.session")
        session.run_claims = run_claims  # pyright: ignore[reportAttributeAccessIssue]
        self.monkeypatch.setitem(sys.modules, "claimbench.run.session", session)
        import claimbench.run

        self.monkeypatch.setattr(claimbench.run, "session", session, raising=False)

    def published(self, statuses: dict[str, str]) -> None:
        folder = self.pytester.path / "reports" / "published"
        folder.mkdir(parents=True)
        folder.joinpath("verdicts.json").write_text(json.dumps({name: {"smoke": s} for name, s in statuses.items()}))

    def run(self, *arguments: str) -> pytest.RunResult:
        # In this process, so that the replaced registry, lock and session are the ones that it sees.
        return self.pytester.runpytest_inprocess("suite", "-rs", "-p", "pytest_benchmark.plugin", *arguments)

    def selected(self, *arguments: str) -> list[str]:
        """Ids of the tests that would run."""
        result = self.run("--collect-only", "-q", *arguments)
        return [line.split("::")[1] for line in result.outlines if "::" in line]


@pytest.fixture
def house(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(pytester, monkeypatch)
    made.holds([PAPER], CLAIMS)
    made.measures(records())
    return made


@pytest.fixture
def ten(house: House) -> House:
    found = [_paper(slug) for slug in SLUGS]
    house.holds([paper for paper, _ in found], [claim for _, claims in found for claim in claims], locked=False)
    return house


def _papers(ids: Sequence[str]) -> set[str]:
    return {name.split("[")[1].split(".")[0] for name in ids}


@pytest.mark.parametrize("slug", SLUGS)
def test_k_selects_exactly_one_papers_claims(ten: House, slug: str) -> None:
    found = ten.selected("-k", slug)
    assert _papers(found) == {slug}
    # Four claims once, and the two arms of the timed one.
    assert len(found) == 6


def test_k_finds_keywords_kinds_labels_and_expressions(ten: House) -> None:
    assert _papers(ten.selected("-k", "elo")) == {"chatbot_arena"}
    assert _papers(ten.selected("-k", "X5-2")) == {"mar"}
    assert len(ten.selected("-k", "ablation")) == 10
    assert len(ten.selected("-k", "mamba and not speed")) == 3
    assert len(ten.selected("-k", "mamba or lcm")) == 12


def test_exact_options_select_and_deselect(ten: House) -> None:
    assert _papers(ten.selected("--paper", "mar", "--paper", "lcm")) == {"mar", "lcm"}
    assert ten.selected("--claim", "lcm.lean") == ["test_claim[lcm.lean]"]
    assert ten.selected("--claim", "X9-2") == ["test_claim[lcm.lean]"]
    assert len(ten.selected("--kind", "speed", "--paper", "mar")) == 3
    assert len(ten.selected("--kind", "speed")) == 30
    assert sorted(ten.selected("--deterministic")) == sorted(f"test_claim[{slug}.lean]" for slug in SLUGS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("--paper", "mambo"), "did you mean mamba", id="paper"),
        pytest.param(("--claim", "lcm.leam"), "did you mean lcm.lean", id="claim"),
        pytest.param(("--kind", "sped"), "did you mean speed", id="kind"),
    ],
)
def test_an_unknown_name_is_a_usage_error(ten: House, arguments: tuple[str, str], says: str) -> None:
    result = ten.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert says in result.stderr.str() + result.stdout.str()


def test_arena_is_chatbot_arena() -> None:
    assert registry.select("arena") == registry.paper_claims("chatbot_arena")


def test_no_word_of_our_own_claims_holds_another_papers_slug() -> None:
    for claim in registry.select():
        for slug in set(SLUGS) - {claim.paper}:
            words = {claim.id.lower(), *(word.lower() for word in registry.keywords(claim))}
            assert not [word for word in words if slug in word], f"-k {slug} would select {claim.id}"


def test_only_the_selected_claims_are_measured(house: House) -> None:
    house.run("-k", "faster or huge").assert_outcomes(passed=3, skipped=1)
    assert house.asked == [["invented.faster"]]


def test_replayed_samples_and_verdict_stand_in_table_and_json(house: House) -> None:
    result = house.run("--claim", "invented.faster", "--benchmark-json", "out.json")
    result.assert_outcomes(passed=3)
    result.stdout.re_match_lines([r".*benchmark 'invented\.faster': 2 tests.*", r"fused 8 \[.*\] REPRODUCED.*"])
    written = json.loads((house.pytester.path / "out.json").read_text())
    fused = next(entry for entry in written["benchmarks"] if entry["params"]["arm"] == "fused")
    prepared = [sorted(one.samples["latency_s"])[1] for one in records() if one.arm == "fused"]
    assert fused["stats"]["data"] == prepared
    assert fused["group"] == "invented.faster"
    assert fused["extra_info"]["verdict"] == "REPRODUCED"
    assert fused["extra_info"]["effects"][0]["low"] >= 5
    assert fused["extra_info"]["seeds"] == list(range(10))
    assert len(fused["extra_info"]["records"]) == 10
    assert [entry["claim"] for entry in written["claims"]] == ["invented.faster"]


def test_a_claim_without_timings_shows_its_effect(house: House) -> None:
    result = house.run("--claim", "invented.selects", "--junitxml", "out.xml", "-o", "junit_family=xunit1")
    result.assert_outcomes(passed=1)
    assert "REPRODUCED" in result.stdout.str()
    assert '<property name="verdict" value="REPRODUCED"' in (house.pytester.path / "out.xml").read_text()
    assert "was not used" not in result.stdout.str()


def test_benchmarks_can_be_disabled(house: House) -> None:
    house.run("--claim", "invented.faster", "--benchmark-disable").assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("published", "red"),
    [
        pytest.param("CONTRADICTED", True, id="flipped"),
        pytest.param("PARTIAL", True, id="grown"),
        pytest.param("REPRODUCED", False, id="same"),
        pytest.param("INCONCLUSIVE", False, id="decided at last"),
        pytest.param("INVALID", False, id="was invalid"),
    ],
)
def test_a_published_verdict_that_changed_is_red(house: House, published: str, red: bool) -> None:
    house.published({"invented.selects": published})
    result = house.run("--claim", "invented.selects")
    result.assert_outcomes(failed=red, passed=not red)
    if red:
        result.stdout.fnmatch_lines([f"*REPRODUCED at smoke, but we published {published}*"])


def test_a_contradicted_claim_is_red_under_strict_only(house: House) -> None:
    house.measures(trained(ABLATION, {"selective": 0.5, "invariant": 0.6}))
    house.run("--claim", "invented.selects").assert_outcomes(passed=1)
    house.run("--claim", "invented.selects", "--strict").assert_outcomes(failed=1)


def test_a_failed_trial_is_red_and_says_why(house: House) -> None:
    good = trained(ABLATION, {"selective": 0.9, "invariant": 0.6})
    crash = {"status": "failed", "reason": "ZeroDivisionError: division by zero", "attempt": 1}
    house.measures([*good, record(ABLATION, "selective", (0,), **crash)])
    result = house.run("--claim", "invented.selects")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*trial of arm selective, seeds [[]0[]], failed: ZeroDivisionError*"])


def test_a_failure_that_was_mended_is_forgotten(house: House) -> None:
    good = trained(ABLATION, {"selective": 0.9, "invariant": 0.6})
    early = record(ABLATION, "selective", (0,), status="failed", reason="killed", started="2025-12-31T00:00:00+00:00")
    house.measures([early, *good])
    house.run("--claim", "invented.selects").assert_outcomes(passed=1)


def test_a_failed_gate_is_red(house: House) -> None:
    from claimbench.record import Gate

    wrong = {"before": Gate(error=1.0, tolerance=1e-5), "after": Gate(error=0.0, tolerance=1e-5)}
    prepared = [one.model_copy(update={"gates": wrong}) for one in timed(SPEED, {"fused": 1e-3, "stepwise": 8e-3})]
    house.measures([*controls(), *prepared])
    result = house.run("--claim", "invented.faster")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*invented.faster: INVALID at smoke*"])


def test_too_few_units_are_not_silently_green(house: House) -> None:
    house.measures(trained(ABLATION, {"selective": 0.9, "invariant": 0.6}, n=2))
    house.run("--claim", "invented.selects").assert_outcomes(failed=1)


def test_inconclusive_is_a_skip_that_says_how_many_more(house: House) -> None:
    noisy = [
        one.model_copy(update={"samples": {"accuracy": (one.samples["accuracy"][0] + shift,)}})
        for one in trained(ABLATION, {"selective": 0.75, "invariant": 0.6})
        for shift in [(-1) ** one.seeds[0] * (0.1 if one.arm == "selective" else -0.1)]
    ]
    house.measures(noisy)
    result = house.run("--claim", "invented.selects")
    result.assert_outcomes(skipped=1)
    result.stdout.re_match_lines([r".*inconclusive: .*; \d+ more units an arm would decide.*"])


def test_skipped_trials_and_untestable_claims_skip_with_their_reason(house: House) -> None:
    away = {"status": "skipped", "reason": "needs the data set enwik8: claimbench data fetch enwik8"}
    house.measures([record(ABLATION, arm, (0,), **away) for arm in ("selective", "invariant")])
    result = house.run("--claim", "invented.selects", "--claim", "invented.huge")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["*claimbench data fetch enwik8*"])
    result.stdout.fnmatch_lines(["*not testable: It takes a cluster.*"])


def test_a_tier_that_cannot_test_the_claim_is_a_skip(house: House) -> None:
    result = house.run("--claim", "invented.selects", "--tier", "gpu")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*not tested at gpu; its tiers: smoke*"])
    assert house.asked == []


def test_a_draft_is_measured_and_skipped(house: House) -> None:
    house.holds([PAPER], CLAIMS, locked=False)
    drafts = [one.model_copy(update={"role": "exploratory"}) for one in records()]
    house.measures(drafts)
    house.published({"invented.selects": "CONTRADICTED"})
    result = house.run("--claim", "invented.selects")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*draft, measured as exploratory: freeze it with claimbench lock invented.selects*"])
    assert house.asked == [["invented.selects"]]


def test_a_crash_of_the_session_is_red(house: House) -> None:
    house.measures([])
    session = sys.modules["claimbench.run.session"]

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the launcher broke")

    house.monkeypatch.setattr(session, "run_claims", broken)
    result = house.run("--claim", "invented.selects")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the launcher broke*"])


def test_workers_of_xdist_are_refused(house: House) -> None:
    house.pytester.makepyfile(
        plug="""
        def pytest_addoption(parser):
            parser.addoption("--numprocesses", type=int)
        """
    )
    house.pytester.syspathinsert()
    result = house.run("-p", "plug", "--numprocesses", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "leave out -n" in result.stderr.str() + result.stdout.str()
