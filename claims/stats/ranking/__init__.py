"""Ratings from pairwise votes: Bradley-Terry and its kin, what exists, how sure, and which ranks follow."""
