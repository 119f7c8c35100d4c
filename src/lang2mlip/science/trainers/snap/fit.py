"""Weighted least squares with a ridge, and the trial on held-back frames that chooses what was left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from ase.neighborlist import neighbor_list

from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import PartFailed
from lang2mlip.science.trainers.labels import Label
from lang2mlip.science.trainers.outliers import DOUBTED, factors
from lang2mlip.science.trainers.saved import Saved
from lang2mlip.science.trainers.snap.design import Describer, Frame, Scale, frame_rows
from lang2mlip.science.trainers.snap.settings import Form, SNAPSettings

__all__ = ["Found", "search"]

_CUTOFFS_A = (3.2, 4.0, 4.8, 5.6, 6.5, 8.0)
"""Tried cutoffs, if they are 1.3 to 2.6 times the nearest-neighbour distance."""
_LADDER = ((4, False), (4, True), (6, False), (6, True), (8, False), (8, True), (10, False), (12, False))
"""Tried forms (2j, products or not), in the order of their cost in MD."""
_RIDGES = (1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)
_WORTH = 1.15
"""The cheapest form whose loss on held-back frames is within this factor of the best wins."""
_ROWS_PER_PARAMETER = 3
"""A form is not tried when the trial has fewer rows than this for each of its coefficients."""

_PARTS = ("matrix", "target", "components")
_CHUNK = 20
"""Frames whose rows are kept together."""
_MOST_KEPT = 50_000_000
"""Numbers in all rows (400 MB) above which they are not saved on the way: a killed fit makes them again."""


@dataclass
class Found:
    """A fitted form: its coefficients (constants first in each element's block), and what the data looked like."""

    form: Form
    ridge: float
    coefficients: np.ndarray
    frames: list[Frame]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Problem:
    """The normal equations with every column scaled to one, in their eigenvectors, so that any ridge is cheap."""

    scale: np.ndarray
    values: np.ndarray
    vectors: np.ndarray
    right: np.ndarray

    @classmethod
    def of(cls, frames: Sequence[Frame], weights: np.ndarray) -> Problem:
        """From the rows of frames, each times its weight."""
        gram = sum(w * frame.matrix.T @ frame.matrix for frame, w in zip(frames, weights, strict=True))
        right = sum(w * frame.matrix.T @ frame.target for frame, w in zip(frames, weights, strict=True))
        size = np.sqrt(np.diag(np.asarray(gram)))
        scale = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
        values, vectors = np.linalg.eigh(gram * np.outer(scale, scale))
        return cls(scale, values, vectors, vectors.T @ (right * scale))

    def solve(self, ridge: float) -> np.ndarray:
        """The coefficients. Raises PartFailed where they are not finite."""
        found: np.ndarray = self.scale * (self.vectors @ (self.right / (np.maximum(self.values, 0.0) + ridge)))
        if not np.isfinite(found).all():
            raise PartFailed("The least-squares fit of the SNAP model is singular; add frames or make twojmax smaller.")
        return found


@dataclass(frozen=True)
class Trial:
    """One form tried on held-back frames."""

    form: Form
    ridge: float
    loss: float


@dataclass(frozen=True)
class How:
    """What goes through a whole search: settings, scale of the rows, whom to tell, and what is known already."""

    settings: SNAPSettings
    scale: Scale
    progress: Progress
    saved: Saved


def search(labels: Sequence[Label], form: Form, how: How) -> Found:
    """Choose what the settings leave open by trial, then fit all labels; `form` has the elements and their weights."""
    notes: list[str] = []
    settings = how.settings
    train, check = _halves(labels, settings.trial_atoms)
    trial = _best_form(train, check, form, how, notes)
    how.progress(0.5, f"fitting 2j = {trial.form.twojmax}")
    frames = _all_rows(trial.form, labels, how)
    weights = np.array([label.weight for label in labels])
    found = Problem.of(frames, weights).solve(trial.ridge)
    if settings.robust:
        factor = factors(np.array([frame.square(found) for frame in frames]), [label.atoms for label in labels])
        if (factor < DOUBTED).any():
            notes.append(f"{int((factor < DOUBTED).sum())} frames count less than a quarter: far outside their group")
        found = Problem.of(frames, weights * factor).solve(trial.ridge)
    return Found(trial.form, trial.ridge, found, frames, notes)


def _all_rows(form: Form, labels: Sequence[Label], how: How) -> list[Frame]:
    """The rows of every label, kept as they are made."""
    describer, found = Describer(form), list[Frame]()
    columns = len(form.elements) * (1 + form.n_columns)
    small = columns * sum(3 * len(label.atoms) + 7 for label in labels) <= _MOST_KEPT
    for first in range(0, len(labels), _CHUNK):
        known = how.saved.get(f"rows {first}")
        if known is None:
            made = frame_rows(describer, labels[first : first + _CHUNK], how.scale)
            if small:
                parts = {f"{part}{n}": getattr(one, part) for n, one in enumerate(made) for part in _PARTS}
                how.saved.put(f"rows {first}", **parts)
        else:
            made = [Frame(*(known[f"{part}{n}"] for part in _PARTS)) for n in range(len(known) // len(_PARTS))]
        found += made
    return found


def _best_form(train: Sequence[Label], check: Sequence[Label], form: Form, how: How, notes: list[str]) -> Trial:
    """The cutoff with a small basis first, then the basis with that cutoff."""
    settings = how.settings
    small = replace(form, twojmax=settings.twojmax or 4, quadratic=False)
    cutoffs = [settings.cutoff_A] if settings.cutoff_A is not None else _candidates(train)
    trials = [_try(train, check, replace(small, cutoff_A=cutoff), how) for cutoff in cutoffs]
    best = _cheapest(trials)
    if len(trials) > 1:
        notes.append(f"cutoff {best.form.cutoff_A:g} Å chosen by trial ({_losses(trials, 'cutoff_A')})")
    how.progress(0.2, f"cutoff {best.form.cutoff_A:g} Å")
    forms = _forms(best.form, settings, sum(4 * len(label.atoms) for label in train))
    trials = [one if (one := best).form == form else _try(train, check, form, how) for form in forms]
    best = _cheapest(trials)
    if len(trials) > 1:
        notes.append(f"basis {_name(best.form)} chosen by trial ({_losses(trials)})")
    return best


def _forms(form: Form, settings: SNAPSettings, rows: int) -> list[Form]:
    """The forms that the settings allow and the data can carry, cheapest first; at least one."""
    wanted = [
        replace(form, twojmax=size, quadratic=products)
        for size, products in sorted({*_LADDER, (settings.twojmax or 4, False), (settings.twojmax or 4, True)})
        if settings.quadratic in (None, products)
        and (size == settings.twojmax if settings.twojmax else size <= settings.max_twojmax)
    ]
    enough = [one for one in wanted if _ROWS_PER_PARAMETER * len(one.elements) * one.n_columns <= rows]
    return enough or wanted[:1]


def _try(train: Sequence[Label], check: Sequence[Label], form: Form, how: How) -> Trial:
    """Fit one part, score on the other, with the best ridge of the ladder."""
    name, settings, scale = f"trial {form.cutoff_A!r} {form.twojmax} {form.quadratic}", how.settings, how.scale
    known = how.saved.get(name)
    if known is not None:
        return Trial(form, float(known["ridge"]), float(known["loss"]))
    describer = Describer(form)
    problem = Problem.of(frame_rows(describer, train, scale), np.array([label.weight for label in train]))
    held = frame_rows(describer, check, scale)
    ridges = [settings.ridge] if settings.ridge is not None else _RIDGES
    losses = {ridge: _loss(held, check, problem.solve(ridge)) for ridge in ridges}
    best = min(losses, key=lambda ridge: losses[ridge])
    how.saved.put(name, ridge=best, loss=losses[best])
    return Trial(form, best, losses[best])


def _loss(frames: Sequence[Frame], labels: Sequence[Label], coefficients: np.ndarray) -> float:
    """Weighted mean square over frames, the worst twentieth left out: one odd frame must not choose the form."""
    squares = np.sort([label.weight * frame.square(coefficients) for frame, label in zip(frames, labels, strict=True)])
    return float(np.mean(squares[: max(1, int(np.ceil(0.95 * len(squares))))]))


def _cheapest(trials: Sequence[Trial]) -> Trial:
    limit = _WORTH * min(trial.loss for trial in trials)
    return next(trial for trial in trials if trial.loss <= limit)


def _name(form: Form) -> str:
    return f"2j = {form.twojmax}{' with products' if form.quadratic else ''}"


def _losses(trials: Sequence[Trial], key: str = "") -> str:
    best = min(trial.loss for trial in trials) or 1.0
    named = [(f"{getattr(one.form, key):g} Å" if key else _name(one.form), one.loss / best) for one in trials]
    return "relative loss on frames left out: " + ", ".join(f"{name} {loss:.2g}" for name, loss in named)


def _halves(labels: Sequence[Label], n_atoms: int) -> tuple[list[Label], list[Label]]:
    """Two disjoint, evenly spread parts with about `n_atoms` atoms each; one frame is both."""
    step = max(1, sum(len(label.atoms) for label in labels) // (2 * n_atoms))
    few = [label for label in labels[::step] if len(label.atoms) > 1] or list(labels[:1])
    return (few[::2], few[1::2]) if len(few) > 1 else (few, few)


def _candidates(labels: Sequence[Label]) -> list[float]:
    """Cutoffs worth a trial, by the nearest neighbours of the data."""
    nearest = [_nearest(label) for label in labels[:20]]
    usual = float(np.median([r for r in nearest if np.isfinite(r)] or [_CUTOFFS_A[1] / 2]))
    good = [cutoff for cutoff in _CUTOFFS_A if 1.3 * usual <= cutoff <= max(2.6 * usual, _CUTOFFS_A[-2])]
    return good or [_CUTOFFS_A[-1]]


def _nearest(label: Label) -> float:
    """Median distance of an atom to its nearest neighbour within the longest cutoff, Å; infinite for none."""
    first, distances = neighbor_list("id", label.atoms, _CUTOFFS_A[-1])
    nearest = np.full(len(label.atoms), np.inf)
    np.minimum.at(nearest, first, distances)
    return float(np.median(nearest))
