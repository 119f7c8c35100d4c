"""Task: what the person wants, in terms that a program can act on. Saved as task.yaml, which a person can edit."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from lang2mlip.contracts.base import Json, Noun, Seed
from lang2mlip.contracts.protocols import Written

__all__ = [
    "Assumption",
    "Budget",
    "Component",
    "Goals",
    "Phase",
    "PotentialSpec",
    "ReferenceSpec",
    "Simulation",
    "Strategy",
    "Task",
]

Phase = Literal[
    "crystal", "surface", "vacancy", "melt", "liquid", "amorphous", "gas", "cluster", "polymer", "interface"
]
"""A state of matter or a defect that the potential must describe."""

PropertyName = Literal[
    "lattice",
    "equation_of_state",
    "elastic",
    "phonons",
    "vacancy",
    "surface_energy",
    "density",
    "rdf",
    "msd",
    "diffusion",
    "melting",
    "thermal_expansion",
    "viscosity",
    "thermal_conductivity",
    "geometry",
    "dynamics",
]


Simulation = Literal[
    "equilibrate",
    "anneal",
    "melt_quench",
    "deform",
    "thermal_conductivity",
    "viscosity",
    "metadynamics",
]
"""A kind of MD protocol that the person means to run; data/… and prepare/protocols.py give it its parameters."""


class Component(Noun):
    """One substance of the task: a crystal, a compound, or a molecule."""

    name: str = Field(description="what people call it")
    formula: str = Field(description="chemical formula, e.g. Li2CO3")
    phases: tuple[Phase, ...] = Field(description="the phases asked for, in the order of the words")
    crystal: str | None = Field(default=None, description="key of its entry in data/crystals, when it is a crystal")
    molecule: str | None = Field(default=None, description="key of its entry in data/molecules, when it is molecular")
    smiles: str | None = Field(default=None, description="SMILES of the molecule, when it is one")
    facets: tuple[tuple[int, ...], ...] = Field(
        default=(), description="Miller indices (3, or 4 for hexagonal) asked for"
    )
    amount: str | None = Field(default=None, description="how much of it, in the person's words, e.g. 1 mol/L")
    file: str | None = Field(default=None, description="structure file that the person gave")


class ReferenceSpec(Noun):
    """The reference method: what the potential learns from."""

    name: str = Field(description="name of a reference part, e.g. emt, gfn2-xtb, lammps")
    settings: dict[str, Json] = Field(default_factory=dict, description="its settings, validated by the part itself")
    reason: str = Field(default="", description="why it was chosen")


class Strategy(Noun):
    """How to train: what won in an arena of auto-research, and the proof."""

    family: str = Field(description="the potential family that it is for")
    settings: dict[str, Json] = Field(description="settings of the family in place of those it suggests itself")
    soften: float = Field(default=0.0, ge=0, description="a frame weighs 1 / (1 + soften · rms force), Å/eV")
    max_force_eV_A: float | None = Field(
        default=None, gt=0, description="frames with a larger reference force are not trained on, eV/Å"
    )
    arena: str = Field(default="", description="folder of the arena that it won")
    commit: str = Field(default="", description="of the winner, in the arena's history")
    evidence: str = Field(default="", description="what was measured on frames that no decision of the search saw")


class PotentialSpec(Noun):
    """The potential family and its size."""

    family: str = Field(description="name of a potential family, e.g. mtp, gap, mace")
    settings: dict[str, Json] = Field(default_factory=dict, description="its settings, validated by the family itself")
    reason: str = Field(default="", description="why it was chosen")
    strategy: Strategy | None = Field(
        default=None, description="how to train it, from an arena: lang2mlip run … --strategy ARENA"
    )

    @model_validator(mode="after")
    def _of_one_family(self) -> PotentialSpec:
        if self.strategy is not None and self.strategy.family != self.family:
            raise ValueError(f"the training strategy is for {self.strategy.family}, and the potential is {self.family}")
        return self


class Goals(Noun):
    """When the potential counts as faithful to its reference. Errors are on configurations never trained on."""

    force_rmse_meV_A: float = Field(default=30.0, gt=0, description="force component RMSE over all groups, meV/Å")
    force_relative: float = Field(default=0.06, gt=0, description="force RMSE over the rms force, in each group")
    force_relative_element: float | None = Field(
        default=None, gt=0, description="force RMSE of each element over its own rms force; empty: 5 × force_relative"
    )
    energy_rmse_meV_atom: float = Field(default=5.0, gt=0, description="energy RMSE, meV/atom")
    lattice_percent: float = Field(default=0.3, gt=0, description="lattice parameter, % of the reference")
    bulk_modulus_percent: float = Field(default=3.0, gt=0, description="bulk modulus, % of the reference")
    elastic_percent: float = Field(default=8.0, gt=0, description="each elastic constant, % of the reference")
    phonon_THz: float = Field(default=0.3, gt=0, description="phonon frequencies, RMS difference, THz")
    thermal_expansion_percent: float = Field(default=10.0, gt=0, description="thermal expansion, % of the reference")
    vacancy_percent: float = Field(default=5.0, gt=0, description="vacancy formation energy, % of the reference")
    surface_energy_percent: float = Field(default=5.0, gt=0, description="surface energies, % of the reference")
    density_percent: float = Field(default=2.0, gt=0, description="density, % of the reference's own MD")
    rdf_rmse: float = Field(default=0.1, gt=0, description="RMS difference of g(r), dimensionless")
    diffusion_percent: float = Field(default=20.0, gt=0, description="diffusion coefficient, % of the reference")
    bond_length_A: float = Field(default=0.01, gt=0, description="bond lengths of molecules, RMS difference, Å")
    bond_angle_degrees: float = Field(default=2.0, gt=0, description="bond angles of molecules, RMS difference, °")
    wavenumber_per_cm: float = Field(default=50.0, gt=0, description="vibrations of molecules, RMS difference, cm⁻¹")
    stable_seeds: int = Field(default=5, ge=1, description="independent MD runs that must all stay healthy")
    stable_steps: int = Field(default=4000, ge=100, description="length of each of them, MD steps")
    drift_meV_atom_ps: float = Field(
        default=1.0,
        gt=0,
        description="drift of the energy at constant energy, meV/atom/ps; 1 warms a solid by about 4 K a ps",
    )

    @property
    def element_limit(self) -> float:
        """Largest force RMSE of an element over its own rms force; 0.3, the usual one, is an R² of 0.91."""
        return self.force_relative_element or 5 * self.force_relative


class Budget(Noun):
    """Where the run must stop. None means no limit."""

    max_calls: int | None = Field(default=10_000, ge=1, description="reference calls, the frozen test set apart")
    max_labels: int | None = Field(default=500, ge=1, description="labels kept as data")
    max_time_s: float | None = Field(default=None, gt=0, description="seconds of work, as recorded in the ledger")
    max_tokens: int | None = Field(default=None, ge=1, description="language-model tokens")


class Assumption(Noun):
    """Something the person did not say, and what was taken instead."""

    field: str = Field(description="the field of the task")
    value: str = Field(description="what was taken")
    why: str = Field(description="why")


class Task(Noun):
    """One simulation wish, complete: everything the preparation and the loop need to know."""

    prompt: str = Field(description="the person's own words")
    goal: str = Field(description="one sentence: what the potential is for")
    components: tuple[Component, ...] = Field(min_length=1)
    elements: tuple[str, ...] = Field(min_length=1, description="chemical symbols, alphabetical")
    temperature_K: tuple[float, float] = Field(description="lowest and highest temperature of use, K")
    pressure_GPa: tuple[float, float] = Field(default=(0.0, 0.0), description="lowest and highest pressure of use, GPa")
    properties: tuple[PropertyName, ...] = Field(description="properties that must come out right")
    layers: tuple[str, ...] = Field(
        default=(), description="layers from the bottom: names of components, joined by ' + ' where they mix"
    )
    simulations: tuple[Simulation, ...] = Field(
        default=(), description="MD protocols the potential will be used for; protocols/*.yaml hold their details"
    )
    protocols: tuple[Written, ...] = Field(
        default=(), description="further MD protocols in LAMMPS' own words, each shown to the person before it is used"
    )
    reference: ReferenceSpec
    potential: PotentialSpec
    goals: Goals = Goals()
    budget: Budget = Budget()
    seed: Seed = 0
    assumptions: tuple[Assumption, ...] = Field(default=(), description="what the person did not say")
    notes: tuple[str, ...] = Field(default=(), description="words that were not understood, and other remarks")

    @model_validator(mode="after")
    def _sound(self) -> Task:
        low, high = self.temperature_K
        if not 0 < low <= high:
            raise ValueError(f"temperature_K must be 0 < low <= high, not {low} to {high}")
        if self.pressure_GPa[0] > self.pressure_GPa[1]:
            raise ValueError("pressure_GPa must be low <= high")
        return self
