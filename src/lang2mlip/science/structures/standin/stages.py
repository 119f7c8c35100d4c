"""One stage of a schedule in LAMMPS."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.standin.box import VACUUM_A, Box
from lang2mlip.science.structures.standin.schedule import Schedule, Stage
from lang2mlip.science.structures.standin.session import Session

__all__ = ["Sample", "run_stage"]

_CAP_A = 0.05
_DAMP_PS, _PRESSURE_DAMP_PS = 0.1, 0.5
_BAR_PER_GPA = 1e4
_WALL_EV_A3 = 2.0
_CHUNKS = 20
_MINIMISE = ("min_style cg", "min_modify dmax 0.1", "minimize 1.0e-6 1.0e-3 400 4000")


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
    walls = _walls(box) if schedule.walls and not box.periodic[2] else []
    for line in [*walls, *([] if stage.kind == "minimise" else _movers(stage, box, seed))]:
        session.say(line)
    if stage.kind == "minimise":
        _minimise(session)
        samples = []
    else:
        samples = _advance(session, max(1, round(1000 * stage.ps / schedule.step_fs)), schedule.step_fs)
    for name in [*(["low", "high"] if walls else []), *([] if stage.kind == "minimise" else ["move", "heat"])]:
        session.say(f"unfix {name}")
    return samples


def _minimise(session: Session) -> None:
    for line in ("fix still held setforce 0 0 0", *_MINIMISE, "unfix still"):
        session.say(line)


def _movers(stage: Stage, box: Box, seed: int) -> list[str]:
    hot, cold = stage.temperature_K
    heat = f"fix heat mobile langevin {hot!r} {cold!r} {_DAMP_PS} {1 + seed % 900_000_000}"
    if stage.kind == "capped":
        return [f"velocity mobile create {hot!r} {1 + seed % 900_000_000}", f"fix move mobile nve/limit {_CAP_A}", heat]
    if stage.kind == "nvt":
        return ["fix move mobile nve", heat]
    bar = stage.pressure_GPa * _BAR_PER_GPA
    return [
        f"fix move mobile nph {stage.axes} {bar!r} {bar!r} {_PRESSURE_DAMP_PS} drag 0.5 dilate mobile",
        heat,
    ]


def _walls(box: Box) -> list[str]:
    """Planes that push back what leaves the original height."""
    low = 0.5 * VACUUM_A
    high = low + box.height_A
    return [
        f"fix low mobile indent {_WALL_EV_A3} plane z {low!r} lo",
        f"fix high mobile indent {_WALL_EV_A3} plane z {high!r} hi",
    ]


def _advance(session: Session, steps: int, step_fs: float) -> list[Sample]:
    chunk = max(1, steps // _CHUNKS)
    samples, done = [], 0
    while done < steps:
        now = min(chunk, steps - done)
        session.run(now)
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
