"""Whether labels of unknown origin can be believed: frame by frame, stress against energy, source against source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.units import EV_PER_A3_IN_GPA

__all__ = ["ABSURD_FORCE_EV_A", "disagreements", "force_fault", "sieve", "stress_remarks"]

ABSURD_FORCE_EV_A = 100.0
"""A larger force means a crashed calculation, not physics near any use."""

LEAST_PAIRS = 6
OFFSET_EV_ATOM = 0.3
"""Sources whose energies differ by more than this do not share a base energy or a functional."""

HARTREE_PER_BOHR_EV_A = 51.422067
"""1 Hartree/bohr in eV/Å (CODATA 2018)."""

WRONG_FORCES = {
    "have the opposite sign": -1.0,
    "are in Hartree/bohr": 1 / HARTREE_PER_BOHR_EV_A,
    "are in eV/bohr": 0.529177210903,
    "are in Hartree/Å while the energies are in eV": 1 / 27.211386,
}

WRONG_STRESSES = {
    "has the opposite sign": -1.0,
    "is in GPa": EV_PER_A3_IN_GPA,
    "is in GPa with the opposite sign": -EV_PER_A3_IN_GPA,
    "is in kbar": 10 * EV_PER_A3_IN_GPA,
    "is in kbar with the opposite sign": -10 * EV_PER_A3_IN_GPA,
}


def sieve(frames: Sequence[Atoms]) -> tuple[list[Atoms], list[str]]:
    """The frames that can be used, and a sentence for each that cannot: missing, not finite, absurd, or seen before."""
    good: list[Atoms] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    for i, atoms in enumerate(frames, 1):
        fault = _fault(atoms)
        name = structure_id(atoms)
        if fault is None and name in seen:
            fault = f"is the same structure as frame {seen[name]}"
        if fault is None:
            seen[name] = i
            good.append(atoms)
        else:
            faults.append(f"frame {i} ({atoms.get_chemical_formula()}) {fault}")
    return good, faults


def _fault(atoms: Atoms) -> str | None:
    labels = atoms.calc.results if atoms.calc is not None else {}
    for name in ("energy", "forces"):
        if labels.get(name) is None:
            return f"has no {name}"
    for name in ("energy", "forces", "stress"):
        if labels.get(name) is not None and not np.isfinite(labels[name]).all():
            return f"has {name} that is not finite"
    if np.shape(labels["forces"]) != (len(atoms), 3):
        return f"has forces of shape {np.shape(labels['forces'])} for {len(atoms)} atoms"
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all():
        return "has positions or a cell that are not finite"
    largest = float(np.linalg.norm(labels["forces"], axis=1).max())
    return f"has a force of {largest:.0f} eV/Å, above {ABSURD_FORCE_EV_A:.0f}" if largest > ABSURD_FORCE_EV_A else None


def stress_remarks(frames: list[Atoms]) -> tuple[list[Atoms], list[str]]:
    """The frames, without their stress where it contradicts the energies, and what was found.

    Among cells of the same atoms that differ in volume, dE ≈ ⅓ tr(stress) dV (ASE sign); a slope of −1, of 160 or of
    1602 instead of 1 betrays another sign, GPa or kbar. Noise of thermal motion leaves many sets undecided: those pass.
    """
    slope = _stress_slope(frames)
    for what, factor in WRONG_STRESSES.items():
        if _is(slope, factor):
            for atoms in frames:
                atoms.calc.results.pop("stress", None)
            return frames, [f"the stress {what} when held against the energies, so it was left out"]
    return frames, []


def _stress_slope(frames: Sequence[Atoms]) -> float | None:
    """Slope of ⅓ tr(stress) dV against dE over pairs of like cells; None where they are few or do not correlate."""
    alike: dict[tuple[int, ...], list[tuple[float, float, float]]] = {}
    for atoms in frames:
        stress = atoms.calc.results.get("stress")
        if stress is not None and atoms.pbc.all():
            row = (atoms.get_volume(), float(atoms.calc.results["energy"]), float(np.sum(stress[:3])) / 3)
            alike.setdefault(tuple(sorted(atoms.numbers.tolist())), []).append(row)
    work, gain = [], []
    for rows in alike.values():
        ordered = sorted(rows)
        for (v1, e1, s1), (v2, e2, s2) in zip(ordered, ordered[1:], strict=False):
            if v2 - v1 > 1e-3 * v1:
                work.append(0.5 * (s1 + s2) * (v2 - v1))
                gain.append(e2 - e1)
    return _slope(work, gain)


def force_fault(frames: Sequence[Atoms]) -> str | None:
    """What is wrong with the sign or unit of the forces, from neighbouring frames of a trajectory; None: nothing seen.

    Between frames of the same cell in which no atom moved by 0.3 Å, dE ≈ −½ (F₁ + F₂)·dx.
    """
    work, gain = [], []
    for one, two in zip(frames, frames[1:], strict=False):
        if not np.array_equal(one.numbers, two.numbers) or not np.allclose(one.cell.array, two.cell.array):
            continue
        step = two.positions - one.positions
        if np.abs(step).max() < 0.3:
            mean = 0.5 * (one.calc.results["forces"] + two.calc.results["forces"])
            work.append(-float(np.sum(mean * step)))
            gain.append(two.calc.results["energy"] - one.calc.results["energy"])
    slope = _slope(work, gain)
    return next((what for what, factor in WRONG_FORCES.items() if _is(slope, factor)), None)


def _slope(work: Sequence[float], gain: Sequence[float]) -> float | None:
    """Least-squares slope of `work` against `gain`; None where there are few pairs or no clear line."""
    if len(work) < LEAST_PAIRS or np.std(gain) == 0 or np.std(work) == 0:
        return None
    if abs(np.corrcoef(work, gain)[0, 1]) < 0.9:
        return None
    return float(np.dot(work, gain) / np.dot(gain, gain))


def _is(slope: float | None, factor: float) -> bool:
    return slope is not None and 0.75 < slope / factor < 1.35


def disagreements(sources: Mapping[str, tuple[Sequence[Atoms], Mapping[str, Any]]]) -> list[str]:
    """What speaks against mixing these sources (name → frames and settings of the calculation), a sentence each.

    Settings are compared where both tell them. Energies per atom are fitted to the composition with an offset for each
    source; an offset above 0.3 eV/atom that stands out of the scatter means another base energy or functional.
    """
    found = []
    names = list(sources)
    for i, one in enumerate(names):
        for two in names[i + 1 :]:
            found += _settings_differ(one, sources[one][1], two, sources[two][1])
            offset = _offset(sources[one][0], sources[two][0])
            if offset is not None:
                found.append(
                    f"{two} lies {offset:+.2f} eV/atom off {one} at the same composition: "
                    "another base energy or functional; do not mix them as they are"
                )
    return found


def _settings_differ(one: str, mine: Mapping[str, Any], two: str, theirs: Mapping[str, Any]) -> list[str]:
    return [
        f"{key} is {mine[key]} in {one} and {theirs[key]} in {two}"
        for key in sorted(set(mine) & set(theirs))
        if mine[key] != theirs[key]
    ]


def _offset(mine: Sequence[Atoms], theirs: Sequence[Atoms]) -> float | None:
    """Energy per atom of the second set above the first at equal composition, eV; None where it is small or unclear."""
    rows = [*mine, *theirs]
    elements = sorted({int(z) for atoms in rows for z in atoms.numbers})
    common = {int(z) for atoms in mine for z in atoms.numbers} & {int(z) for atoms in theirs for z in atoms.numbers}
    if not common:
        return None
    share = np.array([[np.mean(atoms.numbers == z) for z in elements] for atoms in rows])
    second = np.array([[0.0]] * len(mine) + [[1.0]] * len(theirs))
    design = np.hstack([share, second])
    if np.linalg.matrix_rank(design) < np.linalg.matrix_rank(share) + 1:
        return None
    energies = np.array([atoms.calc.results["energy"] / len(atoms) for atoms in rows])
    best = np.linalg.lstsq(design, energies, rcond=None)[0]
    scatter = float(np.std(energies - design @ best))
    offset = float(best[-1])
    return offset if abs(offset) > max(OFFSET_EV_ATOM, 3 * scatter) else None
