"""Recipes against truth: words to a number, compared with the same potential asked from Python.

python benchmarks/simulate.py [TASK…]      prints a table and writes simulate.json; about five minutes on one core
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import yaml

from lang2mlip.contracts import Component
from lang2mlip.errors import BadInput, Lang2mlipError
from lang2mlip.labs.lammps import Settings, Simulation, simulate
from lang2mlip.labs.lammps.building import unit_cell
from lang2mlip.labs.lammps.words import understood
from lang2mlip.science.evaluation.elastic import Elastic
from lang2mlip.science.evaluation.equation_of_state import EquationOfState
from lang2mlip.science.evaluation.surface_energy import SurfaceEnergy
from lang2mlip.science.evaluation.vacancy import Vacancy
from lang2mlip.science.reference.lammps_file import LammpsReference
from lang2mlip.science.structures.surface import Surface, SurfaceParameters

HERE = Path(__file__).parent
TASKS = yaml.safe_load((HERE / "simulate.yaml").read_text(encoding="utf-8"))


def truth(task, made: Simulation, component: Component) -> float:
    """The number, without any script of ours."""
    if task["truth"] == "cited":
        return float(task["value"])
    calculator = LammpsReference(LammpsReference.Settings(file=made.potential.name)).calculator()
    atoms = unit_cell(component)
    return _COMPUTED[task["truth"]](task["number"], atoms, calculator, made, component)


def _elastic(number, atoms, calculator, made, component):
    return Elastic(strain=0.002).constants(atoms, calculator).GPa[number]


def _lattice(number, atoms, calculator, made, component):
    return EquationOfState().curve(atoms, calculator).lattice_parameter_A


def _bulk(number, atoms, calculator, made, component):
    return EquationOfState().curve(atoms, calculator).minimum.bulk_modulus_GPa


def _vacancy(number, atoms, calculator, made, component):
    return Vacancy(length_A=10.0).formation(atoms, calculator).energy_eV


def _surface(number, atoms, calculator, made, component):
    parameters = SurfaceParameters(
        crystal=component.crystal, miller=tuple(made.parameters["miller"]), layers=12, lateral=(1, 1), vacuum_A=20
    )
    slab = Surface(parameters).build(0)
    slab.pbc = True
    return SurfaceEnergy(fmax_eV_A=2e-3).cleaved(slab, atoms, calculator).energy_J_m2


_COMPUTED = {"elastic": _elastic, "lattice": _lattice, "bulk": _bulk, "vacancy": _vacancy, "surface": _surface}


def done(task, out: Path) -> dict:
    """One task: whether it ran, and whether its number is right."""
    begun = time.monotonic()
    try:
        made = simulate(task["words"], Settings(out=out))
    except BadInput as error:
        right = task["truth"] == "refused" and task["said"] in str(error)
        return {"ran": right, "right": right, "said": str(error), "s": round(time.monotonic() - begun, 1)}
    except Lang2mlipError as error:
        return {"ran": False, "right": False, "said": str(error), "s": round(time.monotonic() - begun, 1)}
    took = round(time.monotonic() - begun, 1)
    if task["truth"] == "refused" or not made.sound:
        return {"ran": made.sound, "right": False, "said": made.grade.sentence(), "s": took}
    value, right = made.value(task["number"]), truth(task, made, understood(task["words"], {}).component)
    off = value / right - 1
    return {"ran": True, "right": abs(off) <= task["tolerance"], "value": value, "truth": right, "off": off,
            "potential": made.potential.name, "score": made.grade.score, "s": took}  # fmt: skip


def main(names: list[str]) -> int:
    """The table."""
    chosen = {name: task for name, task in TASKS.items() if not names or name in names}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, task in chosen.items():
            found[name] = one = done(task, Path(folder))
            told = (
                f"{one['value']:.5g} (truth {one['truth']:.5g}, {100 * one['off']:+.2f} %)"
                if "value" in one
                else one["said"]
            )
            print(f"{name:12} {'right' if one['right'] else 'WRONG'} {one['s']:6.1f} s  {told[:110]}", flush=True)
    ran, right = (sum(one[key] for one in found.values()) for key in ("ran", "right"))
    print(f"{ran} of {len(found)} ran (or were refused as they must be), {right} right")
    if not names:
        summary = {"tasks": len(found), "ran": ran, "right": right, "results": found}
        (HERE / "simulate.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if right == len(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
