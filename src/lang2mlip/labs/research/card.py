"""The scorecard: hard gates first, then one number; lower is better. A violated gate cannot be bought with score."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field

from lang2mlip.contracts import Noun

__all__ = ["Card", "Gate", "Reading", "Term", "from_frames", "read"]

WORST = 1e6
"""What stands for a value that is not finite."""


class Gate(Noun):
    """A limit that a model keeps or is not accepted."""

    at_most: float | None = Field(default=None, description="highest value allowed, in the unit of the metric")
    at_least: float | None = Field(default=None, description="lowest value allowed, in the unit of the metric")
    why: str = Field(description="the reason for the limit")

    def excess(self, value: float) -> float:
        """How far outside, as the logarithm of a ratio; 0: the gate is kept."""
        if self.at_most is not None and not value <= self.at_most:
            return math.log((_finite(value) + 1e-9) / (self.at_most + 1e-9)) if self.at_most else 1.0 + _finite(value)
        if self.at_least is not None and not value >= self.at_least:
            return math.log((self.at_least + 1e-9) / (max(0.0, value if math.isfinite(value) else 0.0) + 1e-9))
        return 0.0


class Term(Noun):
    """A part of the score."""

    scale: float = Field(gt=0, description="value that counts as 1, in the unit of the metric")
    weight: float = Field(gt=0)
    more_is_better: bool = False


class Card(Noun):
    """Gates and score of an arena, frozen with it."""

    gates: dict[str, Gate]
    score: dict[str, Term]


class Reading(Noun):
    """What the card says of a model."""

    metrics: dict[str, float]
    violated: dict[str, float] = Field(description="metric → excess of every gate that is not kept")
    score: float = Field(description="weighted geometric mean of metric / scale; lower is better")

    @property
    def accepted(self) -> bool:
        """All gates are kept."""
        return not self.violated

    @property
    def excess(self) -> float:
        """How far outside of its gates in all; 0 where it keeps them."""
        return sum(self.violated.values())


def read(card: Card, metrics: Mapping[str, Any]) -> Reading:
    """Gates and score of measured values; a metric that was not measured violates its gate."""
    known = {key: float(value) for key, value in metrics.items()}
    violated = {name: gate.excess(known.get(name, math.nan)) for name, gate in card.gates.items()}
    return Reading(
        metrics={key: _finite(value) for key, value in known.items()},
        violated={name: value for name, value in violated.items() if value > 0},
        score=score(card, known),
    )


def score(card: Card, metrics: Mapping[str, float]) -> float:
    """The weighted geometric mean over the terms that this arena can measure."""
    total, weights = 0.0, 0.0
    for name, term in card.score.items():
        value = max(_finite(metrics.get(name, math.nan)), 1e-9)
        ratio = term.scale / value if term.more_is_better and value < WORST else value / term.scale
        total += term.weight * math.log(ratio)
        weights += term.weight
    return math.exp(total / weights)


def from_frames(frames: Mapping[str, Any]) -> dict[str, float]:
    """The errors over frames from each frame's own sums: what a bootstrap over frames draws again.

    `squares` (sum of squared force errors, (eV/Å)²), `components`, `energy` (eV/atom), `worst` (eV/Å, one atom);
    `stress_squares` (GPa²) and `stress_components`, where any frame has a stress.
    """
    squares, components = np.asarray(frames["squares"]), np.asarray(frames["components"])
    energy, worst = np.asarray(frames["energy"]), np.asarray(frames["worst"])
    known = float(np.sum(frames.get("stress_components", 0.0)))
    stress = {"stress_rmse_MPa": 1e3 * float(np.sqrt(np.sum(frames["stress_squares"]) / known))} if known else {}
    return {
        **stress,
        "force_rmse_meV_A": 1e3 * float(np.sqrt(squares.sum() / components.sum())),
        "energy_rmse_meV_atom": 1e3 * float(np.sqrt(np.mean(energy**2))),
        "tail_meV_A": 1e3 * float(np.quantile(worst, 0.95)),
    }


def _finite(value: float) -> float:
    return min(WORST, float(value)) if math.isfinite(value) else WORST
