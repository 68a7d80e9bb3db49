"""Implementations of the papers under test, one folder a paper."""
