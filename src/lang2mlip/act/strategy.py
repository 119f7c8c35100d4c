"""What a strategy that won in an arena changes in a training: the family's settings, and the frames that it sees.

The strategy's own numbers go before what the family suggests; what the person or the decision says goes before both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.contracts import Strategy
from lang2mlip.decide.learn import LENGTHS

__all__ = ["frames_by", "settings_by"]


def settings_by(strategy: Strategy | None, suggested: Mapping[str, Any], effort: str) -> dict[str, Any]:
    """The suggested settings with the strategy's in their place.

    An arena's runs are short, and a fit with full effort is not cut to their length.
    """
    if strategy is None:
        return dict(suggested)
    made = {**suggested, **strategy.settings}
    if effort == "accurate":
        both = [name for name in LENGTHS if name in suggested and name in strategy.settings]
        made |= {name: max(suggested[name], strategy.settings[name]) for name in both}
    return made


def frames_by(strategy: Strategy | None, frames: Sequence[Atoms]) -> list[Atoms]:
    """The frames that the strategy trains on, each with its weight: the same as in data/research/train.py.template."""
    if strategy is None:
        return list(frames)
    limit, kept = strategy.max_force_eV_A, []
    for atoms in frames:
        forces = atoms.get_forces()
        if limit is None or np.abs(forces).max() <= limit:
            softer = 1.0 + strategy.soften * float(np.sqrt(np.mean(forces**2)))
            kept.append(atoms.copy())
            kept[-1].calc = atoms.calc
            kept[-1].info["weight"] = float(atoms.info.get("weight", 1.0)) / softer
    return kept
