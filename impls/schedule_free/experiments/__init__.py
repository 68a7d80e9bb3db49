"""The experiments that Schedule-Free's claims name: each takes a trial and returns its outcome."""
