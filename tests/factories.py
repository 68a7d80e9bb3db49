"""Records and claims for the tests of judging: `units` gives one record an arm and seed, `judged` the verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from toys import toy

from claimbench.expectation import Difference, Expectation
from claimbench.health import Health
from claimbench.record import Curve, Gate, Machine, Record, Regime
from claimbench.spec import Arm, Claim, Metric, Protocol
from claimbench.verdict import Verdict, judge

RUN = "20260101T000000-00000001"
HEALTHY = Health(placebo_p={RUN: 0.5}, control_ratio={RUN: (1.4, 1.6)})
MACHINE = Machine(cpu="Example CPU", cores=2, memory_bytes=2**33, os="Linux", arch="x86_64")
FORK = Regime(clock="perf_counter", process="fork", cache="warm", threads=1, warmup=2, calls_per_sample=1)
SEVEN = (-0.9, -0.7, -0.2, 0.1, 0.4, 0.6, 0.7)
EIGHT = (-0.9, -0.7, -0.3, -0.1, 0.1, 0.3, 0.7, 0.9)
TEN = (-0.9, -0.7, -0.5, -0.3, -0.1, 0.1, 0.3, 0.5, 0.7, 0.9)


def claim(expectation: Expectation, *, better: str = "higher", **changes: object) -> Claim:
    """A claim of quality, paired by seed, with the arms that the expectation names."""
    parts = getattr(expectation, "parts", (expectation,))
    names = dict.fromkeys(name for part in parts for name in part.arms_used()) or {"ours": None}
    fields: dict[str, object] = {
        "arms": tuple(Arm(name=name) for name in names),
        "metric": Metric.model_validate({"name": "score", "unit": "1", "better": better}),
        "expectation": expectation,
    }
    return toy(**(fields | changes))


def unpaired(expectation: Expectation, *, n_min: int = 2, **changes: object) -> Claim:
    """The same, of seeds that are not paired."""
    return claim(expectation, **({"protocol": Protocol(unit="seed", n={"smoke": 8}, n_min=n_min)} | changes))


def timing(expectation: Expectation, **changes: object) -> Claim:
    """A claim of speed: the process is the unit, lower is better."""
    fields: dict[str, object] = {
        "kind": "speed",
        "metric": Metric(name="latency_s", unit="s", better="lower"),
        "protocol": Protocol(unit="process", n={"smoke": 10}, n_min=2),
    }
    return claim(expectation, **(fields | changes))


def record(of: Claim, arm: str, seeds: Sequence[int], **fields: object) -> Record:
    """An `ok` record of one trial of the claim's present measurement."""
    return Record.model_validate(
        {
            "run": RUN,
            "trial": f"{arm}-{seeds[0]}",
            "claim": of.id,
            "version": of.version,
            "tier": "smoke",
            "arm": arm,
            "seeds": seeds,
            "role": of.role,
            "measure_sha": of.measure_sha(),
            "code_sha": "c0",
            "environment_sha": "e0",
            "status": "ok",
            "machine": MACHINE,
            "versions": {"python": "3.11.9"},
            "commit": "0" * 40,
            "started": f"2026-01-01T00:00:{seeds[0] % 60:02d}+00:00",
            "duration_s": 1.0,
        }
        | fields
    )


def units(of: Claim, columns: Mapping[str, Sequence[float]], first: int = 0, **fields: object) -> list[Record]:
    """One record an arm and value: seeds or processes from `first` on, in the claim's metric."""
    if of.protocol.unit == "process":
        fields = {"regime": FORK} | fields
    return [
        record(of, arm, (first + index,), samples={of.metric.name: (value,)}, **fields)
        for arm, column in columns.items()
        for index, value in enumerate(column)
    ]


def around(mean: float, spread: float, pattern: Sequence[float] = EIGHT) -> list[float]:
    """Values about `mean`: no randomness, a known spread."""
    return [mean + spread * step for step in pattern]


def lines(of: Claim, arm: str, law: Callable[[float], float], n: int = 10, spread: float = 0.02) -> list[Record]:
    """Records of `n` processes, each timing a sweep of sizes whose cost follows `law`."""
    sizes = (64.0, 128.0, 256.0, 512.0, 1024.0)
    return [
        record(
            of,
            arm,
            (index,),
            regime=FORK,
            curves={
                of.metric.name: Curve(
                    x=sizes,
                    y=tuple((law(size) * size ** (spread * TEN[index % 10]),) * 3 for size in sizes),
                    x_name="size",
                )
            },
        )
        for index in range(n)
    ]


def checks(of: Claim, values: Mapping[str, float | tuple[float, float]], arm: str = "ours", seed: int = 0) -> Record:
    """A record of deterministic checks."""
    ends = {name: value if isinstance(value, tuple) else (value, value) for name, value in values.items()}
    return record(of, arm, (seed,), checks=ends)


def changed(of: Record, **fields: object) -> Record:
    """The record with other fields."""
    return of.model_copy(update=fields)


def gate(error: float, tolerance: float = 1e-5) -> Gate:
    """A gate as reported."""
    return Gate(error=error, tolerance=tolerance)


def judged(of: Claim, records: Sequence[Record], m: int = 1, health: Health = HEALTHY) -> Verdict:
    """The verdict at smoke."""
    return judge(of, "smoke", m, records, health)


DIFFERENCE = Difference(subject="ours", baseline="theirs", at_least=0.1)
GOOD = {"ours": around(0.9, 0.01), "theirs": around(0.6, 0.01, EIGHT[::-1])}
BAD = {"ours": around(0.6, 0.01), "theirs": around(0.9, 0.01, EIGHT[::-1])}
FAST = {"ours": [1e-3 * math.exp(0.02 * step) for step in TEN], "theirs": [3e-3 * math.exp(0.02 * s) for s in TEN]}
