"""What Schedule-Free's speed claims time: three steps whose outcome depends on their gradients alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
import torch

from claimbench.errors import UnknownName
from claimbench.impls.schedule_free.adamw import AdamWScheduleFree
from claimbench.impls.schedule_free.experiments.step import three_steps
from claimbench.papers.schedule_free.workloads import Steps
from claimbench.trial import Timed, Trial


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def timed(arm: str, gradients: Literal["given", "written"] = "given") -> Timed:
    work = Steps(tensors=3, elements=200, gradients=gradients)
    return three_steps(Trial("schedule_free.x", "smoke", work, arm, {}, (900,)))


def worst(one: Timed, inputs: tuple[Any, ...]) -> float:
    """Largest relative error of an output."""
    found = [x.double() for x in one.call(*inputs)]
    truth = one.reference(*(x.double() for x in inputs))
    assert [x.shape for x in found] == [x.shape for x in truth] == [(3, 4)] * 3
    return max(float((a - b).norm() / b.norm()) for a, b in zip(found, truth, strict=True))


@pytest.mark.parametrize(
    ("arm", "gradients"),
    [("schedule_free", "given"), ("schedule_free", "written"), ("adamw", "given"), ("package", "written")],
)
def test_three_steps_are_right_whatever_went_before(arm: str, gradients: Literal["given", "written"]) -> None:
    if arm == "package":
        pytest.importorskip("schedulefree")
    one = timed(arm, gradients)
    for inputs in (*one.inputs, *one.inputs):
        before = [x.clone() for x in inputs]
        assert worst(one, inputs) < 1e-6
        assert all(torch.equal(a, b) for a, b in zip(inputs, before, strict=True))


def test_the_package_overwrites_gradients_that_are_given() -> None:
    pytest.importorskip("schedulefree")
    one = timed("package")
    before = one.inputs[0][0].clone()
    one.call(*one.inputs[0])
    assert not torch.equal(one.inputs[0][0], before)


@pytest.mark.parametrize("name", ["beta2", "weight_decay", "eps", "beta1", "lr"])
def test_a_step_with_one_other_number_is_found_out(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step = AdamWScheduleFree.step

    def altered(self: AdamWScheduleFree) -> None:
        group = self.param_groups[0]
        before = group[name]
        group[name] = before - (1e-2 if before else 0.0)
        step(self)
        group[name] = before

    one = timed("schedule_free")
    monkeypatch.setattr(AdamWScheduleFree, "step", altered)
    assert worst(one, one.inputs[0]) > 1e-3


def test_bytes_are_those_of_three_steps_and_an_arm_that_is_none_is_refused() -> None:
    assert timed("adamw").bytes == 3 * 28 * 600
    with pytest.raises(UnknownName):
        timed("adam")
