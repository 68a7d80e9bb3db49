"""The spec: what is refused, what is hashed, what an error says."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from toys import Toy, toy

from claimbench.expectation import (
    AllOf,
    AtLeast,
    Box,
    Difference,
    Equivalent,
    Exact,
    NotWorse,
    Order,
    Ratio,
    Within,
    leaves,
    printed,
)
from claimbench.scaffold import schema_text
from claimbench.spec import Arm, Claim, Metric, Model, Needs, Protocol, Source, Tuning, canonical_sha, explain


def test_a_spec_cannot_be_changed_after_it_was_made() -> None:
    claim = toy()
    with pytest.raises(ValidationError, match="frozen"):
        claim.statement = "something else"  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"treshold": 3}, "treshold", id="unknown-field"),
        pytest.param({"id": "Toy.Better"}, "id", id="bad-id"),
        pytest.param({"label": "one"}, "label", id="bad-label"),
        pytest.param({"experiment": "toy.experiments.better"}, "experiment", id="reference-without-colon"),
        pytest.param({"source": {"arxiv": "2401.00001", "where": "x"}}, "source.arxiv", id="arxiv-without-revision"),
        pytest.param({"arms": ()}, "arms", id="no-arms"),
        pytest.param(
            {"arms": tuple(arm.model_copy(update={"competitor": "one"}) for arm in toy().arms)},
            "one arm for each competitor",
            id="one-competitor-twice",
        ),
        pytest.param({"arms": ({"name": "a", "role": "baseline"},)}, "why_fair", id="baseline-without-fairness"),
        pytest.param({"expectation": {"kind": "at_most"}}, "expectation", id="unknown-expectation"),
        pytest.param(
            {"expectation": Difference(subject="ours", baseline="nobody", at_least=0.1)}, "nobody", id="unknown-arm"
        ),
        pytest.param({"needs": {"core_seconds": {"cpu": 1.0}}}, "core_seconds", id="no-cost-for-a-tier"),
        pytest.param({"protocol": {"unit": "seed", "n": {}}}, "protocol.n", id="no-units-for-a-tier"),
        pytest.param(
            {"protocol": {"unit": "seed", "n": {"smoke": 8}, "first_seed": 1000}}, "first_seed", id="pilot-seed"
        ),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        toy(**changes)
    assert field in str(explain(caught.value, "toy.better"))


def test_prose_is_not_hashed_and_everything_that_is_measured_is() -> None:
    sha = toy().measure_sha()
    for same in ({"statement": "x"}, {"caveats": ("x",)}, {"version": 9}, {"setups_tried": 4}, {"keywords": ("x",)}):
        assert toy(**same).measure_sha() == sha, same
    for other in (
        {"workloads": {"smoke": Toy(size=4)}},
        {"experiment": "toy.experiments:other"},
        {"metric": Metric(name="accuracy", unit="1", better="lower")},
        {"gates": {"g": 1.0}},
        {"protocol": Protocol(unit="seed", n={"smoke": 9}, n_min=6, paired=True)},
        {"arms": (Arm(name="ours", options={"lr": 0.1}), toy().arms[1])},
    ):
        assert toy(**other).measure_sha() != sha, other


def test_the_name_of_a_competitor_is_prose() -> None:
    named = toy(arms=tuple(arm.model_copy(update={"competitor": f"{arm.name}, everywhere"}) for arm in toy().arms))
    assert named.measure_sha() == toy().measure_sha()
    assert named.judge_sha({"smoke": 3}) == toy().judge_sha({"smoke": 3})


def test_a_judgement_depends_on_threshold_and_family_alone() -> None:
    sha = toy().judge_sha({"smoke": 3})
    assert toy(workloads={"smoke": Toy(size=9)}).judge_sha({"smoke": 3}) == sha
    assert toy().judge_sha({"smoke": 4}) != sha
    assert toy(expectation=Difference(subject="ours", baseline="theirs", at_least=0.2)).judge_sha({"smoke": 3}) != sha


def test_hashes_do_not_depend_on_the_process() -> None:
    code = "from claimbench.spec import canonical_sha; print(canonical_sha({'b': [1, 2.5], 'a': {'x': 'ü'}}))"
    shas = {
        subprocess.run(
            [sys.executable, "-P", "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert shas == {canonical_sha({"a": {"x": "ü"}, "b": [1, 2.5]}) + "\n"}


def test_a_claim_travels_to_a_worker_with_its_typed_workload() -> None:
    claim = pickle.loads(pickle.dumps(toy()))
    assert claim == toy()
    assert isinstance(claim.workloads["smoke"], Toy)


def test_parts_count_in_the_family_and_deterministic_ones_do_not() -> None:
    exact = Exact(boxes={"x": Box(high=1)})
    ratio = Ratio(subject="ours", baseline="theirs", at_least=2)
    assert toy().comparisons() == 1
    assert toy(expectation=exact).comparisons() == 0
    assert toy(expectation=AllOf(parts=(ratio, ratio, exact))).comparisons() == 2
    assert toy(expectation=Order(arms=("ours", "theirs"), at_least=0.1)).comparisons() == 1
    assert toy(role="exploratory").comparisons() == 0
    assert [leaf.model_dump()["kind"] for leaf in leaves(AllOf(parts=(ratio, exact)))] == ["ratio", "exact"]


@given(st.decimals(min_value=-1000, max_value=1000, allow_nan=False, places=2))
def test_a_printed_figure_stands_for_all_that_round_to_it(value: object) -> None:
    box = printed(str(value))
    assert box.low is not None
    assert box.high is not None
    assert box.low == pytest.approx(float(str(value)) - 0.005, abs=1e-9)
    assert box.high == pytest.approx(float(str(value)) + 0.005, abs=1e-9)


def test_a_box_without_sides_is_refused() -> None:
    with pytest.raises(ValidationError, match="cannot be missed"):
        Box(published=3.0)
    with pytest.raises(ValidationError, match="above high"):
        Box(low=2, high=1)


def test_every_field_is_documented() -> None:
    def documented(model: type[Model]) -> list[str]:
        return [f"{model.__name__}.{name}" for name, field in model.model_fields.items() if not field.description]

    models = [Claim, Arm, Metric, Needs, Protocol, Tuning, Source, Box]
    models += [AtLeast, Difference, Equivalent, Exact, NotWorse, Order, Ratio, Within]
    assert [name for model in models for name in documented(model)] == []  # type: ignore[arg-type]


def test_the_committed_schema_is_the_present_one() -> None:
    committed = Path(__file__).parent.parent / "claims" / "schema.json"
    assert committed.read_text(encoding="utf-8") == schema_text(), "run: claimbench schema > claims/schema.json"
    assert json.loads(schema_text())["additionalProperties"] is False


def test_importing_the_spec_imports_no_torch() -> None:
    code = (
        "import sys, claimbench.spec, claimbench.registry, claimbench.cli; claimbench.registry.claims();"
        "print(sorted({'torch', 'scipy', 'pandas', 'numba', 'matplotlib'} & set(sys.modules)))"
    )
    printed_modules = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed_modules.strip() == "[]"
