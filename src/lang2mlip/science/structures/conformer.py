"""SMILES → atoms in space, by RDKit: distance geometry, then a force field. Deterministic by seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from lang2mlip.errors import BadInput, NotInstalled
from lang2mlip.science.structures.gate import fragment_signature, fragments

if TYPE_CHECKING:
    from rdkit.Chem.rdchem import Mol

__all__ = ["conformer", "drawn", "ions", "rdkit", "signature"]

_TRIES = 60
_STRIDE = 7919
"""Between the seeds of two tries; a prime, so that neighbouring seeds do not share their tries."""


def ions(smiles: str) -> list[str]:
    """The SMILES of each ion or molecule of a salt or complex, in order. Raises BadInput for what is no SMILES."""
    chem = rdkit()
    return [chem.MolToSmiles(part) for part in chem.GetMolFrags(_parsed(smiles), asMols=True)]


def conformer(smiles: str, seed: int) -> Atoms:
    """One conformer of one molecule or ion, its mean position at the origin, with formal charges as initial charges.

    Raises BadInput when RDKit finds no geometry.
    """
    molecule = rdkit().AddHs(_parsed(smiles))
    charges = [float(atom.GetFormalCharge()) for atom in molecule.GetAtoms()]
    atoms = Atoms([atom.GetSymbol() for atom in molecule.GetAtoms()])
    if len(atoms) > 1:
        atoms.positions = _positions(molecule, smiles, seed)
        atoms.positions -= atoms.positions.mean(axis=0)
    atoms.set_initial_charges(charges)
    return atoms


def drawn(smiles: str) -> Mol:
    """RDKit's molecule with its hydrogens, atoms in the order of `conformer`. Raises BadInput for what is no SMILES."""
    molecule: Mol = rdkit().AddHs(_parsed(smiles))
    return molecule


def signature(smiles: str) -> str:
    """The bond graph signature that an intact molecule shows at the gate."""
    molecule = rdkit().AddHs(_parsed(smiles))
    symbols = [atom.GetSymbol() for atom in molecule.GetAtoms()]
    pairs = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in molecule.GetBonds()]
    return fragment_signature(symbols, pairs)


def rdkit() -> Any:
    try:
        from rdkit import Chem
        from rdkit.rdBase import DisableLog
    except ImportError as error:
        raise NotInstalled("Building molecules needs RDKit. Get it with: pip install 'lang2mlip[molecules]'") from error
    # RDKit writes its remarks straight to the terminal; what matters becomes an error of ours.
    DisableLog("rdApp.*")
    return Chem


def _parsed(smiles: str) -> Mol:
    molecule: Mol | None = rdkit().MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        raise BadInput(f"{smiles!r} is not a SMILES string; write the molecule like CCO or O=C1OCCO1.")
    return molecule


def _positions(molecule: Mol, smiles: str, seed: int) -> np.ndarray:
    """Embedded and relaxed coordinates, shape (n, 3), Å, whose bond graph is that of the SMILES.

    Force fields can collapse a crowded centre (six ligands on phosphorus), so the outcome is checked and tried again.
    """
    symbols, wanted = [atom.GetSymbol() for atom in molecule.GetAtoms()], signature(smiles)
    for attempt in range(_TRIES):
        positions = _embedded(molecule, (seed + attempt * _STRIDE) % 2**31, plain=attempt % 2 == 1)
        if positions is not None and fragments(Atoms(symbols, positions)) == {wanted: 1}:
            return positions
    raise BadInput(f"No geometry was found for the molecule {smiles}; give a structure file instead.")


def _embedded(molecule: Mol, seed: int, plain: bool = False) -> np.ndarray | None:
    """Coordinates relaxed by MMFF94, or by the universal force field where MMFF94 lacks terms or `plain`."""
    from rdkit.Chem import AllChem as _AllChem

    # RDKit's own stubs miss what its modules re-export.
    AllChem: Any = _AllChem
    options = AllChem.ETKDGv3()
    options.randomSeed = seed
    if AllChem.EmbedMolecule(molecule, options) != 0:
        # Starting from random coordinates is slower and rougher, but finds strained molecules too.
        options.useRandomCoords = True
        if AllChem.EmbedMolecule(molecule, options) != 0:
            return None
    if AllChem.MMFFHasAllMoleculeParams(molecule) and not plain:
        AllChem.MMFFOptimizeMolecule(molecule, maxIters=2000)
    elif AllChem.UFFHasAllMoleculeParams(molecule):
        AllChem.UFFOptimizeMolecule(molecule, maxIters=2000)
    return np.array(molecule.GetConformer().GetPositions())
