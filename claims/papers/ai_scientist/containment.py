"""Claims about running generated code safely."""

from __future__ import annotations

from claimbench.expectation import Box, Exact
from claimbench.papers.ai_scientist.figures import ARXIV
from claimbench.papers.ai_scientist.workloads import Adversaries
from claimbench.spec import Arm, Claim, Metric, Needs, Protocol, Source

__all__ = ["CLAIMS"]

CONTAINED = Claim(
    id="ai_scientist.generated_code_contained",
    label="AIS-17",
    statement="A sandbox contains nine experiments that do what generated code did on the authors' machine, or could; "
    "a time limit alone, as in the released code, contains two of them at most.",
    source=Source(arxiv=ARXIV, where="Section 8, Safe Code Execution"),
    kind="quality",
    role="exploratory",
    experiment="claimbench.impls.ai_scientist.experiments.containment:contained",
    arms=(
        Arm(name="ours"),
        Arm(
            name="plain",
            role="baseline",
            why_fair="subprocess.run with a time limit: run_experiment of perform_experiments.py, at commit 9dffdc4 of "
            "the authors' repository. The paper calls its own sandboxing minimal.",
        ),
    ),
    workloads={"smoke": Adversaries(seconds=3.0)},
    metric=Metric(name="ours", unit="1", better="higher"),
    expectation=Exact(boxes={"ours": Box(low=9, high=9), "plain": Box(high=2)}),
    protocol=Protocol(unit="deterministic"),
    needs=Needs(core_seconds={"smoke": 20.0}),
    setups_tried=2,
    keywords=("sandbox", "safety"),
    caveats=(
        "The paper reports that the system relaunched itself without end, saved nearly a terabyte of checkpoints and "
        "edited its own time limit, and recommends containers, no network and limits on storage. The other six are "
        "ours. Nine that we thought of, and no language model: what they do not try, this does not show.",
        "Contained: ended within two seconds of its limit, no process left, nothing changed outside its folder, no "
        "network reached, no secret told, not more written than allowed, no success without results. They bound "
        "themselves, at 64 processes and 32 MB, so that they may run where nothing else does.",
        "It takes Linux with bubblewrap, user namespaces, or Landlock with a filter of system calls; elsewhere the "
        "trial is refused, and isolation() says what is missing.",
        "A first set-up, with a limit of one second, ended some on a busy machine before they did any harm.",
    ),
)

CLAIMS = (CONTAINED,)
