"""Metadynamics as LAMMPS' colvars module reads it."""

from __future__ import annotations

from lang2mlip.contracts.protocols import Metadynamics, Variable

__all__ = ["colvars"]


def colvars(protocol: Metadynamics) -> str:
    """The colvars module's own input; its units follow LAMMPS: eV and Å, angles in degrees."""
    one = protocol.variable
    low, high = one.range
    return f"""colvarsTrajFrequency {protocol.every}
colvar {{
  name variable
  width {one.width:g}
  lowerBoundary {low:g}
  upperBoundary {high:g}
{_component(one)}}}
{_walls(one)}metadynamics {{
  colvars variable
  hillWeight {protocol.hill_eV:g}
  gaussianSigmas {one.width:g}
  newHillFrequency {protocol.every}
  writeHillsTrajectory on
{_tempered(protocol)}}}
"""


def _tempered(protocol: Metadynamics) -> str:
    if protocol.bias_temperature_K is None:
        return ""
    return f"  wellTempered on\n  biasTemperature {protocol.bias_temperature_K:g}\n"


def _walls(one: Variable) -> str:
    """What keeps the variable where hills can follow; a dihedral is periodic and needs none."""
    if one.kind == "dihedral":
        return ""
    low, high = one.range
    lower = f"  lowerWalls {low:g}\n" if low > 0 else ""
    return f"harmonicWalls {{\n  colvars variable\n{lower}  upperWalls {high:g}\n  forceConstant 1.0\n}}\n"


def _component(one: Variable) -> str:
    def group(name: str, numbers: tuple[int, ...]) -> str:
        return f"    {name} {{ atomNumbers {' '.join(map(str, numbers))} }}\n"

    if one.kind == "coordination":
        inside = f"    cutoff {one.cutoff_A:g}\n{group('group1', one.atoms)}{group('group2', one.others)}"
        return f"  coordNum {{\n{inside}  }}\n"
    groups = "".join(group(f"group{n}", (number,)) for n, number in enumerate(one.atoms, 1))
    return f"  {one.kind} {{\n{groups}  }}\n"
