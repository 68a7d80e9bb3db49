"""The experiments that The AI Scientist's claims name: each takes a trial and returns its outcome."""
