"""Long MD that survives the death of its worker: what it has is saved now and then, and a new one goes on from it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ase import Atoms

from lang2mlip.act.clock import Meter
from lang2mlip.contracts import Json
from lang2mlip.science.atoms.halfway import load_halfway, save_halfway
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import Halfway, Hooks, MDOutcome, MDPlan, run

__all__ = ["FILE", "SAVE_S", "digest", "run_on"]

FILE = "halfway.npz"

SAVE_S = 30.0
"""Seconds between two savings."""

EVERY = 1000
"""Steps between the places where a walk can be taken up. There the calculator forgets its history in any case, so that
the walk is the same, to the last bit, whether it was ever cut off or not; shorter ones are walked again."""


def run_on(
    walk: tuple[Atoms, Any, MDPlan, Health], hooks: Hooks, folder: Path, arguments: dict[str, Json]
) -> tuple[MDOutcome, float]:
    """The MD run of (start, calculator, plan, limits), taken up where a killed worker left it, and its core-seconds.

    `arguments` are those of the piece: what was saved for others is not used. `save_s` among them is in place of 30 s.
    """
    start, calculator, plan, limits = walk
    meter = Meter()
    if plan.steps <= EVERY:
        return run(start, calculator, plan, limits, hooks), meter.spent_s()
    of = digest(arguments)
    found = load_halfway(folder / FILE, of, start)
    before = found[1] if found else 0.0
    save = _saver(folder / FILE, of, lambda: before + meter.spent_s(), arguments.get("save_s", SAVE_S))
    staged = plan.model_copy(update={"checkpoint_every": EVERY})
    outcome = run(start, calculator, staged, limits, replace(hooks, on_halfway=save, go_on_from=found and found[0]))
    return outcome, before + meter.spent_s()


def _saver(file: Path, of: str, spent_s: Callable[[], float], save_s: float) -> Callable[[Halfway], None]:
    last = time.monotonic()

    def save(halfway: Halfway) -> None:
        nonlocal last
        if halfway.point.step and time.monotonic() - last >= save_s:
            save_halfway(file, halfway, of, spent_s())
            last = time.monotonic()

    return save


def digest(arguments: dict[str, Json]) -> str:
    """Of what the walk depends on: what the budget and patience allow is not of it."""
    told = {key: value for key, value in arguments.items() if key not in ("until", "run", "save_s", "patience")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
