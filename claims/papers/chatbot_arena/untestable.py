"""Chatbot Arena's claims that no tier can test, and what it would take."""

from __future__ import annotations

from claimbench.spec import NotTestable, Published, Source

__all__ = ["CLAIMS"]

ARXIV = "2403.04132v1"

REPLAY = NotTestable(
    id="chatbot_arena.replay_ranks",
    label="CA-10",
    statement="On the replay of 213,576 votes gpt-4-turbo stands first, gpt-4-0314 second and gpt-4-0613 third.",
    source=Source(arxiv=ARXIV, where="Section 7.1 and Figure 5"),
    published=(Published(arm="replay", metric="votes", value=213_576, unit="1", where="Section 7.1"),),
    reason="It takes the replay's votes, which are in no public repository; CA-08 has the part that Figure 2 prints.",
    keywords=("replay",),
)

AGREEMENT = NotTestable(
    id="chatbot_arena.crowd_agrees_with_experts",
    label="CA-26",
    statement="The crowd agrees with experts on 72 to 83 % of battles, about as experts agree with each other.",
    source=Source(arxiv=ARXIV, where="Section 6.3 and Table 3"),
    published=(
        Published(arm="crowd and expert 1", metric="agreement", value=72.8, unit="%", where="Table 3, Llama-2-13b"),
        Published(arm="crowd and expert 2", metric="agreement", value=83.1, unit="%", where="Table 3, GPT-3.5-Turbo"),
        Published(
            arm="expert 1 and expert 2", metric="agreement", value=79.4, unit="%", where="Table 3, GPT-3.5-Turbo"
        ),
        Published(arm="expert 1 and expert 2", metric="agreement", value=89.8, unit="%", where="Table 3, Llama-2-13b"),
    ),
    reason="It takes people: the crowd's votes and two experts' on the same 160 battles, which were not released. "
    "CA-26b says what the printed shares can be, CA-26c and CA-26d what others' judges do.",
    keywords=("agreement", "experts"),
)

WIN_RATES = NotTestable(
    id="chatbot_arena.win_rates_by_judge",
    label="CA-27",
    statement="Crowd, experts and GPT-4 give GPT-4-Turbo about the same win rates.",
    source=Source(arxiv=ARXIV, where="Section 6.3 and Table 4"),
    published=(
        Published(arm="crowd", metric="win rate over Llama-2-13b", value=81.2, unit="%", where="Table 4"),
        Published(arm="expert 1", metric="win rate over Llama-2-13b", value=89.4, unit="%", where="Table 4"),
        Published(arm="expert 2", metric="win rate over Llama-2-13b", value=86.9, unit="%", where="Table 4"),
        Published(arm="GPT-4", metric="win rate over Llama-2-13b", value=78.8, unit="%", where="Table 4"),
    ),
    reason="It takes people, on the battles of Table 3; CA-26b finds all eight rates to be possible shares of 160.",
    keywords=("agreement", "experts"),
)

TOPICS = NotTestable(
    id="chatbot_arena.topics_diverse",
    label="CA-29",
    statement="Prompts are diverse: of 600 clusters the largest holds a hundredth of them, and most less than half of "
    "that.",
    source=Source(arxiv=ARXIV, where="Section 6.1"),
    published=(Published(arm="prompts", metric="clusters", value=600, unit="1", where="Section 6.1"),),
    reason="It takes the users' prompts, which are in no public repository, and embeddings of them by OpenAI.",
    keywords=("topics", "prompts"),
)

ARENA_BENCH = NotTestable(
    id="chatbot_arena.arena_bench_gap",
    label="CA-30",
    statement="Arena Bench shows a larger gap between open and proprietary models than MT-bench does.",
    source=Source(arxiv=ARXIV, where="Section 6.2 and Figure 4"),
    reason="It takes both benchmarks' judgements on the same models by the same judge; the figure prints no numbers.",
    keywords=("arena_bench", "mt_bench"),
)

STYLED_RANKS = NotTestable(
    id="chatbot_arena.style_moves_ranks",
    label="CA-32",
    statement="With style controlled, GPT-4o-mini and Grok-2-mini fall and Claude 3.5 Sonnet rises.",
    source=Source(arxiv=ARXIV, where="lmsys.org's post of 2024-08-29"),
    published=(
        Published(arm="gpt-4o-mini", metric="rank", value=11, unit="1", where="post; 6 without control"),
        Published(arm="grok-2-mini", metric="rank", value=18, unit="1", where="post; 6 without control"),
        Published(arm="claude-3.5-sonnet", metric="rank", value=4, unit="1", where="post; 6 without control"),
    ),
    reason="It takes the answers' lengths and markdown beside the votes, which are in no public repository; CA-31 "
    "recovers coefficients where they are known.",
    keywords=("style",),
)

CLAIMS = (REPLAY, AGREEMENT, WIN_RATES, TOPICS, ARENA_BENCH, STYLED_RANKS)
