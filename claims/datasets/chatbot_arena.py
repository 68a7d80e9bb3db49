"""Data sets of Chatbot Arena's claims: votes, verdicts of models, leaderboards."""

from __future__ import annotations

from claimbench.archives import QLORA
from claimbench.datasets.entry import DataSet

__all__ = ["DATA_SETS"]

_LLMFAO = "https://raw.githubusercontent.com/dustalov/llmfao/9e224e94a40129fd6e1e1529b962307e84af40da/"
_PANDALM = "https://raw.githubusercontent.com/WeOpenML/PandaLM/3871806e72b4832f815ecafd24d3503c73403f48/data/"
_ALPACA_EVAL = (
    "https://raw.githubusercontent.com/tatsu-lab/alpaca_eval/"
    "cd543a149df89434d8a54582c0151c0b945c3d20/src/alpaca_eval/leaderboards/"
)

DATA_SETS = (
    DataSet(
        name="arena_votes",
        file="",
        url="https://github.com/suquark/leaderbot",
        size_bytes=102_901,
        licence="BSD-3-Clause (package leaderbot)",
        purpose="1,670,250 votes of Chatbot Arena on 129 models until August 2024, counted by pair and outcome",
    ),
    DataSet(
        name="llmfao_crowd",
        file="llmfao/crowd-comparisons.csv.gz",
        url=_LLMFAO + "crowd-comparisons.csv",
        sha256="106564a4bf06f047a4662979384313c22d9b4ca901e780f9e8419f8e5581adb1",
        gzipped=True,
        size_bytes=52_702,
        licence="CC-BY-4.0",
        purpose="8,931 votes by 124 named workers on pairs of answers of 59 models, ties among them",
    ),
    DataSet(
        name="llmfao_gpt4_crowd",
        file="llmfao/gpt4-crowd-comparisons.csv.gz",
        url=_LLMFAO + "gpt4-crowd-comparisons.csv",
        sha256="86553cbbcb15b030e16fba8dfa7370e8141ff1ab508342f6a18c6fdd908c7d0b",
        gzipped=True,
        size_bytes=19_083,
        licence="CC-BY-4.0",
        purpose="GPT-4's verdicts on the 2,139 pairs of answers that the crowd of llmfao_crowd judged",
    ),
    DataSet(
        name="llmfao_gpt4",
        file="llmfao/gpt4-comparisons.csv.gz",
        url=_LLMFAO + "gpt4-comparisons.csv",
        sha256="601c1b35438b00cb9b338e59bea74af17143ca9a91aff2403ba62f2c6db560d1",
        gzipped=True,
        size_bytes=28_926,
        licence="CC-BY-4.0",
        purpose="GPT-4's verdicts on 3,236 pairs of answers of 70 models",
    ),
    DataSet(
        name="pandalm_annotators",
        file="pandalm/testset-v1.json",
        url=_PANDALM + "testset-v1.json",
        sha256="cc154f9067c7382d7ea86f8f246511a5e1ac87e1fddd845c5938d789505b07a4",
        size_bytes=937_899,
        licence="Apache-2.0 (repository)",
        purpose="999 pairs of answers of five models, each judged by the same three people; divisive ones left out",
    ),
    DataSet(
        name="pandalm_gpt35",
        file="pandalm/gpt-3.5-turbo-testset-v1.json",
        url=_PANDALM + "gpt-3.5-turbo-testset-v1.json",
        sha256="4c00aa7b3eeae504050a037422ba6f5b0a2ee041680f47bb77b8a4b549b128e3",
        size_bytes=459_434,
        licence="Apache-2.0 (repository)",
        purpose="GPT-3.5's verdicts on the pairs of pandalm_annotators",
    ),
    DataSet(
        name="pandalm_7b",
        file="pandalm/pandalm-7b-testset-v1.json",
        url=_PANDALM + "pandalm-7b-testset-v1.json",
        sha256="9a40b62a7bb2aa87ca77eb8bfcb51539b5a62f974ce91678d30e834d65ed0a7e",
        size_bytes=403_524,
        licence="Apache-2.0 (repository)",
        purpose="PandaLM-7B's verdicts on the pairs of pandalm_annotators",
    ),
    DataSet(
        name="qlora_gpt4",
        file="qlora_gpt4/raw_threeclass.tar.gz",
        url="https://raw.githubusercontent.com/artidoro/qlora/"
        "7f4e95a68dc076bea9b3a413d2b512eca6d004e5/eval/ratings-gpt4/",
        size_bytes=13_841_729,
        licence="MIT",
        purpose="44,506 verdicts of GPT-4 on pairs of answers of eight models, every pair in both orders",
        members=QLORA,
    ),
    DataSet(
        name="alpaca_annotations",
        file="alpaca_eval/annotations.csv.gz",
        url="https://github.com/tatsu-lab/alpaca_eval/tree/cd543a149df89434d8a54582c0151c0b945c3d20/results",
        sha256="3e97133bea5f64bd5f51bdb10a77558467a2dc597a73f8ff69a50af8643675a9",
        derived=True,
        size_bytes=1_756_932,
        licence="Apache-2.0",
        purpose="89,345 preferences of GPT-4 between a model's answer and the baseline's, without the answers",
    ),
    DataSet(
        name="alpaca_leaderboard",
        file="alpaca_eval/leaderboard_v2.csv",
        url=_ALPACA_EVAL + "data_AlpacaEval_2/weighted_alpaca_eval_gpt4_turbo_leaderboard.csv",
        sha256="fe32bf85c2f7429038faa4c9a884d1d131726454ff84a4b810a91c1c7a2aa0e9",
        size_bytes=28_339,
        licence="Apache-2.0",
        purpose="published win rates of AlpacaEval 2, plain and length-controlled; a null model among them",
    ),
    DataSet(
        name="alpaca_leaderboard_1",
        file="alpaca_eval/leaderboard_v1.csv",
        url=_ALPACA_EVAL + "data_AlpacaEval/alpaca_eval_gpt4_leaderboard.csv",
        sha256="9a86bb8cd16967ab94796ca6e52b63a14ceb59c953194ec064edfe690fb82ed6",
        size_bytes=10_033,
        licence="Apache-2.0",
        purpose="published win rates of AlpacaEval 1",
    ),
    DataSet(
        name="arena_hard",
        file="arena_bench/arena_hard_leaderboard_20240731.csv",
        url="https://raw.githubusercontent.com/lmarena/arena-hard-auto/"
        "196f6b826783b3da7310e361a805fa36f0be83f3/leaderboard/arena_hard_leaderboard_20240731.csv",
        sha256="dcc532f251a307f9cb23cb9ac04711e142157f32b934ee752a5456d336a6fe33",
        size_bytes=4_257,
        licence="Apache-2.0",
        purpose="Arena-Hard scores of 60 models with their intervals, July 2024",
    ),
    DataSet(
        name="arena_leaderboard",
        file="arena_leaderboard/lmarena_text.csv",
        url="https://raw.githubusercontent.com/fboulnois/llm-leaderboard-csv/"
        "44db9588e2b0d12fff17d6e607066746f0fa84d5/csv/lmarena_text.csv",
        sha256="0c6e13c72172e2cb261c0ca7f3de41737e8274379271b0837d212bb87603920f",
        size_bytes=32_639,
        licence="MPL-2.0 (repository; LMArena's figures)",
        purpose="the Arena's leaderboard in August 2025: scores, intervals, votes, ranks with style control",
    ),
    DataSet(
        name="arena_history",
        file="arena_leaderboard/history.csv.gz",
        url="https://github.com/fboulnois/llm-leaderboard-csv/commits/main/csv",
        sha256="a2ed8af61323c0ab179ff16b1c9db25552bfa2658b1e14a72bbf86cea25503f8",
        derived=True,
        size_bytes=166_379,
        licence="MPL-2.0 (repository; LMArena's figures)",
        purpose="the Arena's leaderboards from June 2024 to August 2025, every stored version",
    ),
)
