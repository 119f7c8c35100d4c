"""The truths of `lang2mlip bench lammps` that no paper gives: the same potential files asked from Python, no script.

python benchmarks/lammps_truths.py [TASK…]     writes data/benchtruths/computed.yaml; half an hour on one core
python benchmarks/lammps_truths.py --check [TASK…]     computes anew, and shows how far what is stored is off
"""

import sys
import time
from pathlib import Path

import numpy as np
import yaml
from ase import units
from ase.calculators.calculator import Calculator, all_changes
from ase.md.langevin import Langevin
from ase.md.nose_hoover_chain import IsotropicMTKNPT
from ase.md.velocitydistribution import Stationary, thermalize_momenta

import lang2mlip
from lang2mlip.data import table
from lang2mlip.science.atoms.drive import Counted
from lang2mlip.science.evaluation.elastic import Elastic
from lang2mlip.science.evaluation.equation_of_state import EquationOfState
from lang2mlip.science.evaluation.measured import relax
from lang2mlip.science.evaluation.surface_energy import SurfaceEnergy
from lang2mlip.science.evaluation.vacancy import Vacancy
from lang2mlip.science.reference.lammps_file import LammpsReference
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.surface import Surface, SurfaceParameters

DATA = Path(lang2mlip.__file__).parent / "data"
FILE = DATA / "benchtruths" / "computed.yaml"
HEAD = "# Written by `python benchmarks/lammps_truths.py`: ASE drives the potential file, without a LAMMPS script.\n"
G_CM3 = 1.66053906660
GPA = 1 / units.GPa


def crystal(how):
    built = Bulk(BulkParameters.model_validate({"crystal": how["crystal"], "repeat": (1, 1, 1)})).build(0)
    built.pbc = True
    return built


class Pairs(Calculator):
    """Lennard-Jones between nearest images within 3.05 sigma, with the tail beyond it: a page of numpy, no engine."""

    implemented_properties = ["energy", "forces", "stress", "free_energy"]

    def __init__(self, element):
        super().__init__()
        self.depth, self.sigma = (table("lj")[element][name] for name in ("epsilon_eV", "sigma_A"))

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        cut, count, box = 3.05 * self.sigma, len(atoms), atoms.cell.lengths()
        assert box.min() > 2 * cut
        i, j = np.triu_indices(count, 1)
        apart = atoms.positions[i] - atoms.positions[j]
        apart -= np.round(apart / box) * box
        square = (apart**2).sum(axis=1)
        near = square < cut**2
        i, j, apart, square = i[near], j[near], apart[near], square[near]
        six = (self.sigma**2 / square) ** 3
        force = (24 * self.depth * (2 * six**2 - six) / square)[:, None] * apart
        forces = np.zeros((count, 3))
        for axis in range(3):
            forces[:, axis] = np.bincount(i, force[:, axis], count) - np.bincount(j, force[:, axis], count)
        density, ratio = count / atoms.get_volume(), (self.sigma / cut) ** 3
        front = np.pi * density * self.depth * self.sigma**3
        energy = 4 * self.depth * (six**2 - six).sum() + count * 8 / 3 * front * (ratio**3 / 3 - ratio)
        tail = 16 / 3 * density * front * (2 / 3 * ratio**3 - ratio)
        stress = -(apart.T @ force) / atoms.get_volume() - np.eye(3) * tail
        voigt = stress[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        self.results = {"energy": energy, "free_energy": energy, "forces": forces, "stress": voigt}


def calculator(task):
    if task["potential"] == "lj":
        return Pairs(task["computed"]["crystal"])
    return LammpsReference(LammpsReference.Settings(file=task["potential"])).calculator()


def constants(task):
    return Elastic(strain=0.002).constants(crystal(task["computed"]), calculator(task)).GPa


def young100(c):
    return (c["C11"] - c["C12"]) * (c["C11"] + 2 * c["C12"]) / (c["C11"] + c["C12"])


def at_rest(task):
    """The number of a crystal at 0 K."""
    how, atoms = task["computed"], crystal(task["computed"])
    name = how["how"]
    if name in ("C11", "C12", "C44"):
        return constants(task)[name]
    if name in ("young100", "poisson100"):
        c = constants(task)
        return young100(c) if name == "young100" else c["C12"] / (c["C11"] + c["C12"])
    if name == "vacancy":
        return Vacancy(length_A=14.0).formation(atoms, calculator(task)).energy_eV
    if name == "surface":
        wanted = SurfaceParameters(
            crystal=how["crystal"], miller=tuple(how["miller"]), layers=14, lateral=(1, 1), vacuum_A=20
        )
        slab = Surface(wanted).build(0)
        slab.pbc = True
        return SurfaceEnergy(fmax_eV_A=2e-3).cleaved(slab, atoms, calculator(task)).energy_J_m2
    found = EquationOfState().curve(atoms, calculator(task))
    values = {"lattice": found.lattice_parameter_A, "bulk": found.minimum.bulk_modulus_GPa,
              "energy": found.minimum.energy_eV_atom}  # fmt: skip
    return values[name]


STEP_FS = {"lj": 5.0}


def started(task, kelvin):
    """The crystal at its own lattice, of `times` cells each way, with velocities."""
    how, calc = task["computed"], calculator(task)
    if task["potential"] == "lj":
        atoms = crystal(how).repeat(4)
    else:
        atoms = relax(crystal(how), Counted(calc), "volume", 1e-3)[0].repeat(how["times"])
    atoms.calc = calculator(task)  # a calculator serves one number of atoms
    thermalize_momenta(atoms, temperature_K=2 * kelvin, rng=np.random.default_rng(1))
    Stationary(atoms)
    return atoms


def moved(atoms, task, kelvin, steps, skip, pressure=True):
    """Means over a stretch of MD: ASE's own integrators (Martyna, Tobias and Klein's, or Langevin's)."""
    step = STEP_FS.get(task["potential"], 2.0) * units.fs
    if pressure:
        damped = {"tdamp": 100 * units.fs, "pdamp": 1000 * units.fs}
        md = IsotropicMTKNPT(atoms, step, temperature_K=kelvin, pressure_au=0.0, **damped)
    else:
        chance = np.random.default_rng(2)
        md = Langevin(atoms, step, temperature_K=kelvin, friction=0.005 / units.fs, rng=chance, fixcm=False)
    rows, frames = [], []
    for n in range(steps // 10):
        md.run(10)
        if n >= skip // 10:
            stress = -atoms.get_stress(voigt=True, include_ideal_gas=True)[:3].mean() * GPA
            rows.append((atoms.get_volume() / len(atoms), atoms.get_potential_energy() / len(atoms), stress))
            frames.append(atoms.copy())
    return np.mean(rows, axis=0), frames


def peak(frames):
    """The top of g(r) by ASE's neighbour search."""
    from ase.neighborlist import neighbor_list

    edges = np.arange(1.0, 5.0, 0.02)
    g = np.zeros(len(edges) - 1)
    for one in frames[::20]:
        g += np.histogram(neighbor_list("d", one, 5.0), edges)[0] / np.diff(edges**3)
    middle = (edges[1:] + edges[:-1]) / 2
    near = np.abs(middle - middle[np.argmax(g)]) < 0.15
    bend, slope, _ = np.polyfit(middle[near], g[near], 2)
    return -slope / (2 * bend)


def hot(task):
    """The number of an ensemble."""
    how = task["computed"]
    phase, what = how["how"].split("_")
    kelvin = how["temperature_K"]
    atoms = started(task, kelvin)
    if phase == "nvt":
        density = atoms.get_masses().sum() / atoms.get_volume() * G_CM3
        atoms.set_cell(atoms.cell.array * (density / how["density"]) ** (1 / 3), scale_atoms=True)
    if phase == "melt":
        atoms.set_cell(atoms.cell.array * 1.05, scale_atoms=True)
        thermalize_momenta(atoms, temperature_K=2 * how["hot_K"], rng=np.random.default_rng(3))
        moved(atoms, task, how["hot_K"], 3000, 3000, pressure=False)
    (volume, energy, pressure), frames = moved(atoms, task, kelvin, 8000, 2000, pressure=phase != "nvt")
    mass = float(atoms.get_masses().mean())
    return {"density": mass / volume * G_CM3, "energy": energy, "volume": volume, "pressure": pressure,
            "peak": peak(frames) if what == "peak" else None}[what]  # fmt: skip


def expansion(task):
    low, high = task["computed"]["temperature_K"]
    kelvins, volumes = np.linspace(low, high, 4), []
    for kelvin in kelvins:
        mean, _ = moved(started(task, kelvin), task, kelvin, 6000, 1500)
        volumes.append(mean[0])
    return np.polyfit(kelvins, np.log(volumes) / 3, 1)[0] * 1e6


def truth(task):
    how = task["computed"]["how"]
    found = expansion(task) if how == "expansion" else hot(task) if "_" in how else at_rest(task)
    return float(found)


def main(words):
    check, wanted = "--check" in words, [one for one in words if one != "--check"]
    tasks = yaml.safe_load((DATA / "benchlammps" / "own.yaml").read_text(encoding="utf-8"))
    blind = DATA / "benchlammps" / "blind.yaml"
    tasks |= yaml.safe_load(blind.read_text(encoding="utf-8")) if blind.exists() else {}
    known = yaml.safe_load(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    for name, task in tasks.items():
        if "computed" not in task or (wanted and name not in wanted) or (not wanted and not check and name in known):
            continue
        begun = time.monotonic()
        value = truth(task)
        off = f", stored {known[name]['value']:.6g}" if name in known else ""
        print(f"{name:18} {value:.6g}{off}   {time.monotonic() - begun:.0f} s", flush=True)
        if not check:
            how = f"{task['computed']['how']}, {task['potential']}, ASE without a script"
            known[name] = {"value": round(value, 7), "source": f"python benchmarks/lammps_truths.py {name} ({how})"}
            FILE.write_text(HEAD + yaml.safe_dump(known, sort_keys=True, width=118), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
