"""Small files as VASP writes them, with labels of effective medium theory: enough of them to read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.units import GPa


def _kbar(atoms: Atoms) -> np.ndarray:
    """VASP's stress in kB, 3×3: the sign is opposite to ASE's."""
    return -atoms.get_stress(voigt=False) / (0.1 * GPa)


def outcar(frames: Sequence[Atoms], encut: float = 400.0) -> str:
    """An OUTCAR of one element."""
    symbol, n = frames[0].get_chemical_symbols()[0], len(frames[0])
    lines = [f" POTCAR:    PAW_PBE {symbol} 22Jun2005", f" POTCAR:    PAW_PBE {symbol} 22Jun2005"]
    lines += [f"   TITEL  = PAW_PBE {symbol} 22Jun2005", f"   ions per type = {n:15d}"]
    lines += [
        f"   ENCUT  =  {encut:.1f} eV",
        "   ISPIN  =      1    spin polarized calculation?",
        "   GGA     =    PE    GGA type",
    ]
    for step, atoms in enumerate(frames, 1):
        lines += [f"--- Iteration {step:6d}(   1)  ---", " aborting loop because EDIFF is reached"]
        xx, yy, zz, yz, xz, xy = (_kbar(atoms)[i] for i in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)))
        lines.append("  in kB  " + " ".join(f"{x:14.6f}" for x in (xx, yy, zz, xy, yz, xz)))
        lines.append("      direct lattice vectors                 reciprocal lattice vectors")
        lines += ["  " + " ".join(f"{x:15.9f}" for x in (*row, 0, 0, 0)) for row in atoms.cell.array]
        lines += [" POSITION                                       TOTAL-FORCE (eV/Angst)", " " + "-" * 83]
        rows = np.hstack([atoms.positions, atoms.get_forces()])
        lines += ["  " + " ".join(f"{x:13.8f}" for x in row) for row in rows]
        energy = atoms.get_potential_energy()
        lines += ["  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)", "  " + "-" * 51]
        lines += [f"  free  energy   TOTEN  = {energy:18.8f} eV", ""]
        lines += [f"  energy  without entropy={energy + 0.01:16.8f}  energy(sigma->0) ={energy + 0.005:16.8f}", ""]
    return "\n".join(lines) + "\n"


def vasprun(frames: Sequence[Atoms], encut: float = 400.0, stuck: int | None = None) -> str:
    """A vasprun.xml; the electrons of step `stuck` use up all their cycles."""
    symbols = frames[0].get_chemical_symbols()
    atoms = "".join(f"<rc><c>{s}</c><c>1</c></rc>" for s in symbols)
    kinds = (
        f"<rc><c>{len(symbols)}</c><c>{symbols[0]}</c><c>63.5</c><c>11.0</c><c>PAW_PBE {symbols[0]} 22Jun2005</c></rc>"
    )
    head = f"""<?xml version="1.0" encoding="ISO-8859-1"?>
<modeling>
 <incar><i name="ENCUT">{encut}</i><i type="string" name="GGA">PE</i></incar>
 <kpoints><varray name="kpointlist"><v>0 0 0</v></varray><varray name="weights"><v>1.0</v></varray></kpoints>
 <parameters><i name="ENCUT">{encut}</i><i type="int" name="ISPIN">1</i><i name="NELM">3</i></parameters>
 <atominfo><array name="atoms"><set>{atoms}</set></array><array name="atomtypes"><set>{kinds}</set></array></atominfo>
 <structure name="initialpos">{_structure(frames[0])}</structure>
"""
    return head + "\n".join(_step(a, 3 if i == stuck else 1) for i, a in enumerate(frames)) + "\n</modeling>\n"


def _structure(atoms: Atoms) -> str:
    basis, places = _rows(atoms.cell.array), _rows(atoms.get_scaled_positions(wrap=False))
    return f'<crystal><varray name="basis">{basis}</varray></crystal><varray name="positions">{places}</varray>'


def _step(atoms: Atoms, cycles: int) -> str:
    energy = atoms.get_potential_energy()
    values = f'<i name="e_fr_energy">{energy:.10f}</i><i name="e_0_energy">{energy + 0.005:.10f}</i>'
    return f""" <calculation>{cycles * f"<scstep><energy>{values}</energy></scstep>"}
  <structure>{_structure(atoms)}</structure>
  <varray name="forces">{_rows(atoms.get_forces())}</varray><varray name="stress">{_rows(_kbar(atoms))}</varray>
  <energy>{values}</energy>
 </calculation>"""


def _rows(values: np.ndarray) -> str:
    return "".join("<v>" + " ".join(f"{x:.10f}" for x in row) + "</v>" for row in values)
