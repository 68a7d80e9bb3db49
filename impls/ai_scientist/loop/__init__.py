"""The loop: an idea, its experiments, a paper about them, a review of the paper, and a round of improvement."""
