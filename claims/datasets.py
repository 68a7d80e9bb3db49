"""The data sets, each named once: where it comes from, its hash, size and licence. A paper adds its lines here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from claimbench.archives import NOVELS, QLORA

__all__ = ["DATA_SETS", "DataSet"]


@dataclass(frozen=True)
class DataSet:
    """One data set, as a file on disk or inside what is installed anyway."""

    name: str
    """Name in `needs.data` and in `claimbench data ls`."""
    file: str
    """Path inside CLAIMBENCH_DATA and inside the cache; empty where it is bundled with an installed package."""
    url: str
    """Where the file comes from; of an archive, the folder that holds its members."""
    size_bytes: int
    """Size of the file."""
    licence: str
    """Licence as its source states it."""
    purpose: str
    """What it is for."""
    sha256: str = ""
    """Hash of the bytes at `url`, before any compression here (of a bundled file's, where it must not vary); empty for
    an archive, whose members are hashed."""
    gzipped: bool = False
    """Plain at `url`, and kept compressed here."""
    derived: bool = False
    """Built from what `url` shows, and nowhere as a file: it can be found in CLAIMBENCH_DATA, not fetched."""
    members: tuple[tuple[str, str], ...] = ()
    """Of an archive (tar.gz, built here from single files): name and sha256 of each member, by name."""

    @property
    def identity(self) -> str:
        """Hash of the content, whichever way an archive was packed."""
        if not self.members:
            return self.sha256
        return hashlib.sha256("".join(f"{sha}  {name}\n" for name, sha in self.members).encode()).hexdigest()


_LLMFAO = "https://raw.githubusercontent.com/dustalov/llmfao/9e224e94a40129fd6e1e1529b962307e84af40da/"
_PANDALM = "https://raw.githubusercontent.com/WeOpenML/PandaLM/3871806e72b4832f815ecafd24d3503c73403f48/data/"
_ALPACA_EVAL = (
    "https://raw.githubusercontent.com/tatsu-lab/alpaca_eval/"
    "cd543a149df89434d8a54582c0151c0b945c3d20/src/alpaca_eval/leaderboards/"
)

_SCIKIT_LEARN = "https://raw.githubusercontent.com/scikit-learn/scikit-learn/1.9.1/sklearn/datasets/data/"
_WARPED = "https://raw.githubusercontent.com/duvenaud/warped-mixtures/ddcd793562587b8a26fe7f9bdfb59eb9e50ae6d4/data/"
_ALGOPERF = (
    "https://raw.githubusercontent.com/mlcommons/submissions_algorithms/12c8e4ea93dc41a1ff6abc3debba9accd8ac1e3a/"
)
_ALGOPERF_TREE = "https://github.com/mlcommons/submissions_algorithms/tree/12c8e4ea93dc41a1ff6abc3debba9accd8ac1e3a/"

DATA_SETS = {
    entry.name: entry
    for entry in (
        DataSet(
            name="cpython_topics",
            file="",
            url="https://docs.python.org/3/reference/",
            size_bytes=460_000,
            licence="PSF-2.0",
            purpose="English reference text that ships with CPython (pydoc_data.topics)",
        ),
        DataSet(
            name="tinyshakespeare",
            file="tinyshakespeare/input.txt",
            url="https://raw.githubusercontent.com/karpathy/char-rnn/"
            "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
            sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            size_bytes=1_115_394,
            licence="MIT (text in the public domain)",
            purpose="character-level language modelling; the first 90 % train, the rest validate",
        ),
        DataSet(
            name="english_novels",
            file="english_novels/novels_34_authors.tar.gz",
            url="https://raw.githubusercontent.com/computationalstylistics/100_english_novels/"
            "143e601875d70e195f2cc5ebd8b034609271194d/corpus/",
            size_bytes=7_235_198,
            licence="public domain (texts; no licence file)",
            purpose="long-context language modelling; one novel an author, CRLF line ends",
            members=NOVELS,
        ),
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
        DataSet(
            name="iris",
            file="",
            url=_SCIKIT_LEARN + "iris.csv",
            sha256="f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449",
            size_bytes=2_734,
            licence="CC-BY-4.0 (UCI)",
            purpose="150 irises, 4 measurements, 3 species",
        ),
        DataSet(
            name="wine",
            file="",
            url=_SCIKIT_LEARN + "wine_data.csv",
            sha256="10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede",
            size_bytes=11_157,
            licence="CC-BY-4.0 (UCI)",
            purpose="178 wines, 13 measurements, 3 growers",
        ),
        DataSet(
            name="breast_cancer",
            file="",
            url=_SCIKIT_LEARN + "breast_cancer.csv",
            sha256="fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed",
            size_bytes=119_913,
            licence="CC-BY-4.0 (UCI)",
            purpose="569 tumours, 30 measurements, benign or malignant",
        ),
        DataSet(
            name="digits",
            file="",
            url=_SCIKIT_LEARN + "digits.csv.gz",
            sha256="6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
            size_bytes=57_523,
            licence="CC-BY-4.0 (UCI)",
            purpose="1,797 handwritten digits, 8 × 8 pixels of 17 greys",
        ),
        DataSet(
            name="libsvm_glass",
            file="libsvm/glass_scale.svm",
            url=_WARPED + "glass.scale",
            sha256="7c847cf67bc3dceda40890c37044cc569b2603c2ca4508e01faeaa0d521e52e5",
            size_bytes=20_457,
            licence="CC-BY-4.0 (UCI; no licence file in the repository)",
            purpose="Glass: 214 splinters, 9 features scaled to [-1, 1], 6 kinds",
        ),
        DataSet(
            name="libsvm_letter",
            file="libsvm/letter_scale.svm.gz",
            url=_WARPED + "letter.scale",
            sha256="ce2c7df15cc5742dc4382d59079181c97c21e0beaa0af53c84cc5745c69f1020",
            gzipped=True,
            size_bytes=235_420,
            licence="CC-BY-4.0 (UCI; no licence file in the repository)",
            purpose="Letter: 15,000 printed capitals (training split), 16 features, 26 classes",
        ),
        DataSet(
            name="libsvm_satimage",
            file="libsvm/satimage_scale.svm.gz",
            url=_WARPED + "satimage.scale",
            sha256="b7150252d3117712588d9d5dfeb1a409234340313a93b458f66449a2678d5542",
            gzipped=True,
            size_bytes=246_518,
            licence="CC-BY-4.0 (UCI; no licence file in the repository)",
            purpose="Satimage: 4,435 neighbourhoods of pixels (training split), 36 features, 6 soils",
        ),
        DataSet(
            name="libsvm_segment",
            file="libsvm/segment_scale.svm",
            url=_WARPED + "segment.scale",
            sha256="7c25c4529b8c84d047bc546e1e1f9a3f671c36d77f5469fb845b6e4a15bdd629",
            size_bytes=480_042,
            licence="CC-BY-4.0 (UCI; no licence file in the repository)",
            purpose="Segment: 2,310 regions of pictures, 19 features, 7 classes",
        ),
        DataSet(
            name="libsvm_vehicle",
            file="libsvm/vehicle_scale.svm",
            url=_WARPED + "vehicle.scale",
            sha256="f5bcfc5545c0f674b372e8dc3e41752efa287d4e04cb920150c51cd9c3df7b86",
            size_bytes=180_523,
            licence="CC-BY-4.0 (UCI; no licence file in the repository)",
            purpose="Vehicle: 846 silhouettes, 18 features, 4 makes",
        ),
        DataSet(
            name="libsvm_wine",
            file="libsvm/wine_scale.svm",
            url=_WARPED + "wine.scale",
            sha256="36c20cc5a687694cce444e01c0cc6d2957ab73fbdea7ba33aae414f86183e927",
            size_bytes=28_116,
            licence="CC-BY-4.0 (UCI; no licence file in the repository)",
            purpose="Wine: 178 wines, 13 features scaled to [-1, 1], 3 growers",
        ),
        DataSet(
            name="libsvm_svmguide2",
            file="libsvm/svmguide2.svm",
            url=_WARPED + "svmguide2.txt",
            sha256="0fe7841f13956623ddc432528311453ab5bf9611c827f95b0b5fd1244ff15057",
            size_bytes=164_525,
            licence="CC-BY-4.0 (UCI; no licence file in the repository)",
            purpose="svmguide2: 391 rows, 20 features, 3 classes",
        ),
        DataSet(
            name="libsvm_a9a",
            file="libsvm/a9a.svm.gz",
            url="https://raw.githubusercontent.com/bokunwang1/P-norm-Push/a2993349a1261bee45754a9"
            "9cae9be6efbea1b23/data/a9a.txt",
            sha256="35b6bafa772838b1eb3000a6550ff48505ad79aaa381cfd28960e68679f4453b",
            gzipped=True,
            size_bytes=198_032,
            licence="CC-BY-4.0 (UCI; no licence file in the repository)",
            purpose="a9a: 32,561 people of a census, 123 binary features, income above or below",
        ),
        DataSet(
            name="algoperf_times",
            file="algoperf/time_to_target.csv.gz",
            url=_ALGOPERF_TREE + "previous_leaderboards",
            sha256="293e885d3b4c251bea6beb2d6b7b4e6ded888c6386aed354283c0ed43fe4b3af",
            derived=True,
            size_bytes=130_238,
            licence="Apache-2.0",
            purpose="4,359 training runs of AlgoPerf's submissions: when each reached its target",
        ),
        DataSet(
            name="algoperf_targets",
            file="algoperf/workload_targets_v05.json",
            url=_ALGOPERF + "scoring/workload_targets_v05.json",
            sha256="053bb04ccd2410d4dfe9ccd19369e18e62c6b283f96c4a82e3f2084754e13f1a",
            size_bytes=5_870,
            licence="Apache-2.0",
            purpose="AlgoPerf v0.5's workloads, held-out variants and targets",
        ),
        DataSet(
            name="algoperf_leaderboard",
            file="algoperf/leaderboard_v05_published.csv",
            url=_ALGOPERF + "previous_leaderboards/algoperf_v05/README.md",
            sha256="d059bca17f6d36077cc3cf2ba1341674e00f5d0c9e0396c99f1d8b131cffcea6",
            derived=True,
            size_bytes=856,
            licence="Apache-2.0",
            purpose="AlgoPerf v0.5's published scores, both rulesets",
        ),
    )
}
