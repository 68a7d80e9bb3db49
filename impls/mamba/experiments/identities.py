"""What holds exactly: two views of one model, and Theorem 1."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from claimbench.impls.common.initialise import generator
from claimbench.impls.common.workload import workload_of
from claimbench.impls.mamba.block import BlockState
from claimbench.impls.mamba.config import BlockConfig
from claimbench.impls.mamba.model import MambaConfig, MambaLM
from claimbench.impls.mamba.ssm import discretize, recurrence
from claimbench.kernels import selective_scan
from claimbench.papers.mamba.workloads import BlockShape
from claimbench.trial import Exact, Trial

__all__ = ["gated_rnn", "recurrent_is_parallel"]

_DTYPES = {"float32": torch.float32, "float64": torch.float64}


@torch.no_grad()
def recurrent_is_parallel(trial: Trial) -> Exact:
    """Largest relative error, by norm, of logits and final states: by `step`, and in parts that carry the state.

    The parts meet at random places, one of them within the reach of the convolution from the start.
    """
    work = workload_of(trial, BlockShape)
    random = generator(trial.seeds[0], "tokens")
    tokens = torch.randint(work.vocabulary, (work.batch, work.length), generator=random)
    places = torch.randint(2, work.length, (4,), generator=random).tolist()
    cuts = sorted({1, work.length, *places})
    checks: dict[str, float | tuple[float, float]] = {}
    for name, dtype in _DTYPES.items():
        config = MambaConfig(work.vocabulary, work.n_layer, BlockConfig(work.d_model, work.d_state))
        model = MambaLM(config, trial.seeds[0]).to(dtype)
        logits, states = model.prefill(tokens, model.initial_states(work.batch))
        whole = (model(tokens), states)
        checks[f"step_{name}"] = _distance(_stepwise(model, tokens), whole)
        checks[f"split_{name}"] = max(
            _distance((logits, states), whole), _distance(_in_parts(model, tokens, cuts), whole)
        )
    return Exact(checks)


def gated_rnn(trial: Trial) -> Exact:
    """Distance of the selective SSM with N = 1, A = −1, B = 1 from h_t = (1 − g_t) h_{t−1} + g_t x_t, in float64.

    `zoh` discretises by Equation 4; `euler` is what the fused scan computes, and is to differ.
    """
    work = workload_of(trial, BlockShape)
    random = generator(trial.seeds[0], "gated rnn")
    shape = (work.batch, work.length, work.d_model)
    x = torch.randn(shape, dtype=torch.float64, generator=random)
    linear = torch.randn(work.d_model, work.d_model, dtype=torch.float64, generator=random) * work.d_model**-0.5
    s_delta = x @ linear
    gate, h, states = torch.sigmoid(s_delta), torch.zeros_like(x[:, 0]), []
    for t in range(work.length):
        h = (1 - gate[:, t]) * h + gate[:, t] * x[:, t]
        states.append(h)
    rnn = torch.stack(states, dim=1)
    one = torch.ones(work.d_model, 1, dtype=torch.float64)
    A_bar, B_bar = discretize(F.softplus(s_delta), -one, one, "zoh")
    zoh, _ = recurrence(A_bar, B_bar, one, x)
    euler = selective_scan(x.transpose(1, 2), s_delta.transpose(1, 2), -one, one, one, delta_softplus=True)
    return Exact({"zoh": _relative_error(zoh, rnn), "euler": _relative_error(euler.transpose(1, 2), rnn)})


Result = tuple[Tensor, list[BlockState]]


def _stepwise(model: MambaLM, tokens: Tensor) -> Result:
    states = model.initial_states(len(tokens))
    logits = [model.step(tokens[:, t], states) for t in range(tokens.shape[1])]
    return torch.stack(logits, dim=1), states


def _in_parts(model: MambaLM, tokens: Tensor, cuts: list[int]) -> Result:
    states, logits, begin = model.initial_states(len(tokens)), [], 0
    for end in cuts:
        some, states = model.prefill(tokens[:, begin:end], states)
        logits.append(some)
        begin = end
    return torch.cat(logits, dim=1), states


def _distance(found: Result, expected: Result) -> float:
    pairs = [(found[0], expected[0])]
    for one, other in zip(found[1], expected[1], strict=True):
        pairs += [(one.conv, other.conv), (one.ssm, other.ssm)]
    return max(_relative_error(one, other) for one, other in pairs)


def _relative_error(found: Tensor, expected: Tensor) -> float:
    return ((found - expected).norm() / expected.norm()).item()
