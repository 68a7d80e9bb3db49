"""The experiments that Differential Transformer's claims name: each takes a trial and returns its outcome."""
