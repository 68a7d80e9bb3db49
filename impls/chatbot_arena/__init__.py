"""Chatbot Arena: ranking models by human preference (arXiv 2403.04132), in the paper's notation."""
