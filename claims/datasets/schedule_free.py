"""Data sets of Schedule-Free's claims: small classification problems and AlgoPerf's logs."""

from __future__ import annotations

from claimbench.datasets.entry import DataSet

__all__ = ["DATA_SETS"]

_SCIKIT_LEARN = "https://raw.githubusercontent.com/scikit-learn/scikit-learn/1.9.1/sklearn/datasets/data/"
_WARPED = "https://raw.githubusercontent.com/duvenaud/warped-mixtures/ddcd793562587b8a26fe7f9bdfb59eb9e50ae6d4/data/"
_ALGOPERF = (
    "https://raw.githubusercontent.com/mlcommons/submissions_algorithms/12c8e4ea93dc41a1ff6abc3debba9accd8ac1e3a/"
)
_ALGOPERF_TREE = "https://github.com/mlcommons/submissions_algorithms/tree/12c8e4ea93dc41a1ff6abc3debba9accd8ac1e3a/"

DATA_SETS = (
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
