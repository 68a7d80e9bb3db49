"""What trains and decodes on a processor does the same on a GPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.learner import Learning
from claimbench.impls.common.training import Recipe, train
from claimbench.impls.common.transformer import Transformer, TransformerConfig
from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.experiments.decoding import generate
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.measure import execute
from claimbench.papers.mamba.gpu import DECODING
from claimbench.spec import Workload
from claimbench.trial import Trial

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")]

MODELS = {
    "mamba": lambda seed: MambaLM(MambaConfig(32, 2, BlockConfig(64), tied=False), seed),
    "h3": lambda seed: MambaLM(MambaConfig(32, 2, BlockConfig(64, architecture="h3"), tied=False), seed),
    "s4d": lambda seed: MambaLM(MambaConfig(32, 2, BlockConfig(64, mixer="s4d"), tied=False), seed),
    "transformer": lambda seed: Transformer(TransformerConfig(32, 2, 64, 4, n_kv_head=2, tied=False), seed),
}


def tokens(seed: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = torch.randint(32, (4, 131), generator=generator(seed, f"{step}"))
    return drawn[:, :-1], drawn[:, 1:]


def loss(model: Callable[[torch.Tensor], torch.Tensor], batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten())


@pytest.mark.parametrize("name", list(MODELS))
def test_training_goes_the_same_way(name: str) -> None:
    def final(device: str) -> float:
        def evaluate(model: torch.nn.Module) -> dict[str, float]:
            return {"loss": loss(model, tuple(x.to(device) for x in tokens(9, 1))).item()}  # type: ignore[arg-type]

        trial = Trial("toy.gpu", "gpu", Workload(), name, {}, (0,), device=device)
        (run,) = train(Learning(MODELS[name], tokens, loss, evaluate), Recipe(20, 3e-3), trial)
        return run.final("loss")

    assert final("cuda") == pytest.approx(final("cpu"), rel=2e-3)


@pytest.mark.parametrize("arm", ["mamba", "transformer"])
def test_a_captured_decoding_is_right_before_and_after_it_is_timed(arm: str) -> None:
    work = DECODING.workloads["gpu"].model_copy(
        update={"batch": 4, "prompt": 130, "d_model": 256, "n_head": 4, "mamba_layers": 2, "transformer_layers": 1}
    )
    trial = Trial(DECODING.id, "gpu", work, arm, {}, (0,), device="cuda", tolerances=DECODING.gates)
    timed = generate(trial)
    first, again = (timed.call(*timed.inputs[0]).clone() for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, timed.call(*timed.inputs[1]))
    assert execute(timed, trial, fresh_process=False).samples["latency_s"]
