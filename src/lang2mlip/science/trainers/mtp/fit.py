"""The fit: the basis coefficients by linear least squares, the radial functions by variable projection around it.

For fixed radial functions the loss is quadratic in all other parameters, so these are solved for, exactly, at every
step (G. H. Golub, V. Pereyra, SIAM J. Numer. Anal. 10, 413 (1973)); the radial coefficients take Levenberg-Marquardt
steps of the joint problem. From any sensible start about ten steps reach the minimum.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import PartFailed
from lang2mlip.science.trainers.mtp.data import FitData, Normal, thinned
from lang2mlip.science.trainers.mtp.potential import Potential
from lang2mlip.science.trainers.mtp.settings import MTPSettings
from lang2mlip.science.trainers.mtp.start import fresh_radial
from lang2mlip.science.trainers.mtp.tables import parameters, tables
from lang2mlip.science.trainers.saved import Saved

__all__ = ["Clock", "Fit", "Fitted", "linear_fit"]

_SHIFT_PRIOR = 1e-8
"""Pull of an isolated atom's energy to the mean energy per atom, (Å eV)⁻² per atom: decides where the data do not.

The constant is not tied to the reference's isolated atom. It can be, exactly, but then the basis functions have to
carry the whole cohesive energy: on the main job's metal (EMT, level 12, 219 frames, quick effort) the free atom goes
from -1.46 eV off to exact, and the error on the frozen test set from 4.5 to 10.8 meV/Å and 0.15 to 0.43 meV/atom.
"""
_DAMPING = (1e-2, 1e-10, 1e4)
"""First, smallest and largest Levenberg-Marquardt damping, relative to the curvature."""

_ENDED = 10**6
"""Step of a fit that has come to its end."""


@dataclass(frozen=True)
class Fitted:
    """A potential and its loss, (eV/Å)²; energies are relative to the baseline of the data."""

    potential: Potential
    loss: float
    square: float
    """The loss of no potential at all."""
    rows: int

    @property
    def share(self) -> float:
        """Root mean square residual over root mean square label."""
        return float(np.sqrt(max(self.loss, 0.0) / self.square)) if self.square > 0.0 else 0.0


def _cpu_s() -> float:
    """CPU seconds of this process per core it may use: a busy machine makes a fit slower, never worse."""
    return time.process_time() / len(os.sched_getaffinity(0))


class Clock:
    """The time of a whole training, its curve, whom to tell, and what a killed one had found before."""

    def __init__(self, limit_s: float, progress: Progress, saved: Saved | None = None) -> None:
        self.limit, self.progress, self.saved = limit_s, progress, saved or Saved()
        self.began = _cpu_s() - self.saved.earlier_s / len(os.sched_getaffinity(0))
        self.curve: list[tuple[float, float]] = []

    def trial(self) -> Clock:
        """The clock of a small fit on the way, which nobody is told of."""
        fresh = Clock(self.limit, lambda share, words: None)
        fresh.saved = self.saved
        return fresh

    def share_left(self) -> float:
        """How much of the time is left: 1 at the start, at most 0 when it is over."""
        return 1.0 - (_cpu_s() - self.began) / self.limit

    def note(self, loss: float, words: str) -> None:
        """Put a loss on the curve and tell the progress, which never goes back."""
        self.curve.append((_cpu_s() - self.began, loss))
        self.progress(min(0.99, 1.0 - self.share_left()), f"{words}: loss {loss:.4g} (eV/Å)²")


def linear_fit(potential: Potential, data: FitData, settings: MTPSettings) -> Fitted:
    """The best basis coefficients and shifts for the potential's radial functions."""
    normal = data.normal(tables(potential.basis), parameters(potential), with_radial=False)
    solution = _solve(_with_prior(normal.matrix, potential, data), normal.vector, settings.ridge)
    loss = normal.square - 2.0 * solution @ normal.vector + solution @ normal.matrix @ solution
    split = len(potential.linear)
    fitted = replace(potential, linear=solution[:split], shift=solution[split:])
    return Fitted(fitted, float(loss), normal.square, data.n_rows)


def _with_prior(matrix: np.ndarray, potential: Potential, data: FitData) -> np.ndarray:
    first = len(potential.linear)
    result = matrix.copy()
    places = np.arange(first, first + potential.n_species)
    result[places, places] += _SHIFT_PRIOR * data.n_atoms
    return result


def _solve(matrix: np.ndarray, vector: np.ndarray, ridge: float | np.ndarray) -> np.ndarray:
    """Solve with columns scaled to one and `ridge` on the diagonal. Raises PartFailed when that is singular."""
    scale = np.sqrt(np.diag(matrix))
    scale[scale == 0.0] = 1.0
    scaled = matrix / np.outer(scale, scale)
    scaled[np.diag_indices(len(scaled))] += np.maximum(ridge, 1e-14)
    try:
        return np.asarray(cho_solve(cho_factor(scaled), vector / scale) / scale)
    except np.linalg.LinAlgError as error:
        raise PartFailed("The fit is singular: too few frames for this level; lower it or raise `ridge`.") from error


@dataclass(frozen=True)
class _Pull:
    """What the radial coefficients are expected to be before any data: the fresh functions, give or take their size.

    As in Bayesian regression, the pull is the variance of the residuals over that of the expectation. A pair of species
    that the data know well does not feel it; one that they know at a few distances stays tame at all others.
    """

    strength: float
    """(eV/Å)² per squared coefficient."""
    expected: np.ndarray

    @classmethod
    def of(cls, fitted: Fitted, prior: float) -> _Pull:
        """`prior`: how much stronger than that."""
        old = fitted.potential
        count, _, n_radial, size = old.radial.shape
        expected = fresh_radial(count, n_radial, size, (old.min_distance, old.cutoff))
        variance = max(fitted.loss, 0.0) / max(1, fitted.rows)
        return cls(prior * variance / float(np.mean(expected**2)), expected)

    def loss(self, potential: Potential) -> float:
        """What it adds to the loss, (eV/Å)²."""
        return self.strength * float(np.sum((potential.radial - self.expected) ** 2))

    def added(self, normal: Normal, potential: Potential) -> Normal:
        """The normal equations with it."""
        places = np.arange(len(normal.vector) - potential.radial.size, len(normal.vector))
        matrix, vector = normal.matrix.copy(), normal.vector.copy()
        matrix[places, places] += self.strength
        vector[places] += self.strength * (self.expected - potential.radial).ravel()
        return Normal(matrix, vector, normal.square)


class Fit:
    """The fit of one form of the potential."""

    def __init__(self, data: FitData, settings: MTPSettings, clock: Clock) -> None:
        self.data, self.settings, self.clock = data, settings, clock

    def run(self, start: Potential, name: str = "fit") -> Fitted:
        """The fitted potential, taken up where a killed fit of that name was. Raises PartFailed when it diverges."""
        few = thinned(self.data, self.settings.radial_atoms)
        best, damping, first = self._taken_up(start, name) or (None, _DAMPING[0], 1)
        if best is None:
            best = self._note(linear_fit(start, few, self.settings), 0)
        for step in range(first, self.settings.max_iterations + 1):
            if self.clock.share_left() <= 0.0:
                break
            pull = _Pull.of(best, self.settings.radial_prior)
            better, damping = self._step(best, few, damping, pull)
            if better is None:
                break
            gain = 1.0 - (better.loss + pull.loss(better.potential)) / (best.loss + pull.loss(best.potential))
            best = self._note(better, step)
            self._keep(name, best, damping, step + 1 if gain >= self.settings.tolerance else _ENDED)
            if gain < self.settings.tolerance:
                break
        self._keep(name, best, damping, _ENDED)
        return best if few is self.data else linear_fit(best.potential, self.data, self.settings)

    def _keep(self, name: str, fitted: Fitted, damping: float, step: int) -> None:
        """What a fit needs to go on at that step."""
        potential, numbers = fitted.potential, (fitted.loss, fitted.square, fitted.rows, damping, step)
        parts = {"radial": potential.radial, "linear": potential.linear, "shift": potential.shift}
        self.clock.saved.put(name, **parts, numbers=numbers, curve=np.array(self.clock.curve).reshape(-1, 2))

    def _taken_up(self, start: Potential, name: str) -> tuple[Fitted, float, int] | None:
        """The best so far of the fit of that name, the damping and the step it was at."""
        known = self.clock.saved.get(name)
        if known is None:
            return None
        loss, square, rows, damping, step = known["numbers"].tolist()
        self.clock.curve[:] = [(seconds, value) for seconds, value in known["curve"].tolist()]
        potential = start.with_parameters(known["linear"], known["shift"], known["radial"])
        return Fitted(potential, loss, square, int(rows)), damping, int(step)

    def _note(self, fitted: Fitted, step: int) -> Fitted:
        self.clock.note(fitted.loss, f"level {fitted.potential.basis.level}, step {step}")
        return fitted

    def _step(self, best: Fitted, data: FitData, damping: float, pull: _Pull) -> tuple[Fitted | None, float]:
        """A step that lowers the projected loss and the pull's, and the next damping; None when there is none."""
        potential = best.potential
        normal = pull.added(data.normal(tables(potential.basis), parameters(potential), with_radial=True), potential)
        before, tries = best.loss + pull.loss(potential), 0
        while damping <= _DAMPING[2]:
            tries += 1
            trial = linear_fit(self._moved(potential, normal, damping), data, self.settings)
            if trial.loss + pull.loss(trial.potential) < before:
                return trial, max(damping / (10.0 if tries == 1 else 3.0), _DAMPING[1])
            damping *= 6.0
        return None, damping

    def _moved(self, potential: Potential, normal: Normal, damping: float) -> Potential:
        """The radial coefficients after a damped Gauss-Newton step of the joint problem."""
        first = len(potential.linear) + len(potential.shift)
        ridge = np.full(len(normal.vector), self.settings.ridge)
        ridge[first:] += damping
        step = _solve(normal.matrix, normal.vector, ridge)
        return replace(potential, radial=potential.radial + step[first:].reshape(potential.radial.shape))
