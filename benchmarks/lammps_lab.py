"""The LAMMPS lab measured: tasks from words against numeric truth, and wordings that nobody tuned on.

python benchmarks/lammps_lab.py [TASK|KIND…]        what is missing of the executable tasks, recipes alone; half an hour
python benchmarks/lammps_lab.py --again [TASK…]     and what went wrong before
python benchmarks/lammps_lab.py --paraphrases       240 wordings: substance, recipe, temperature, pressure; seconds
Rows and summaries go to lammps.json. With a model: lang2mlip bench lammps --arms direct,loop --model PROVIDER:NAME
(Not lammps.py: a script of that name would hide the package from every benchmark beside it.)
"""

import json
import sys
from pathlib import Path

import yaml

from lang2mlip.errors import Lang2mlipError
from lang2mlip.labs.lammps.bench.bench import Rows, Wish, bench, summary
from lang2mlip.labs.lammps.words import understood

HERE = Path(__file__).parent
FILE = HERE / "lammps.json"
WORDINGS = {
    "a": HERE / "blind" / "lammps-paraphrases.yaml",
    "b": HERE / "blind" / "lammps-paraphrases-b.yaml",
    "c": HERE / "blind" / "lammps-paraphrases-c.yaml",
    "d": HERE / "blind" / "lammps-paraphrases-d.yaml",
}
"""Sixty wordings each, by four people who had not seen the code. The reader was tuned on a, b and, once 42 of its 60
were read whole (22 November 2026), on c; of d only the number was ever looked at."""
UNSEEN = "d"
READINGS = HERE / "lammps_paraphrases.json"

MEANS = {
    "minimise": {"minimise", "energy_volume"}, "rdf": {"motion"}, "diffusion": {"motion"}, "eos": {"energy_volume"},
    "tension": {"deform"}, "shear": {"deform"}, "surface-energy": {"surface"}, "equilibrate": {"equilibrate"},
    "conductivity": {"conductivity", "heat_flux"}, "elastic": {"elastic", "elastic_hot"},
    "metadynamics": {"metadynamics", "hop"},
}  # fmt: skip
"""Kind of the wordings → recipes that do it; a kind that is not here has a recipe of its own name."""


def formula(component):
    from lang2mlip.labs.lammps.building import unit_cell

    return unit_cell(component).symbols.formula.reduce()[0].format("hill")


def reading(one):
    """(what was read, what is wrong with it)."""
    try:
        wish = understood(one["prompt"], {})
    except Lang2mlipError as error:
        return {"refused": str(error)[:160]}, ["refused"]
    recipe = wish.recipe
    conditions = {name: getattr(recipe, name, None) for name in ("temperature_K", "pressure_GPa")}
    read = {"recipe": recipe.key, "system": formula(wish.component), **conditions}
    wrong = [] if recipe.key in MEANS.get(one["kind"], {one["kind"]}) else ["recipe"]
    wrong += ["mode"] if one["kind"] in ("tension", "shear") and getattr(recipe, "mode", "") != one["kind"] else []
    wrong += [] if sorted(read["system"]) == sorted(one["system"]) else ["system"]
    kelvin, asked = read["temperature_K"], one["temperature_K"]
    if recipe.key == "expansion" and recipe.temperature_K < (asked or 0) < recipe.to_K:
        kelvin = (recipe.temperature_K + recipe.to_K) / 2
    wrong += ["temperature"] if asked and (kelvin is None or abs(kelvin - asked) > 1) else []
    bar, said = read["pressure_GPa"] or 0.0, one["pressure_GPa"]
    wrong += ["pressure"] if said is not None and abs(bar - said) > max(0.001, 0.01 * said) else []
    return read, wrong


def paraphrases():
    """How many wordings of each set are read whole; those that are not, and why, but for the unseen set."""
    history = json.loads(READINGS.read_text()) if READINGS.exists() else {}
    for name, file in WORDINGS.items():
        rows = {}
        for one in yaml.safe_load(file.read_text(encoding="utf-8")):
            read, wrong = reading(one)
            rows[one["id"]] = {"wrong": wrong} if name == UNSEEN else {**read, "wrong": wrong}
            if wrong and name != UNSEEN:
                print(f"{one['id']} {one['kind']:14} {', '.join(wrong):22} {one['prompt'][:110]!r} {read}")
        now = {"right": sum(not row["wrong"] for row in rows.values()), "of": len(rows), "rows": rows}
        print(f"{name}: {now['right']} of {now['of']} read whole")
        history[name] = {"first": history.get(name, {}).get("first", now), "now": now}
    READINGS.write_text(json.dumps(history, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(words):
    if "--paraphrases" in words:
        paraphrases()
        return 0
    again, only = "--again" in words, tuple(word for word in words if word != "--again")
    rows = bench(Wish(only=only, again=again), Rows(FILE), Path("lammps-work"), lambda line: print(line, flush=True))
    for name, told in summary(rows).items():
        print(name, told)
    return 0 if all(row["right"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
