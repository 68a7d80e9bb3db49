"""Names under which a method of Mamba's claims is the same in several of them: Table 1's layers in its blocks.

Same means the same architecture and options of selection; width, depth and learning rate are each claim's own.
"""

from __future__ import annotations

__all__ = ["ATTENTION", "FUSED_SCAN", "LAYER_IN_BLOCK", "LOOP", "PARALLEL_SCAN", "SELECTIVE_DELTA", "TRANSFORMER"]

LAYER_IN_BLOCK = {
    "mamba_s6": "S6 in Mamba's block",
    "mamba_s4": "S4 in Mamba's block",
    "mamba_s4d": "S4D in Mamba's block",
    "h3_s6": "S6 in H3's block",
    "h3_s4": "S4 in H3's block",
    "plain_s6": "S6 in a plain block",
    "plain_s4": "S4 in a plain block",
}
"""Block and layer → name; S4 has the real diagonal A of S6."""
SELECTIVE_DELTA = "S6 in Mamba's block, selective in Δ alone"
TRANSFORMER = "Transformer++"
FUSED_SCAN = "fused selective scan"
PARALLEL_SCAN = "parallel scan in PyTorch"
LOOP = "loop over time in PyTorch"
ATTENTION = {"flash": "FlashAttention-2", "cudnn": "cuDNN's attention"}
"""Arm → name."""
