"""Sound simulations that the faults of the lammps_checker are made from: scripts and logs that really ran."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ase import Atoms
from ase.build import bulk

from lang2mlip.labs.lammps import engine
from lang2mlip.labs.lammps.engine import Limits
from lang2mlip.labs.lammps.potential import chosen, named
from lang2mlip.labs.lammps.recipes.equilibrate import Equilibrate
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.words import understood
from lang2mlip.labs.lammps.writer import RecipeWriter

DONE = "done.txt"
LIMITS = Limits(time_s=900.0, silent_s=300.0)


@dataclass(frozen=True)
class Host:
    """A sound script with its system."""

    name: str
    system: System
    script: str
    log: str = ""
    folder: Path = field(default=Path())

    @property
    def metal(self) -> bool:
        """Its units are metal."""
        return self.system.units.name == "metal"

    def placed(self, folder: Path, script: str | None = None) -> Path:
        """Its files in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.system.write(folder)
        self.system.potential.copy_to(folder)
        (folder / engine.SCRIPT).write_text(self.script if script is None else script, encoding="utf-8")
        return folder

    def ran(self, folder: Path, script: str | None = None) -> engine.Ran:
        """Run it, or another script on its files, to the end."""
        return engine.run(self.placed(folder, script), self.system, LIMITS)

    def with_log(self, folder: Path) -> Host:
        """The same with the log of its run. Raises AssertionError where LAMMPS ended with an error."""
        if not (folder / DONE).is_file() or (folder / DONE).read_text(encoding="utf-8") != self.script:
            ran = self.ran(folder)
            assert ran.fault is None, f"{self.name}: {ran.fault}"
            (folder / DONE).write_text(self.script, encoding="utf-8")
        return replace(self, log=(folder / engine.LOG).read_text(encoding="utf-8"), folder=folder)


SHORT = {"rest_ps": 3.0, "ps": 3.0}
MOTION = {
    "copper": ("equilibrate copper at 300 K", {**SHORT, "atoms": 256}),
    "nickel": ("thermodynamic averages of nickel at 600 K, NVT: equilibrate it", {**SHORT, "atoms": 256}),
    "argon": ("equilibrate solid argon at 40 K", {"rest_ps": 10.0, "ps": 10.0, "atoms": 256}),
    "aluminium": ("equilibrate aluminium at 400 K and 1 GPa", {**SHORT, "atoms": 256}),
    "iron": ("diffusion in iron at 500 K", {**SHORT, "atoms": 250}),
    "silicon": ("equilibrate silicon at 500 K", {**SHORT, "atoms": 216}),
    "tungsten": ("equilibrate tungsten at 1000 K", {**SHORT, "atoms": 250}),
    "gold": ("mean squared displacement of gold at 300 K", {**SHORT, "atoms": 256}),
    "liquid argon": (
        "diffusion coefficient of liquid argon at 94.4 K and 1.374 g/cm3",
        {"rest_ps": 10.0, "ps": 12.0, "melt_ps": 6.0, "atoms": 256},
    ),
}
STILL = (
    "elastic constants of copper",
    "elastic constants of silicon",
    "minimise iron",
    "minimise tungsten",
    "energy-volume curve of palladium",
    "equation of state of aluminium",
    "vacancy formation energy of copper",
    "vacancy formation energy of nickel",
    "surface energy of Cu(111)",
    "surface energy of the Ni(100) surface",
    "lattice constant of gold",
    "bulk modulus of platinum",
    "elastic moduli of nickel",
    "minimise silver",
)
LONG = (
    "thermal conductivity of solid argon at 40 K",
    "viscosity of liquid argon at 94.4 K and 1.374 g/cm3",
    "thermal expansion of copper from 300 to 600 K",
    "melting point of aluminium by coexistence",
    "tensile test of copper at 300 K",
    "shear deformation of nickel at 300 K",
    "diffusion in liquid copper at 1600 K",
    "radial distribution function of liquid aluminium at 1200 K",
    "equilibrate magnesium at 300 K",
    "equilibrate zirconium at 500 K",
    "equilibrate germanium at 300 K",
    "equilibrate titanium at 300 K",
)
"""Their scripts are sound, and take minutes: checked, not run."""

COMPOUNDS = {
    "nickel-copper": ("CuNi.eam.alloy", ("CuNi", "rocksalt", 5.0)),
    "silicon carbide": ("SiC.tersoff", ("SiC", "zincblende", 4.36)),
    "gallium nitride": ("GaN.tersoff", ("GaN", "zincblende", 4.5)),
    "nickel aluminide": ("NiAlH_jea.eam.alloy", ("NiAl", "cesiumchloride", 2.88)),
    "cobalt aluminide": ("CoAl.eam.alloy", ("CoAl", "cesiumchloride", 2.86)),
    "indium phosphide": ("InP.vashishta", ("InP", "zincblende", 5.87)),
    "iron phosphide": ("FeP_mm.eam.fs", ("FeP", "rocksalt", 5.0)),
    "palladium hydride": ("PdHHe.eam.he", ("PdH", "rocksalt", 4.09)),
    "reactive carbon": ("ffield.reax.cho", ("C", "diamond", 3.57)),
    "copper-zirconium": ("CuZr_mm.eam.fs", ("CuZr", "cesiumchloride", 3.26)),
}
SLOW = ("reactive carbon",)
"""Checked, not run."""


def of_words(words: str, given: dict[str, object]) -> Host:
    """What the recipes write for these words."""
    wish = understood(words, given)
    writer = RecipeWriter(wish.recipe)
    elements = wish.elements()
    atoms = wish.recipe.structure(wish.component)
    system = System(atoms, chosen(elements, wish.phases()), writer.step_fs(elements), wish.cubic())
    return Host(words, system, writer.script(system))


def compound(name: str) -> Host:
    """An equilibration of a compound whose elements have an order."""
    file, (formula, lattice, edge) = COMPOUNDS[name]
    cell: Atoms = bulk(formula, lattice, a=edge, cubic=True)
    atoms = cell.repeat(max(2, round(12.5 / edge)))
    system = System(atoms, named(file, set(atoms.get_chemical_symbols())), 1.0, cubic=True)
    return Host(name, system, Equilibrate(rest_ps=2.0, ps=2.0).script(system))


def nve(host: Host, kelvin: float, step_fs: float, steps: int = 1000) -> Host:
    """The same atoms at constant energy."""
    units = host.system.units
    system = replace(host.system, step_fs=step_fs)
    script = system.head("Constant energy", 10) + (
        f"velocity        all create {2 * kelvin:g} 11 mom yes rot no dist gaussian\n"
        f"fix             move all nvt temp {kelvin:g} {kelvin:g} {units.of_fs(100 * min(step_fs, 2.0))}\n"
        "run             300\nunfix           move\nfix             move all nve\n"
        f"run             {steps}\n"
    )
    return Host(f"{host.name} at constant energy", system, script)
