"""Data sets of The AI Scientist's claims: real papers and their reviews, generated papers, and logs of their runs."""

from __future__ import annotations

from claimbench.archives import AI_SCIENTIST
from claimbench.datasets.entry import DataSet

__all__ = ["DATA_SETS"]

_COMMIT = "9dffdc445c2596ffa871b5588377e9f12558febc"
_RAW = f"https://raw.githubusercontent.com/SakanaAI/AI-Scientist/{_COMMIT}/"
_TREE = f"https://github.com/SakanaAI/AI-Scientist/tree/{_COMMIT}/"
_LICENCE = "Apache-2.0 (repository at this commit)"

_REVIEWS = (
    (
        "sonnet",
        "claude-3-5-sonnet-20240620_temp_0_1_reflect_5_ensemble_5_pages_all",
        "cc1af98869215207cff0dc82d6e4e5ba5eddd1c2d20d1269216b5996a192b769",
        240_869,
        "Claude 3.5 Sonnet, reflecting and in ensembles",
    ),
    (
        "gpt4o_mini",
        "gpt-4o-mini-2024-07-18_temp_0_1_fewshot_1_reflect_5_ensemble_5_pages_all",
        "e1171637fbdb0ccb8656fa970086367beaeb7ed1bcce4040b00c74869ceaac84",
        219_455,
        "GPT-4o-mini, shown a review, reflecting and in ensembles",
    ),
    (
        "gpt4o",
        "gpt-4o-2024-05-13_temp_0_1_pages_all",
        "f708192d1a25fbad59f060456f643c8e24a07cb0475518a4bbe4f3cc87bf9f86",
        172_223,
        "GPT-4o as it is",
    ),
    (
        "gpt4o_reflect",
        "gpt-4o-2024-05-13_temp_0_1_reflect_5_pages_all",
        "a6284fa291d3df3717d0562fe92491126e3143e0065a23344dd4841398a43082",
        181_941,
        "GPT-4o, reflecting",
    ),
    (
        "gpt4o_ensemble",
        "gpt-4o-2024-05-13_temp_0_1_reflect_5_ensemble_5_pages_all",
        "2c34955f10923c045fbe5ccbdef1b0f476d9800c3390d3b39f84c4f46bb69cb5",
        329_757,
        "GPT-4o, reflecting and in ensembles",
    ),
    (
        "gpt4o_one_shot",
        "gpt-4o-2024-05-13_temp_0_1_fewshot_1_reflect_5_ensemble_5_pages_all",
        "388594af5d1e49ac931fa45cd5dd1ab4bbbe36e0a05951a252897739aad0a344",
        339_577,
        "GPT-4o, shown a review, reflecting and in ensembles",
    ),
)
"""Name, file, sha256, bytes here, and who reviews."""

_PAPERS = (
    (
        "diffusion",
        "claude",
        "diffusion_sonnet",
        "9e0b978a0d085958feea71990e5b3b71fe54f0ee5ab2a3e07e7767a0d9c7b936",
        108_731,
    ),
    (
        "diffusion",
        "gpt4o",
        "diffusion_gpt4o",
        "84f696ffdbc28cd597b0e4ffd65ae502c78935c467c7a39951927d1aef181ffd",
        51_428,
    ),
    (
        "diffusion",
        "deepseek",
        "diffusion_deepseek",
        "5d37886835cca6eef68abf534641e28f4e082db29f408ecf8c3869659065a04e",
        87_091,
    ),
    (
        "diffusion",
        "llama3.1",
        "diffusion_llama",
        "47994f6b4ad309401d36ff99c52e82d5442e7999c5d6a9d093911a2ae6f0d9c1",
        50_721,
    ),
    ("nanoGPT", "claude", "nanogpt_sonnet", "08d7a35b43d073ecb5d51542639cb510d0f5a631f89e75f54fe20e1f229f359b", 62_974),
    ("nanoGPT", "gpt4o", "nanogpt_gpt4o", "cd2f5dfb821842ab976efc7fd4c1229aee084353634271a0ec74e3275b5ab5d2", 55_600),
    (
        "nanoGPT",
        "deepseek",
        "nanogpt_deepseek",
        "213fa466eb3cc861c82c14906e238b5c4e71c4b57d51d6d106020d1cde2d630a",
        62_136,
    ),
    (
        "nanoGPT",
        "llama3.1",
        "nanogpt_llama",
        "4d22c8aaf7499bcc93faf70a0418f8fa90d6c29aea09564b6e1857e22c0d3b1e",
        50_777,
    ),
    (
        "grokking",
        "claude",
        "grokking_sonnet",
        "b6a632bd4392e6ba15a9f47c5f8c7172c29f07ffb1917a4e42e9a4e3e784a6f5",
        77_280,
    ),
    ("grokking", "gpt4o", "grokking_gpt4o", "715ab592d41e72bd643538305b25e8e6747ba831c8a1d4a2ac037f099e226ca6", 35_098),
    (
        "grokking",
        "deepseek",
        "grokking_deepseek",
        "20416745ae8ad8adbcb46b58598c35a9e0babed5196dc505f88ab27be3526ce6",
        93_811,
    ),
    (
        "grokking",
        "llama3.1",
        "grokking_llama",
        "a82c5e0f56cd3545c9932dddf973ab4cbf416fa114e1f2df3d5eb5d7c4bc8e70",
        63_738,
    ),
)
"""Template, model, the name of both here, sha256 and bytes."""

DATA_SETS = (
    DataSet(
        name="iclr_ratings",
        file="ai_scientist_reviewer/ratings_subset.tsv",
        url=f"{_RAW}review_iclr_bench/ratings_subset.tsv",
        sha256="031aa28e74253dfac1736bdb255067fbb7c306d1a8bdb501bc69440a8ba802d5",
        size_bytes=20_564,
        licence=_LICENCE,
        purpose="500 papers submitted to ICLR 2022: 1,968 scores by people, and what was decided",
    ),
    DataSet(
        name="iclr_text_features",
        file="ai_scientist_reviewer/submission_text_features.csv",
        url=f"{_TREE}review_iclr_bench/iclr_parsed",
        sha256="824a2e3b0cb9efb7c34e9f361434032e81fbaa0b770dd6d8e585fe2219a45504",
        derived=True,
        size_bytes=13_520,
        licence=_LICENCE,
        purpose="what the texts of these papers say of their authors, headers and acknowledgements, and their lengths",
    ),
    *(
        DataSet(
            name=f"iclr_reviews_{name}",
            file=f"ai_scientist_reviewer/llm_reviews/{file}.csv.gz",
            url=f"{_RAW}review_iclr_bench/llm_reviews/{file}.csv",
            sha256=sha256,
            gzipped=True,
            size_bytes=size_bytes,
            licence=_LICENCE,
            purpose=f"reviews of these papers by {reviewer}",
        )
        for name, file, sha256, size_bytes, reviewer in _REVIEWS
    ),
    *(
        DataSet(
            name=f"generated_{name}",
            file=f"ai_scientist_reviewer/ai_papers/{template}__{model}-runs_ratings.csv",
            url=f"{_RAW}review_ai_scientist/{template}/{model}-runs_ratings.csv",
            sha256=sha256,
            size_bytes=size_bytes,
            licence=_LICENCE,
            purpose=f"GPT-4o's reviews of the papers that {model} wrote from the template {template}",
        )
        for template, model, name, sha256, size_bytes in _PAPERS
    ),
    DataSet(
        name="generated_selected",
        file="ai_scientist_reviewer/ai_papers/manual_papers__manual_paper_ratings.csv",
        url=f"{_RAW}review_ai_scientist/manual_papers/manual_paper_ratings.csv",
        sha256="6fc8cde6efa11160ee99a4cae8974bf1c2daad5c9e1fb38e4d5e489e52825e52",
        size_bytes=33_339,
        licence=_LICENCE,
        purpose="GPT-4o's reviews of eleven generated papers, the ten of Table 2 among them",
    ),
    DataSet(
        name="generated_examples",
        file="ai_scientist_reviewer/example_papers.tar.gz",
        url=_RAW,
        size_bytes=165_887,
        licence=_LICENCE,
        purpose="ten generated papers as LaTeX, with the logs of their runs, notes and a review each",
        members=AI_SCIENTIST,
    ),
)
