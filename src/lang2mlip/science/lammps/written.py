"""A protocol in LAMMPS' own words → the commands of its stages: placeholders filled, all of it allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lang2mlip.contracts.protocols import Written
from lang2mlip.errors import BadInput, nearest
from lang2mlip.science.lammps.allowed import BODY, refusal
from lang2mlip.science.lammps.commands import Command, commands
from lang2mlip.science.lammps.external import FIX

__all__ = ["filled"]

_PLACE = re.compile(r"<([A-Za-z_]+)(?:\s+([\d.]+))?>")
_BAR_PER_GPA = 1e4
_TAKEN = {"fix": FIX, "unfix": FIX, "fix_modify": FIX, "dump": "trajectory", "undump": "trajectory"}
"""What the script before it has set up and needs as it is."""


def filled(protocol: Written, elements: Sequence[str], step_fs: float, shorten_to: int | None) -> list[tuple[str, str]]:
    """(name, commands) of each stage. Raises BadInput with the line of what may not run, or is no placeholder."""
    values = _values(protocol, elements, step_fs)

    def value(found: re.Match[str]) -> str:
        name, number = found.groups()
        if name == "steps" and number:
            steps = max(1, round(float(number) * 1000 / step_fs))
            return str(min(steps, shorten_to) if shorten_to else steps)
        if name not in values or number:
            known = [*values, "steps PS"]
            near = nearest(name, known)
            raise BadInput(
                f"<{name}> in the protocol {protocol.name} is no placeholder.{near} Known: {', '.join(known)}."
            )
        return values[name]

    lines = [_PLACE.sub(value, line) for line in protocol.text.splitlines()]
    _refuse(protocol, "\n".join(lines))
    return _stages(protocol, lines)


def _values(protocol: Written, elements: Sequence[str], step_fs: float) -> dict[str, str]:
    low, high = protocol.temperature_K
    return {
        "low_K": f"{low:g}",
        "high_K": f"{high:g}",
        "pressure_bar": f"{protocol.pressure_GPa * _BAR_PER_GPA:g}",
        "timestep_ps": f"{step_fs / 1000:g}",
        "damping_ps": f"{protocol.damping_fs / 1000:g}",
        "pressure_damping_ps": f"{protocol.pressure_damping_fs / 1000:g}",
        "seed": str(protocol.seed + 1),
        "elements": " ".join(elements),
    }


def _refuse(protocol: Written, text: str) -> None:
    why = refusal(text, BODY)
    if why is not None:
        raise BadInput(f"{why} Change the text of the protocol {protocol.name}.")
    found = list(commands(text))
    for one in found:
        if len(one.words) > 1 and one.words[1] == _TAKEN.get(one.name):
            raise BadInput(f"Line {one.number}: {_whose(one)} is set up before the text and stays as it is.")
    if [one.name for one in found].count("run") != len(protocol.lengths_ps()):
        raise BadInput(f"A run in the protocol {protocol.name} is hidden; each has a line of its own: run <steps PS>.")


def _whose(one: Command) -> str:
    return f"the {'dump' if 'dump' in one.name else 'fix'} {one.words[1]!r}"


def _stages(protocol: Written, lines: Sequence[str]) -> list[tuple[str, str]]:
    """The lines up to each run and the run itself; what follows the last one goes with it."""
    parts: list[list[str]] = [[]]
    for line in lines:
        parts[-1].append(line)
        if line.split()[:1] == ["run"]:
            parts.append([])
    parts[-2:] = [parts[-2] + parts[-1]]
    return [
        (f"{protocol.name}, {stage.name}", "\n".join(part) + "\n")
        for stage, part in zip(protocol.stages(), parts, strict=True)
    ]
