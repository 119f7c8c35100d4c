"""The blind prompts of the preparation benchmark: read, planned, one structure of every group built, field by field.

preparation_blind.yaml was worded by someone who never saw the code; its hash was committed before its first run, and
nothing was tuned on it before that run. In preparation.json `first` holds the rows of that run and `prompts` those of
today's code, for which general faults that the run had shown were mended: it is the half that was tuned on. One
colleague had read part of the file before, looking for formats. preparation_blind2.yaml is a second half, worded the
same way and never tuned on: `second` holds its only run.

A prompt that must be refused counts as refused by an error, by a question that has no default (so that `--yes` stops),
by a contradiction that is told, or by a question which of several substances or forms is meant. Questions that every
prompt gets (which phases, temperatures, properties, methods) do not count. The writer of the second half marked what
cannot be in comments instead: there a refusal is recorded as not asked for, with what was said.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

import yaml

from lang2mlip.contracts import Plan
from lang2mlip.errors import BadInput, Lang2mlipError
from lang2mlip.prepare.build import build
from lang2mlip.prepare.formulas import parse_formula
from lang2mlip.prepare.plan import plan
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.task import complete

HERE = Path(__file__).parent
SETS = {"prompts": "preparation_blind", "second": "preparation_blind2"}
WHICH = ("formula", "crystal", "molecule")
"""Questions which of several is meant."""
WORK = Path("/tmp/lang2mlip-preparation")


def cases(which: str, done: Collection[str]) -> Iterator[tuple[str, Callable[[], dict]]]:
    """Name and work of every prompt of a set that is not done. Raises AssertionError where the file was changed."""
    file = HERE / f"{SETS[which]}.yaml"
    stated = (HERE / f"{SETS[which]}.sha256").read_text().split()[0]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == stated, "the blind prompts were changed"
    for number, case in enumerate(yaml.safe_load(file.read_text(encoding="utf-8"))):
        name = f"{number:02d} {case['kind']}"
        if name not in done:
            yield name, partial(judge, case, WORK / f"{which}-{number:02d}")


def judge(case: dict, folder: Path) -> dict:
    """Field → right or wrong, what was built, and how long it took."""
    begun, expect = time.monotonic(), case["expect"]
    refused = bool(expect.get("refused"))
    shutil.rmtree(folder, ignore_errors=True)
    try:
        reading = read(case["prompt"])
        if refused and (doubt := doubted(reading)):
            return row({"refused": True}, begun, said=doubt)
        task = complete(reading)
    except Lang2mlipError as error:
        return row({"refused": refused}, begun, said=str(error))
    if refused:
        return row({"refused": False}, begun, said="it went on: " + task.goal)
    return built_from(task, expect, folder, begun)


def doubted(reading: Reading) -> str:
    """What is asked or told because the words cannot stand as they are; empty when nothing is."""
    told = [question.text for question in questions(reading) if question.needed]
    told += [conflict.text for conflict in reading.conflicts]
    told += [question.text for question in questions(reading) if question.field.partition(".")[0] in WHICH]
    return (told or [""])[0]


def built_from(task, expect: dict, folder: Path, begun: float) -> dict:
    """The fields of a task compared, and one structure of each group built."""
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
            # A person may call the melt of a salt or metal a liquid.
            have |= {"liquid"} if "melt" in have else set()
            fields[key] = {indices(x) if key == "facets" else x for x in wanted[key]} <= have
    if "amount" in wanted:
        fields["amount"] = amount(match.amount) == amount(wanted["amount"])
    return fields


def indices(written) -> tuple[int, ...]:
    """Miller indices as a list of numbers or as digits, `10-10`."""
    return tuple(map(int, re.findall(r"-?\d", written) if isinstance(written, str) else written))


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
    words = re.sub(r"^([\d.]+) by ", r"\1 parts by ", text.strip())
    try:
        found = parse_amount(words)
    except BadInput:
        return text
    return round(found.value, 4), found.unit


def same_layers(task, wanted: list[str]) -> bool:
    named = {one.name: one.formula for one in task.components}
    have = [[named.get(name, "") for name in layer.split(" + ")] for layer in task.layers]
    return len(have) == len(wanted) and all(
        any(alike(formula, target) for formula in layer if formula) for layer, target in zip(have, wanted, strict=True)
    )


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
