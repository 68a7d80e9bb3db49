"""Schedule-Free's claims that no tier can test, and what it would take."""

from __future__ import annotations

from claimbench.spec import NotTestable, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2405.15682v4"

DEEP = NotTestable(
    id="schedule_free.deep_problems_at_scale",
    label="SF-08d",
    statement="Trained anew, Schedule-Free matches or outperforms tuned schedules on the paper's nine deep problems.",
    source=Source(arxiv=ARXIV, where="Section 4, Figures 2a and 3"),
    published=(
        Published(arm="Schedule-Free", metric="ImageNet test accuracy", value=76.90, unit="%", where="Figure 3"),
        Published(arm="cosine", metric="ImageNet test accuracy", value=76.90, unit="%", where="Figure 3"),
        Published(arm="Schedule-Free", metric="GPT-2 test loss", value=2.831, unit="nats", where="Figure 3"),
        Published(arm="cosine", metric="GPT-2 test loss", value=2.853, unit="nats", where="Figure 3"),
    ),
    reason="It takes 5 to 10 runs of each of nine problems on up to 40 GPUs, after sweeps of rate, decay and β, and "
    "data (ImageNet, fastMRI) that are not free to fetch. SF-08 says what the printed values show.",
    keywords=("deep", "cosine"),
)

ALGOPERF_RUNS = NotTestable(
    id="schedule_free.algoperf_ten_seeds",
    label="SF-09e",
    statement="Ten seeds of Schedule-Free AdamW stand above the NAdamW baseline's on WMT, ViT, fastMRI and OGBG.",
    source=Source(arxiv=ARXIV, where="Section 4.1 and Figure 4"),
    reason="It takes AlgoPerf's workloads, days each on eight GPUs, and their data; the figure prints no values. "
    "SF-09c has the competition's own five studies.",
    keywords=("algoperf",),
)

CLAIMS = (DEEP, ALGOPERF_RUNS)
