"""The only code that times or weighs anything."""

from claimbench.measure.outcome import Measured, execute

__all__ = ["Measured", "execute"]
