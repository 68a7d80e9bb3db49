"""Claims that equations and texts say what they mean; `impls/chatbot_arena/README.md` derives what they do say."""

from __future__ import annotations

from claimbench.expectation import Box, Exact
from claimbench.papers.chatbot_arena.workloads import Printed
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Published, Source, Tier, Workload

__all__ = ["CLAIMS"]

ARXIV = "2403.04132v1"
_EXPERIMENTS = "claimbench.impls.chatbot_arena.experiments.printed"
_ONCE = Protocol(unit="deterministic")
_OURS = (Arm(name="ours"),)
_SMOKE: dict[Tier, Workload] = {"smoke": Printed()}
_NEEDS = Needs(core_seconds={"smoke": 1.0})

UPSIDE_DOWN = Claim(
    id="chatbot_arena.loss_as_printed",
    label="CA-41",
    statement="The minimiser of equations 3 and 7, as printed, ranks models as their win rates do.",
    source=Source(arxiv=ARXIV, where="Section 4, equations 2, 3 and 7"),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:upside_down",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="tau_printed", unit="1", better="higher"),
    expectation=Exact(boxes={"tau_printed": Box(low=0.5), "tau_meant": Box(low=0.5), "distance": Box(high=1e-9)}),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("errata", "loss"),
    caveats=(
        "A slip of sign: H = 1 means that the second model is preferred, and the loss has the first one's probability. "
        "The code that the Arena ran has the right one; so has equation 2, from which everything here starts.",
        "On Figure 2, Kendall's τ with mean win rates; the printed minimiser is exactly the negative of the meant one.",
    ),
)

NONPARAMETRIC = Claim(
    id="chatbot_arena.nonparametric_scores",
    label="CA-42",
    statement="The scores of equations 13 to 16, as printed, are those of Bradley–Terry where it holds.",
    source=Source(arxiv=ARXIV, where="Appendix B, equations 13 to 16"),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:nonparametric",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="printed", unit="1", better="lower"),
    expectation=Exact(
        boxes={"printed": Box(high=1e-9), "repaired": Box(high=1e-9), "tau_printed": Box(low=1.0)},
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("errata", "nonparametric"),
    caveats=(
        "The second term is the odds where their logarithm is meant, as the derivative in equation 17 has it, and the "
        "sum over models is not divided by their number. Every term still grows with the score, so that ranks are "
        "right (`tau_printed`). Repaired, the scores agree to rounding.",
        "With the scores of Figure 2; largest distance from ξ_m − ξ_1, natural units.",
    ),
)

POSTS = Claim(
    id="chatbot_arena.posts_text_and_tables",
    label="CA-43",
    statement="Figures in the text of the authors' posts are those of the tables beside it.",
    source=Source(arxiv=ARXIV, where="lmsys.org's posts of 2023-12-07 and 2024-04-19"),
    published=(
        Published(arm="gpt-4-0613", metric="rating", value=1152, unit="points", where="post of 2023-12-07, text"),
        Published(arm="gpt-4-0613", metric="rating", value=1153, unit="points", where="post of 2023-12-07, table"),
        Published(arm="MT-bench", metric="agreement", value=22.6, unit="%", where="post of 2024-04-19, text"),
        Published(arm="MT-bench", metric="agreement", value=26.1, unit="%", where="post of 2024-04-19, Table 1"),
    ),
    kind="arithmetic",
    experiment=f"{_EXPERIMENTS}:posts",
    arms=_OURS,
    workloads=_SMOKE,
    metric=Metric(name="mt_bench_agreement", unit="%", better="lower"),
    expectation=Exact(
        boxes={
            "gpt-4-0613": Box(high=0.0, unit="points"),
            "mt_bench_agreement": Box(high=0.0, unit="%"),
            "mt_bench_separability": Box(high=0.0, unit="%"),
        }
    ),
    protocol=_ONCE,
    needs=_NEEDS,
    keywords=("errata", "arena_hard"),
    caveats=(
        "Two slips of the pen. A point is rounding; the 22.6 % of the text is MT-bench's separability in the table "
        "(`mt_bench_separability`, a distance of 0).",
    ),
)

CLAIMS = (UPSIDE_DOWN, NONPARAMETRIC, POSTS)
