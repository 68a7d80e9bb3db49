"""A small made-up paper with one claim of each kind, and records for it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from claimbench.expectation import AllOf, AtLeast, Box, Difference, Exact, Ratio, Slope
from claimbench.papers.house import PLACEBO, POSITIVE_CONTROL
from claimbench.record import Curve, Gate, Machine, Record, Regime
from claimbench.spec import Arm, Claim, Metric, Needs, NotTestable, Paper, Protocol, Published, Source, Workload

SLUG = "invented"
SOURCE = Source(arxiv="2401.00001v2", where="Table 1")
PAPER = Paper(
    slug=SLUG, title="An Invented Paper", authors="Doe and Roe", arxiv="2401.00001", year=2024, keywords=("made up",)
)
LATENCY = Metric(name="latency_s", unit="s", better="lower")
MACHINE = Machine(cpu="Example CPU 9000", cores=2, memory_bytes=8 * 2**30, os="Linux glibc 2.36", arch="x86_64")
RUN = "20260101T000000-00000001"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ARMS = (Arm(name="fused"), Arm(name="stepwise", role="baseline", why_fair="the loop of the reference, vectorised"))
TRAINED = (Arm(name="selective"), Arm(name="invariant", role="baseline", why_fair="same size, same data order"))


class Size(Workload):
    kind: str = "size"
    length: int = 64


def claim(name: str, label: str, **fields: object) -> Claim:
    """A claim of the invented paper at smoke."""
    return Claim.model_validate(
        {
            "id": f"{SLUG}.{name}",
            "label": label,
            "statement": f"The claim called {name} holds.",
            "source": SOURCE,
            "experiment": "invented.experiments:run",
            "workloads": {"smoke": Size()},
            "needs": Needs(core_seconds={"smoke": 1.0}),
            "caveats": (f"Says nothing about {name} at scale.",),
        }
        | fields
    )


SPEED = claim(
    "faster",
    "IN-01",
    kind="speed",
    arms=ARMS,
    metric=LATENCY,
    expectation=Ratio(subject="fused", baseline="stepwise", at_least=5.0, published=20.0),
    protocol=Protocol(unit="process", n={"smoke": 10}, n_min=10),
    gates={"before": 1e-5, "after": 1e-5},
    published=(Published(arm="fused", metric="speed-up", value=20.0, unit="1", where="Figure 8"),),
)
ABLATION = claim(
    "selects",
    "IN-02",
    kind="ablation",
    arms=TRAINED,
    metric=Metric(name="accuracy", unit="1", better="higher"),
    expectation=Difference(subject="selective", baseline="invariant", at_least=0.1, published=0.4),
    protocol=Protocol(unit="seed", n={"smoke": 8}, n_min=6, paired=True),
    setups_tried=3,
)
SCALING = claim(
    "linear",
    "IN-03",
    kind="scaling",
    arms=(Arm(name="scan"), Arm(name="attention", role="baseline", why_fair="the fastest kernel there is")),
    metric=LATENCY,
    expectation=AllOf(
        parts=(
            Slope(arm="scan", exponent=1.0, tolerance=0.2),
            Slope(arm="attention", exponent=2.0, tolerance=0.3),
        )
    ),
    protocol=Protocol(unit="process", n={"smoke": 10}, n_min=10),
)
MEMORY = claim(
    "lean",
    "IN-04",
    kind="memory",
    arms=(Arm(name="layer"),),
    metric=Metric(name="saved_bytes", unit="bytes", better="lower"),
    expectation=Exact(boxes={"saved_bytes": Box(high=20.0, published=16.0, unit="bytes")}),
    protocol=Protocol(unit="deterministic"),
)
EXPLORED = claim(
    "reads",
    "IN-05",
    kind="quality",
    role="exploratory",
    arms=(Arm(name="selective"),),
    metric=Metric(name="bits_per_byte", unit="1", better="lower"),
    expectation=AtLeast(arm="selective", floor=3.0, reference=8.0),
    protocol=Protocol(unit="seed", n={"smoke": 3}, n_min=1),
)
UNTESTABLE = NotTestable(
    id=f"{SLUG}.huge", label="IN-06", statement="It holds at any size.", source=SOURCE, reason="It takes a cluster."
)
CLAIMS = (SPEED, ABLATION, SCALING, MEMORY, EXPLORED, UNTESTABLE)


def record(of: Claim, arm: str, seeds: Sequence[int], **fields: object) -> Record:
    """An `ok` record of one trial."""
    return Record.model_validate(
        {
            "run": RUN,
            "trial": f"{of.label}-{arm}-{seeds[0]}".encode().hex().ljust(64, "0"),
            "claim": of.id,
            "version": of.version,
            "tier": "smoke",
            "arm": arm,
            "seeds": seeds,
            "role": of.role,
            "measure_sha": of.measure_sha(),
            "code_sha": "c0de" * 16,
            "environment_sha": "e4" * 32,
            "status": "ok",
            "machine": MACHINE,
            "versions": {"python": "3.11.9", "torch": "2.13.0"},
            "commit": COMMIT,
            "started": f"2026-01-01T00:00:{seeds[0] % 60:02d}.000+00:00",
            "duration_s": 1.0,
        }
        | fields
    )


def timed(of: Claim, medians: dict[str, float], n: int = 10, seed: int = 0, **fields: object) -> list[Record]:
    """Records of `n` processes an arm, with 3 % of noise between processes."""
    rng = random.Random(seed)
    regime = Regime(clock="perf_counter", process="fork", cache="warm", threads=1, warmup=2, calls_per_sample=1)
    return [
        record(
            of,
            arm,
            (index,),
            samples={"latency_s": [median * rng.lognormvariate(0, 0.03) for _ in range(3)]},
            gates={name: Gate(error=1e-7, tolerance=bound) for name, bound in of.gates.items()},
            regime=regime,
            floor_s=median / 10,
            **fields,
        )
        for index in range(n)
        for arm, median in medians.items()
    ]


def trained(of: Claim, means: dict[str, float], n: int = 8, seed: int = 0, **fields: object) -> list[Record]:
    """Records of `n` seeds an arm, one trial a seed, with a training curve each."""
    rng = random.Random(seed)
    records = []
    for index in range(n):
        shared = rng.gauss(0, 0.01)
        for arm, mean in means.items():
            value = mean + shared + rng.gauss(0, 0.01)
            line = tuple(value * (1 - 2.0 ** (-step / 100)) for step in range(0, 500, 100))
            records.append(
                record(
                    of,
                    arm,
                    (index,),
                    samples={of.metric.name: (value,)},
                    curves={of.metric.name: Curve(x=tuple(range(0, 500, 100)), y=(line,))},
                    **fields,
                )
            )
    return records


def swept(of: Claim, cost: dict[str, Callable[[float], float]], n: int = 10, seed: int = 0) -> list[Record]:
    """Records of `n` processes an arm, each timing every size."""
    rng = random.Random(seed)
    sizes = (128.0, 256.0, 512.0, 1024.0, 2048.0)
    return [
        record(
            of,
            arm,
            (index,),
            curves={
                "latency_s": Curve(
                    x=sizes,
                    y=tuple(tuple(law(size) * rng.lognormvariate(0, 0.02) for _ in range(3)) for size in sizes),
                    x_name="length",
                )
            },
        )
        for index in range(n)
        for arm, law in cost.items()
    ]


def controls(run: str = RUN, **fields: object) -> list[Record]:
    """A run's placebo that shows nothing and positive control that is seen."""
    return [
        *timed(PLACEBO, {"a": 1e-3, "b": 1e-3}, run=run, **fields),
        *timed(POSITIVE_CONTROL, {"fast": 1e-3, "slow": 1.5e-3}, run=run, **fields),
    ]


def records() -> list[Record]:
    """Records of every testable claim, and the run's controls."""
    return [
        *controls(),
        *timed(SPEED, {"fused": 1e-3, "stepwise": 8e-3}),
        *trained(ABLATION, {"selective": 0.9, "invariant": 0.6}),
        *swept(SCALING, {"scan": lambda n: 4e-6 * n, "attention": lambda n: 8e-9 * n * n}),
        record(MEMORY, "layer", (0,), checks={"saved_bytes": (16.5, 16.5)}),
        *trained(EXPLORED, {"selective": 2.5}, n=3),
    ]
