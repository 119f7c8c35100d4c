"""Preparation: sixty structures for one sentence, judged by a model that did not build them, and prompts of many kinds.

    python benchmarks/preparation.py              # what is missing of all parts
    python benchmarks/preparation.py --part built # sixty structures: time, memory, rejects, likeness
    python benchmarks/preparation.py --part judged   # single points of an independent model (CHGNet, GFN1)
    python benchmarks/preparation.py --part prompts  # the blind prompts, field by field, one structure a group built

preparation_blind.yaml was worded by someone who never saw the code; its hash was committed before its first run, and
nothing was tuned on it before that run. `first` holds the rows of that run, `prompts` those of today's code, for which
general faults that the run had shown were mended. One colleague had read part of the file before, looking for formats.
A finished row is written to preparation.json at once and not computed again (delete it to do so). Densities of the
liquids and the growth with atoms are in standin.json (benchmarks/standin.py).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import numpy as np
import yaml

from lang2mlip.contracts import Plan
from lang2mlip.errors import BadInput, Lang2mlipError
from lang2mlip.prepare.build import build
from lang2mlip.prepare.formulas import parse_formula
from lang2mlip.prepare.plan import plan
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.task import complete
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.structures.dedup import distance, likeness

HERE = Path(__file__).parent
RESULTS = HERE / "preparation.json"
BLIND = HERE / "preparation_blind.yaml"
SENTENCE = "SEI of lithium battery"
WORK = Path("/tmp/lang2mlip-preparation")
SMALL = {"chgnet": 130, "gfn1-xtb": 80}
FORCE_eV_A, PRESSURE_GPA = 10.0, 3.0


def main() -> None:
    """Run what is missing, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("built", "judged", "prompts"))
    part = parser.parse_args().part
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name, work in (("built", built), ("judged", judged), ("prompts", prompts)):
        if part in (None, name):
            work(rows)
    table(rows)


def keep(rows: dict, part: str, name: str, row: dict) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    rows.setdefault(part, {})[name] = row | {
        "commit": commit,
        "command": f"python benchmarks/preparation.py --part {part}",
    }
    RESULTS.write_text(json.dumps(rows, indent=1, ensure_ascii=False))


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
    """Largest force and pressure of each structure that is small enough, in a model that had no part in building."""
    from lang2mlip.science.reference.spec import open_reference, parse

    task = complete(read(SENTENCE))
    records, _ = build(plan(task), WORK / "built", None)
    calculators = {name: open_reference(parse(name)).calculator() for name in SMALL}
    for record in sorted(records, key=lambda record: record.n_atoms):
        atoms = frames_of(record)
        name = "gfn1-xtb" if record.request.builder == "molecule" and len(atoms) <= SMALL["gfn1-xtb"] else "chgnet"
        if record.request.name in rows.get("judged", {}) or len(atoms) > SMALL[name]:
            continue
        begun = time.monotonic()
        atoms.calc = calculators[name]
        force = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
        whole = bool(atoms.pbc.all())
        pressure = float(-atoms.get_stress()[:3].mean() * 160.21766) if whole else None
        keep(rows, "judged", record.request.name, {
            "atoms": len(atoms),
            "model": name,
            "max_force_eV_A": round(force, 2),
            "pressure_GPa": None if pressure is None else round(pressure, 2),
            "sound": force < FORCE_eV_A and (pressure is None or abs(pressure) < PRESSURE_GPA),
            "seconds": round(time.monotonic() - begun, 1),
        })  # fmt: skip


def prompts(rows: dict) -> None:
    """The blind prompts, one by one."""
    stated = (HERE / "preparation_blind.sha256").read_text().split()[0]
    assert hashlib.sha256(BLIND.read_bytes()).hexdigest() == stated, "the blind prompts were changed"
    for number, case in enumerate(yaml.safe_load(BLIND.read_text(encoding="utf-8"))):
        name = f"{number:02d} {case['kind']}"
        if name not in rows.get("prompts", {}):
            keep(rows, "prompts", name, judge(case, WORK / f"prompt-{number:02d}"))


def judge(case: dict, folder: Path) -> dict:
    """Field → right or wrong, what was built, and how long it took."""
    begun, expect = time.monotonic(), case["expect"]
    shutil.rmtree(folder, ignore_errors=True)
    try:
        reading = read(case["prompt"])
        asked = [question.text for question in questions(reading)]
        if expect.get("refused"):
            doubt = [text for text in asked if any(word in text.casefold() for word in about(expect))]
            doubt += [conflict.text for conflict in reading.conflicts]
            if doubt:
                return row({"refused": True}, begun, said=doubt[0])
        task = complete(reading)
    except BadInput as error:
        return row({"refused": bool(expect.get("refused"))}, begun, said=str(error))
    except Lang2mlipError as error:
        return row({"refused": bool(expect.get("refused"))}, begun, said=str(error))
    if expect.get("refused"):
        return row({"refused": False}, begun, said="it went on: " + task.goal)
    fields = compare(task, expect)
    try:
        wanted = plan(task)
        first = {request.group: request for request in reversed(wanted.requests) if request.role == "train"}
        records, report = build(Plan(requests=tuple(first.values())), folder, None)
    except Lang2mlipError as error:
        return row(fields | {"built": False}, begun, said=str(error))
    if "builders" in expect:
        fields["builders"] = set(expect["builders"]) <= {request.builder for request in wanted.requests}
    fields["built"] = len(records) == len(first)
    return row(fields, begun, planned=len(wanted.requests), built=len(records), groups=len(first),
               rejected=list(report.rejected))  # fmt: skip


def row(fields: dict, begun: float, **more) -> dict:
    return {"fields": fields, "seconds": round(time.monotonic() - begun, 1), **more}


def about(expect: dict) -> list[str]:
    return [word for word in str(expect.get("about", "")).casefold().replace(",", " ").split() if len(word) > 3]


def compare(task, expect: dict) -> dict:
    """Only what the words clearly say is compared."""
    fields = {}
    if "elements" in expect:
        fields["elements"] = sorted(task.elements) == sorted(expect["elements"])
    for key in ("temperature_K", "pressure_GPa"):
        if key in expect:
            fields[key] = same_range(key, getattr(task, key), expect[key])
    for key in ("simulations", "properties"):
        if key in expect:
            fields[key] = set(expect[key]) <= set(getattr(task, key))
    for number, wanted in enumerate(expect.get("components", [])):
        match = next((one for one in task.components if alike(one.formula, wanted["formula"])), None)
        fields[f"component {number}"] = match is not None
        if match is not None:
            fields |= {f"{key} {number}": good for key, good in same_component(match, wanted).items()}
    return fields | ({"layers": same_layers(task, expect["layers"])} if "layers" in expect else {})


def same_range(key: str, have, wanted) -> bool:
    (low, high), (a, b) = have, wanted
    slack = 0.6 if key == "temperature_K" else 0.02 * max(abs(a), abs(b)) + 1e-6
    if abs(b - a) <= 0.5:
        return low <= b + slack and high >= a - slack
    return abs(low - a) <= slack and abs(high - b) <= slack


def same_component(match, wanted: dict) -> dict:
    fields = {}
    for key in ("phases", "facets"):
        if key in wanted:
            have = {tuple(x) if isinstance(x, list | tuple) else x for x in getattr(match, key)}
            fields[key] = {tuple(x) if isinstance(x, list) else x for x in wanted[key]} <= have
    if "amount" in wanted:
        fields["amount"] = amount(match.amount) == amount(wanted["amount"])
    return fields


def alike(one: str, other: str) -> bool:
    a, b = parse_formula(one) or {}, parse_formula(other) or {}
    if set(a) != set(b) or not a:
        return False
    total = sum(a.values()), sum(b.values())
    return all(abs(a[s] / total[0] - b[s] / total[1]) < 0.015 for s in a)


def amount(text: str | None):
    from lang2mlip.prepare.amounts import parse_amount

    if not text:
        return None
    words = (
        text.replace(" by ", " parts by ") if text.split()[0].replace(".", "").isdigit() and " by " in text else text
    )
    try:
        found = parse_amount(words.replace("parts parts", "parts"))
    except BadInput:
        return text
    return round(found.value, 4), found.unit


def same_layers(task, wanted: list[str]) -> bool:
    named = {one.name: one.formula for one in task.components}
    have = [[named.get(name, "") for name in layer.split(" + ")] for layer in task.layers]
    return len(have) == len(wanted) and all(
        any(alike(formula, target) for formula in layer if formula) for layer, target in zip(have, wanted, strict=True)
    )


def table(rows: dict) -> None:
    """What was found, short."""
    for name, one in rows.get("built", {}).items():
        print(
            f"{name}: {one['structures']} structures in {one['groups']} groups, largest {one['largest_atoms']} atoms,"
            f" {len(one['rejected'])} rejected, {one['rebuilt']} rebuilt, {one['seconds']:.0f} s at load {one['load']},"
            f" {one['peak_MB_driver']} + {one['peak_MB_worker']} MB, nearest two {one['smallest_likeness_distance']}"
        )
    if rows.get("judged"):
        judged_table(rows["judged"])
    for part in ("first", "prompts"):
        if rows.get(part):
            print(f"Blind prompts, {'their first run' if part == 'first' else 'now'}:")
            prompt_table(rows[part])


def judged_table(single: dict) -> None:
    good = sum(one["sound"] for one in single.values())
    print(f"{good} of {len(single)} structures: force < {FORCE_eV_A:g} eV/Å, |P| < {PRESSURE_GPA:g} GPa")
    for name, one in sorted(single.items(), key=lambda pair: -pair[1]["max_force_eV_A"]):
        if not one["sound"]:
            print(f"  {name:45} {one['model']:9} {one['max_force_eV_A']:7.2f} eV/Å {one['pressure_GPa']} GPa")


def prompt_table(cases: dict) -> None:
    right, asked = Counter(), Counter()
    for one in cases.values():
        for field, good in one["fields"].items():
            right[field.split()[0]] += bool(good)
            asked[field.split()[0]] += 1
    for field in asked:
        print(f"  {field:15} {right[field]:3} of {asked[field]:3}")
    whole = sum(all(one["fields"].values()) for one in cases.values())
    print(f"  {sum(right.values())} of {sum(asked.values())} fields, {whole} of {len(cases)} prompts whole")


if __name__ == "__main__":
    main()
