"""Errors of predictions against labels: overall, per group, per element, and frame by frame for parity plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lang2mlip.contracts import Errors
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.drive import single_point
from lang2mlip.science.atoms.integrators import Forces
from lang2mlip.units import gpa, milli

__all__ = ["Comparison", "compare", "frame_errors", "labels", "predict"]

Floats = NDArray[np.float64]


def labels(atoms: Atoms) -> Forces:
    """Energy, forces and stress (or None) that a frame carries in its calculator. Raises BadInput when it has none."""
    results = getattr(atoms.calc, "results", {})
    if "energy" not in results or "forces" not in results:
        raise BadInput(f"The frame {atoms.info.get('id', atoms.get_chemical_formula())} has no energy or no forces.")
    return Forces(float(results["energy"]), np.asarray(results["forces"]), results.get("stress"))


def predict(frames: Iterable[Atoms], calculator: Any) -> list[Forces]:
    """What a calculator says of each frame, one call per frame. Raises PartFailed."""
    return [single_point(frame, calculator) for frame in frames]


def frame_errors(frames: Sequence[Atoms], calculator_or_predictions: Any) -> Errors:
    """Errors over labelled frames; predictions are a calculator, or a list from `predict`."""
    return compare(frames, calculator_or_predictions).errors()


def compare(frames: Sequence[Atoms], calculator_or_predictions: Any) -> Comparison:
    """Labels and predictions side by side. Raises BadInput on frames without labels or lists of unlike length."""
    given = calculator_or_predictions
    predicted = list(given) if isinstance(given, Sequence) else predict(frames, given)
    if len(predicted) != len(frames):
        raise BadInput(f"There are {len(frames)} frames but {len(predicted)} predictions; give one for each.")
    return Comparison(list(frames), [labels(frame) for frame in frames], predicted)


@dataclass(frozen=True)
class Comparison:
    """Labels and predictions of the same frames."""

    frames: list[Atoms]
    known: list[Forces]
    predicted: list[Forces]

    def errors(self) -> Errors:
        """Errors over all frames: energies weigh by frame, forces by component, stress where both have one."""
        if not self.frames:
            raise BadInput("There are no frames to compare; label some first.")
        energy, force = self.energy_errors_eV_atom(), self._force_differences()
        true = np.concatenate([field.forces.ravel() for field in self.known])
        stress = self._stress_differences()
        return Errors(
            n_frames=len(self.frames),
            n_atoms=sum(len(frame) for frame in self.frames),
            energy_rmse_meV_atom=milli(_rms(energy)),
            energy_mae_meV_atom=milli(float(np.abs(energy).mean())),
            force_rmse_meV_A=milli(_rms(force)),
            force_mae_meV_A=milli(float(np.abs(force).mean())),
            force_rms_meV_A=milli(_rms(true)),
            stress_rmse_GPa=gpa(_rms(stress)) if stress.size else None,
            force_max_error_meV_A=milli(float(np.abs(force).max())),
            by_element_meV_A=self._per_element(force),
            by_element_rms_meV_A=self._per_element(true),
        )

    def by_group(self) -> dict[str, Errors]:
        """Errors of each `info["group"]`."""
        return {group: self.subset(indices).errors() for group, indices in self._groups()}

    def subset(self, indices: Sequence[int]) -> Comparison:
        """The same for some of the frames."""
        return Comparison(
            [self.frames[i] for i in indices], [self.known[i] for i in indices], [self.predicted[i] for i in indices]
        )

    def by_element(self) -> dict[str, float]:
        """Force component RMSE per element, meV/Å."""
        return self._per_element(self._force_differences())

    def _per_element(self, components: Floats) -> dict[str, float]:
        """Rms of force components (eV/Å, one for each of all frames) per element, meV/Å."""
        symbols = np.concatenate([np.repeat(frame.get_chemical_symbols(), 3) for frame in self.frames])
        return {str(symbol): milli(_rms(components[symbols == symbol])) for symbol in np.unique(symbols)}

    def by_force_size(self, bins: int = 8) -> list[dict[str, float]]:
        """Force vector errors against the size of the true force, in bins of equally many atoms, weakest first.

        Each: from and to (eV/Å), atoms, rmse of the vector's components (meV/Å), and that over the mean true force (%).
        """
        true = np.linalg.norm(np.concatenate([field.forces for field in self.known]), axis=1)
        miss = np.concatenate([guess.forces - field.forces for field, guess in self._pairs()])
        rows = []
        for members in np.array_split(np.argsort(true, kind="stable"), min(bins, len(true))):
            rmse, mean = milli(_rms(miss[members])), milli(float(true[members].mean()))
            rows.append(
                {
                    "from_eV_A": float(true[members].min()),
                    "to_eV_A": float(true[members].max()),
                    "atoms": len(members),
                    "rmse_meV_A": rmse,
                    "percent": 100 * rmse / mean if mean else 0.0,
                }
            )
        return rows

    def energy_errors_eV_atom(self) -> Floats:
        """Predicted minus true energy of each frame, eV/atom."""
        columns = zip(self.frames, self.known, self.predicted, strict=True)
        return np.array([(guess.energy - true.energy) / len(frame) for frame, true, guess in columns])

    def force_rmse_eV_A(self) -> Floats:
        """Force component RMSE of each frame, eV/Å."""
        return np.array([_rms(guess.forces - true.forces) for true, guess in self._pairs()])

    def parity(self, most: int = 2000) -> dict[str, dict[str, list[float]]]:
        """Per group: energies (eV/atom, every frame) and force components (eV/Å, an even sample of `most`)."""
        shown: dict[str, dict[str, list[float]]] = {}
        for group, indices in self._groups():
            part = self.subset(indices)
            sizes = np.array([len(frame) for frame in part.frames])
            true = np.concatenate([field.forces.ravel() for field in part.known])
            guess = np.concatenate([field.forces.ravel() for field in part.predicted])
            every = slice(None, None, max(1, -(-len(true) // most)))
            shown[group] = {
                "energy_true_eV_atom": (np.array([field.energy for field in part.known]) / sizes).tolist(),
                "energy_predicted_eV_atom": (np.array([field.energy for field in part.predicted]) / sizes).tolist(),
                "force_true_eV_A": true[every].tolist(),
                "force_predicted_eV_A": guess[every].tolist(),
            }
        return shown

    def _groups(self) -> list[tuple[str, list[int]]]:
        names = [str(frame.info.get("group", "all")) for frame in self.frames]
        return [(name, [i for i, other in enumerate(names) if other == name]) for name in sorted(set(names))]

    def _pairs(self) -> list[tuple[Forces, Forces]]:
        return list(zip(self.known, self.predicted, strict=True))

    def _force_differences(self) -> Floats:
        return np.concatenate([(guess.forces - true.forces).ravel() for true, guess in self._pairs()])

    def _stress_differences(self) -> Floats:
        both = [(t.stress, g.stress) for t, g in self._pairs() if t.stress is not None and g.stress is not None]
        return np.concatenate([np.asarray(guess) - np.asarray(true) for true, guess in both]) if both else np.zeros(0)


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
