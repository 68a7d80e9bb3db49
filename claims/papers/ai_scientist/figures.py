"""What Tables 1 to 5 print, as text, and what is said of all claims about the released data."""

from __future__ import annotations

from claimbench.spec import Published

__all__ = ["ARXIV", "BEST", "COLUMNS", "CONSTANTS", "HALVES", "MEANS", "RATED", "SEEN", "SELECTED", "TABLES"]
__all__ += ["cells", "of_table_1"]

ARXIV = "2408.06292v3"
COLUMNS = ("balanced_accuracy", "accuracy", "f1", "auc", "fpr", "fnr")
"""Of Table 1."""
BEST = "gpt4o_one_shot_at_6"
"""The row of Table 1 that the text compares with people."""
MEANS = {
    "sonnet": "0.52 0.40 0.55 0.52 0.95 0.00",
    "gpt4o_mini": "0.53 0.65 0.11 0.53 0.01 0.94",
    "gpt4o": "0.61 0.68 0.43 0.61 0.11 0.67",
    "gpt4o_one_shot": "0.60 0.70 0.37 0.60 0.04 0.76",
    "sonnet_at_8": "0.59 0.65 0.45 0.59 0.20 0.61",
    "gpt4o_mini_at_6": "0.59 0.64 0.45 0.59 0.22 0.60",
    "gpt4o_at_6": "0.63 0.63 0.56 0.63 0.38 0.36",
    BEST: "0.65 0.66 0.57 0.65 0.31 0.39",
}
"""Rows of language models in Table 1, in the order of the columns."""
HALVES = {
    "sonnet": "0.01 0.01 0.01 0.01 0.02 0.00",
    "gpt4o_mini": "0.02 0.01 0.06 0.02 0.01 0.04",
    "gpt4o": "0.04 0.03 0.07 0.04 0.03 0.07",
    "gpt4o_one_shot": "0.03 0.03 0.08 0.03 0.02 0.06",
    "sonnet_at_8": "0.04 0.04 0.06 0.04 0.04 0.07",
    "gpt4o_mini_at_6": "0.04 0.04 0.06 0.04 0.05 0.07",
    "gpt4o_at_6": "0.04 0.04 0.05 0.04 0.05 0.07",
    BEST: "0.04 0.04 0.05 0.04 0.05 0.07",
}
"""What stands after ± in these rows."""
CONSTANTS = {"random": "0.50 0.50 0.40 0.50 0.50 0.50", "always_reject": "0.50 0.59 0.00 0.50 0.00 1.00"}
"""Rows of reviewers who do not read, in Table 1."""
TABLES = {"diffusion": "Table 3", "nanogpt": "Table 4", "grokking": "Table 5"}
"""Where each template's runs are."""
RATED = {
    "diffusion.sonnet": ("3.82", "6.0", 38),
    "diffusion.gpt4o": ("3.70", "5.0", 16),
    "diffusion.deepseek": ("3.32", "5.0", 31),
    "diffusion.llama": ("2.30", "3.0", 21),
    "nanogpt.sonnet": ("4.05", "5.0", 20),
    "nanogpt.gpt4o": ("3.25", "5.0", 16),
    "nanogpt.deepseek": ("3.21", "4.0", 23),
    "nanogpt.llama": ("2.31", "3.0", 21),
    "grokking.sonnet": ("3.44", "5.0", 25),
    "grokking.gpt4o": ("2.92", "3.0", 13),
    "grokking.deepseek": ("3.13", "4.0", 36),
    "grokking.llama": ("2.00", "3.0", 30),
}
"""Mean score, highest score and completed papers of Tables 3 to 5."""
SELECTED = {
    "adaptive_dual_scale_denoising": 5,
    "grid_based_noise_adaptation": 4,
    "gan_diffusion": 3,
    "dual_expert_denoiser": 5,
    "multi_style_adapter": 5,
    "rl_lr_adaptation": 3,
    "weight_initialization_grokking": 5,
    "layerwise_lr_grokking": 4,
    "mdl_grokking_correlation": 3,
    "data_augmentation_grokking": 5,
}
"""Scores of Table 2, under the names of the papers' ideas."""
SEEN = (
    "The files are public and were looked at before the claim was written; nothing about them can be confirmed anew. "
    "They are one sample of papers, and one run of each model."
)


def cells(rows: dict[str, str]) -> dict[str, str]:
    """Rows of Table 1 by `row.column`."""
    return {
        f"{row}.{column}": text
        for row, texts in rows.items()
        for column, text in zip(COLUMNS, texts.split(), strict=True)
    }


def of_table_1(rows: dict[str, str]) -> tuple[Published, ...]:
    """Rows of Table 1 as published figures."""
    return tuple(
        Published(arm=name.split(".")[0], metric=name.split(".")[1], value=float(text), unit="1", where="Table 1")
        for name, text in cells(rows).items()
    )
