"""Differential Transformer (arXiv 2410.05258) in PyTorch, its second version, and what they are compared with."""
