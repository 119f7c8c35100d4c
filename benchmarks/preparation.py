"""Preparation: sixty structures for one sentence, judged by a model that did not build them, and prompts of many kinds.

    python benchmarks/preparation.py              # what is missing of all parts
    python benchmarks/preparation.py --part built # sixty structures: time, memory, rejects, likeness
    python benchmarks/preparation.py --part judged   # single points of an independent model (CHGNet, GFN1)
    python benchmarks/preparation.py --part prompts  # the blind prompts, field by field, one structure a group built
    python benchmarks/preparation.py --part prompts --set second   # a second half, never tuned on

The prompts and how they are judged: blind_prompts.py. A finished row is written to preparation.json at once and not
computed again (delete it to do so). Densities of the liquids and the growth with atoms are in standin.json
(benchmarks/standin.py).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import time
from functools import partial
from pathlib import Path

import numpy as np
from blind_prompts import SETS, cases, prompt_table

from lang2mlip.prepare.build import build
from lang2mlip.prepare.plan import plan
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.task import complete
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.dedup import distance, likeness

HERE = Path(__file__).parent
RESULTS = HERE / "preparation.json"
SENTENCE = "SEI of lithium battery"
WORK = Path("/tmp/lang2mlip-preparation")
SMALL = {"chgnet": 130, "gfn1-xtb": 80}
LARGER = 400
FORCE_eV_A, PRESSURE_GPA = 10.0, 3.0


def main() -> None:
    """Run what is missing, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("built", "judged", "prompts"))
    parser.add_argument("--set", choices=tuple(SETS), default="prompts", help="which half of the blind prompts")
    asked = parser.parse_args()
    part = asked.part
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, work in (("built", built), ("judged", judged), ("prompts", partial(run_set, asked.set))):
        if part in (None, name):
            work(rows)
    table(rows)


def keep(rows: dict, part: str, name: str, row: dict) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    told = {"command": f"python benchmarks/preparation.py --part {part.partition('_')[0]}"} | row | {"commit": commit}
    rows.setdefault(part, {})[name] = told
    # Read again: another part may have been written meanwhile.
    current = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    current.setdefault(part, {})[name] = told
    RESULTS.write_text(json.dumps(current, indent=1, ensure_ascii=False))


def run_set(which: str, rows: dict) -> None:
    """A half of the blind prompts, row by row."""
    for name, work in cases(which, rows.get(which, {})):
        told = work()
        keep(rows, which, name, told | {"command": f"python benchmarks/preparation.py --part prompts --set {which}"})


def built(rows: dict) -> None:
    """The sixty structures, rules only."""
    if SENTENCE in rows.get("built", {}):
        return
    shutil.rmtree(WORK / "built", ignore_errors=True)
    begun, cpu = time.monotonic(), cpu_s()
    task = complete(read(SENTENCE))
    records, report = build(plan(task), WORK / "built", None)
    seconds = time.monotonic() - begun
    likes = [likeness(frames_of(record)) for record in records]
    nearest = min(distance(a, b) for n, a in enumerate(likes) for b in likes[:n])
    keep(rows, "built", SENTENCE, {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, shared",
        "structures": len(records),
        "groups": len({record.request.group for record in records}),
        "elements": list(task.elements),
        "largest_atoms": max(record.n_atoms for record in records),
        "rejected": list(report.rejected),
        "rebuilt": report.rebuilt,
        "repaired": report.repaired,
        "seconds": round(seconds, 1),
        "cpu_s": round(cpu_s() - cpu, 1),
        "peak_MB_driver": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "peak_MB_worker": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "smallest_likeness_distance": round(float(nearest), 4),
        "load": round(os.getloadavg()[0], 1),
    })  # fmt: skip


def frames_of(record):
    return read_frames(WORK / "built" / record.file)[0]


def cpu_s() -> float:
    use = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in use)


def judged(rows: dict) -> None:
    """Largest force and pressure of each structure that is small enough, in a model that had no part in building.

    Larger ones, up to 400 atoms, stand apart in `judged_larger`; the crystals at their measured cells, which tell the
    model's own pressure at the right density, in `judged_crystals`.
    """
    from lang2mlip.science.reference.spec import open_reference, parse

    task = complete(read(SENTENCE))
    records, _ = build(plan(task), WORK / "built", None)
    calculators = {name: open_reference(parse(name)).calculator() for name in SMALL}
    for record in sorted(records, key=lambda record: record.n_atoms):
        atoms, wanted = frames_of(record), record.request.name
        name = "gfn1-xtb" if record.request.builder == "molecule" and len(atoms) <= SMALL["gfn1-xtb"] else "chgnet"
        part = "judged" if len(atoms) <= SMALL[name] else "judged_larger"
        if wanted not in rows.get(part, {}) and len(atoms) <= LARGER:
            keep(rows, part, wanted, single_point(atoms, name, calculators[name]))
    for component in task.components:
        if component.crystal and component.crystal not in rows.get("judged_crystals", {}):
            atoms = Bulk(BulkParameters(crystal=component.crystal, atoms=24)).build(0)
            keep(rows, "judged_crystals", component.crystal, single_point(atoms, "chgnet", calculators["chgnet"]))


def single_point(atoms, name: str, calculator) -> dict:
    begun = time.monotonic()
    atoms.calc = calculator
    force = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
    pressure = float(-atoms.get_stress()[:3].mean() * 160.21766) if atoms.pbc.all() else None
    return {
        "atoms": len(atoms),
        "model": name,
        "max_force_eV_A": round(force, 2),
        "pressure_GPa": None if pressure is None else round(pressure, 2),
        "sound": force < FORCE_eV_A and (pressure is None or abs(pressure) < PRESSURE_GPA),
        "seconds": round(time.monotonic() - begun, 1),
    }


def table(rows: dict) -> None:
    """What was found, short."""
    for name, one in rows.get("built", {}).items():
        print(
            f"{name}: {one['structures']} structures in {one['groups']} groups, largest {one['largest_atoms']} atoms,"
            f" {len(one['rejected'])} rejected, {one['rebuilt']} rebuilt, {one['seconds']:.0f} s at load {one['load']},"
            f" {one['peak_MB_driver']} + {one['peak_MB_worker']} MB, nearest two {one['smallest_likeness_distance']}"
        )
    for part in ("judged", "judged_larger", "judged_crystals"):
        if rows.get(part):
            print(f"{part}:")
            judged_table(rows[part])
    for part, what in (("first", "their first run"), ("prompts", "now"), ("second", "the second half, once")):
        if rows.get(part):
            print(f"Blind prompts, {what}:")
            prompt_table(rows[part])


def judged_table(single: dict) -> None:
    good = sum(one["sound"] for one in single.values())
    print(f"{good} of {len(single)} structures: force < {FORCE_eV_A:g} eV/Å, |P| < {PRESSURE_GPA:g} GPa")
    for name, one in sorted(single.items(), key=lambda pair: -pair[1]["max_force_eV_A"]):
        if not one["sound"]:
            print(f"  {name:45} {one['model']:9} {one['max_force_eV_A']:7.2f} eV/Å {one['pressure_GPa']} GPa")


if __name__ == "__main__":
    main()
