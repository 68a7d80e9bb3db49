"""Planted effects: nothing is trained, a run is a sum of known effects of its settings and of noise.

Runs by itself: reads settings.json beside it and writes final_info.json into --out_dir.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import Any

EFFECTS = {
    "rate": {0.1: 0.0, 0.3: -2.0, 1.0: 4.0},
    "shape": {"round": 0.0, "square": -6.0, "flat": 2.0},
    "trick": {"no": 0.0, "yes": -1.0},
}
"""What each value adds to the error; the size adds nothing."""
LEVEL, SHARED, OWN = 20.0, 1.0, 0.3
"""The default's error, and the spread of the noise that a seed gives to all settings and of that which it does not."""


def measure(settings: dict[str, Any], seed: int, scale: float = 1.0) -> float:
    """The error of one seed; `scale` multiplies all effects."""
    shared = random.Random(seed).gauss(0.0, SHARED)
    own = random.Random(f"{seed} {json.dumps(settings, sort_keys=True)}").gauss(0.0, OWN)
    return LEVEL + scale * sum(effects[settings[name]] for name, effects in EFFECTS.items()) + shared + own


def run(settings: dict[str, Any], seeds: list[int], evaluate_on: str, scale: float = 1.0) -> dict[str, Any]:
    """The error of every seed, and a curve from twice the default's error to it."""
    values = [measure(settings, seed, scale) for seed in seeds]
    return {
        "settings": settings,
        "seeds": seeds,
        "evaluate_on": evaluate_on,
        "values": {"error": values},
        "curve": {"x": [0, 1], "y": [[2 * LEVEL, value] for value in values]},
    }


def main() -> None:
    """Run what settings.json asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out_dir", type=Path, required=True)
    out = parser.parse_args().out_dir
    asked = json.loads((Path(__file__).parent / "settings.json").read_text())
    began = time.perf_counter()
    found = run(asked["settings"], asked["seeds"], asked["evaluate_on"])
    found["wall_seconds"] = time.perf_counter() - began
    out.mkdir(parents=True, exist_ok=True)
    (out / "final_info.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
