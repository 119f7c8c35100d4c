"""Curves as inline SVG for the report of a simulation."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from lang2mlip.labs.lammps.recipe import Curve
from lang2mlip.labs.lammps.system import Units
from lang2mlip.report.figures import COLOURS
from lang2mlip.science.lammps.thermo import ThermoLog

__all__ = ["drawn", "thermo_curves"]

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "simulation", "font.family": "DejaVu Sans", "font.size": 8,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#e3e8ee",
    "text.parse_math": False,
}  # fmt: skip
_MOST_POINTS = 2000
_THERMO = {"Temp": "temperature (K)", "Press": "pressure (GPa)", "Density": "density (g/cm³)",
           "PotEng": "potential energy (eV)"}  # fmt: skip


def drawn(curve: Curve) -> str:
    """The SVG of a curve; points where they are few."""
    import matplotlib
    from matplotlib.figure import Figure

    every = max(1, len(curve.x) // _MOST_POINTS)
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(3.6, 2.6), layout="constrained")
        axes = figure.add_subplot()
        marker = "o" if len(curve.x) <= 30 else ""
        axes.plot(curve.x[::every], curve.y[::every], marker=marker, markersize=3, color=COLOURS[0], linewidth=1.2)
        axes.set_xlabel(curve.x_label)
        axes.set_ylabel(curve.y_label)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    return re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)


def thermo_curves(log: ThermoLog, step_fs: float, units: Units) -> list[Curve]:
    """Temperature, pressure, density and energy over all MD runs of a log, one after the other.

    Values of units lj stay what they are; `relabelled` names them.
    """
    scales = {} if units.name == "lj" else {"Press": units.pressure_GPa, "PotEng": units.energy_eV}
    runs = [table for table in log.tables if table.command.startswith("run") and table.rows > 1]
    found = []
    for column, label in _THERMO.items():
        x, y, begun = list[float](), list[float](), 0.0
        for table in runs:
            if column in table.columns:
                times = (table.columns["Step"] - table.columns["Step"][0]) * step_fs / 1000
                x += (times + begun).tolist()
                y += (table.columns[column] * scales.get(column, 1.0)).tolist()
                begun += float(times[-1])
        if x and _varies(y):
            found.append(Curve(name=f"thermo_{column}", x_label="time (ps)", y_label=label, x=tuple(x), y=tuple(y)))
    return found


def _varies(values: Sequence[float]) -> bool:
    return max(values) - min(values) > 0
