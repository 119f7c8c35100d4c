"""A small run with real physics to report on: EMT is the reference, EMT with another cut-off plays the potential."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.build import bulk, fcc111
from ase.calculators.emt import EMT
from ase.eos import EquationOfState
from ase.geometry.rdf import get_rdf
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import thermalize_momenta

from lang2mlip.contracts import (
    Component,
    Cost,
    DataSet,
    Decision,
    End,
    Errors,
    Evaluate,
    Evaluation,
    Explore,
    Gate,
    Model,
    PotentialSpec,
    Property,
    ReferenceSpec,
    Result,
    Sample,
    Select,
    StabilityRun,
    StructureRecord,
    StructureRequest,
    Task,
    Train,
    Verdict,
)
from lang2mlip.record.events import Created, Prepared
from lang2mlip.record.run import Run, write_json

GROUPS = ("bulk", "surface-111", "melt")


def task(**changes: Any) -> Task:
    """The task of the story."""
    component = Component(name="copper", formula="Cu", phases=("crystal", "surface", "melt"))
    words: dict[str, Any] = {
        "prompt": "Copper: bulk, surfaces and the melt, 300 to 1500 K",
        "goal": "Structure and motion of copper as crystal, at surfaces and molten.",
        "components": (component,),
        "elements": ("Cu",),
        "temperature_K": (300.0, 1500.0),
        "properties": ("lattice", "elastic", "rdf", "msd", "vacancy", "dynamics"),
        "reference": ReferenceSpec(name="emt", reason="fast, and treats the element"),
        "potential": PotentialSpec(family="mtp", settings={"level": 8}, reason="one element, little data"),
    }
    return Task(**{**words, **changes})


def structures(group: str, count: int, seed: int) -> list[Atoms]:
    """Rattled copies of a group's cell."""
    cells = {
        "bulk": bulk("Cu", cubic=True).repeat((2, 2, 2)),
        "surface-111": fcc111("Cu", (3, 3, 3), vacuum=6.0),
        "melt": bulk("Cu", a=3.75, cubic=True).repeat((2, 2, 2)),
    }
    width = {"bulk": 0.08, "surface-111": 0.1, "melt": 0.3}[group]
    frames = []
    for number in range(count):
        atoms = cells[group].copy()
        atoms.rattle(width, seed=seed + number)
        frames.append(atoms)
    return frames


@dataclass(frozen=True)
class Comparison:
    """Energies per atom (eV/atom) and force components (eV/Å) of the reference and of the potential."""

    energy: np.ndarray
    forces: np.ndarray
    frames: int
    atoms: int

    def errors(self, factor: float = 1.0) -> Errors:
        """Errors of a potential that is `factor` times as wrong."""
        e = 1000 * factor * (self.energy[:, 1] - self.energy[:, 0])
        f = 1000 * factor * (self.forces[:, 1] - self.forces[:, 0])
        return Errors(
            n_frames=self.frames,
            n_atoms=self.atoms,
            energy_rmse_meV_atom=float(np.sqrt(np.mean(e**2))),
            energy_mae_meV_atom=float(np.mean(abs(e))),
            force_rmse_meV_A=float(np.sqrt(np.mean(f**2))),
            force_mae_meV_A=float(np.mean(abs(f))),
            force_rms_meV_A=float(1000 * np.sqrt(np.mean(self.forces[:, 0] ** 2))),
            force_max_error_meV_A=float(abs(f).max()),
        )


@cache
def comparison(group: str, count: int = 4, seed: int = 0) -> Comparison:
    """Both calculators on the frames of a group; the constant between their energies is taken out."""
    energies, forces, atoms_seen = [], [], 0
    for atoms in structures(group, count, seed):
        both = [(c.get_potential_energy(atoms) / len(atoms), c.get_forces(atoms)) for c in (EMT(), near())]
        energies.append([both[0][0], both[1][0] - offset()])
        forces.append(np.stack([both[0][1].ravel(), both[1][1].ravel()], axis=1))
        atoms_seen += len(atoms)
    return Comparison(np.array(energies), np.concatenate(forces), count, atoms_seen)


def near() -> EMT:
    """A calculator near the reference, but not the same."""
    return EMT(asap_cutoff=True)


@cache
def offset() -> float:
    """Energy per atom of the perfect crystal, potential minus reference, eV."""
    atoms = bulk("Cu")
    return float(near().get_potential_energy(atoms) - EMT().get_potential_energy(atoms))


@cache
def eos_curves() -> dict[str, dict[str, list[float]]]:
    """Energy against volume of both."""
    found: dict[str, dict[str, list[float]]] = {}
    for who, calculator in (("reference", EMT()), ("potential", near())):
        volumes, energies = [], []
        for strain in np.linspace(-0.03, 0.03, 9):
            atoms = bulk("Cu", a=3.6 * (1 + strain))
            volumes.append(atoms.get_volume())
            energies.append(float(calculator.get_potential_energy(atoms)))
        found[who] = {"volume_A3_atom": volumes, "energy_eV_atom": energies}
    return found


def properties() -> tuple[Property, ...]:
    """Equilibrium volume and bulk modulus of both, from the curves."""
    fits = {}
    for who, curve in eos_curves().items():
        volume, _, modulus = EquationOfState(curve["volume_A3_atom"], curve["energy_eV_atom"]).fit()
        fits[who] = {"lattice": (4 * volume) ** (1 / 3), "bulk_modulus": modulus / units.GPa}
    found = []
    for name, unit, limit in (("lattice", "Å", 0.3), ("bulk_modulus", "GPa", 3.0)):
        value, reference = fits["potential"][name], fits["reference"][name]
        off = 100 * abs(value / reference - 1)
        found.append(
            Property(name=name, subject="bulk", unit=unit, value=value, reference=reference, limit=limit, deviation=off)
        )
    return tuple(found)


@cache
def md_curves(steps: int = 30) -> dict[str, dict[str, dict[str, Any]]]:
    """RDF and mean squared displacement of both from short MD at 900 K."""
    rdf, msd = {}, {}
    for who, calculator in (("reference", EMT()), ("potential", near())):
        atoms = bulk("Cu", cubic=True).repeat((2, 2, 2))
        rng = np.random.default_rng(1)
        thermalize_momenta(atoms, temperature_K=900, rng=rng)
        atoms.calc = calculator
        md = Langevin(atoms, 4 * units.fs, temperature_K=900, friction=0.01 / units.fs, fixcm=False, rng=rng)
        start, times, squares = atoms.get_positions(), [], []
        for step in range(steps):
            md.run(1)
            times.append(0.004 * (step + 1))
            squares.append(float(((atoms.get_positions() - start) ** 2).sum(axis=1).mean()))
        g, r = get_rdf(atoms, 3.55, 40)
        rdf[who] = {"pair": "Cu-Cu", "r_A": r.tolist(), "g": g.tolist()}
        msd[who] = {"t_ps": times, "msd_A2": squares}
    return {"rdf": {"bulk": rdf}, "msd": {"bulk": msd}}


def details() -> dict[str, Any]:
    """Everything an evaluation leaves for the plots."""
    parity = {
        group: {"energy": comparison(group).energy.tolist(), "forces": comparison(group).forces[::2].tolist()}
        for group in GROUPS
    }
    return {"parity": parity, "eos": {"bulk": eos_curves()}, **md_curves()}


def stability(healthy: int, total: int, kelvin: float = 1500.0) -> tuple[StabilityRun, ...]:
    """MD runs of the melt, of which the first `healthy` went through."""
    return tuple(
        StabilityRun(
            group="melt",
            structure="melt-1",
            temperature_K=kelvin,
            steps=4000,
            done=4000 if seed < healthy else 812,
            healthy=seed < healthy,
            trip=None if seed < healthy else "pair distance 1.02 Å < 1.32 Å between atoms 4 and 17",
            seed=seed,
            atom_steps_per_s=61000.0,
        )
        for seed in range(total)
    )


def begin(folder: Path, wanted: Task | None = None) -> Run:
    """A run whose structures stand and where nothing has been decided."""
    run = Run.create(
        folder,
        Created(
            task=wanted or task(),
            versions={"lang2mlip": "0.1.0", "ase": "3.29.0"},
            command="lang2mlip run 'Copper' --yes",
        ),
    )
    records = tuple(
        StructureRecord(
            id=f"s-{group}",
            request=StructureRequest(name=f"{group}-1", builder="bulk", group=group, role="train"),
            formula="Cu",
            n_atoms=len(structures(group, 1, 0)[0]),
            periodic=True,
            file=f"structures/{group}-1.extxyz",
            line=group,
        )
        for group in GROUPS
    )
    run.record(Prepared(structures=records, cost=Cost(calls=12, reference_s=0.3, wall_s=2.0)))
    return run


def take(run: Run, parameters: Any, reason: str, **outcome: Any) -> None:
    """One step: a decision and what came of it."""
    run.decided(
        Decision(
            parameters=parameters,
            reason=reason,
            expectation="the error on what comes next falls",
            decider="rules",
            seen=f"{run.state.cost.labels} labels",
        )
    )
    run.finished(Result(**{"action": parameters.action, "status": "done", "summary": "done", **outcome}))


def model(number: int, n_frames: int) -> Model:
    """The model of one training."""
    return Model(
        id=f"m{number}",
        family="mtp",
        folder=f"models/m{number}",
        settings={"level": 8},
        n_frames=n_frames,
        datasets=("d0",),
        n_parameters=24,
        train_errors={group: comparison(group).errors(0.9) for group in GROUPS},
    )


def dataset(number: int, frames: int, factor: float | None) -> DataSet:
    """A batch of labels; `factor` times as wrong is what the model that did not know them was."""
    fresh = {group: comparison(group, 2, 50 + number).errors(factor) for group in GROUPS} if factor else {}
    each = dict.fromkeys(GROUPS, frames // len(GROUPS))
    source = "select" if factor else "reference-md"
    return DataSet(id=f"d{number}", file=f"data/d{number}.extxyz", source=source, groups=each, fresh_errors=fresh)


def evaluation(run: Run, number: int, on: str = "validation", **more: Any) -> Evaluation:
    """The evaluation of a model, its curves written beside it."""
    write_json(run.folder / f"validation/m{number}.json", details())
    errors = {group: comparison(group).errors() for group in GROUPS}
    words = {"model": f"m{number}", "depth": "full", "on": on, "errors": errors, "properties": properties()}
    return Evaluation(**{**words, "details": f"validation/m{number}.json", **more})


def develop(run: Run, rounds: int = 3) -> None:
    """Explore, then rounds of train, sample and select, each model less wrong than the one before."""
    paid = Cost(calls=720, labels=60, reference_s=21.0, wall_s=14.0)
    first = dataset(0, 60, None)
    take(run, Explore(), "there is no data yet", data=(first,), cost=paid, summary="60 labels from reference MD")
    labels = 60
    for number in range(1, rounds + 1):
        fit = Cost(training_s=8.0 + 2 * number, wall_s=9.0)
        take(run, Train(), "labels are waiting", model=model(number, labels), cost=fit, summary="fitted")
        md = Cost(md_s=12.0, wall_s=7.0)
        take(run, Sample(), "how far does it hold?", stability=stability(3, 3, 900.0), cost=md, summary="3 walkers")
        picks, new = Cost(calls=45, labels=45, reference_s=2.0, wall_s=2.0), dataset(number, 45, 4.0 / number)
        take(run, Select(), "walkers met what is new", data=(new,), cost=picks, summary="45 labels picked")
        labels += 45
    take(run, Train(effort="accurate"), "the last fit", model=model(rounds + 1, labels), summary="fitted for the end")


def finish(run: Run, number: int, answer: str = "demonstration only", healthy: int = 5) -> None:
    """A full evaluation of model `number`, its frozen test, the verdicts and the end."""
    gate = Gate(
        name="force_rmse", value=comparison("bulk").errors().force_rmse_meV_A, limit=30, unit="meV/Å", passed=True
    )
    full = evaluation(run, number, stability=stability(healthy, 5))
    take(run, Evaluate(depth="full"), "errors have stopped falling", evaluation=full, summary="all measured")
    test = evaluation(run, number, on="test", depth="errors", properties=(), details=None, gates=(gate,))
    verdicts = (
        Verdict(
            question="faithful to the reference", answer="yes", because="errors on the frozen test set meet the goals"
        ),
        Verdict(
            question="reference adequate for this goal",
            answer=answer,
            because="a toy: see doi:10.1103/PhysRevB.35.7423",
        ),
    )
    words = "the potential meets its goals"
    end = End(outcome="success", advice="try a real reference next")
    charged = Cost(calls=60, reference_s=1.8, wall_s=3.0)
    take(run, end, words, evaluation=test, verdicts=verdicts, test_cost=charged, summary=words)
