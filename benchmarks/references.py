"""What the reference methods cost, and how far the cheap ones are from experiment for cubic crystals.

    python benchmarks/references.py [--full] [--out FILE.json]

Prints three tables and writes benchmarks/references.json. Quick tier: about two minutes on one core; --full adds the
slow references. Experimental constants at room temperature: G. Simmons and H. Wang, Single Crystal Elastic Constants
and Calculated Aggregate Properties (1971), rounded to GPa. Surface energies: W. R. Tyson and W. A. Miller, Surf. Sci.
62, 267 (1977).
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from ase import Atoms, units
from ase.build import bulk, fcc111, molecule
from ase.calculators.calculator import Calculator
from ase.optimize import BFGS

from lang2mlip.science.reference.spec import open_reference, parse
from lang2mlip.units import gpa

EXPERIMENT = {  # lattice, a (Å), C11, C12, C44 (GPa)
    "Ag": ("fcc", 4.086, 124, 94, 46),
    "Al": ("fcc", 4.050, 107, 61, 28),
    "Au": ("fcc", 4.078, 193, 164, 42),
    "Cu": ("fcc", 3.615, 168, 121, 75),
    "Fe": ("bcc", 2.867, 231, 135, 116),
    "Ge": ("diamond", 5.658, 129, 48, 67),
    "Mo": ("bcc", 3.147, 464, 158, 109),
    "Ni": ("fcc", 3.524, 247, 147, 125),
    "Pd": ("fcc", 3.890, 227, 176, 72),
    "Pt": ("fcc", 3.924, 347, 251, 76),
    "Si": ("diamond", 5.431, 166, 64, 80),
    "Ta": ("bcc", 3.301, 260, 155, 83),
    "W": ("bcc", 3.165, 522, 204, 161),
}
CRYSTALS = {  # reference → elements
    "emt": "Ag Al Au Cu Ni Pd Pt",
    "Si.sw": "Si",
    "Si.tersoff": "Si",
    "Si.tersoff.mod": "Si",
    "Si.edip": "Si",
    "Si_2.meam.spline": "Si",
    "Si_Zuo_JPCA2020.snap": "Si",
    "SiC_Erhart-Albe.tersoff": "Si",
    "Ge.tersoff": "Ge",
    "Ge_Zuo_JPCA2020.snap": "Ge",
    "Cu_mishin1.eam.alloy": "Cu",
    "Cu_zhou.eam.alloy": "Cu",
    "Cu_Zuo_JPCA2020.snap": "Cu",
    "CuNi.eam.alloy": "Cu Ni",
    "Al_zhou.eam.alloy": "Al",
    "Al_mm.eam.fs": "Al",
    "Ni.adp": "Ni",
    "Ni_u3.eam": "Ni",
    "Ni_Zuo_JPCA2020.snap": "Ni",
    "Fe_mm.eam.fs": "Fe",
    "W_zhou.eam.alloy": "W",
    "W_2940_2017_2.snap": "W",
    "Mo_Zuo_JPCA2020.snap": "Mo",
    "Mo_Chen_PRM2017.snap": "Mo",
    "Ta06A.snap": "Ta",
    "Ag_u3.eam": "Ag",
    "Au_u3.eam": "Au",
    "Pd_u3.eam": "Pd",
    "Pt_u3.eam": "Pt",
}
SURFACES = {  # element → surface energy from liquid surface tensions, J/m²
    "Ag": 1.25,
    "Al": 1.14,
    "Au": 1.51,
    "Cu": 1.79,
    "Ni": 2.38,
    "Pd": 2.00,
    "Pt": 2.49,
}
QUICK = (
    ("emt", "fcc108"),
    ("emt", "fcc500"),
    ("lj", "rare108"),
    ("lammps:Cu_mishin1.eam.alloy", "fcc108"),
    ("lammps:Cu_mishin1.eam.alloy", "fcc500"),
    ("lammps:Cu_Zuo_JPCA2020.snap", "fcc108"),
    ("lammps:Si.sw", "diamond64"),
    ("lammps:Si.tersoff", "diamond64"),
    ("lammps:ffield.reax.cho", "ethanol"),
    ("gfn1-xtb", "ethanol"),
    ("gfn2-xtb", "ethanol"),
    ("gfn2-xtb", "benzene"),
)
FULL = (
    ("gfn1-xtb", "diamond64"),
    ("chgnet", "diamond64"),
    ("pyscf:hf/sto-3g", "ethanol"),
    ("pyscf:pbe/def2-svp", "ethanol"),
    ("pyscf:b3lyp/6-31g*", "ethanol"),
)


def system(name: str) -> Atoms:
    """The structure that a line of the speed table is about."""
    makers = {
        "fcc108": lambda: bulk("Cu", cubic=True) * (3, 3, 3),
        "fcc500": lambda: bulk("Cu", cubic=True) * (5, 5, 5),
        "rare108": lambda: bulk("Ar", "fcc", a=5.26, cubic=True) * (3, 3, 3),
        "diamond64": lambda: bulk("Si", cubic=True) * (2, 2, 2),
        "ethanol": lambda: molecule("CH3CH2OH"),
        "benzene": lambda: molecule("C6H6"),
    }
    return makers[name]()


def speed(text: str, name: str) -> dict[str, object]:
    """Core-seconds per call and atom-steps/s along small random moves (at least 3 calls, 1 s)."""
    atoms, generator = system(name), np.random.default_rng(0)
    atoms.calc = open_reference(parse(text)).calculator()
    atoms.get_forces()
    calls, start = 0, time.process_time()
    while calls < 3 or time.process_time() - start < 1.0:
        atoms.positions += generator.normal(0, 0.005, (len(atoms), 3))
        atoms.get_forces()
        calls += 1
    each = (time.process_time() - start) / calls
    return {
        "reference": text,
        "system": name,
        "atoms": len(atoms),
        "ms_per_call": 1e3 * each,
        "per_s": len(atoms) / each,
    }


def lattice(calculator: Calculator, element: str) -> float:
    """The cubic lattice parameter without pressure (Å), by bisection."""
    kind, known = EXPERIMENT[element][:2]
    low, high = 0.95 * known, 1.06 * known
    for _ in range(40):
        middle = 0.5 * (low + high)
        atoms = bulk(element, kind, a=middle, cubic=True)
        low, high = (low, middle) if calculator.get_stress(atoms)[:3].mean() > 0 else (middle, high)
    return middle


def stress(calculator: Calculator, element: str, a: float, strain: np.ndarray) -> np.ndarray:
    """Stress (GPa) under a strain, the inner positions relaxed."""
    atoms = bulk(element, EXPERIMENT[element][0], a=a, cubic=True)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    atoms.calc = calculator
    BFGS(atoms, logfile=None).run(fmax=1e-4, steps=100)
    return gpa(1.0) * atoms.get_stress()


def constants(text: str, element: str, step: float = 2e-3) -> dict[str, object]:
    """a, C11, C12 and C44 beside experiment."""
    calculator = open_reference(parse(text)).calculator()
    a = lattice(calculator, element)
    axial, shear = np.zeros((3, 3)), np.zeros((3, 3))
    axial[0, 0], shear[1, 2], shear[2, 1] = step, step / 2, step / 2
    pull = (stress(calculator, element, a, axial) - stress(calculator, element, a, -axial)) / (2 * step)
    turn = (stress(calculator, element, a, shear) - stress(calculator, element, a, -shear)) / (2 * step)
    found = {"a_A": a, "C11_GPa": pull[0], "C12_GPa": pull[1], "C44_GPa": turn[3]}
    known = dict(zip(found, EXPERIMENT[element][1:], strict=True))
    return {"reference": text, "element": element, **found, "experiment": known}


def surface(text: str, element: str) -> dict[str, object]:
    """Relaxed energy of the close-packed (111) surface beside experiment, J/m²."""
    calculator = open_reference(parse(text)).calculator()
    a = lattice(calculator, element)
    bulk_energy = calculator.get_potential_energy(bulk(element, "fcc", a=a))
    slab = fcc111(element, (1, 1, 9), a=a, vacuum=10)
    slab.calc = calculator
    BFGS(slab, logfile=None).run(fmax=5e-3, steps=200)
    area = np.linalg.norm(np.cross(slab.cell[0], slab.cell[1]))
    energy = (slab.get_potential_energy() - len(slab) * bulk_energy) / (2 * area) / (units.J / units.m**2)
    return {"reference": text, "element": element, "surface_111_J_m2": energy, "experiment": SURFACES[element]}


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the slow references too")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    chosen = parser.parse_args()
    speeds, crystals, surfaces = [], [], []
    for text, name in QUICK + (FULL if chosen.full else ()):
        speeds.append(row := speed(text, name))
        print(f"{text:32s} {name:10s} {row['ms_per_call']:9.2f} ms/call {row['per_s']:10.0f} atom-steps/s", flush=True)
    for file, elements in CRYSTALS.items():
        for element in elements.split():
            crystals.append(found := constants(file if file == "emt" else f"lammps:{file}", element))
            numbers = "  ".join(f"{key} {found[key]:.3f} ({known})" for key, known in found["experiment"].items())
            print(f"{file:28s} {element:2s} {numbers}", flush=True)
    for element in SURFACES:
        surfaces.append(found := surface("emt", element))
        print(f"emt {element:2s} (111) {found['surface_111_J_m2']:.2f} ({found['experiment']}) J/m²", flush=True)
    command = "python benchmarks/references.py" + (" --full" if chosen.full else "")
    chosen.out.write_text(
        json.dumps({"command": command, "speed": speeds, "crystals": crystals, "surfaces": surfaces}, indent=1)
    )


if __name__ == "__main__":
    main()
