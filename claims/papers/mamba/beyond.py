"""Mamba's claims that no tier can test, and what it would take."""

from __future__ import annotations

from claimbench.spec import NotTestable, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2312.00752v2"
_PILE = (
    "It takes models of 350 million parameters trained on 7 billion tokens of the Pile, many times over; no tier "
    "trains them, and {effect} at the sizes that a tier trains would be another claim."
)

REAL_START = NotTestable(
    id="mamba.real_start",
    label="MA-06",
    statement="For language, real A at the start is no worse than complex A, and random real values do as well.",
    source=Source(arxiv=ARXIV, where="Table 8"),
    published=(
        Published(arm="A_n = −(n + 1)", metric="perplexity", value=8.71, unit="1", where="Table 8"),
        Published(arm="A_n ~ exp(N(0, 1))", metric="perplexity", value=8.71, unit="1", where="Table 8"),
        Published(arm="A_n = −1/2 + ni", metric="perplexity", value=9.16, unit="1", where="Table 8"),
    ),
    reason=_PILE.format(effect="a difference between starts"),
    keywords=("initialisation", "complex"),
)

RANK_OF_DELTA = NotTestable(
    id="mamba.rank_of_delta",
    label="MA-07",
    statement="A projection of rank 1 for Δ already gives much of what a full one gives.",
    source=Source(arxiv=ARXIV, where="Table 9"),
    published=(
        Published(arm="no projection", metric="perplexity", value=9.12, unit="1", where="Table 9"),
        Published(arm="rank 1", metric="perplexity", value=8.97, unit="1", where="Table 9"),
        Published(arm="rank 64", metric="perplexity", value=8.71, unit="1", where="Table 9"),
    ),
    reason=_PILE.format(effect="a gain by rank"),
    keywords=("delta", "rank"),
)

BLOCKS = NotTestable(
    id="mamba.blocks",
    label="MA-08",
    statement="S6 is ahead of every LTI layer in H3's block and in Mamba's, which are about equal.",
    source=Source(arxiv=ARXIV, where="Table 6"),
    published=(
        Published(arm="H3, S6", metric="perplexity", value=8.95, unit="1", where="Table 6"),
        Published(arm="Mamba, S6", metric="perplexity", value=8.69, unit="1", where="Table 6"),
        Published(arm="H3, Hyena", metric="perplexity", value=10.24, unit="1", where="Table 6"),
    ),
    reason=_PILE.format(effect="a ranking of blocks") + " MA-01b compares the blocks on selective copying.",
    keywords=("architecture", "h3"),
)

ZERO_SHOT = NotTestable(
    id="mamba.zero_shot",
    label="MA-19",
    statement="Mamba-2.8B answers zero-shot tasks better than Pythia-2.8B, and as well as GPT-J-6B.",
    source=Source(arxiv=ARXIV, where="Table 3"),
    published=(
        Published(arm="Mamba-2.8B", metric="average accuracy", value=63.3, unit="%", where="Table 3"),
        Published(arm="Pythia-2.8B", metric="average accuracy", value=59.1, unit="%", where="Table 3"),
        Published(arm="GPT-J-6B", metric="average accuracy", value=63.0, unit="%", where="Table 3"),
    ),
    reason="It takes models of 2.8 billion parameters trained on 300 billion tokens of the Pile; no tier trains them, "
    "and the suite judges what it trains, not checkpoints that it is handed.",
    keywords=("zero_shot", "pythia"),
)

DNA = NotTestable(
    id="mamba.dna",
    label="MA-20",
    statement="On DNA Mamba gains from contexts up to a million tokens, and tells apes apart better than HyenaDNA.",
    source=Source(arxiv=ARXIV, where="Figure 5 and Table 13"),
    published=(
        Published(arm="Mamba 1.4M, 2^20", metric="great apes accuracy", value=71.67, unit="%", where="Table 13"),
        Published(arm="Mamba 7M, 2^20", metric="great apes accuracy", value=81.31, unit="%", where="Table 13"),
        Published(arm="HyenaDNA 1.4M, 2^20", metric="great apes accuracy", value=54.87, unit="%", where="Table 13"),
    ),
    reason="It takes pretraining on the human genome at contexts of a million tokens, 20,000 steps and more a model.",
    keywords=("dna", "genome"),
)

AUDIO = NotTestable(
    id="mamba.audio",
    label="MA-21",
    statement="On speech Mamba beats SaShiMi, with S4 in its outer layers: on raw signals selection alone hurts.",
    source=Source(arxiv=ARXIV, where="Table 4 and Figure 10"),
    published=(
        Published(arm="Mamba 6.1M", metric="FID on SC09", value=0.94, unit="1", where="Table 4"),
        Published(arm="SaShiMi 5.8M", metric="FID on SC09", value=1.99, unit="1", where="Table 4"),
    ),
    reason="It takes 200,000 steps on recorded speech (SC09, YouTubeMix) and a classifier of it for the scores.",
    keywords=("audio", "speech"),
)

CLAIMS = (REAL_START, RANK_OF_DELTA, BLOCKS, ZERO_SHOT, DNA, AUDIO)
