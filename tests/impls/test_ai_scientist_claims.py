"""The AI Scientist's claims as a whole, and the reviewer's table to three decimals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import pytest
from factories import HEALTHY, record
from hypothesis import given
from hypothesis import strategies as st

from claimbench import data
from claimbench.datasets import DATA_SETS
from claimbench.errors import SpecError, UnknownName
from claimbench.expectation import Exact, leaves
from claimbench.impls.ai_scientist.data import load_submissions
from claimbench.impls.ai_scientist.experiments import decisions, generated, printed, reviewer
from claimbench.impls.ai_scientist.published import HUMAN, RUNS, SELECTED
from claimbench.impls.ai_scientist.reviewer import Confusion
from claimbench.papers.ai_scientist import CLAIMS, figures, loop
from claimbench.papers.ai_scientist.workloads import Decisions, Printed, Released, Resampled
from claimbench.spec import Arm, Claim, Tier
from claimbench.trial import Exact as Checks
from claimbench.trial import Trial
from claimbench.verdict import judge

TESTABLE = [claim for claim in CLAIMS if isinstance(claim, Claim)]
HOSTILE = ("AIS-17",)
"""Claims whose experiments take seconds and are tested with the sandbox."""
EXACT = [
    pytest.param(claim, id=claim.label)
    for claim in TESTABLE
    if isinstance(claim.expectation, Exact) and claim.label not in HOSTILE
]
ITEMS = [claim for claim in TESTABLE if claim.protocol.unit == "item" and claim not in loop.CLAIMS]
SLUGS = ("mamba", "chatbot_arena", "quiet_star", "evolutionary_merging", "schedule_free", "mar", "llama3")
SLUGS += ("differential_transformer", "lcm")
OWN = ("iclr_", "generated_")


@dataclass
class Watched(Trial):
    """A trial that remembers which data sets it was asked for."""

    asked: set[str] = field(default_factory=set)

    def data(self, name: str) -> Path:
        self.asked.add(name)
        return super().data(name)


def run(claim: Claim) -> tuple[Checks, set[str]]:
    """The checks of a deterministic claim, with a seed that confirms nothing, and the data that it read."""
    for name in claim.needs.data:
        if not data.available(name):
            pytest.skip(f"{name} is not here: claimbench data fetch {name}")
    module, name = claim.experiment.split(":")
    (tier,) = claim.workloads
    trial = Watched(claim.id, tier, claim.workloads[tier], "ours", claim.arms[0].options, (900,))
    found = getattr(import_module(module), name)(trial)
    assert isinstance(found, Checks)
    return found, trial.asked


def checks(experiment: object, tier: Tier = "cpu") -> dict[str, float | tuple[float, float]]:
    (claim, *_) = (one for one in TESTABLE if one.experiment.endswith(f":{experiment.__name__}"))  # type: ignore[attr-defined]
    assert tier in claim.workloads
    return dict(run(claim)[0].checks)


def test_labels_and_ids_differ() -> None:
    assert len({claim.label for claim in CLAIMS}) == len(CLAIMS) == len({claim.id for claim in CLAIMS})
    assert {int(claim.label[4:6]) for claim in CLAIMS} == set(range(1, 18))


def test_no_word_selects_another_paper() -> None:
    for claim in CLAIMS:
        words = {claim.id, claim.label, *claim.keywords}
        if isinstance(claim, Claim):
            words |= {arm.name for arm in claim.arms} | {claim.experiment.split(":")[1]} | set(claim.needs.data)
            words |= {load.kind for load in claim.workloads.values()}  # type: ignore[attr-defined]
        assert not [(word, slug) for word in words for slug in SLUGS if slug in word.lower()], claim.label


@pytest.mark.parametrize("claim", TESTABLE, ids=lambda claim: claim.label)
def test_copies_are_valid_and_experiments_exist(claim: Claim) -> None:
    Claim(**{name: getattr(claim, name) for name in Claim.model_fields})
    module, name = claim.experiment.split(":")
    assert callable(getattr(import_module(module), name))
    assert claim.caveats
    assert set(claim.needs.data) <= set(DATA_SETS)


@pytest.mark.parametrize("claim", EXACT)
def test_deterministic_claims_report_the_checks_that_are_judged_of_the_data_they_name(claim: Claim) -> None:
    found, asked = run(claim)
    assert isinstance(claim.expectation, Exact)
    assert set(found.checks) == set(claim.expectation.boxes)
    assert asked == set(claim.needs.data)


def test_smoke_needs_no_data_and_the_rest_says_that_it_was_seen() -> None:
    for claim in TESTABLE:
        if claim in loop.CLAIMS:
            assert not claim.needs.data
            continue
        assert bool(claim.needs.data) is ("cpu" in claim.workloads)
        if claim.needs.data:
            assert figures.SEEN in claim.caveats, claim.label
        else:
            assert list(claim.workloads) == ["smoke"]
            assert claim.kind in ("arithmetic", "ranking") or claim.label in HOSTILE


def test_items_are_the_500_papers_and_pair_up() -> None:
    assert len(ITEMS) == 7
    for claim in ITEMS:
        assert (claim.units("cpu"), claim.protocol.paired, claim.protocol.first_seed) == (500, True, 0)
        assert any(arm.name == "always_reject" for arm in claim.arms), claim.label
        (leaf,) = leaves(claim.expectation)
        assert set(leaf.arms_used()) <= {arm.name for arm in claim.arms}
    steps = [claim for claim in ITEMS if claim.label.startswith("AIS-07")]
    assert len({claim.measure_sha() for claim in steps}) == 1


def test_seeds_that_draw_are_each_claims_own_and_none_that_a_draft_saw() -> None:
    drawn = [claim for claim in TESTABLE if any(isinstance(load, Resampled) for load in claim.workloads.values())]
    first = [claim.protocol.first_seed for claim in drawn]
    assert len(set(first)) == len(first) == 5
    assert all(400 <= seed < 900 for seed in first)


def test_figures_are_transcribed_alike_on_both_sides() -> None:
    assert {
        f"{run.template}.{run.model}": (run.mean.text, run.best.text, run.completed) for run in RUNS
    } == figures.RATED
    assert SELECTED == figures.SELECTED
    assert sum(run.completed for run in RUNS) == 290
    assert sum(run.cost_usd for run in RUNS) == 2040
    for run_ in RUNS:
        assert run_.completed <= run_.passed <= run_.novel <= run_.ideas
    assert list(HUMAN) == list(figures.COLUMNS)


def test_the_reviewers_table_to_three_decimals() -> None:
    found = {"gpt4o_one_shot_at_6": checks(reviewer.headline)}
    for name, value in checks(reviewer.other_rows).items():
        row, column = name.split(".")
        found.setdefault(row, {})[column] = value
    expected = {
        "sonnet": (0.524, 0.398, 0.550, 0.524, 0.953, 0.000),
        "gpt4o_mini": (0.525, 0.648, 0.111, 0.525, 0.009, 0.940),
        "gpt4o": (0.606, 0.680, 0.429, 0.606, 0.114, 0.674),
        "gpt4o_one_shot": (0.602, 0.696, 0.372, 0.602, 0.041, 0.755),
        "sonnet_at_8": (0.594, 0.648, 0.450, 0.594, 0.203, 0.609),
        "gpt4o_mini_at_6": (0.590, 0.640, 0.451, 0.590, 0.222, 0.598),
        "gpt4o_at_6": (0.629, 0.626, 0.558, 0.629, 0.383, 0.359),
        "gpt4o_one_shot_at_6": (0.651, 0.662, 0.570, 0.651, 0.307, 0.391),
    }
    assert set(found) == set(expected)
    for row, values in expected.items():
        assert [found[row][column] for column in figures.COLUMNS] == pytest.approx(values, abs=0.0006), row


def test_what_is_known_of_the_500_papers() -> None:
    constants = checks(reviewer.constants)
    assert constants["always_reject.accuracy"] == 316 / 500
    assert constants["random.f1"] == pytest.approx(0.424, abs=5e-4)
    assert checks(reviewer.constant_f1)["always_accept"] == pytest.approx(0.538, abs=5e-4)
    areas = checks(reviewer.score_areas)
    assert areas["gpt4o_one_shot"] == pytest.approx(0.691, abs=6e-4)
    found = checks(reviewer.correlations)
    assert found["model_mean"] == pytest.approx(0.175, abs=5e-4)
    assert found["model_mean"] - found["lead"] == pytest.approx(0.130, abs=5e-4)  # type: ignore[operator]
    assert checks(reviewer.like_for_like) == pytest.approx({"one_low": -0.111, "mean_low": -0.145}, abs=0.008)
    assert checks(reviewer.matthews_at_one_share)["reviewer"] == pytest.approx(0.295, abs=5e-4)
    assert checks(reviewer.near_people)["lead"] == pytest.approx((-0.0141, -0.0041), abs=1e-4)
    assert checks(reviewer.errors_beside_people)["fnr"] == pytest.approx((0.124, 0.134), abs=5e-4)
    away = checks(decisions.given_away)
    assert away["string"] == pytest.approx(1 - 2 / 316 / 2)
    assert away["length_area"] == pytest.approx(0.696, abs=5e-4)


def test_what_is_known_of_the_generated_papers() -> None:
    assert checks(generated.at_threshold) == {"papers": 273, "at_6": 1}
    assert checks(generated.accepted_by_decision) == {"papers": 273, "accepted": 0}
    assert checks(generated.ranks)["over_all.gpt4o"] == pytest.approx(150 / 45 - 254 / 79)
    assert checks(generated.reviewed_again) == {"same": 3, "apart": pytest.approx(0.8), "farthest": 2}
    shares = checks(generated.example_numbers)
    assert [name for name, share in shares.items() if share == 1] == [
        "data_augmentation_grokking",
        "gan_diffusion",
        "mdl_grokking_correlation",
        "rl_lr_adaptation",
    ]
    assert shares["grid_based_noise_adaptation"] == pytest.approx(2 / 32)
    assert checks(generated.grid_noise)["kl_divergence"] > 1


def test_printed_figures_say_what_they_do() -> None:
    trial = Trial("ai_scientist.x", "smoke", Printed(), "ours", {}, (900,))
    low, high = printed.cost_of_all(trial).checks["per_paper"]  # type: ignore[misc]
    assert low < 2040 / 290 < high
    row = printed.human_row(trial).checks
    assert row["balanced_accuracy"] == pytest.approx((0.65, 0.66))
    assert printed.second(trial).checks["grokking"] == pytest.approx((-0.22, -0.20))


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    """Three papers of which b alone was accepted, in the place of the 500."""
    head = "paper_id\t" + "\t".join(map(str, range(7))) + "\tdecision\n"
    scores = "5.0\t6.0" + "\t" * 6
    files = {
        "iclr_ratings": head + "".join(f"{p}\t{scores}{'Accept (Poster)' if p == 'b' else 'Reject'}\n" for p in "abc"),
        "iclr_reviews_x": "paper_id,Overall,Confidence,Decision\na,6,4,Reject\nb,7,4,Reject\nc,3,4,Accept\n",
        "iclr_text_features": "paper_id,characters,has_anonymous_authors,has_acknowledgement,published_header,"
        "under_review_header\na,1,1,0,0,0\nb,1,0,0,0,0\nc,1,0,0,0,0\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(Trial, "data", lambda self, name: tmp_path / name)
    return Trial("ai_scientist.x", "cpu", Decisions(), "x", {}, (2, 0, 1))


@pytest.mark.parametrize(
    ("options", "values"),
    [
        pytest.param({"rule": "reject"}, [1, 1, 0], id="reject"),
        pytest.param({"rule": "accept"}, [0, 0, 1], id="accept"),
        pytest.param({"rule": "string"}, [0, 1, 1], id="string"),
        pytest.param({"rule": "decision", "reviews": "x"}, [0, 1, 0], id="decision"),
        pytest.param({"rule": "score", "reviews": "x", "threshold": 6}, [1, 0, 1], id="score"),
    ],
)
def test_an_item_is_right_where_the_decision_is_the_conferences(
    three: Trial, options: dict[str, str | int], values: list[int]
) -> None:
    three.options = options
    assert decisions.right(three).values == {"right": values}


@pytest.mark.parametrize(
    ("options", "values"),
    [
        pytest.param({"rule": "accept"}, [-0.49, -0.49, 1.02], id="accept"),
        pytest.param({"rule": "reject"}, [0, 0, -0.49], id="reject"),
        pytest.param({"rule": "score", "reviews": "x", "threshold": 6}, [0, -0.49, 1.02], id="score"),
    ],
)
def test_what_a_paper_adds_to_an_f1_above_peoples(
    three: Trial, options: dict[str, str | int], values: list[float]
) -> None:
    three.options = options
    assert decisions.above_people(three).values["surplus"] == pytest.approx(values)


@given(st.builds(Confusion, *(st.integers(1, 400) for _ in range(4))))
def test_f1_is_above_peoples_where_the_mean_over_papers_is_above_0(found: Confusion) -> None:
    bar = HUMAN["f1"].value
    surplus = 2 * (1 - bar) * found.accepted_both - bar * (found.accepted_only + found.reviewer_only)
    assert (found.f1 > bar) is (surplus > 0)


def test_an_f1_above_peoples_is_vacuous_for_a_constant_has_it() -> None:
    (claim,) = (one for one in TESTABLE if one.label == "AIS-05")
    for name in claim.needs.data:
        if not data.available(name):
            pytest.skip(f"{name} is not here: claimbench data fetch {name}")
    seeds = range(500)
    records = [
        record(
            claim,
            arm.name,
            seeds,
            tier="cpu",
            samples=decisions.above_people(
                Trial(claim.id, "cpu", Decisions(), arm.name, arm.options, tuple(seeds))
            ).values,
        )
        for arm in claim.arms
    ]
    verdict = judge(claim, "cpu", 1, records, HEALTHY)
    assert (verdict.status, verdict.n) == ("REPRODUCED", {"gpt4o_one_shot_at_6": 500})
    assert "vacuous" in verdict.qualifiers
    assert verdict.parts[0].effect is not None
    assert verdict.parts[0].effect.estimate == pytest.approx((1.02 * 112 - 0.49 * 169) / 500)


def test_roles_are_confirmatory_where_no_bar_moved_with_the_data_known() -> None:
    confirmatory = {claim.label for claim in TESTABLE if claim.role == "confirmatory"}
    moved = {"AIS-01c", "AIS-02b", "AIS-02c", "AIS-05", "AIS-06b", "AIS-09b", "AIS-11", "AIS-11c", "AIS-11d"}
    assert not confirmatory & moved
    assert confirmatory >= {"AIS-01", "AIS-01b", "AIS-02", "AIS-03d", "AIS-04", "AIS-06", "AIS-07", "AIS-12"}


def test_rules_and_workloads_that_do_not_exist_are_refused(three: Trial) -> None:
    three.options = {"rule": "hope"}
    with pytest.raises(UnknownName, match="rule"):
        decisions.right(three)
    with pytest.raises(SpecError, match="Resampled"):
        reviewer.threshold(Trial("ai_scientist.x", "cpu", Released(), "ours", {}, (900,)))


def test_the_ratings_are_of_500_papers_with_three_reviews_or_more() -> None:
    if not data.available("iclr_ratings"):
        pytest.skip("iclr_ratings is not here: claimbench data fetch iclr_ratings")
    papers = load_submissions(data.path("iclr_ratings"))
    known = (papers.scores == papers.scores).sum(axis=1)
    assert (len(papers.ids), int(papers.accepted.sum()), int(known.sum())) == (500, 184, 1968)
    assert (int(known.min()), int(known.max())) == (3, 7)


def test_a_search_is_measured_by_seeds_that_it_did_not_see(monkeypatch: pytest.MonkeyPatch) -> None:
    from claimbench.impls.ai_scientist.experiments import loop as experiments

    asked: list[tuple[tuple[int, ...], str]] = []

    def run_(settings: dict[str, object], seeds: list[int], part: str) -> dict[str, object]:
        asked.append((tuple(seeds), part))
        worse = sum(map(str(settings).count, ("relu", "gelu", "cross")))
        return {"values": {"error": [10.0 + worse + seed % 2 for seed in seeds]}}

    template, _ = experiments._TEMPLATES["grokking"]
    monkeypatch.setitem(experiments._TEMPLATES, "grokking", (template, run_))
    work = loop.SEARCH.workloads["cpu"].model_copy(update={"search": 7})
    found: dict[str, dict[str, Sequence[float]]] = {}
    for arm in loop.SEARCH.arms:
        asked.clear()
        trial = Trial(loop.SEARCH.id, "cpu", work, arm.name, arm.options, (901, 902))
        found[arm.name] = dict(experiments.search(trial).values)  # type: ignore[arg-type]
        tuning = {seeds for seeds, part in asked if part == "validation"}
        held_out = [seeds for seeds, part in asked if part == "test"]
        assert tuning == {(100_100,), (100_200,)}
        assert held_out == [tuple(range(100_150, 100_156)), tuple(range(100_250, 100_256))]
        # Grid and search, or as many at random; a setting that comes twice is run once.
        assert sum(part == "validation" for _, part in asked) <= 2 * (5 + 7)
    assert all(len(values["held_out"]) == 2 for values in found.values())
    with pytest.raises(UnknownName, match="proposer"):
        experiments.search(Trial(loop.SEARCH.id, "cpu", work, "x", {"proposer": "hope"}, (901,)))


@pytest.mark.parametrize("arm", loop.RIGHT.arms, ids=lambda arm: arm.name)
def test_papers_about_planted_effects_are_right(arm: Arm) -> None:
    from claimbench.impls.ai_scientist.experiments import loop as experiments

    trial = Trial(loop.RIGHT.id, "cpu", loop.RIGHT.workloads["cpu"], arm.name, arm.options, (900, 901))
    assert experiments.right(trial).values == {"right": [1.0, 1.0]}


def test_seeds_of_the_loops_claims_are_their_own() -> None:
    seeds = [set(claim.seeds(tier)) for claim in loop.CLAIMS for tier in claim.workloads]
    assert sum(map(len, seeds)) == len(set().union(*seeds))
    assert max(set().union(*seeds)) < 900
