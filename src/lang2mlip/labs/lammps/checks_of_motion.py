"""What an expert looks at in the motion before a run: time step, relaxation times, and who moves the atoms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lang2mlip.labs.lammps.facts import Facts, number
from lang2mlip.labs.lammps.remark import Remark
from lang2mlip.science.lammps.commands import Command
from lang2mlip.science.lammps.context import Run
from lang2mlip.science.lammps.script import usual_timestep_fs

__all__ = ["look_at_motion"]

_LONGEST_FS = {0.5: 1.0, 1.0: 3.0, 2.0: 5.0}
"""Usual time step → the longest with which the stiffest motion of these elements is still followed, fs: a tenth of the
period of an H stretch (about 10 fs), of bonds among second-row elements (about 30 fs), of phonons (above 60 fs)."""

_HELD_FS = 3.0
"""With bonds to hydrogen held (fix shake)."""

_SHORTEST_FS = 0.01
"""Below it nothing moves in any time that is simulated: a time in other units was meant."""

_HEAT_STEPS = (10.0, 10_000.0)
"""Time steps within which a thermostat's relaxation time is sensible (manual of fix nh: about 100)."""

_PRESS_STEPS = (20.0, 100_000.0)
"""The same of a barostat (manual of fix nh: about 1000)."""

_INTEGRATORS = ("nve", "nvt", "npt", "nph", "rigid", "brownian", "msst", "nvk")
_IDLE = (
    "langevin", "temp/", "ave/", "print", "momentum", "recenter", "vector", "viscous", "spring", "halt", "store/",
    "setforce", "external", "press/", "heat", "balance", "addforce",
)  # fmt: skip
"""Fixes that move no atom by themselves; of all others that is not known here."""

_OF_STEP = re.compile(r"\$\(\s*(?:v_)?([\d.]+)\s*\*\s*dt\s*\)|\$\(\s*dt\s*\*\s*([\d.]+)\s*\)")


def look_at_motion(facts: Facts) -> Iterator[Remark]:
    """Everything that is seen of it."""
    yield from _steps(facts)
    for fix in facts.named("fix"):
        yield from _damping(facts, fix)
    said = set[int]()
    for run in facts.moving():
        for remark in _movers(run):
            if remark.line not in said:
                yield remark
            said.add(remark.line or 0)


def _steps(facts: Facts) -> Iterator[Remark]:
    """The time step, in fs whatever the units."""
    unit = facts.time_fs
    if unit is None or None in facts.elements or facts.named("run_style"):
        return
    elements = [one for one in facts.elements if one]
    held = any(len(one.words) > 3 and one.words[3] in ("shake", "rattle") for one in facts.named("fix"))
    most = max(_LONGEST_FS[usual_timestep_fs(elements)], _HELD_FS if held else 0.0)
    for one in facts.named("timestep"):
        given = number(one.words[1]) if len(one.words) > 1 else None
        if given is not None and given * unit > most:
            what = (
                f"a time step of {given * unit:g} fs follows no motion here; {most:g} fs at most (units {facts.units})"
            )
            yield Remark(kind="timestep", what=what, line=one.number)
        elif given is not None and given * unit < _SHORTEST_FS:
            what = f"in a time step of {given * unit:g} fs nothing moves; is it in units {facts.units}?"
            yield Remark(kind="timestep", what=what, line=one.number)


def _damping(facts: Facts, fix: Command) -> Iterator[Remark]:
    """Relaxation times as numbers of time steps, which needs no units."""
    for kind, place in _relaxations(fix.words):
        word = fix.words[place] if len(fix.words) > place else ""
        ratio = _in_steps(word, facts.step(fix.number))
        least, most = _HEAT_STEPS if kind == "thermostat" else _PRESS_STEPS
        if ratio is not None and not least <= ratio <= most:
            usual = 100 if kind == "thermostat" else 1000
            what = f"the {kind}'s relaxation time is {ratio:.3g} time steps; about {usual} is usual"
            yield Remark(kind="damping", what=what, line=fix.number)


def _relaxations(words: Sequence[str]) -> Iterator[tuple[str, int]]:
    """(thermostat or barostat, which word is its time) of a fix."""
    style = words[3] if len(words) > 3 else ""
    if style.startswith(("nvt", "npt", "nph")):
        if "temp" in words:
            yield "thermostat", words.index("temp") + 3
        for side in ("iso", "aniso", "tri", "x", "y", "z"):
            if side in words[4:]:
                yield "barostat", words.index(side, 4) + 3
    elif style.startswith(("langevin", "temp/berendsen", "temp/csvr", "temp/csld")):
        yield "thermostat", 6
    elif style.startswith("press/berendsen") and len(words) > 4:
        yield "barostat", 7


def _in_steps(word: str, step: float | None) -> float | None:
    if found := _OF_STEP.fullmatch(word):
        return number(found[1] or found[2])
    given = number(word)
    return given / step if given is not None and step else None


def _movers(run: Run) -> Iterator[Remark]:
    """No fix that moves the atoms, or two that move the same ones."""
    moving = [one for one in run.fixes.values() if one.words[3].startswith(_INTEGRATORS)]
    if not moving and all(one.words[3].startswith(_IDLE) for one in run.fixes.values()):
        what = "no fix moves the atoms in this run; a thermostat alone does not, it needs fix nve beside it"
        yield Remark(kind="integrator", what=what, line=run.line)
    groups = [one.words[2] for one in moving]
    if len(groups) > 1 and ("all" in groups or len(set(groups)) < len(groups)):
        names = " and ".join(one.words[1] for one in moving)
        what = f"the fixes {names} both move the same atoms; take one away"
        yield Remark(kind="integrator", what=what, line=moving[-1].number)
