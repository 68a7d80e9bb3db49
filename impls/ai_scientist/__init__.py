"""The AI Scientist: its loop, its reviewer, and what its released data say (arXiv 2408.06292)."""
