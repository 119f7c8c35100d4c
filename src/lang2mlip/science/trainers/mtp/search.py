"""Which cutoff and which level: found out on the data, unless the person has said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii

from lang2mlip.science.trainers.mtp.basis import moment_basis
from lang2mlip.science.trainers.mtp.data import FitData, nearest, shortest
from lang2mlip.science.trainers.mtp.engine import LEVEL_OFF_A
from lang2mlip.science.trainers.mtp.fit import Clock, Fit, Fitted
from lang2mlip.science.trainers.mtp.pairs import without_pairs
from lang2mlip.science.trainers.mtp.potential import Potential
from lang2mlip.science.trainers.mtp.settings import MTPSettings
from lang2mlip.science.trainers.mtp.start import carried_over, fresh_radial
from lang2mlip.science.trainers.mtp.tables import system
from lang2mlip.science.trainers.mtp.trust import trust, with_trust

__all__ = ["Found", "core_start", "rough_atoms", "search"]

_CUTOFFS_A = (3.2, 4.0, 4.8, 5.6, 6.5, 8.0)
"""Tried cutoffs, if they are 1.3 to 2.6 times the nearest-neighbour distance; up to 6.5 Å in any case."""
_WORTH = 1.15
"""The shortest cutoff whose trial loss is within this factor of the best wins: a short one is fast."""
_TRIAL_ATOMS = 2000
"""Atoms to fit and to score with in a trial; fewer for two species, whose fits cost more."""
_TAME = 0.8
"""Share of the frames left out, the best ones, by which cutoffs are compared."""
_TRIAL = {"level": 8, "max_iterations": 6, "ridge": 1e-8}
_MANY, _MANY_TRIAL = 3, {"max_iterations": 15, "ridge": 1e-5}
"""From so many species on a trial takes more steps and a stronger pull: six steps from the start compare how fast the
cutoffs converge, not how good they are (six species: 0.28 of the labels' rms after 6 steps, 0.12 after 12)."""
_CONTACTS_A = 4.0
"""What many species see at least: below it lie the bonds of molecules, and the contacts between them at its edge."""
_ROUGH_ATOMS, _ROUGH_PER_RADIAL = 5000, 20
"""Atoms that the radial functions are first found on, and those for each of their coefficients where there are many
species: with four each the radial functions of six species fit what they saw three times as well as anything else. A
few last steps see as many as the settings allow."""
_DOUBTED = 0.25
"""Frames whose weight falls below this share of it are told."""
_LEVELS = (8, 12, 16, 20, 24, 28)
_USUAL = 12
_ROWS_PER_PARAMETER = 6
"""A level is not tried when the data have fewer rows than this for each of its parameters."""
_TRUSTED = 0.93
"""Start of the core over the smallest distance in the data: just below the data the fit still beats the core."""
_UNSEEN_PAIR = 0.7
"""Start of the core over the sum of covalent radii, for a pair of species that never meets in the data."""


@dataclass
class Found:
    """A fitted potential, the data as it sees them, and how it came about."""

    potential: Potential
    data: FitData
    settings: MTPSettings
    curve: tuple[tuple[float, float], ...]
    notes: list[str] = field(default_factory=list)


def search(
    frames: Sequence[Atoms], species: tuple[str, ...], settings: MTPSettings, old: Potential | None, clock: Clock
) -> Found:
    """Choose what was left open, fit, and grow the level while the fit is not good enough and the data allow it."""
    notes: list[str] = []
    frames = without_pairs(frames, notes)
    if settings.robust:
        frames = _weighed(frames, species, settings, notes, clock)
    if settings.cutoff_A is None:
        cutoff = old.cutoff if old is not None else _best_cutoff(frames, species, settings, notes, clock)
        settings = settings.model_copy(update={"cutoff_A": cutoff})
    data = FitData.of(frames, species, settings)
    fitted: Fitted | None = None
    rough = settings
    for level in _levels(data, species, settings):
        form = _start(data, species, settings, (level, fitted.potential if fitted else old))
        if fitted and not _worth_growing(fitted, form, settings, clock):
            break
        rough = settings.model_copy(update={"radial_atoms": min(settings.radial_atoms, rough_atoms(form))})
        fitted = Fit(data, rough, clock).run(form, f"level {level}")
        notes.append(f"level {level}: residual {100 * fitted.share:.2g} % of the labels' rms")
    assert fitted is not None
    if data.n_atoms > rough.radial_atoms < settings.radial_atoms:
        polish = settings.model_copy(update={"max_iterations": settings.max_iterations // 4})
        fitted = Fit(data, polish, clock).run(fitted.potential, "polish")
    final = settings.model_copy(update={"level": fitted.potential.basis.level})
    return Found(_shifted(fitted.potential, data), data, final, tuple(clock.curve), notes)


def _levels(data: FitData, species: tuple[str, ...], settings: MTPSettings) -> tuple[int, ...]:
    """The levels to try in turn. Many species begin at the largest usual one that the data allow: after level 8 the
    radial functions take as many steps once more (340 frames, six species, when the time was up: 15 % of the labels'
    rms at level 8, 25 % at level 12 after it)."""
    if settings.level is not None:
        return (settings.level,)
    if len(species) <= _MANY:
        return _LEVELS
    usual = [level for level in _LEVELS if level <= min(_USUAL, settings.max_level)]
    forms = {level: _start(data, species, settings, (level, None)) for level in usual}
    allowed = [level for level, form in forms.items() if data.n_rows >= _ROWS_PER_PARAMETER * form.n_parameters]
    return tuple(level for level in _LEVELS if level >= max(allowed, default=_LEVELS[0]))


def rough_atoms(form: Potential) -> int:
    """How many atoms the radial functions are first found on."""
    return max(_ROUGH_ATOMS, _ROUGH_PER_RADIAL * form.radial.size)


def _weighed(
    frames: Sequence[Atoms], species: tuple[str, ...], settings: MTPSettings, notes: list[str], clock: Clock
) -> list[Atoms]:
    """The frames with less weight on those that a small first fit cannot follow."""
    cutoff = settings.cutoff_A or _middle(_candidates(frames))
    small = settings.model_copy(update=_TRIAL | {"cutoff_A": cutoff, "radial_atoms": _ROUGH_ATOMS})
    data = FitData.of(frames, species, small)
    fitted = Fit(data, small, clock.trial()).run(_start(data, species, small, (8, None)), "weights")
    factor = trust(data, fitted.potential, frames)
    if (factor < _DOUBTED).any():
        notes.append(f"{int((factor < _DOUBTED).sum())} frames count less than a quarter: far outside their group")
    return with_trust(frames, factor)


def _middle(cutoffs: Sequence[float]) -> float:
    return cutoffs[len(cutoffs) // 2] if cutoffs else _CUTOFFS_A[2]


def _shifted(potential: Potential, data: FitData) -> Potential:
    return potential.with_parameters(potential.linear, potential.shift + data.baseline, potential.radial)


def _worth_growing(fitted: Fitted, larger: Potential, settings: MTPSettings, clock: Clock) -> bool:
    enough = fitted.rows >= _ROWS_PER_PARAMETER * larger.n_parameters
    return (
        fitted.share > settings.goal
        and larger.basis.level <= settings.max_level
        and enough
        and clock.share_left() > 0.3
    )


def _best_cutoff(
    frames: Sequence[Atoms], species: tuple[str, ...], settings: MTPSettings, notes: list[str], clock: Clock
) -> float:
    """Fit a small potential to part of the data for each cutoff, and score it on another part."""
    many = len(species) >= _MANY
    train, check = _halves(frames, _TRIAL_ATOMS if many else 2 * _TRIAL_ATOMS // (1 + len(species)))
    trial = settings.model_copy(update=_TRIAL | (_MANY_TRIAL if many else {}))
    losses: dict[float, float] = {}
    for cutoff in _candidates(frames):
        now = trial.model_copy(update={"cutoff_A": cutoff})
        data = FitData.of(train, species, now)
        fitted = Fit(data, now, clock.trial()).run(_start(data, species, now, (8, None)), f"cutoff {cutoff}")
        potential = fitted.potential
        losses[cutoff] = _tame(FitData.of(check, species, now, baseline=data.baseline), potential)
    limit = _WORTH * min(losses.values())
    best = min(cutoff for cutoff, loss in losses.items() if loss <= limit)
    tried = ", ".join(f"{cutoff:g} Å {loss / min(losses.values()):.2g}" for cutoff, loss in losses.items())
    notes.append(f"cutoff {best:g} Å chosen by trial (relative loss on frames left out: {tried})")
    return best


def _tame(data: FitData, potential: Potential) -> float:
    """The loss without the worst fifth of the frames: a single wild one would decide for itself."""
    each = sorted(FitData([row], data.baseline).loss(potential) for row in data.rows)
    return float(sum(each[: max(1, round(_TAME * len(each)))]))


def _halves(frames: Sequence[Atoms], n_atoms: int) -> tuple[list[Atoms], list[Atoms]]:
    """Two disjoint, evenly spread parts with about `n_atoms` atoms each; one frame is both."""
    step = max(1, sum(len(atoms) for atoms in frames) // (2 * n_atoms))
    few = [atoms for atoms in frames[::step] if len(atoms) > 1] or list(frames[:1])
    return (few[::2], few[1::2]) if len(few) > 1 else (few, few)


def _candidates(frames: Sequence[Atoms]) -> list[float]:
    """Cutoffs worth a trial."""
    species = tuple(sorted({symbol for atoms in frames for symbol in atoms.get_chemical_symbols()}))
    widest = 0.0
    for atoms in _halves(frames, _TRIAL_ATOMS)[0][:20]:
        distances = nearest(system(atoms, species, _CUTOFFS_A[-1]))
        if np.isfinite(distances).any():
            widest = max(widest, float(np.median(distances[np.isfinite(distances)])))
    low, high = min(1.3 * widest, _CUTOFFS_A[-1]), max(2.6 * widest, _CUTOFFS_A[-2])
    low = max(low, _CONTACTS_A) if len(species) > _MANY else low
    return [cutoff for cutoff in _CUTOFFS_A if low <= cutoff <= high]


def _start(
    data: FitData, species: tuple[str, ...], settings: MTPSettings, form: tuple[int, Potential | None]
) -> Potential:
    """A potential of form = (level, the one to begin from), with no energy in it yet."""
    level, old = form
    basis, count = moment_basis(level), len(species)
    cutoff = settings.cutoff_A or _CUTOFFS_A[-1]
    span = (max(float(core_start(data, species, settings).min()) - LEVEL_OFF_A, 0.1), cutoff)
    radial = fresh_radial(count, basis.n_radial, settings.radial_size, span)
    if old is not None and old.n_species == count:
        radial = carried_over(old, radial, span)
    return Potential(basis, span[0], span[1], radial, np.zeros(len(basis.mapping)), np.zeros(count))


def core_start(data: FitData, species: Sequence[str], settings: MTPSettings) -> np.ndarray:
    """Where the core of each pair of species begins, Å: a little below the data, or where the person said."""
    radii = covalent_radii[[atomic_numbers[symbol] for symbol in species]]
    seen = shortest(data, len(species))
    found = np.where(np.isfinite(seen), _TRUSTED * seen, _UNSEEN_PAIR * (radii[:, None] + radii[None, :]))
    if settings.min_distance_A is not None:
        found = np.minimum(found, settings.min_distance_A)
    return np.asarray(np.minimum(found, 0.8 * (settings.cutoff_A or _CUTOFFS_A[-1])))
