"""Claims of Schedule-Free's theory: bounds that hold, one of them with equality, and identities."""

from __future__ import annotations

from claimbench.expectation import Box, Exact
from claimbench.papers.schedule_free.workloads import Bounds, LargeRates, Printed, Quadratics
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2405.15682v4"
_EXPERIMENTS = "claimbench.impls.schedule_free.experiments.theory"
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_FLOAT64 = "In float64; 1e-12 is for rounding."

WORST_CASE = Claim(
    id="schedule_free.worst_case_optimal",
    label="SF-01",
    statement="With γ = D / (G √T), Schedule-Free SGD is within D G / √T of the minimum after T steps for every β in "
    "[0, 1], and no smaller constant will do.",
    source=Source(arxiv=ARXIV, where="Theorem 1"),
    published=(Published(arm="any β", metric="gap over D G / √T, at most", value=1, unit="1", where="Theorem 1"),),
    kind="identity",
    experiment=f"{_EXPERIMENTS}:worst_case",
    arms=_OURS,
    workloads={"smoke": Bounds(steps=(100, 400))},
    metric=Metric(name="largest", unit="1", better="lower"),
    expectation=Exact(
        boxes={"largest": Box(high=1 + 1e-12, published=1), "tight": Box(low=1 - 1e-12, high=1 + 1e-12, published=1)}
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 3.0}),
    setups_tried=1,
    keywords=("theorem", "convergence"),
    caveats=(
        "A bound is shown by its proof; here it is not exceeded on absolute values, norms, maxima of linear functions "
        "and a noisy absolute value, and met with equality by max_i x_i in T dimensions.",
        "x_T averages z_1, …, z_T and has seen T − 1 gradients. SF-02 has a method that exceeds the bound on the same "
        "functions.",
        _FLOAT64,
    ),
)

EMA = Claim(
    id="schedule_free.ema_momentum_exceeds",
    label="SF-02",
    statement="Momentum as an exponential moving average hurts the worst case, where Schedule-Free's interpolation "
    "does not.",
    source=Source(arxiv=ARXIV, where="Section 2, after Theorem 1"),
    kind="identity",
    experiment=f"{_EXPERIMENTS}:ema_momentum",
    arms=_OURS,
    workloads={"smoke": Bounds(steps=(100,))},
    metric=Metric(name="ema", unit="1", better="higher"),
    expectation=Exact(boxes={"ema": Box(low=1.05), "schedule_free": Box(high=1 + 1e-12, published=1)}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 2.0}),
    setups_tried=2,
    keywords=("theorem", "momentum"),
    caveats=(
        "At β = .98, T = 100 and the rate of Theorem 1, where the momentum's delay of 50 steps is half the run; at β = "
        ".9 the excess is 3 % or none on these functions. The paper states no size of the harm.",
        "SGD with momentum, and the average of its points.",
    ),
)

UNIFICATION = Claim(
    id="schedule_free.unifies_averaging_and_decay",
    label="SF-03",
    statement="One conversion has Polyak averaging (β = 0), primal averaging (β = 1) and the linear decay of step "
    "sizes (β_t = t / T) as special cases.",
    source=Source(arxiv=ARXIV, where="Theorems 2, 4 and 5, Appendices B and C"),
    kind="identity",
    experiment=f"{_EXPERIMENTS}:unification",
    arms=_OURS,
    workloads={"smoke": Bounds(steps=(200,))},
    metric=Metric(name="linear_decay", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            **{
                name: Box(high=1e-12)
                for name in ("polyak", "primal", "linear_decay", "weighted_decay", "momentum_form", "theorem_5")
            },
            "theorem_2": Box(high=0),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 1.0}),
    setups_tried=1,
    keywords=("theorem", "averaging", "schedule"),
    caveats=(
        "Largest distances of trajectories on a regression by absolute deviations; with weights, the schedule is "
        "w_{t+1:T} / w_{1:T}. Theorem 5 is an equality for any z_t, w_t and β_t < 1, of which Theorem 2 keeps a part.",
        _FLOAT64,
    ),
)

QUADRATICS = Claim(
    id="schedule_free.large_rates_on_quadratics",
    label="SF-04",
    statement="On quadratics, momentum between 0 and 1 bears step sizes at which both Polyak and primal averaging "
    "diverge, and reaches lower losses; at small ones it hardly matters.",
    source=Source(arxiv=ARXIV, where="Section 2.2 and Figure 2b"),
    kind="ablation",
    experiment=f"{_EXPERIMENTS}:quadratic_stability",
    arms=_OURS,
    workloads={
        "smoke": Quadratics(
            rates=(0.01, 0.1, 1.0, 1.9, 5.0, 10.0, 20.0, 25.0, 50.0, 75.0, 100.0),
            betas=(0.0, 0.5, 0.7, 0.775, 0.85, 0.9, 0.925, 0.95, 0.98, 0.99, 1.0),
            steps=1000,
        )
    },
    metric=Metric(name="momentum_rate", unit="1", better="higher"),
    expectation=Exact(
        boxes={
            "momentum_rate": Box(low=100.0, published=100.0),
            "primal_rate": Box(high=99.0),
            "plain_rate": Box(high=99.0),
            "gain": Box(low=0.0),
            "spread_small": Box(high=0.30103),
            "inside": Box(high=0.0),
            "outside": Box(low=0.0),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 2.0}),
    setups_tried=2,
    keywords=("quadratic", "stability", "momentum"),
    caveats=(
        "The figure's axes end at γ = 100 and prints no values; it does not say how many steps. That momentum hardly "
        "matters is read as a factor of two in the least loss at γ ≤ 0.1, a bar of ours.",
        "In the end errors decay wherever β > 1 − 2 / (γ L), β = 1 included; with β near 1 and a large γ they first "
        "grow by many orders, which no run makes good.",
    ),
)

_CONTROLS = {
    "control": Box(low=1.0),
    "rates_on_edge": Box(high=0),
    "identity": Box(high=1e-12),
    "counterexamples": Box(high=0),
}
_BEST_RATE = (
    "At the rate, a power of two, with the best final train accuracy, and of equals the least loss, after 100 epochs "
    "of batches of 16. Smaller rates meet the condition easily: it is the largest ones that it is about."
)
_NO_VALUES = "The paper prints no value of the condition."

LARGE_STEPS = Claim(
    id="schedule_free.large_steps_condition",
    label="SF-05",
    statement="On Iris and Wine the condition holds under which step sizes as large as D / G converge at the optimal "
    "rate.",
    source=Source(arxiv=ARXIV, where="Section 2.2, Theorem 3 and Appendix F"),
    published=(
        Published(arm="every problem", metric="left over right side, at most", value=1, unit="1", where="Section 2.2"),
    ),
    kind="identity",
    experiment="claimbench.impls.schedule_free.experiments.convex:large_steps_condition",
    arms=(Arm(name="ours", options={"base": "adam"}),),
    workloads={"smoke": LargeRates(problems=("iris", "wine"), low=-6, high=4)},
    metric=Metric(name="iris", unit="1", better="lower"),
    expectation=Exact(boxes={"iris": Box(high=1.0, published=1.0), "wine": Box(high=1.0, published=1.0), **_CONTROLS}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 5.0}, data=("iris", "wine")),
    setups_tried=3,
    keywords=("theorem", "learning_rate"),
    caveats=(
        _BEST_RATE,
        _NO_VALUES,
        "By Algorithm 1, Schedule-Free Adam, as in Figure 7, although the theorem speaks of SGD (SF-05b). The theorem "
        "itself has no counterexample here; |x| at γ = D / G breaks its condition and its conclusion.",
    ),
)

LARGE_STEPS_SGD = LARGE_STEPS.model_copy(
    update={
        "id": "schedule_free.large_steps_condition_sgd",
        "label": "SF-05b",
        "role": "exploratory",
        "statement": "Trained by Schedule-Free SGD, Iris and Wine meet the condition of Theorem 3 as well.",
        "arms": (Arm(name="ours", options={"base": "sgd"}),),
        "workloads": {"smoke": LargeRates(problems=("iris", "wine"), low=-2, high=10)},
        "caveats": (
            _BEST_RATE,
            _NO_VALUES,
            "SGD is what the theorem speaks of; the paper trained its convex problems by Adam.",
        ),
    }
)

LARGE_STEPS_MORE = LARGE_STEPS.model_copy(
    update={
        "id": "schedule_free.large_steps_condition_everywhere",
        "label": "SF-05c",
        "statement": "The condition of Theorem 3 holds on every problem, Glass and Vehicle among them.",
        "workloads": {"cpu": LargeRates(problems=("glass", "vehicle"), low=-4, high=10)},
        "metric": Metric(name="glass", unit="1", better="lower"),
        "expectation": Exact(
            boxes={"glass": Box(high=1.0, published=1.0), "vehicle": Box(high=1.0, published=1.0), **_CONTROLS}
        ),
        "needs": Needs(core_seconds={"cpu": 30.0}, data=("libsvm_glass", "libsvm_vehicle")),
        "caveats": (
            _BEST_RATE,
            _NO_VALUES,
            "By Algorithm 1, as in Figure 7. On both, rates far above the least that does well are as accurate, and "
            "the rate that is taken may lie among them.",
        ),
    }
)

ACCELERATED = Claim(
    id="schedule_free.accelerated_rate",
    label="SF-18",
    statement="Over an optimistic online method, the conversion is within 14 D² L / (T (T + 1)) + 2 D √Σ t² σ_t² / "
    "(T (T + 1)) of the minimum of a smooth function.",
    source=Source(arxiv=ARXIV, where="Appendix D, Corollaries 1 and 2, Lemma 1"),
    published=(Published(arm="optimistic", metric="gap over bound, at most", value=1, unit="1", where="Corollary 2"),),
    kind="identity",
    experiment=f"{_EXPERIMENTS}:accelerated_rate",
    arms=_OURS,
    workloads={"smoke": Bounds(steps=(10, 100, 1000))},
    metric=Metric(name="ratio", unit="1", better="lower"),
    expectation=Exact(
        boxes={
            "ratio": Box(high=1.0, published=1.0),
            "noisy": Box(high=1.0, published=1.0),
            "lemma_1": Box(high=1.0, published=1.0),
            "corollary_1": Box(high=1e-12),
            "polyak": Box(low=1.0),
        }
    ),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 3.0}),
    setups_tried=2,
    keywords=("theorem", "acceleration"),
    caveats=(
        "On quadratics, a few of whose eigenvalues are hard for T steps; averaged gradient descent (`polyak`) exceeds "
        "the bound there at T = 1000. The gaps are a few per cent of the bound, whose constants are not sharp.",
        "D is the least that the corollary's assumptions allow on each run. With noise, of four runs.",
        "Lemma 1 is printed for hints g_{t−1}; Corollary 2 needs it for losses w_t g_t with hints w_t g_{t−1}, as "
        "here.",
    ),
)

MIXING = Claim(
    id="schedule_free.corollary_2_mixing",
    label="SF-18b",
    statement="The mixing that Corollary 2 allows, α_t ≤ 1 / (5 (t − 1)), meets the condition of the Corollary 1 that "
    "it applies, α_t ≤ w_t / (10 w_{1:t}).",
    source=Source(arxiv=ARXIV, where="Appendix D, Corollaries 1 and 2"),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:mixing_condition",
    arms=_OURS,
    workloads={"smoke": Printed()},
    metric=Metric(name="printed", unit="1", better="lower"),
    expectation=Exact(boxes={"printed": Box(high=1 + 1e-12), "repaired": Box(high=1 + 1e-12)}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 1.0}),
    keywords=("theorem", "errata"),
    caveats=(
        "With w_t = t the condition is α_t ≤ 1 / (5 (t + 1)): a sign. At the printed α_2 = 1/5 Corollary 1's proof "
        "fails by a factor of 10/9, so that other constants in it would do.",
    ),
)

STRONGLY_CONVEX = Claim(
    id="schedule_free.strongly_convex_rate",
    label="SF-19",
    statement="On μ-strongly convex functions, weights w_t = t and steps 2 / (μ (t + 1)) bring the conversion within "
    "2 (G + 2 μ D)² / (μ (T + 1)) of the minimum, for every β.",
    source=Source(arxiv=ARXIV, where="Appendix E, Theorem 6"),
    published=(Published(arm="any β", metric="gap over bound, at most", value=1, unit="1", where="Theorem 6"),),
    kind="identity",
    experiment=f"{_EXPERIMENTS}:strongly_convex_rate",
    arms=_OURS,
    workloads={"smoke": Bounds(steps=(10, 100, 400), betas=(0.0, 0.5, 0.9, 1.0))},
    metric=Metric(name="ratio", unit="1", better="lower"),
    expectation=Exact(boxes={"ratio": Box(high=1.0, published=1.0), "control": Box(low=1.0)}),
    protocol=_ONCE,
    needs=Needs(core_seconds={"smoke": 3.0}),
    setups_tried=1,
    keywords=("theorem", "strongly_convex"),
    caveats=(
        "On maxima of linear functions plus μ/2 ‖x‖²; the gaps are less than a tenth of the bound. `control` lacks the "
        "strong convexity that it claims, and misses the bound.",
    ),
)

CLAIMS = (
    WORST_CASE,
    EMA,
    UNIFICATION,
    QUADRATICS,
    LARGE_STEPS,
    LARGE_STEPS_SGD,
    LARGE_STEPS_MORE,
    ACCELERATED,
    MIXING,
    STRONGLY_CONVEX,
)
