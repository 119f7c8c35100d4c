"""The judge: `python judge.py TOLD.json` scores a saved model in a process and a sandbox that no strategy reaches.

It gets a copy of the model's files, the frozen test set and the scorecard, and writes what it measured. Loading a
model runs nothing of it: the families that may be judged are plain numbers on disk.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from lang2mlip.catalogue import load
from lang2mlip.errors import Lang2mlipError
from lang2mlip.labs.research.card import from_frames
from lang2mlip.labs.research.measure import (
    BROKEN,
    UNKNOWN,
    Trials,
    curve,
    curve_error,
    dimer_faults,
    frame_sums,
    hot_walks,
    memory_MB,
    quiet_walk,
    roughness,
    speed,
    unstable_share,
)
from lang2mlip.science.atoms.frames import read_frames

__all__ = ["PLAIN", "judged"]

PLAIN = {"mtp": ("potential.mtp", "extras.json", "active.npz"), "mace": ("model.json", "weights.pt")}
"""Families and the files of a model that are read; nothing in them is run."""


def judged(told: dict[str, Any]) -> dict[str, Any]:
    """Metrics, and the frames' own errors; `hopeless` where the errors alone settle it and no MD was spent."""
    calculator = load("potential", told["family"])().calculator(Path(told["model"]))
    frames = read_frames(told["frames"])
    sums = frame_sums(frames, calculator)
    metrics = from_frames(sums)
    limit = told.get("hopeless_above_meV_A")
    if limit is not None and not metrics["force_rmse_meV_A"] <= limit:
        return {"metrics": metrics, "frames": sums, "hopeless": True}
    starts, trials = read_frames(told["starts"]), Trials.model_validate(told["trials"])
    hot = hot_walks(starts, calculator, trials)
    quiet, drift = quiet_walk(starts[0], calculator, trials)
    metrics |= {
        "unstable_share": unstable_share(hot),
        "drift_meV_atom_ps": drift,
        "roughness_meV_A": _or_unknown(lambda: roughness(starts[0], calculator)),
        "dimer_faults": _or_unknown(lambda: dimer_faults(starts[0], calculator)),
        "speed": _or_unknown(lambda: speed(starts[0], calculator, trials.block_s)),
        "memory_MB": memory_MB(),
    }
    seen: dict[str, Any] = {"walks": [walk.model_dump() for walk in (*hot, quiet)]}
    if told.get("curve"):
        seen["curve"] = _curve(read_frames(told["curve"]), calculator)
        metrics["curve_meV_atom"] = curve_error(seen["curve"]) if seen["curve"] else UNKNOWN
    return {"metrics": metrics, "frames": sums, "hopeless": False, "seen": seen}


def _curve(frames: list[Any], calculator: Any) -> dict[str, list[float]]:
    """The curve; empty where the model broke on it."""
    try:
        return curve(frames, calculator)
    except BROKEN:
        return {}


def _or_unknown(measured: Any) -> float:
    """A value, or not a number where the model broke: an unknown value violates its gate."""
    try:
        return float(measured())
    except BROKEN:
        return UNKNOWN


def main() -> int:
    """Read what is told, judge, write; a model that cannot be read is said, not raised."""
    told = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        found = judged(told)
    except (Lang2mlipError, *BROKEN) as error:
        found = {"fault": f"{type(error).__name__}: {error}"}
    Path(told["to"]).write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
