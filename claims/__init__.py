"""claimbench: claims of deep-learning papers that a machine can check."""

__version__ = "0.1.0"
