"""What the paper prints, as data: arXiv 2405.15682v4, whose figures carry their final values in their legends."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

__all__ = [
    "ALGOPERF_PROBLEMS",
    "FIGURE_2A",
    "FIGURE_3",
    "FIGURE_5",
    "FIGURE_6",
    "FIGURE_7",
    "FIGURE_8",
    "LEARNING_RATES",
    "ROWS",
    "Cell",
    "LearningRates",
    "Method",
    "cell",
    "problems",
]

Method = Literal["schedule_free", "cosine", "linear_decay", "step_wise", "polyak", "primal"]


@dataclass(frozen=True)
class Cell:
    """A final value as a legend prints it: mean and standard error over seeds."""

    problem: str
    """Problem, as in the text."""
    method: str
    """A `Method`; in Figures 5 and 6 the value of the parameter that is swept."""
    mean_text: str
    """Mean, with all the digits that are printed."""
    se_text: str
    """Standard error, likewise."""
    better: Literal["higher", "lower"]
    """Direction that favours a method."""

    @property
    def mean(self) -> float:
        """The printed mean."""
        return float(self.mean_text)

    @property
    def se(self) -> float:
        """The printed standard error."""
        return float(self.se_text)

    @property
    def mean_interval(self) -> tuple[float, float]:
        """Every mean that prints as this one."""
        return _unrounded(self.mean_text)

    @property
    def se_interval(self) -> tuple[float, float]:
        """Every standard error that prints as this one, none of them negative."""
        low, high = _unrounded(self.se_text)
        return max(0.0, low), high


@dataclass(frozen=True)
class LearningRates:
    """The rates that were found best (Appendix G)."""

    problem: str
    """Problem, as in the text."""
    schedule_free: float
    """Rate of the Schedule-Free run."""
    baseline: float
    """Rate of the best schedule of Figure 3, of the base optimizer."""


def _unrounded(text: str) -> tuple[float, float]:
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    half = Decimal(1).scaleb(exponent) / 2
    return float(value - half), float(value + half)


def _cells(problem: str, better: Literal["higher", "lower"], **printed: str) -> tuple[Cell, ...]:
    """Cells of one panel, each printed as `"mean se"`."""
    found: list[Cell] = []
    for method, text in printed.items():
        mean, se = text.split()
        found.append(Cell(problem, method, mean, se, better))
    return tuple(found)


FIGURE_2A = _cells(
    "IWSLT14", "lower", polyak="4.35 0.004", primal="4.44 0.001", schedule_free="4.18 0.001", cosine="4.23 0.003"
)
"""Test loss. The legend calls the schedule cosine, Appendix G.6 linear decay."""

FIGURE_3 = (
    *_cells("CIFAR-10", "higher", schedule_free="96.03 0.04", step_wise="95.59 0.03", cosine="95.73 0.04"),
    *_cells("CIFAR-100", "higher", schedule_free="78.71 0.06", step_wise="76.41 0.14", cosine="77.41 0.09"),
    *_cells("SVHN", "higher", schedule_free="98.40 0.01", cosine="98.27 0.02", step_wise="98.20 0.01"),
    *_cells("ImageNet", "higher", schedule_free="76.90 0.03", cosine="76.90 0.06", step_wise="76.49 0.07"),
    *_cells("fastMRI", "higher", cosine="0.9110 0.00016", schedule_free="0.9112 0.00012"),
    *_cells("DLRM", "higher", linear_decay="0.7906 0.00006", schedule_free="0.7915 0.00003"),
    *_cells("MAE", "higher", schedule_free="83.54 0.03", cosine="83.52 0.02"),
    *_cells("NanoGPT", "lower", cosine="2.853 0.004", schedule_free="2.831 0.008"),
)
"""Test metrics: accuracy in per cent, SSIM (fastMRI), accuracy (DLRM), loss (NanoGPT).

The legend calls fastMRI's schedule cosine, the text and Appendix G.10 linear decay.
"""

FIGURE_5 = _cells(
    "ImageNet", "higher", **{"0.75": "76.60 0.02", "0.9": "77.78 0.04", "0.95": "76.99 0.05", "0.98": "75.37 0.03"}
)
"""Test accuracy after 200 epochs at LR 1.5, by β."""

FIGURE_6 = {
    "schedule_free": _cells(
        "ImageNet",
        "higher",
        **{
            "5.0": "76.27 0.03",
            "3.0": "77.39 0.05",
            "1.5": "77.83 0.03",
            "1.0": "77.42 0.02",
            "0.5": "76.17 0.07",
        },
    ),
    "cosine": _cells(
        "ImageNet",
        "higher",
        **{
            "0.5": "76.42 0.05",
            "0.3": "77.05 0.03",
            "0.15": "77.57 0.02",
            "0.1": "77.68 0.04",
            "0.05": "77.69 0.04",
        },
    ),
}
"""Test accuracy after 200 epochs, by learning rate."""


def _convex(problem: str, schedule_free: str, linear_decay: str, polyak: str, primal: str) -> tuple[Cell, ...]:
    return _cells(
        problem, "higher", schedule_free=schedule_free, linear_decay=linear_decay, polyak=polyak, primal=primal
    )


FIGURE_7 = (
    *_convex("Sensorless", "89.7 0.00", "89.2 0.01", "85.5 0.00", "83.0 0.44"),
    *_convex("Aloi", "97.2 0.01", "95.8 0.00", "95.7 0.01", "95.4 0.02"),
    *_convex("DNA", "100.0 0.00", "100.0 0.00", "100.0 0.01", "100.0 0.00"),
    *_convex("Glass", "72.1 0.14", "70.3 0.14", "68.8 0.10", "65.0 0.61"),
    *_convex("Iris", "98.6 0.00", "98.6 0.00", "98.3 0.08", "98.5 0.06"),
    *_convex("Letter", "77.8 0.00", "77.8 0.01", "77.8 0.00", "77.8 0.02"),
    *_convex("Pendigits", "96.0 0.01", "96.0 0.02", "95.8 0.01", "94.0 0.11"),
    *_convex("smallNORB", "98.1 0.00", "96.5 0.01", "90.8 0.01", "90.8 0.64"),
    *_convex("USPS", "99.5 0.00", "98.9 0.01", "98.0 0.01", "98.1 0.03"),
    *_convex("Vehicle", "83.4 0.04", "83.2 0.14", "80.8 0.04", "81.2 0.16"),
    *_convex("Vowel", "77.5 0.03", "77.6 0.10", "76.8 0.10", "77.2 0.18"),
    *_convex("Wine", "100.0 0.00", "100.0 0.00", "100.0 0.00", "100.0 0.00"),
)
"""Final train accuracy of logistic regression, in per cent, of 10 seeds."""

ROWS = {
    "Sensorless": 58_509,
    "Aloi": 108_000,
    "DNA": 2_000,
    "Glass": 214,
    "Iris": 150,
    "Letter": 15_000,
    "Pendigits": 7_494,
    "smallNORB": 24_300,
    "USPS": 7_291,
    "Vehicle": 846,
    "Vowel": 528,
    "Wine": 178,
}
"""Rows of Figure 7's data sets in the LIBSVM repository, of the training split if there are two; not in the paper."""

FIGURE_8 = (
    *_cells("CIFAR-10", "higher", polyak="95.56 0.05", primal="92.09 0.07"),
    *_cells("CIFAR-100", "higher", polyak="76.99 0.12", primal="70.20 0.19"),
    *_cells("SVHN", "higher", polyak="98.32 0.01", primal="97.36 0.03"),
    *_cells("ImageNet", "higher", polyak="72.84 0.02", primal="69.78 0.09"),
    *_cells("fastMRI", "higher", primal="0.9100 0.00037", polyak="0.9088 0.00141"),
    *_cells("DLRM", "higher", primal="0.7899 0.00006", polyak="0.7901 0.00004"),
    *_cells("MAE", "higher", polyak="82.72 0.03", primal="81.98 0.03"),
    *_cells("NanoGPT", "lower", polyak="5.588 0.134", primal="3.063 0.004"),
)
"""Test metrics as in Figure 3; NanoGPT after 200,000 steps, where Schedule-Free stands at 2.878."""

LEARNING_RATES = (
    LearningRates("CIFAR-10", 10.0, 0.2),
    LearningRates("CIFAR-100", 5.0, 0.05),
    LearningRates("SVHN", 1.0, 0.1),
    LearningRates("ImageNet", 1.5, 0.05),
    LearningRates("IWSLT14", 0.02, 0.01),
    LearningRates("NanoGPT", 0.005, 0.0005),
    LearningRates("MAE", 0.002, 0.0005),
    LearningRates("DLRM", 0.0005, 0.0002),
    LearningRates("fastMRI", 0.005, 0.005),
)
"""Tables of Appendix G.2 to G.10."""

ALGOPERF_PROBLEMS = ("WMT", "ViT", "fastMRI", "Conformer", "OGBG", "Criteo", "DeepSpeech")
"""Panels of Figure 4; of the benchmark's eight, ResNet-50 is left out (Section 4.1)."""


def problems(figure: tuple[Cell, ...]) -> tuple[str, ...]:
    """Names of a figure's panels, in order."""
    return tuple(dict.fromkeys(one.problem for one in figure))


def cell(figure: tuple[Cell, ...], problem: str, method: str) -> Cell:
    """One value of a figure; raises KeyError where it prints none."""
    for one in figure:
        if (one.problem, one.method) == (problem, method):
            return one
    raise KeyError(f"no {method} on {problem}")
