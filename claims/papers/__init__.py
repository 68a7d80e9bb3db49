"""One module or package per paper, each with its `PAPER` and `CLAIMS`; data only."""
