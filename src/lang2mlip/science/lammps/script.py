"""A protocol → a commented LAMMPS input, driven by any potential through `fix external`, and the files it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers

from lang2mlip.contracts.protocols import (
    Deform,
    Metadynamics,
    Protocol,
    Stage,
    ThermalConductivity,
    Viscosity,
    Written,
)
from lang2mlip.errors import BadInput
from lang2mlip.science.lammps.colvars import colvars
from lang2mlip.science.lammps.external import FIX
from lang2mlip.science.lammps.written import filled

__all__ = ["Script", "placed", "script", "species", "timestep_fs", "usual_timestep_fs"]

_STIFF = {"B", "C", "N", "O", "F"}
"""Elements whose bonds to each other and to most others vibrate with periods below 40 fs."""

_LONGEST_FS = 1.0
"""Longer steps cannot follow a bond to hydrogen (period about 9 fs) or between such elements."""

_ROOM_A = 10.0
_FEWEST_PER_BIN = 2
_THINNEST_BIN_A = 1.5
"""A layer of atoms; what is thinner holds no temperature."""

_LEANING_A = 1e-3
_SETTLING_STEPS = 20
"""Relaxation time of thermostat and barostat in a dry run, steps: it must be over within a stage."""

_WIDER = 1.0 + 1e-9
"""Layers are wider by so little that rounding makes no further one."""

_KB_EV = 8.617333262e-5
_BAR_PER_GPA = 1e4


@dataclass(frozen=True)
class Script:
    """A LAMMPS input in two parts (the potential is attached between them), and its further files."""

    setup: str
    """Units, atoms, fixes that never change."""
    stages: tuple[tuple[str, str], ...]
    """Name and commands of each stage, its `run` included."""
    files: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The whole input, for people and for in.lammps."""
        return self.setup + "".join(f"\n# --- {name}\n{commands}" for name, commands in self.stages)


def species(atoms: Atoms) -> list[str]:
    """Elements in the order of the LAMMPS types."""
    return sorted(set(atoms.get_chemical_symbols()))


def usual_timestep_fs(elements: Iterable[str]) -> float:
    """A safe MD time step by the lightest and stiffest bonds among these elements, fs."""
    present = set(elements)
    return 0.5 if "H" in present else 1.0 if present & _STIFF else 2.0


def timestep_fs(protocol: Protocol, atoms: Atoms) -> float:
    """The MD time step, fs. Raises BadInput for one that cannot follow the fastest bond."""
    present = set(atoms.get_chemical_symbols())
    if protocol.timestep_fs is None:
        return usual_timestep_fs(present)
    if protocol.timestep_fs > _LONGEST_FS and present & (_STIFF | {"H"}):
        whose = "to hydrogen" if "H" in present else f"of {', '.join(sorted(present & _STIFF))}"
        raise BadInput(
            f"A time step of {protocol.timestep_fs:g} fs cannot follow bonds {whose}; take 1 fs at most, 0.5 is safe."
        )
    return protocol.timestep_fs


def placed(protocol: Protocol, atoms: Atoms) -> Atoms:
    """The atoms as the protocol runs them: repeated, right-handed, with room around what is not periodic."""
    system: Atoms = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    if system.cell.rank < 3 or not system.pbc.any():
        system.center(vacuum=_ROOM_A, axis=[axis for axis in range(3) if not system.pbc[axis]])
    if float(np.linalg.det(system.cell.array)) < 0:
        system.set_cell(-system.cell.array)  # the same lattice, as LAMMPS wants it
    repeated: Atoms = system.repeat(protocol.repeat)
    return repeated


def script(protocol: Protocol, atoms: Atoms, shorten_to: int | None = None) -> Script:
    """The input for these atoms; `shorten_to` limits every stage to so many steps (a dry run): what it does as often
    as before, and the strain is reached in the end.

    Raises BadInput for what cannot be run with these atoms: a pressure without periodicity, bins too thin.
    """
    step = timestep_fs(protocol, atoms)
    _refuse(protocol, atoms)
    if shorten_to:
        protocol = _hurried(protocol, step, shorten_to)
    if isinstance(protocol, Written):
        return Script(_setup(protocol, atoms, step), tuple(filled(protocol, species(atoms), step, shorten_to)))
    made = []
    for number, stage in enumerate(protocol.stages()):
        steps = max(1, round(stage.ps * 1000 / step))
        steps = min(steps, shorten_to) if shorten_to else steps
        lines = [*_opening(protocol, stage, (number, steps, step)), f"run             {steps}"]
        made.append((stage.name, "\n".join([*lines, *_closing(protocol, stage)]) + "\n"))
    return Script(_setup(protocol, atoms, step), tuple(made), _files(protocol))


def _refuse(protocol: Protocol, atoms: Atoms) -> None:
    free = [stage.name for stage in protocol.stages() if stage.pressure_GPa is not None]
    if free and not atoms.pbc.all():
        raise BadInput(
            f"The stages {', '.join(free)} keep a pressure, but the structure is not periodic in three directions;"
            " set pressure_GPa to null, or choose a periodic structure."
        )
    if isinstance(protocol, ThermalConductivity | Viscosity):
        axis = "xyz".index(protocol.axis)
        if not atoms.pbc[axis]:
            raise BadInput(f"The flux runs along {protocol.axis}, in which the structure is not periodic.")
        _upright(protocol, atoms)
        if len(atoms) < _FEWEST_PER_BIN * protocol.bins:
            raise BadInput(
                f"{len(atoms)} atoms are too few for {protocol.bins} bins; take a larger structure or fewer bins."
            )
    if isinstance(protocol, Metadynamics):
        highest = max((*protocol.variable.atoms, *protocol.variable.others))
        if highest > len(atoms) or min((*protocol.variable.atoms, *protocol.variable.others)) < 1:
            raise BadInput(f"The collective variable names atom {highest}; the structure has atoms 1 to {len(atoms)}.")


def _upright(protocol: ThermalConductivity | Viscosity, atoms: Atoms) -> None:
    axis = "xyz".index(protocol.axis)
    box = atoms.cell.standard_form()[0].array
    thick = box[axis, axis] / protocol.bins
    across = [np.abs(box[axis, other]) + np.abs(box[other, axis]) for other in range(3) if other != axis]
    if max(across) > _LEANING_A:
        raise BadInput(f"The cell leans over along {protocol.axis}, and layers must not; choose another axis.")
    if thick < _THINNEST_BIN_A:
        raise BadInput(
            f"The box is too small along {protocol.axis} for {protocol.bins} bins of {thick:.2f} Å each;"
            " take fewer bins, or more copies with repeat."
        )


def _hurried(protocol: Protocol, step: float, steps: int) -> Protocol:
    """The same in short: relaxation times, exchanges, hills and the strain rate follow the shorter stages."""
    settling = _SETTLING_STEPS * step
    changes: dict[str, object] = {
        "damping_fs": min(protocol.damping_fs, settling),
        "pressure_damping_fs": min(protocol.pressure_damping_fs, 10 * settling),
        "record_fs": min(protocol.record_fs, max(1, steps // 10) * step),
    }
    if isinstance(protocol, ThermalConductivity | Viscosity):
        changes["swap_every"] = min(protocol.swap_every, max(1, steps // 20))
    if isinstance(protocol, Metadynamics):
        changes["every"] = min(protocol.every, max(1, steps // 10))
    if isinstance(protocol, Deform):
        changes["rate_per_ps"] = max(protocol.rate_per_ps, abs(protocol.strain) / (steps * step / 1000))
    return protocol.model_copy(update=changes)


def _setup(protocol: Protocol, atoms: Atoms, step: float) -> str:
    first = protocol.stages()[0].temperature_K[0]
    every = max(1, round(protocol.record_fs / step))
    boundary = " ".join("p" if flag else "m" for flag in atoms.pbc)
    masses = "\n".join(
        f"mass            {n} {atomic_masses[atomic_numbers[symbol]]:.6f}   # {symbol}"
        for n, symbol in enumerate(species(atoms), 1)
    )
    turning = "no" if atoms.pbc.any() or len(atoms) < 3 else "yes"
    return f"""# {_title(protocol)}
units           metal                    # eV, Å, ps, bar, K
atom_style      atomic
atom_modify     map array
boundary        {boundary}
box             tilt large
read_data       structure.data
pair_style      zero 6.0                 # neighbour lists only; the forces come from the potential below
pair_coeff      * *
{masses}
timestep        {step / 1000:g}
velocity        all create {first:g} {protocol.seed + 1} mom yes rot {turning} dist gaussian
fix             {FIX} all external pf/callback 1 1
fix_modify      {FIX} energy yes virial yes
thermo_style    custom step temp pe etotal press lx ly lz vol
thermo_modify   norm no lost error
thermo          {every}
dump            trajectory all custom {every} trajectory.dump id type element x y z
dump_modify     trajectory sort id first yes element {" ".join(species(atoms))}
"""


def _title(protocol: Protocol) -> str:
    if isinstance(protocol, Written):  # a comment that ends with & would go on into the next line
        return " ".join(f"{protocol.name}: {protocol.purpose}".replace("&", "and").split())
    return f"{protocol.kind.replace('_', ' ')}: {(protocol.__doc__ or '').splitlines()[0]}"


def _opening(protocol: Protocol, stage: Stage, when: tuple[int, int, float]) -> Iterator[str]:
    """The fixes of a stage; `when` = (number of the stage, steps, time step in fs)."""
    number, steps, _ = when
    if isinstance(protocol, ThermalConductivity | Viscosity) and stage.name == "flux":
        yield from _flux(protocol, steps)
        return
    yield from _motion(protocol, stage, number)
    if isinstance(protocol, Deform) and stage.name == "strain":
        rate = np.sign(protocol.strain) * protocol.rate_per_ps
        yield f"fix             strain all deform 1 {protocol.axis} erate {rate:.8g} remap x"
    if isinstance(protocol, Metadynamics):
        yield "fix             colvars all colvars colvars.in output metadynamics"


def _motion(protocol: Protocol, stage: Stage, number: int) -> Iterator[str]:
    """Thermostat, barostat and the equations of motion."""
    hot, cold = stage.temperature_K
    slow, seed = protocol.damping_fs / 1000, protocol.seed + 11 * (number + 1)
    ensemble = "nve" if stage.pressure_GPa is None else f"nph {_barostat(protocol, stage)}"
    if protocol.thermostat == "nose-hoover":
        rest = "" if stage.pressure_GPa is None else f" {_barostat(protocol, stage)}"
        kind = "nvt" if stage.pressure_GPa is None else "npt"
        yield f"fix             move all {kind} temp {hot:g} {cold:g} {slow:g}{rest}"
        return
    yield f"fix             move all {ensemble}"
    if protocol.thermostat == "csvr":
        yield f"fix             heat all temp/csvr {hot:g} {cold:g} {slow:g} {seed}"
    else:
        yield f"fix             heat all langevin {hot:g} {cold:g} {slow:g} {seed} zero yes"


def _barostat(protocol: Protocol, stage: Stage) -> str:
    bar, slow = (stage.pressure_GPa or 0.0) * _BAR_PER_GPA, protocol.pressure_damping_fs / 1000
    if isinstance(protocol, Deform) and stage.name == "strain":
        return " ".join(f"{axis} {bar:g} {bar:g} {slow:g}" for axis in "xyz" if axis != protocol.axis)
    word = {"iso": "iso", "aniso": "aniso", "z": "z"}[stage.axes]
    return f"{word} {bar:g} {bar:g} {slow:g}"


def _flux(protocol: ThermalConductivity | Viscosity, steps: int) -> Iterator[str]:
    """Energy is conserved while the flux is on; the profile is averaged over the run in ten blocks."""
    sample = max(1, steps // 100)
    each = max(1, steps // (10 * sample))
    block = sample * each
    yield "fix             move all nve"
    yield (
        f"compute         layers all chunk/atom bin/1d {protocol.axis} lower {_WIDER / protocol.bins:.12g}"
        " units reduced nchunk once ids every"
    )
    if isinstance(protocol, ThermalConductivity):
        yield f"fix             flux all thermal/conductivity {protocol.swap_every} {protocol.axis} {protocol.bins}"
        yield "compute         kinetic all ke/atom"
        yield f"variable        temperature atom c_kinetic/(1.5*{_KB_EV:g})"
        what = "v_temperature"
    else:
        along = "x" if protocol.axis != "x" else "y"
        yield f"fix             flux all viscosity {protocol.swap_every} {along} {protocol.axis} {protocol.bins}"
        what = f"v{along}"
    yield f"fix             profile all ave/chunk {sample} {each} {block} layers {what} file profile.txt"
    yield "thermo_style    custom step temp pe etotal press lx ly lz vol f_flux"
    yield "thermo_modify   norm no lost error"


def _closing(protocol: Protocol, stage: Stage) -> Iterator[str]:
    if isinstance(protocol, ThermalConductivity | Viscosity) and stage.name == "flux":
        return
    yield "unfix           move"
    if protocol.thermostat != "nose-hoover":
        yield "unfix           heat"
    if isinstance(protocol, Deform) and stage.name == "strain":
        yield "unfix           strain"


def _files(protocol: Protocol) -> dict[str, str]:
    return {"colvars.in": colvars(protocol)} if isinstance(protocol, Metadynamics) else {}
