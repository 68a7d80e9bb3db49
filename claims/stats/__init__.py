"""Estimands, intervals, tests, multiplicity and power; numpy and scipy, no torch."""
