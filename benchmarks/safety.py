"""What is wrong is said and nothing gets out: malformed inputs, attempts to leave the sandbox, a million frames.

    .venv/bin/python benchmarks/safety.py --quick     30 inputs, 12 attempts on each level   (a minute)
    .venv/bin/python benchmarks/safety.py             300 inputs, all attempts               (about 10 minutes)

An input is met well when the command ends with exit code 2 and a message that names the place, or goes on honestly (0,
3); a traceback, silence and any other code are counted. An attempt succeeds when anything outside was read, changed,
reached, or lives on. Every level of the sandbox that this machine has is tried. Results are in safety.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import escapes  # noqa: E402
import malformed  # noqa: E402

import tiny  # noqa: E402
from lang2mlip.compute.sandbox import levels  # noqa: E402
from lang2mlip.contracts import DataSet, Decision, Explore, Model, Result  # noqa: E402
from lang2mlip.record.events import Decided, Finished  # noqa: E402
from lang2mlip.record.run import Run  # noqa: E402

CHUNK = 25
"""Inputs that are met in one process."""

BATCHES, FRAMES = 1000, 1000
"""A run of a million frames: a training follows every tenth batch."""


def main() -> int:
    """Measure, print a table, write safety.json; 0 when all inputs were met well and nothing got out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the inputs, 12 attempts")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as place:
        found = {
            "command": "python benchmarks/safety.py" + (" --quick" if quick else ""),
            "malformed": inputs(Path(place) / "inputs", 10 if quick else 1),
            "escapes": attempts(Path(place) / "escapes", 6 if quick else 1),
            "million_frames": million(Path(place) / "million"),
        }
    if not quick:
        HERE.joinpath("safety.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    return 1 if found["malformed"]["wrong"] or any(level["succeeded"] for level in found["escapes"].values()) else 0


def inputs(place: Path, every: int) -> dict[str, object]:
    """Meet every so many of the malformed inputs."""
    made = malformed.cases(place)[::every]
    begun, ends, wrong = time.monotonic(), Counter[str](), {}
    for first in range(0, len(made), CHUNK):
        chunk = made[first : first + CHUNK]
        for case, (status, said) in zip(chunk, malformed.answers(place, chunk), strict=True):
            ends[f"{case.name.split()[0]}: exit code {status}"] += 1
            trouble = malformed.wrong(case, status, said)
            if trouble:
                wrong[case.name] = f"{trouble}: {said[-600:]}"
        print(f"{first + len(chunk)} inputs, {len(wrong)} wrong", file=sys.stderr, flush=True)
    took = round(time.monotonic() - begun, 1)
    return {"inputs": len(made), "wrong": wrong, "ends": dict(sorted(ends.items())), "seconds": took}


def attempts(place: Path, every: int) -> dict[str, dict[str, object]]:
    """Try to get out of each level."""
    found = {}
    for level in levels():
        begun, succeeded, tried = time.monotonic(), {}, list(escapes.ATTEMPTS.items())[::every]
        for number, (name, code) in enumerate(tried):
            breaches = escapes.attempt(code, level, place / f"{level}-{number}")
            if breaches:
                succeeded[name] = breaches
        took = round(time.monotonic() - begun, 1)
        found[level] = {"attempts": len(tried), "succeeded": succeeded, "seconds": took}
        print(f"{level}: {len(tried)} attempts, {len(succeeded)} succeeded", file=sys.stderr, flush=True)
    return found


def million(place: Path) -> dict[str, float]:
    """How long a run with a million labelled frames takes to open."""
    run = tiny.new_run(place, "million")
    run._log._db.execute("PRAGMA synchronous=OFF")
    groups = {f"group-{number}": FRAMES // 20 for number in range(20)}
    for step in range(1, BATCHES + 1):
        decision = Decision(parameters=Explore(), reason="because", expectation="more data", decider="benchmark")
        data = DataSet(id=f"{step:04d}", file=f"data/{step:04d}.extxyz", source="explore", groups=groups)
        model = Model(id=f"m{step}", family="mtp", folder=f"models/m{step}", n_frames=step * FRAMES,
                      datasets=tuple(f"{n:04d}" for n in range(1, step + 1)), train_errors={})  # fmt: skip
        result = Result(action="explore", status="done", summary="labelled", data=(data,))
        run.record(Decided(step=step, decision=decision))
        run.record(Finished(step=step, result=result if step % 10 else result.model_copy(update={"model": model})))
    begun = time.monotonic()
    opened = Run(run.folder)
    return {
        "frames": sum(data.n_frames for data in opened.state.data),
        "events": len(opened.view().events),
        "open_s": round(time.monotonic() - begun, 2),
    }


if __name__ == "__main__":
    sys.exit(main())
