"""Schedule-Free learning: "The Road Less Scheduled" (arXiv 2405.15682), in the paper's notation."""
