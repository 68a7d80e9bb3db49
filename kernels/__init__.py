"""Kernels, one mathematical object a folder."""
