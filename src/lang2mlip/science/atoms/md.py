"""Molecular dynamics with any ASE calculator, watched as it runs: stops at the first damage, keeps what led there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.errors import BadInput, BudgetSpent, PartFailed
from lang2mlip.science.atoms.drive import FAULTS, Drive
from lang2mlip.science.atoms.health import Health, Reading, Watch
from lang2mlip.science.atoms.integrators import Bath, MDState, System, advance, maxwell, pressure, temperature
from lang2mlip.science.atoms.md_plan import Checkpoint, Ended, Halfway, Hooks, MDOutcome, MDPlan
from lang2mlip.science.atoms.recorder import Recorder
from lang2mlip.units import EV_PER_A3_IN_GPA, FS_IN_ASE_TIME, ev_per_a3

__all__ = ["Checkpoint", "Halfway", "Hooks", "MDOutcome", "MDPlan", "run"]


def run(
    atoms: Atoms, calculator: Any, plan: MDPlan, health: Health | None = None, hooks: Hooks | None = None
) -> MDOutcome:
    """Run the plan from `atoms` (left unchanged) and say what came of it.

    The first configuration is checked before the calculator is asked anything. Energy, forces and temperature are
    checked every step; distances, bonds and volume every `check_every` and at every kept frame. A failing calculator
    (LabelFailed or the usual exceptions) and a spent budget end the run with the frames so far. Ctrl-C writes a
    checkpoint and goes on as KeyboardInterrupt. Raises BadInput when the plan does not fit the atoms.
    """
    walk = _Walk(atoms, calculator, plan, health or Health(), hooks or Hooks())
    started = time.perf_counter()
    ended, trip = walk.go()
    walk.drive.release()
    return MDOutcome(
        ended=ended,
        trip=trip,
        done=walk.state.step if walk.state else 0,
        frames=walk.recorder.frames,
        final=walk.final(),
        calls=walk.drive.calls,
        seen=walk.watch.seen,
        thermo=walk.recorder.thermo(),
        wall_s=time.perf_counter() - started,
        calculator_s=walk.drive.seconds,
    )


class _Walk:
    """One run under way."""

    def __init__(self, atoms: Atoms, calculator: Any, plan: MDPlan, health: Health, hooks: Hooks) -> None:
        self.plan, self.hooks = plan, hooks
        self.system = _system(atoms, plan)
        self.template: Atoms = atoms.copy()
        self.template.set_constraint()
        self.template.arrays.pop("momenta", None)
        self.known = hooks.go_on_from
        self.resumed = self.known.point if self.known else hooks.resume_from
        self.watch = Watch(health, self.template, self.resumed.start_energy_eV if self.resumed else None)
        self.recorder = Recorder(self.template, plan.timestep_fs, hooks.sink)
        self.drive = Drive(self.template, calculator, self._needs)
        if self.known is not None:
            self.watch.seen = dict(self.known.seen)
            self.recorder.taken_up(self.known.frames, self.known.rows, self.known.recent)
            self.drive.calls = self.known.calls - 1  # the state at the checkpoint is asked for again
        self.state: MDState | None = None
        self._first = self._first_state(atoms)

    def go(self) -> tuple[Ended, str | None]:
        """Walk to the end or to the first trouble."""
        try:
            trip = self._walk()
        except BudgetSpent as error:
            self.recorder.finish()
            return "budget", str(error)
        except (PartFailed, *FAULTS) as error:
            self.recorder.tripped(None, 0.0)
            step = self.state.step + 1 if self.state else 0
            return "failed", f"the calculator failed at step {step}: {type(error).__name__}: {error}"
        except KeyboardInterrupt:
            self._checkpoint()
            raise
        self.recorder.finish()
        return ("tripped", trip) if trip else ("done", None)

    def final(self) -> Atoms:
        """The last healthy state, with momenta."""
        atoms: Atoms = self.template.copy()
        if self.state is not None:
            atoms.positions = self.state.positions
            atoms.cell[:] = self.state.cell
            atoms.set_momenta(self.state.momenta)
        return atoms

    def _walk(self) -> str | None:
        trip = self.watch.geometry(self._moved(self._first))
        if trip:
            return f"at the start {trip}"
        for state in self._states():
            if self.known is not None and state.step == self.known.point.step:
                self.state = state
                continue
            trip = self._trouble(state)
            if trip:
                self.recorder.tripped(state, self.plan.target_K(state.step))
                return f"at step {state.step} {trip}"
            self.state = state
            if self._due(state.step, self.plan.checkpoint_every):
                self._checkpoint(due=True)
        return None

    def _states(self) -> Iterator[MDState]:
        first = self._first
        field = self.drive(first.positions, first.cell, first.step)
        state = MDState(first.step, first.positions, first.momenta, first.cell, field, first.heat)
        yield state
        while state.step < self.plan.steps:
            state = advance(state, self.system, self.drive)
            yield state

    def _trouble(self, state: MDState) -> str | None:
        """Check a state and note what it was like."""
        plan, kelvin = self.plan, temperature(state.momenta, self.system)
        target = None if plan.ensemble == "nve" else plan.target_K(state.step)
        reading = Reading(
            state.step, state.field.energy, state.field.forces, kelvin, target, self.system.degrees_of_freedom
        )
        trip = self.watch.reading(reading)
        keep = self._due(state.step, plan.keep_every)
        if trip or not (keep or self._due(state.step, plan.check_every) or state.step == plan.steps):
            return trip
        trip = self.watch.geometry(self._moved(state))
        if trip is None:
            self.recorder.rows.append(self._row(state, kelvin))
            self.recorder.checked(state, plan.target_K(state.step), keep)
            if self.hooks.progress:
                self.hooks.progress(state.step / max(1, plan.steps), f"step {state.step}, {kelvin:.0f} K")
        return trip

    def _row(self, state: MDState, kelvin: float) -> tuple[float, ...]:
        energy, system, stress = state.field.energy, self.system, state.field.stress
        kinetic = 0.5 * float(np.einsum("ij,ij->", state.momenta, state.momenta / system.masses))
        conserved = np.nan if self.plan.ensemble == "npt" else energy + kinetic - state.heat
        volume = abs(float(np.linalg.det(state.cell)))
        gpa = np.nan
        if stress is not None:
            gpa = float(pressure(state.momenta, state.cell, stress, system).mean()) * EV_PER_A3_IN_GPA
        return (state.step, state.step * self.plan.timestep_fs / 1000, kelvin, energy, conserved, volume, gpa)

    def _moved(self, state: MDState) -> Atoms:
        return self.drive.placed(state.positions, state.cell)

    def _needs(self, step: int) -> tuple[bool, bool]:
        """(stress wanted, calculator to forget its history) at a step."""
        fresh = self._due(step, self.plan.checkpoint_every)
        return self.plan.ensemble == "npt" or self._due(step, self.plan.keep_every), fresh

    @staticmethod
    def _due(step: int, every: int) -> bool:
        return every > 0 and step % every == 0

    def _checkpoint(self, due: bool = False) -> None:
        if self.state is None:
            return
        state, recorder = self.state, self.recorder
        parts = (state.step, state.positions, state.momenta, state.cell, state.heat, self.watch.start_energy_eV)
        point = Checkpoint(*parts)
        if self.hooks.on_checkpoint is not None:
            self.hooks.on_checkpoint(point)
        if due and self.hooks.on_halfway is not None:
            made = (recorder.frames, recorder.recent, recorder.rows, self.watch.seen, self.drive.calls)
            self.hooks.on_halfway(Halfway(point, *made))

    def _first_state(self, atoms: Atoms) -> MDState:
        """Where the run begins, its forces not yet known."""
        unknown = self.drive.nothing
        point = self.resumed
        if point is not None:
            return MDState(point.step, point.positions, point.momenta, point.cell, unknown, point.heat)
        plan = self.plan
        start = plan.temperature_K if plan.start_temperature_K is None else plan.start_temperature_K
        momenta = atoms.get_momenta() if plan.keep_momenta else maxwell(self.system, start)
        return MDState(0, atoms.positions.copy(), momenta, np.array(atoms.cell, dtype=float), unknown)


def _system(atoms: Atoms, plan: MDPlan) -> System:
    if len(atoms) == 0:
        raise BadInput("There are no atoms to move; give MD a structure with at least one atom.")
    if plan.ensemble == "npt" and not atoms.pbc.all():
        raise BadInput("Constant pressure needs a cell periodic in three directions; use nvt for this structure.")
    kinds = [type(item).__name__ for item in atoms.constraints]
    other = [kind for kind in kinds if kind != "FixAtoms"]  # by name: importing it costs as much as all the rest here
    if other:
        raise BadInput(f"MD knows FixAtoms only, not {', '.join(other)}; remove the other constraints.")
    frozen = np.unique(np.concatenate([item.get_indices() for item in atoms.constraints] or [np.zeros(0, int)]))
    fix_centre = plan.fix_centre and len(frozen) == 0 and len(atoms) > 1
    masses = atoms.get_masses().reshape(-1, 1)
    return System(masses, plan.timestep_fs * FS_IN_ASE_TIME, _bath(plan), fix_centre, frozen.astype(np.int64))


def _bath(plan: MDPlan) -> Bath:
    picosecond = 1000.0 * FS_IN_ASE_TIME
    pace = 1.0 / (ev_per_a3(plan.bulk_modulus_GPa) * plan.barostat_ps * picosecond)
    return Bath(
        seed=plan.seed,
        friction=0.0 if plan.ensemble == "nve" else plan.friction_per_ps / picosecond,
        target_K=plan.target_K,
        target_pressure=ev_per_a3(plan.pressure_GPa),
        relaxation=pace if plan.ensemble == "npt" else None,
        per_axis=plan.per_axis,
    )
