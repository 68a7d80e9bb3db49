"""Mamba: Linear-Time Sequence Modeling with Selective State Spaces (arXiv 2312.00752)."""
