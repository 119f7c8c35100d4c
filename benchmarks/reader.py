"""The reader without a model, on prompts written by someone who never saw the code.

    python benchmarks/reader.py

prompts/prompts_blind.yaml was written from a description of the fields alone; its hash was committed before its first
run. The reader was tuned on tests/prepare/prompts.yaml only. Every field is compared on its own; a `note` in a case is
the writer's word that a reasonable expert could read it in another way. Writes reader.json.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from pathlib import Path

import yaml

from lang2mlip.errors import BadInput
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import read

HERE = Path(__file__).parent
PROMPTS = HERE / "prompts" / "prompts_blind.yaml"
FIELDS = ("formulas", "phases", "facets", "temperature_K", "pressure_GPa", "properties", "reference", "potential")


def main() -> None:
    stated = (HERE / "prompts" / "prompts_blind.sha256").read_text().split()[0]
    assert hashlib.sha256(PROMPTS.read_bytes()).hexdigest() == stated, "the blind prompts were changed"
    cases = yaml.safe_load(PROMPTS.read_text(encoding="utf-8"))
    begun = time.perf_counter()
    results = [judge(case) for case in cases]
    seconds = time.perf_counter() - begun
    right, asked = Counter(), Counter()
    for result in results:
        for field, good in result["fields"].items():
            asked[field] += 1
            right[field] += good
    for field in asked:
        print(f"{field:15} {right[field]:3} of {asked[field]:3}")
    whole = sum(all(result["fields"].values()) for result in results)
    print(f"{'whole prompts':15} {whole:3} of {len(results):3}   ({1000 * seconds / len(results):.0f} ms each)")
    report = {
        "command": "python benchmarks/reader.py",
        "sha256": stated,
        "fields": {field: [right[field], asked[field]] for field in asked},
        "whole_prompts": [whole, len(results)],
        "missed": [result for result in results if not all(result["fields"].values())],
    }
    (HERE / "reader.json").write_text(json.dumps(report, indent=1, ensure_ascii=False))


def judge(case: dict) -> dict:
    """Field → right or wrong; for an unusable prompt: refused, or asked about, and never silently something else."""
    try:
        reading = read(case["prompt"])
        got = taken(reading)
    except BadInput as error:
        return {"prompt": case["prompt"], "fields": {"refused": bool(case.get("error"))}, "said": str(error)}
    if case.get("error"):
        doubts = [question.text for question in questions(reading) if question.field in ("temperature_K", "phases")]
        return {"prompt": case["prompt"], "fields": {"refused": bool(reading.conflicts)}, "got": got, "said": doubts}
    expected = {field: case.get(field) for field in FIELDS}
    fields = {field: same(field, got[field], expected[field]) for field in FIELDS if expected[field] or got[field]}
    return {"prompt": case["prompt"], "fields": fields, "got": got, "expected": expected, "note": case.get("note")}


def taken(reading) -> dict:
    phases, facets = {}, {}
    for component in reading.components:
        phases.setdefault(component.formula, []).extend(component.phases)
        if component.facets:
            facets.setdefault(component.formula, []).extend(list(facet) for facet in component.facets)
    return {
        "formulas": list(dict.fromkeys(component.formula for component in reading.components)),
        "phases": phases,
        "facets": facets,
        "temperature_K": reading.temperature_K,
        "pressure_GPa": reading.pressure_GPa,
        "properties": list(reading.properties),
        "reference": reading.reference.name if reading.reference else None,
        "potential": reading.potential,
    }


def same(field: str, got, expected) -> bool:
    """Sets where order says nothing; ranges within rounding of unit conversions."""
    if field in ("temperature_K", "pressure_GPa"):
        if not got or not expected:
            return not got and not expected
        return all(a is not None and abs(a - b) <= 0.006 * max(1.0, abs(b)) for a, b in zip(got, expected, strict=True))
    if field in ("formulas", "properties"):
        return set(got or ()) == set(expected or ())
    if field == "phases":
        keys = set(got or ()) | set(expected or ())
        return all(set((got or {}).get(k, ())) == set((expected or {}).get(k, ())) for k in keys)
    if field == "facets":
        return {k: sorted(v) for k, v in (got or {}).items()} == {k: sorted(v) for k, v in (expected or {}).items()}
    if field == "reference" and expected == "dft":
        return got is not None and got.split(":")[0] in ("dft", "gpaw", "pyscf")
    return got == expected


if __name__ == "__main__":
    main()
