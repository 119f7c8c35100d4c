"""Labelled frames out of extended XYZ, under the names that people use for their labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.stress import full_3x3_to_voigt_6_stress

from lang2mlip.errors import BadInput

__all__ = ["Raw", "attach", "read"]

ENERGY = ("REF_energy", "dft_energy", "DFT_energy", "ref_energy", "energy_ref", "energy", "free_energy", "Energy", "E")
FORCES = ("REF_forces", "dft_forces", "DFT_forces", "ref_forces", "forces_ref", "dft_force", "forces", "force", "f")
STRESS = ("REF_stress", "dft_stress", "DFT_stress", "ref_stress", "stress_ref", "stress")
VIRIAL = ("REF_virial", "REF_virials", "dft_virial", "DFT_virial", "ref_virial", "virial_ref", "virial", "virials")


@dataclass
class Raw:
    """What a reader found: frames with whatever labels they have, the settings told, and remarks."""

    frames: list[Atoms]
    settings: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def read(file: Path) -> Raw:
    """All frames of an extended XYZ file. The names of a reference go before `energy` and `forces`, as in MACE.

    A virial (eV) becomes a stress: −virial / volume. Raises BadInput at the first frame that cannot be parsed.
    """
    from ase.io import iread  # which takes a third of a second

    frames: list[Atoms] = []
    used: set[str] = set()
    try:
        for atoms in iread(file, index=":", format="extxyz"):
            frames.append(_labelled(atoms, used))
    except (ValueError, KeyError, IndexError, OSError, AssertionError, StopIteration, RuntimeError) as error:
        place = f"frame {len(frames) + 1}"
        raise BadInput(f"{file}: {place} cannot be read ({type(error).__name__}: {error!s:.120}).") from error
    remarks = [f"labels were read from {', '.join(sorted(used))}"] if used else []
    return Raw(frames, remarks=remarks)


def attach(atoms: Atoms, energy: Any, forces: Any, stress: Any) -> Atoms:
    """The bare atoms with these labels, None for one that is missing; constraints and velocities are dropped."""
    bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    given = {"energy": energy, "forces": forces, "stress": stress}
    bare.calc = SinglePointCalculator(bare, **{name: value for name, value in given.items() if value is not None})
    return bare


def _labelled(atoms: Atoms, used: set[str]) -> Atoms:
    results = dict(atoms.calc.results) if atoms.calc is not None else {}
    energy = _first(ENERGY, {**results, **atoms.info}, used)
    forces = _first(FORCES, {**results, **atoms.arrays}, used)
    stress = _first(STRESS, {**results, **atoms.info}, used)
    virial = _first(VIRIAL, {**results, **atoms.info}, used) if stress is None else None
    volume = abs(np.linalg.det(atoms.cell.array))
    if virial is not None and volume > 0:
        stress = -_square(virial) / volume
    made = attach(atoms, None if energy is None else float(energy), forces, None if stress is None else _voigt(stress))
    made.info.update({key: atoms.info[key] for key in ("group", "config_type", "weight") if key in atoms.info})
    return made


def _first(names: tuple[str, ...], there: dict[str, Any], used: set[str]) -> Any:
    for name in names:
        if there.get(name) is not None:
            used.add(name)
            return there[name]
    return None


def _square(tensor: Any) -> np.ndarray:
    """3×3 out of 3×3, 9 numbers, or 6 in Voigt order."""
    flat = np.asarray(tensor, dtype=float).ravel()
    if flat.size == 6:
        xx, yy, zz, yz, xz, xy = flat
        flat = np.array([xx, xy, xz, xy, yy, yz, xz, yz, zz])
    return flat.reshape(3, 3)


def _voigt(tensor: Any) -> np.ndarray:
    voigt: np.ndarray = full_3x3_to_voigt_6_stress(_square(tensor))
    return voigt
