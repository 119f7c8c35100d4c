"""Molecules of up to seven heavy atoms (C N O S), labelled at B3LYP/6-31G(d): the data of an arena of auto-research.

Every molecule of up to five heavy atoms is enumerated (atoms are added and rings closed one bond at a time, under rules
of stability that what is added later cannot mend). Larger ones are too many to list in minutes, so they are grown from
parents drawn by seed, unless --exhaustive says otherwise. Some of each size are drawn by seed, embedded by RDKit
(ETKDG, then MMFF94 or UFF), displaced, and labelled by PySCF without density fitting. Each label is a file of its own
in --work, so the work can be stopped and gone on with, and spread over a cluster with --part K/N. `--pack` writes the
set and its hash, without molecules whose geometry the force field has wrong.

    python benchmarks/research_molecules.py --work /tmp/molecules          # 500 frames, an hour and a half
    python benchmarks/research_molecules.py --work big --sizes 2:20,3:200,4:2000,5:4000,6:4000,7:4000 --part 3/64
    python benchmarks/research_molecules.py --work /tmp/molecules --pack
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
import os
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from ase import Atoms
from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem

from lang2mlip.catalogue import load
from lang2mlip.science.atoms.frames import labelled, read_frames, write_frames

DATA = Path(__file__).parents[1] / "src" / "lang2mlip" / "data" / "research" / "molecules.extxyz.xz"
METHOD = {"method": "b3lyp", "basis": "6-31g*", "density_fit": False, "grid_level": 1}
"""The forces hold the response of the grid; against the next finer grid they differ by 1 meV/Å, energies by 0.1 meV."""
SIZES = "1:4,2:17,3:46,4:40,5:12,6:4,7:2"
GEOMETRIES = 4
EXHAUSTIVE = 5
"""Sizes of which every molecule is enumerated before some are drawn."""
SIGMAS_A = (0.02, 0.04, 0.06, 0.09)
HEAVY_SHARE = 0.6
"""Heavy atoms are displaced by this share of what hydrogen is: they vibrate less."""
CALM_EV_A = 5.0
"""Rms force above which not even the least displaced frame is near a minimum: the force field has no such bond. MMFF94
gives N2 a bond of 1.46 Å, that of a single one, and forces of 10 eV/Å; the other 124 drawn have 0.2 to 2.5."""
VALENCE = {"C": 4, "N": 3, "O": 2, "S": 2}
UNSTABLE = tuple(
    Chem.MolFromSmarts(text)
    for text in (
        "[O,S]~[O,S]", "[O,S]~[N]~[N,O,S]", "[N]~[N]~[N]", "*=*=*", "[r3,r4]=,#[r3,r4]", "*#[R]", "[r5]#*",
        "[r3;!#6]@[!#6]", "[CX4]([OH,NH2,SH])[OH,NH2,SH]", "C=C[OH,SH,NH2]", "C=S~[O,S]", "N=[C]=*",
    )
)  # fmt: skip
"""Bonds that part on their own or turn into another molecule at once."""


def sound(molecule: Any) -> bool:
    """Whether none of the unstable patterns is in the molecule and it has two rings at most."""
    return Chem.rdMolDescriptors.CalcNumRings(molecule) <= 2 and not any(
        molecule.HasSubstructMatch(pattern) for pattern in UNSTABLE
    )


def grown(smiles: str) -> Iterator[Any]:
    """Every molecule with one more heavy atom, on any atom by any bond."""
    start = Chem.MolFromSmiles(smiles)
    Chem.Kekulize(start, clearAromaticFlags=True)
    for place in range(start.GetNumAtoms()):
        free = start.GetAtomWithIdx(place).GetTotalNumHs()
        for symbol, valence in VALENCE.items():
            for order in range(1, min(free, valence, 3) + 1):
                editable = Chem.RWMol(start)
                new = editable.AddAtom(Chem.Atom(symbol))
                editable.AddBond(place, new, Chem.BondType.values[order])
                yield editable


def closed(smiles: str) -> Iterator[Any]:
    """Every molecule with one more bond between two of its atoms: a ring more."""
    start = Chem.MolFromSmiles(smiles)
    Chem.Kekulize(start, clearAromaticFlags=True)
    free = [atom.GetTotalNumHs() for atom in start.GetAtoms()]
    for a in range(len(free)):
        for b in range(a + 1, len(free)):
            if free[a] and free[b] and start.GetBondBetweenAtoms(a, b) is None:
                editable = Chem.RWMol(start)
                editable.AddBond(a, b, Chem.BondType.SINGLE)
                yield editable


@cache
def enumerated(heavy: int, parents: int | None = None, seed: int = 0) -> tuple[str, ...]:
    """SMILES of all sound molecules with so many heavy atoms, sorted; of those that grow from `parents` drawn ones."""
    if heavy == 1:
        return tuple(sorted(VALENCE))
    smaller = enumerated(heavy - 1, parents if heavy - 1 > EXHAUSTIVE else None, seed)
    if parents is not None:
        smaller = _drawn(smaller, parents, [seed, heavy, 1])
    found = set(_sound_smiles(new for smiles in smaller for new in grown(smiles)))
    edge = found
    while edge:
        edge = set(_sound_smiles(new for smiles in sorted(edge) for new in closed(smiles))) - found
        found |= edge
    return tuple(sorted(found))


def _drawn(every: tuple[str, ...], count: int, seed: list[int]) -> tuple[str, ...]:
    """So many of them, without replacement."""
    order = np.random.default_rng(seed).permutation(len(every))
    return tuple(every[index] for index in order[:count])


def _sound_smiles(candidates: Iterator[Any]) -> Iterator[str]:
    for molecule in candidates:
        if Chem.SanitizeMol(molecule, catchErrors=True) == Chem.SanitizeFlags.SANITIZE_NONE and sound(molecule):
            smiles = Chem.MolToSmiles(molecule)
            if Chem.MolFromSmiles(smiles) is not None:
                yield smiles


def chosen(sizes: dict[int, int], seed: int) -> list[str]:
    """The molecules of the set: so many of each size, drawn without replacement."""
    picked = []
    for heavy, count in sorted(sizes.items()):
        every = enumerated(heavy, None if heavy <= EXHAUSTIVE else max(20, count), seed)
        picked += _drawn(every, count, [seed, heavy])
    return picked


def geometries(smiles: str, seed: int, count: int = GEOMETRIES) -> list[Atoms]:
    """`count` geometries of a molecule: conformers, relaxed by a force field, then displaced more and more."""
    molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))
    own = int(hashlib.sha256(f"{seed} {smiles}".encode()).hexdigest()[:7], 16)
    ids = list(AllChem.EmbedMultipleConfs(molecule, count, randomSeed=own))
    if not ids:
        return []
    if AllChem.MMFFHasAllMoleculeParams(molecule):
        AllChem.MMFFOptimizeMoleculeConfs(molecule)
    elif AllChem.UFFHasAllMoleculeParams(molecule):
        AllChem.UFFOptimizeMoleculeConfs(molecule)
    symbols = [atom.GetSymbol() for atom in molecule.GetAtoms()]
    rng, made = np.random.default_rng(own), []
    for number in range(count):
        atoms = Atoms(symbols, molecule.GetConformer(ids[number % len(ids)]).GetPositions())
        share = np.where(atoms.numbers == 1, 1.0, HEAVY_SHARE)[:, None]
        sigma = SIGMAS_A[number % len(SIGMAS_A)]
        atoms.positions += rng.normal(size=(len(atoms), 3)) * sigma * share
        atoms.positions = np.round(atoms.positions - atoms.positions.mean(axis=0), 6)
        atoms.info |= {"smiles": smiles, "heavy": int((atoms.numbers > 1).sum()), "sigma_A": sigma}
        made.append(atoms)
    return made


def everything(sizes: dict[int, int], seed: int) -> list[Atoms]:
    """All frames without labels, shuffled so that any beginning of the work is a set like the whole."""
    frames = [atoms for smiles in chosen(sizes, seed) for atoms in geometries(smiles, seed)]
    order = np.random.default_rng(seed).permutation(len(frames))
    return [frames[index] for index in order]


def label(atoms: Atoms) -> Atoms:
    """The frame with energy (eV) and forces (eV/Å) at the level of the set. Raises LabelFailed."""
    kind = load("reference", "pyscf")
    calculator = kind(kind.Settings(**METHOD)).calculator()
    worked = atoms.copy()
    worked.calc = calculator
    return labelled(atoms, energy=worked.get_potential_energy(), forces=worked.get_forces())


def work(folder: Path, frames: list[Atoms], part: tuple[int, int]) -> None:
    """Label what is not labelled yet; a molecule whose field does not converge leaves a file that says so."""
    from lang2mlip.errors import LabelFailed

    folder.mkdir(parents=True, exist_ok=True)
    mine = [number for number in range(len(frames)) if number % part[1] == part[0]]
    for number in mine:
        target, failed = folder / f"{number:06d}.extxyz", folder / f"{number:06d}.failed"
        if target.exists() or failed.exists():
            continue
        started = time.perf_counter()
        try:
            write_frames(target, [label(frames[number])])
        except LabelFailed as error:
            failed.write_text(str(error), encoding="utf-8")
        seconds = time.perf_counter() - started
        print(f"{number} of {len(frames)}: {frames[number].info['smiles']} {seconds:.1f} s", flush=True)


def near_minima(frames: list[Atoms]) -> list[Atoms]:
    """The frames of the molecules whose calmest one is near a minimum; what is left out is printed."""
    calmest: dict[str, float] = {}
    for frame in frames:
        name, rms = frame.info["smiles"], float(np.sqrt(np.mean(frame.get_forces() ** 2)))
        calmest[name] = min(rms, calmest.get(name, rms))
    for name in (name for name, rms in calmest.items() if rms > CALM_EV_A):
        print(f"left out: {name}, its calmest frame has an rms force of {calmest[name]:.1f} eV/Å")
    return [frame for frame in frames if calmest[frame.info["smiles"]] <= CALM_EV_A]


def pack(folder: Path, target: Path) -> str:
    """Write the labelled frames as one compressed file; its SHA-256, written beside it."""
    frames = near_minima([frame for file in sorted(folder.glob("*.extxyz")) for frame in read_frames(file)])
    plain = folder / "all.tmp"
    write_frames(plain, frames)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(lzma.compress(plain.read_bytes(), preset=9))
    plain.unlink()
    found = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_name(target.name + ".sha256").write_text(f"{found}  {target.name}\n", encoding="utf-8")
    print(f"{len(frames)} frames, {sum(map(len, frames))} atoms, {target.stat().st_size} bytes, {found}")
    return found


def main() -> None:
    """The command line."""
    RDLogger.DisableLog("rdApp.*")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sizes", default=SIZES, help="heavy atoms:molecules, …")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", default="0/1", help="K/N: every N-th frame from the K-th")
    parser.add_argument("--pack", action="store_true")
    parser.add_argument("--to", type=Path, default=DATA)
    parser.add_argument("--count", action="store_true", help="how many molecules there are, and label nothing")
    parser.add_argument("--exhaustive", type=int, default=EXHAUSTIVE, help="enumerate every molecule up to this size")
    told = parser.parse_args()
    globals()["EXHAUSTIVE"] = told.exhaustive
    sizes = {int(pair.split(":")[0]): int(pair.split(":")[1]) for pair in told.sizes.split(",")}
    if told.count:
        print({heavy: len(enumerated(heavy)) for heavy in sizes})
    elif told.pack:
        pack(told.work, told.to)
    else:
        part, parts = (int(word) for word in told.part.split("/"))
        work(told.work, everything(sizes, told.seed), (part, parts))


if __name__ == "__main__":
    sys.exit(main())
