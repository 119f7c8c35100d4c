"""Wordings that nobody tuned on, run: does the person who words it get the number of the one who types it?

python benchmarks/lammps_wordings.py [ID…]     what is missing, two at a time; an hour. Resumable: lammps_wordings.json

Each of the sixty wordings of blind/lammps-paraphrases-d.yaml is simulated as it stands. Beside it runs the same
request as blind/lammps-typed-d.yaml has it: recipe, substance and parameters, typed by one who had seen the wordings
and the list of recipes but neither the code nor what it reads. A wording counts as right where its simulation is
sound, reports the number that was asked for, and that number agrees with the typed one's: within three standard errors
of both, or SAME of it. Where both mean the same run to the last parameter it is made once. Whether the recipes
themselves give the right numbers is measured by lammps_lab.py.
"""

import hashlib
import json
import math
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import yaml

from lang2mlip.errors import Lang2mlipError
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.attempt import Manner
from lang2mlip.labs.lammps.engine import Limits
from lang2mlip.labs.lammps.recipes import known
from lang2mlip.labs.lammps.words import understood
from lang2mlip.record.run import write_json

HERE = Path(__file__).parent
FILE = HERE / "lammps_wordings.json"
WORDINGS, TYPED = HERE / "blind" / "lammps-paraphrases-d.yaml", HERE / "blind" / "lammps-typed-d.yaml"
SAME = 0.02
LIMIT_S = 3600.0
LOCK = threading.Lock()


def of_file(file):
    return {one["id"]: one for one in yaml.safe_load(file.read_text(encoding="utf-8"))}


def typed_words(one):
    """Words that mean just the recipe and the substance; everything else is given as parameters."""
    entries = yaml.safe_load((HERE.parent / "src/lang2mlip/data/recipes/recipes.yaml").read_text(encoding="utf-8"))
    word = next(entry["words"][0] for entry in entries.values() if entry["recipe"] == one["recipe"])
    kelvin = one["parameters"].get("temperature_K")
    at = f" at {kelvin:g} K" if kelvin and one["recipe"] != "expansion" else ""
    return f"{word} of {one['substance']}{at}"


def typed_wish(one):
    fields = known(one["recipe"]).model_fields
    given = {name: value for name, value in one["parameters"].items() if name in fields or name != "molten"}
    wish = understood(typed_words(one), given)
    if wish.recipe.key != one["recipe"]:
        raise ValueError(f"{one['id']}: {typed_words(one)!r} means {wish.recipe.key}, not {one['recipe']}")
    return wish, given


def key(wish):
    told = [wish.recipe.key, wish.recipe.model_dump(mode="json"), wish.component.crystal]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


class Results:
    """The file: `rows`, one for each wording; `runs`, one for each simulation."""

    def __init__(self):
        self.kept = json.loads(FILE.read_text()) if FILE.exists() else {"summary": {}, "rows": {}, "runs": {}}
        self.making = {}

    def run(self, words, given, wish, work):
        """What the simulation came to; made once for all that mean the same."""
        name = key(wish)
        with LOCK:
            lock = self.making.setdefault(name, threading.Lock())
        with lock:
            if name not in self.kept["runs"]:
                made = self._made(words, given, work)
                with LOCK:
                    self.kept["runs"][name] = made
        return name, self.kept["runs"][name]

    def _made(self, words, given, work):
        begun = time.monotonic()
        how = replace(Settings(out=Path(tempfile.mkdtemp(dir=work))), manner=Manner(limits=Limits(time_s=LIMIT_S)))
        try:
            done = simulate(words, how, **given)
        except Lang2mlipError as error:
            return {"sound": False, "said": str(error)[:200], "s": round(time.monotonic() - begun, 1)}
        numbers = {one.name: [one.value, one.error] for one in done.numbers}
        told = {"recipe": done.recipe, "potential": done.potential.name, "sound": done.sound, "numbers": numbers}
        return {**told, "s": round(time.monotonic() - begun, 1)}

    def add(self, name, row):
        with LOCK:
            self.kept["rows"][name] = row
            self.kept["rows"] = dict(sorted(self.kept["rows"].items()))
            self.kept["summary"] = self.summary()
            write_json(FILE, self.kept)

    def summary(self):
        rows = list(self.kept["rows"].values())
        whys = {}
        for row in rows:
            if not row["right"]:
                whys[row["why"]] = whys.get(row["why"], 0) + 1
        hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (WORDINGS, TYPED)}
        return {"right": sum(row["right"] for row in rows), "of": len(rows), "not right": whys, "sha256": hashes}


def number_of(name, made):
    """The name, with the two elements of a pair in the order that the run has them in."""
    head, _, pair = name.rpartition("_")
    turned = f"{head}_{'-'.join(reversed(pair.split('-')))}"
    return turned if turned in made.get("numbers", {}) else name


def agree(mine, theirs):
    if not (math.isfinite(mine[0]) and math.isfinite(theirs[0])):
        return False
    error = math.hypot(mine[1] or 0.0, theirs[1] or 0.0)
    return abs(mine[0] - theirs[0]) <= max(3 * error, SAME * abs(theirs[0]))


def judged(wording, typed, results, work):
    """The row of one wording: what it came to and, where it is not right, in one word why."""
    try:
        wish = understood(wording["prompt"], {})
    except Lang2mlipError:
        return {"right": False, "why": "refused" if typed["recipe"] else "no such recipe, and refused"}
    if not typed["recipe"]:
        return {"right": False, "why": "another recipe in place of one that there is not"}
    name, mine = results.run(wording["prompt"], {}, wish, work)
    other, theirs = results.run(typed_words(typed), typed_wish(typed)[1], typed_wish(typed)[0], work)
    wanted = number_of(typed["number"], theirs)
    row = {"run": name, "typed": other, "number": wanted}
    if not theirs["sound"] or wanted not in theirs["numbers"]:
        return {**row, "right": False, "why": "the typed request gives no sound number"}
    if not mine["sound"]:
        return {**row, "right": False, "why": "no sound number"}
    if wanted not in mine["numbers"]:
        return {**row, "right": False, "why": "another number"}
    values = mine["numbers"][wanted], theirs["numbers"][wanted]
    row |= {"value": values[0], "typed_value": values[1]}
    return {**row, "right": True} if agree(*values) else {**row, "right": False, "why": "a wrong number"}


def main(words):
    wordings, typed, results = of_file(WORDINGS), of_file(TYPED), Results()
    for one in typed.values():
        if one["recipe"]:
            typed_wish(one)  # all must mean what they say before anything runs
    missing = [name for name in wordings if (name in words if words else name not in results.kept["rows"])]

    def one(name):
        with tempfile.TemporaryDirectory() as work:
            row = judged(wordings[name], typed[name], results, work)
        results.add(name, row)
        print(name, "right" if row["right"] else row["why"], row.get("value"), row.get("typed_value"), flush=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, missing))
    print(results.summary())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
