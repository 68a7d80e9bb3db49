"""The experiments that Mamba's claims name: each takes a trial and returns its outcome."""
