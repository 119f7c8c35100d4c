"""DeePMD's folders: `type.raw`, `type_map.raw`, and `set.*/{coord,box,energy,force,virial}.npy` (eV, Å, virial in eV).

Its virial is −stress × volume in ASE's sign: positive when the cell wants to expand.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.xyz import Raw, attach

__all__ = ["read", "write"]


def read(folder: Path) -> Raw:
    """All frames of all systems in or below `folder`. Raises BadInput naming the file at fault."""
    frames: list[Atoms] = []
    for types in sorted(folder.rglob("type.raw")):
        frames += _system(types.parent)
    return Raw(frames, remarks=["the virial was turned into a stress"] if _any_stress(frames) else [])


def _any_stress(frames: Sequence[Atoms]) -> bool:
    return any("stress" in atoms.calc.results for atoms in frames)


def _system(folder: Path) -> list[Atoms]:
    numbers = _numbers(folder)
    sets = sorted(folder.glob("set.*"))
    if not sets:
        raise BadInput(f"{folder} has type.raw but no set.000; it is no whole DeePMD system.")
    periodic = not (folder / "nopbc").exists()
    return [atoms for part in sets for atoms in _set(part, numbers, periodic)]


def _numbers(folder: Path) -> np.ndarray:
    """Atomic numbers, shape (n_atoms,)."""
    names = folder / "type_map.raw"
    if not names.is_file():
        raise BadInput(f"{names} is missing: without it nobody can tell which element each type is.")
    try:
        known = np.array([atomic_numbers[name] for name in names.read_text().split()])
        numbers: np.ndarray = known[[int(word) for word in (folder / "type.raw").read_text().split()]]
    except (KeyError, ValueError, IndexError) as error:
        raise BadInput(f"{folder}: type.raw and type_map.raw do not fit ({type(error).__name__}: {error}).") from error
    return numbers


def _set(folder: Path, numbers: np.ndarray, periodic: bool) -> list[Atoms]:
    n = len(numbers)
    if (folder / "real_atom_types.npy").exists():
        raise BadInput(
            f"{folder} is in DeePMD's mixed-type format, which is not read here; split it with dpdata first."
        )
    coord = _array(folder / "coord.npy", (-1, n, 3), needed=True)
    count = len(coord)
    box = _array(folder / "box.npy", (count, 3, 3), needed=periodic)
    energy = _array(folder / "energy.npy", (count,), needed=True)
    force = _array(folder / "force.npy", (count, n, 3), needed=True)
    virial = _array(folder / "virial.npy", (count, 3, 3), needed=False) if periodic else None
    frames = []
    for i in range(count):
        cell = box[i] if periodic and box is not None else None
        atoms = Atoms(numbers, coord[i], cell=cell, pbc=periodic)
        stress = None
        if virial is not None:
            stress = (-virial[i] / atoms.get_volume()).ravel()[[0, 4, 8, 5, 2, 1]]
        frames.append(attach(atoms, float(energy[i]), force[i], stress))
    return frames


def _array(file: Path, shape: tuple[int, ...], needed: bool) -> Any:
    """The array in `file` with that shape; None where it is absent and not needed. Pickles are never loaded."""
    if not file.is_file() and not needed:
        return None
    try:
        return np.load(file, allow_pickle=False).astype(float).reshape(shape)
    except FileNotFoundError as error:
        raise BadInput(f"{file} is missing; the DeePMD data are not whole.") from error
    except (ValueError, EOFError, OSError) as error:
        raise BadInput(f"{file} cannot be read with shape {shape}: {error!s:.120}.") from error


def write(frames: Sequence[Atoms], folder: Path) -> None:
    """A system per composition, boundary and presence of a stress; atoms are put in the order of their elements.

    Raises BadInput for a frame that is periodic in some directions only: the format cannot say that.
    """
    groups: dict[tuple[str, bool, bool], list[Atoms]] = {}
    for i, atoms in enumerate(frames):
        if atoms.pbc.any() and not atoms.pbc.all():
            raise BadInput(f"Frame {i + 1} is periodic in some directions only, which DeePMD's format cannot say.")
        stressed = atoms.calc.results.get("stress") is not None
        key = (atoms.symbols.get_chemical_formula(), bool(atoms.pbc.all()), stressed)
        groups.setdefault(key, []).append(atoms)
    for (formula, periodic, stressed), members in groups.items():
        ending = "" if len({key[0] for key in groups}) == len(groups) else f"-{int(periodic)}{int(stressed)}"
        _write_system(members, folder / f"{formula}{ending}", stressed)


def _write_system(frames: Sequence[Atoms], folder: Path, stressed: bool) -> None:
    part = folder / "set.000"
    part.mkdir(parents=True, exist_ok=True)
    order = [np.argsort(atoms.numbers, kind="stable") for atoms in frames]
    numbers = frames[0].numbers[order[0]]
    kinds = np.unique(numbers)
    symbols = dict(zip(frames[0].numbers.tolist(), frames[0].symbols, strict=True))
    (folder / "type_map.raw").write_text("\n".join(symbols[int(z)] for z in kinds) + "\n")
    (folder / "type.raw").write_text("\n".join(str(int(np.searchsorted(kinds, z))) for z in numbers) + "\n")
    if not frames[0].pbc.all():
        (folder / "nopbc").touch()
    columns: dict[str, list[np.ndarray]] = {"coord": [], "box": [], "energy": [], "force": []}
    for atoms, rows in zip(frames, order, strict=True):
        columns["coord"].append(atoms.positions[rows].ravel())
        columns["box"].append(atoms.cell.array.ravel())
        columns["energy"].append(np.array(atoms.calc.results["energy"], dtype=float))
        columns["force"].append(np.asarray(atoms.calc.results["forces"], dtype=float)[rows].ravel())
        if stressed:
            columns.setdefault("virial", []).append(_virial(atoms).ravel())
    for name, values in columns.items():
        np.save(part / f"{name}.npy", np.array(values))


def _virial(atoms: Atoms) -> np.ndarray:
    xx, yy, zz, yz, xz, xy = atoms.calc.results["stress"]
    stress = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    virial: np.ndarray = -stress * atoms.get_volume()
    return virial
