"""Mamba: selective state spaces (arXiv 2312.00752), in the paper's notation."""
