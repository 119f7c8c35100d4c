"""One stage of a schedule in LAMMPS."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.standin.box import VACUUM_A, Box
from lang2mlip.science.structures.standin.schedule import Schedule, Stage
from lang2mlip.science.structures.standin.session import Session

__all__ = ["Sample", "run_stage"]

_CAP_A = 0.05
_DAMP_PS = 0.1
_PRESSURE_DAMP_PS = {"iso": 0.5, "z": 1.5}
_DRAG = {"iso": 0.5, "z": 4.0}
"""A height that overshoots tears thin layers apart, and nothing pulls them together again: it is damped to rest."""
_BAR_PER_GPA = 1e4
_WALL_EV_A3 = 2.0
_CHUNKS = 20
_MINIMISE = ("min_style cg", "min_modify dmax 0.1", "minimize 1.0e-6 1.0e-3 400 600")
"""At most 600 evaluations: MD follows or went before, and without a limit 5,000 atoms took 2,600 (measured)."""


@dataclass(frozen=True)
class Sample:
    """How things stood at a time."""

    ps: float
    temperature_K: float
    volume_A3: float
    energy_eV: float

    def later(self, ps: float) -> Sample:
        """The same, with the clock started `ps` earlier."""
        return replace(self, ps=self.ps + ps)


def run_stage(session: Session, box: Box, schedule: Schedule, stage: Stage, seed: int) -> list[Sample]:
    """Run it; samples along the way (none of a minimisation). Raises BadInput for pressure without periodicity."""
    if stage.kind == "npt" and not (box.periodic.all() or (stage.axes == "z" and box.periodic[2])):
        raise BadInput("Constant pressure needs a cell that is periodic in three directions; use constant volume.")
    closed = schedule.walls and not box.periodic[2]
    steps = max(1, round(1000 * stage.ps / schedule.step_fs))
    fixes = {**(_walls(session, box, stage, steps) if closed else {}), **_movers(stage, box, steps, seed)}
    if stage.kind == "npt" and session.anchor_A is not None:
        # The cell must grow away from what is held: growing about its own middle it pushes the rest into one face of
        # the solid and tears it off the other, and the pressure, which counts the solid's forces, never notices.
        fixes["move"] += " fixedpoint " + " ".join(repr(float(x)) for x in session.anchor_A)
    if stage.kind != "minimise" and not session.moving:
        session.moving = True
        session.say(f"velocity mobile create {stage.temperature_K[0]!r} {1 + seed % 900_000_000}")
    for name, line in fixes.items():
        session.say(f"fix {name} {line}")
    if stage.kind == "minimise":
        for line in _MINIMISE:
            session.say(line)
        samples = []
    else:
        samples = _advance(session, steps, schedule.step_fs)
    for name in fixes:
        session.say(f"unfix {name}")
    return samples


def _movers(stage: Stage, box: Box, steps: int, seed: int) -> dict[str, str]:
    """Fix → its command: what moves the atoms in this stage."""
    if stage.kind == "minimise":
        return {"still": "held setforce 0 0 0"}
    hot, cold = stage.temperature_K
    fixes = {"move": "mobile nve", "heat": f"mobile langevin {hot!r} {cold!r} {_DAMP_PS} {1 + seed % 900_000_000}"}
    if stage.kind == "capped":
        fixes["move"] = f"mobile nve/limit {_CAP_A}"
        if stage.squeeze != 1 and box.periodic.all():
            edge = stage.squeeze ** (1 / 3)
            fixes["press"] = f"all deform 1 x scale {edge!r} y scale {edge!r} z scale {edge!r} remap x"
    if stage.kind == "npt":
        bar = stage.pressure_GPa * _BAR_PER_GPA
        how = f"{stage.axes} {bar!r} {bar!r} {_PRESSURE_DAMP_PS[stage.axes]} drag {_DRAG[stage.axes]}"
        fixes["move"] = f"mobile nph {how} dilate mobile"
    return fixes


def _walls(session: Session, box: Box, stage: Stage, steps: int) -> dict[str, str]:
    """Planes that push back what leaves the height; the upper one moves where the stage squeezes."""
    low, start = 0.5 * VACUUM_A, session.height_A or box.height_A
    session.height_A = start * stage.squeeze
    top = f"{low + start!r} + {start * (stage.squeeze - 1)!r} * (step - {session.step}) / {steps}"
    session.say(
        f"variable top equal {low + session.height_A!r}" if stage.kind == "minimise" else f'variable top equal "{top}"'
    )
    return {
        "low": f"mobile indent {_WALL_EV_A3} plane z {low!r} lo",
        "high": f"mobile indent {_WALL_EV_A3} plane z v_top hi",
    }


def _advance(session: Session, steps: int, step_fs: float) -> list[Sample]:
    chunk = max(1, steps // _CHUNKS)
    samples, done, first = [], 0, session.step
    while done < steps:
        now = min(chunk, steps - done)
        session.run(now, first, first + steps)
        done += now
        samples.append(
            Sample(
                ps=done * step_fs / 1000,
                temperature_K=session.thermo("temp"),
                volume_A3=session.thermo("vol"),
                energy_eV=session.thermo("pe"),
            )
        )
    return samples
