"""Equations of motion: a frozen state and a pure step.

NVE is velocity Verlet; NVT is BAOAB Langevin (Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34); NPT adds
stochastic cell rescaling (Bernetti & Bussi, J. Chem. Phys. 153, 114107 (2020)), isotropic or per Cartesian axis (the
diagonal case of Del Tatto et al., Appl. Sci. 12, 1139 (2022)). One force call a step.

Random numbers come from a counter (Philox keyed by the seed, counted by the step), so a step depends on nothing but
the state: a run that is cut and resumed is bitwise the run that was not.

Units are ASE's: Å, eV, amu; time in Å·sqrt(amu/eV); momenta in amu·Å per that time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lang2mlip.units import BOLTZMANN_EV_PER_K

__all__ = ["Bath", "Evaluate", "Forces", "MDState", "System", "advance", "maxwell", "pressure", "random", "temperature"]

Floats = NDArray[np.float64]

_DYNAMICS, _VELOCITIES = 0, 1
"""Streams of the random counter."""


@dataclass(frozen=True)
class Forces:
    """What a calculator says: energy in eV, forces in eV/Å, stress in eV/Å³ (Voigt, ASE sign) or None."""

    energy: float
    forces: Floats
    stress: Floats | None


Evaluate = Callable[[Floats, Floats, int], Forces]
"""evaluate(positions, cell, step)."""


@dataclass(frozen=True)
class MDState:
    """Everything that the next step depends on."""

    step: int
    positions: Floats
    momenta: Floats
    cell: Floats
    field: Forces
    heat: float = 0.0
    """Energy that the thermostat has put in so far, eV: total energy minus heat is conserved."""


@dataclass(frozen=True)
class Bath:
    """What surrounds the system. Friction 0 means no bath at all; no barostat where `relaxation` is None."""

    seed: int
    friction: float = 0.0
    target_K: Callable[[int], float] = lambda step: 0.0
    target_pressure: float = 0.0
    """eV/Å³."""
    relaxation: float | None = None
    """Compressibility over the barostat's time, (Å³/eV) per ASE time: only this ratio enters the equations."""
    per_axis: bool = False


@dataclass(frozen=True)
class System:
    """What does not change: masses (n, 1) in amu, the time step in ASE units, which atoms move."""

    masses: Floats
    timestep: float
    bath: Bath
    fix_centre: bool
    frozen: NDArray[np.int64]

    @property
    def degrees_of_freedom(self) -> int:
        """Of the momenta."""
        return 3 * (len(self.masses) - len(self.frozen)) - (3 if self.fix_centre else 0)


def random(seed: int, step: int, size: int, stream: int = _DYNAMICS) -> Floats:
    """Standard normal numbers that are a function of (seed, step, stream) alone."""
    bits = np.random.Philox(key=seed, counter=np.array([0, 0, step, stream], dtype=np.uint64))
    return np.random.Generator(bits).standard_normal(size)


def maxwell(system: System, temperature_K: float) -> Floats:
    """Momenta drawn at a temperature and scaled to it exactly, the centre of mass at rest where it is fixed."""
    noise = random(system.bath.seed, 0, system.masses.size * 3, _VELOCITIES).reshape(-1, 3)
    momenta = _constrain(np.sqrt(system.masses) * noise, system)
    drawn = temperature(momenta, system)
    return momenta * np.sqrt(temperature_K / drawn) if drawn > 0 else momenta * 0.0


def temperature(momenta: Floats, system: System) -> float:
    """Instantaneous kinetic temperature, K."""
    dof = system.degrees_of_freedom
    return 2.0 * _kinetic(momenta, system) / (dof * BOLTZMANN_EV_PER_K) if dof > 0 else 0.0


def pressure(momenta: Floats, cell: Floats, stress: Floats, system: System) -> Floats:
    """Diagonal of the pressure tensor, kinetic part included, eV/Å³, shape (3,)."""
    volume = abs(float(np.linalg.det(cell)))
    kinetic = np.einsum("ij,ij->j", momenta, momenta / system.masses) / volume
    return np.asarray(kinetic - stress[:3])


def advance(state: MDState, system: System, evaluate: Evaluate) -> MDState:
    """The next state: kick, drift, bath, drift, kick (BAOAB; velocity Verlet where there is no bath)."""
    half = 0.5 * system.timestep
    momenta = state.momenta + half * state.field.forces
    if len(system.frozen):
        momenta[system.frozen] = 0.0
    positions = state.positions + half * (momenta / system.masses)
    cell, heat, step = state.cell, state.heat, state.step + 1
    if system.bath.friction > 0.0:
        noise = random(system.bath.seed, step, momenta.size + 3)
        momenta, brought = _thermostat(momenta, system, step, noise[3:].reshape(-1, 3))
        heat += brought
        if system.bath.relaxation is not None:
            stretch = _barostat(state, system, noise[:3])
            positions, momenta, cell = positions * stretch, momenta / stretch, cell * stretch
    positions += half * (momenta / system.masses)
    field = evaluate(positions, cell, step)
    momenta = momenta + half * field.forces
    if len(system.frozen):
        momenta[system.frozen] = 0.0
    return MDState(step, positions, momenta, cell, field, heat)


def _kinetic(momenta: Floats, system: System) -> float:
    return 0.5 * float(np.vdot(momenta, momenta / system.masses))


def _constrain(momenta: Floats, system: System) -> Floats:
    """Frozen atoms and the centre of mass at rest: an orthogonal projection in mass-weighted momenta, so that the
    thermostat stays exact in what is left."""
    if len(system.frozen):
        momenta[system.frozen] = 0.0
    if system.fix_centre:
        momenta = momenta - system.masses * (momenta.sum(axis=0) / system.masses.sum())
    return momenta


def _thermostat(momenta: Floats, system: System, step: int, noise: Floats) -> tuple[Floats, float]:
    """The exact Ornstein–Uhlenbeck step, and the heat that it brought, eV."""
    bath = system.bath
    decay = np.exp(-bath.friction * system.timestep)
    width = np.sqrt((1.0 - decay * decay) * BOLTZMANN_EV_PER_K * bath.target_K(step))
    new, heat = _ornstein_uhlenbeck(momenta, system.masses, noise, (decay, width), system.fix_centre)
    if not len(system.frozen):
        return new, float(heat)
    new[system.frozen] = 0.0
    return new, _kinetic(new, system) - _kinetic(momenta, system)


@njit(cache=True)
def _ornstein_uhlenbeck(momenta: Any, masses: Any, noise: Any, rates: tuple[float, float], fix_centre: bool) -> Any:
    """(new momenta, change of the kinetic energy); the centre of mass is projected out where it is fixed."""
    decay, width = rates
    new = np.empty_like(momenta)
    total = np.zeros(3)
    heat = 0.0
    for i in range(len(momenta)):
        root = width * np.sqrt(masses[i, 0])
        for k in range(3):
            new[i, k] = decay * momenta[i, k] + root * noise[i, k]
            total[k] += new[i, k]
    velocity = total / masses.sum() if fix_centre else np.zeros(3)
    for i in range(len(momenta)):
        for k in range(3):
            new[i, k] -= masses[i, 0] * velocity[k]
            heat += 0.5 * (new[i, k] ** 2 - momenta[i, k] ** 2) / masses[i, 0]
    return new, heat


def _barostat(state: MDState, system: System, noise: Floats) -> Floats:
    """Stretch of each Cartesian axis, shape (3,).

    Isotropic: λ = sqrt(V) obeys dλ = −(λ b/2)(P0 − P − kT/2V) dt + sqrt(kT b/2) dW, with b = β/τ; its noise does not
    depend on λ. Per axis: dε = −(b/3)(P0 − P_aa) dt + sqrt(2 kT b/3V) dW for each logarithmic length.
    """
    bath, dt = system.bath, system.timestep
    if state.field.stress is None or bath.relaxation is None:
        raise ValueError("constant pressure needs a stress at every step")
    heat = BOLTZMANN_EV_PER_K * bath.target_K(state.step + 1)
    volume = abs(float(np.linalg.det(state.cell)))
    excess = pressure(state.momenta, state.cell, state.field.stress, system) - bath.target_pressure
    if bath.per_axis:
        rate = bath.relaxation / 3.0
        return np.asarray(np.exp(rate * excess * dt + np.sqrt(2.0 * heat * rate * dt / volume) * noise))
    root = np.sqrt(volume)
    drift = 0.5 * bath.relaxation * root * (excess.mean() + heat / (2.0 * volume)) * dt
    new_root = root + drift + np.sqrt(0.5 * heat * bath.relaxation * dt) * noise[0]
    return np.full(3, (new_root / root) ** (2.0 / 3.0))
