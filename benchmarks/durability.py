"""Fault after fault, on real small runs: what was said, and what was lost, which must be nothing.

    .venv/bin/python benchmarks/durability.py --quick           one case of each fault   (about 15 minutes on 2 cores)
    .venv/bin/python benchmarks/durability.py                   all cases                (about 2 hours)
    .venv/bin/python benchmarks/durability.py --only full-disk  the cases of one fault
    .venv/bin/python benchmarks/durability.py --show            the table of what is there

Resumable: what is in durability.json is not done again. Each case is a run of the tests' tiny job. It is hurt, mended
in the way that its own message says, and resumed; then decisions, label ids, calls, errors and verdicts must be those
of a run that nothing happened to. `again`: calculations that the reference was made to do twice; what was in the hands
of a worker when it died or could not write is all that this may be. Faults of a machine (faults.c) need a C compiler,
small disks and a Slurm need root; what cannot be done here is said.
"""

from __future__ import annotations

import argparse
import errno
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]

import endpoints  # noqa: E402
import faulty  # noqa: E402
import on_slurm  # noqa: E402
from faulty import Trial, sweep  # noqa: E402

import tiny  # noqa: E402
from lang2mlip.record.run import Run  # noqa: E402

TABLE = HERE / "durability.json"
Case = Callable[[Path], tuple[Trial, dict[str, object]]]


def cases(writes: int) -> dict[str, list[Case]]:
    """Fault → its cases. `writes`: of a run that nothing happens to."""
    failing = {"full-disk": errno.ENOSPC, "no-permission": errno.EACCES, "disk-errors": errno.EIO}
    found: dict[str, list[Case]] = {
        name: [partial(faulty.write_faults, first=first, count=0, why=why) for first in sweep(writes, many)]
        for (name, why), many in zip(failing.items(), (24, 8, 8), strict=True)
    }
    for name, why in failing.items():
        found[f"{name}-for-a-moment"] = [
            partial(faulty.write_faults, first=first, count=1, why=why) for first in sweep(writes, 6)
        ]
    found["small-disk"] = [partial(faulty.small_disk, kilobytes=size) for size in (300, 700, 1200, 2000, 3000)]
    found["worker-killed"] = [partial(faulty.kills, seed=seed, whom="worker") for seed in range(4)]
    found["forker-killed"] = [partial(faulty.kills, seed=seed, whom="forker") for seed in range(4)]
    found["driver-killed"] = [partial(faulty.kills, seed=seed, whom="driver") for seed in range(4)]
    found["database-page"] = [partial(faulty.damaged, seed=seed, what=faulty.database_page) for seed in range(8)]
    found["trajectory-cut"] = [partial(faulty.damaged, seed=seed, what=faulty.trajectory) for seed in range(8)]
    found["nan-label"] = [
        partial(faulty.wrong_labels, trouble="nan", share=share, words="not finite") for share in (0.1, 0.5)
    ]
    found["failed-label"] = [partial(faulty.wrong_labels, trouble="raise", share=0.1, words="did not converge")]
    found["hung-calculator"] = [
        partial(faulty.wrong_labels, trouble=trouble, share=0.006, words=words)
        for trouble, words in (("hang", "it took longer"), ("deaf", "no label within"))
    ]
    found["clock-jumps"] = [partial(faulty.clock_jumps, seed=seed) for seed in range(3)]
    found["no-locks"] = [partial(faulty.no_locks, what=what) for what in ("run", "cache")]
    found |= endpoints.cases() | on_slurm.cases()
    return found


def main() -> int:
    """Do what is missing in the table; 0 when nothing was lost in any case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one case of each fault")
    parser.add_argument("--only", help="one fault")
    parser.add_argument("--show", action="store_true", help="nothing but the table")
    wish = parser.parse_args()
    rows = json.loads(TABLE.read_text())["cases"] if TABLE.exists() else []
    if not wish.show:
        work(rows, wish.only, wish.quick)
    print(table(rows))
    return 1 if any(row["lost"] or row["traceback"] for row in rows) else 0


def work(rows: list[dict], only: str | None, quick: bool) -> None:
    """The cases that are not in the rows yet, each written down as it ends."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        clean, writes = untouched(place / "clean")
        for fault, every in cases(writes).items():
            if only not in (None, fault):
                continue
            done = {row["number"] for row in rows if row["fault"] == fault}
            for number, case in enumerate(every[:1] if quick else every):
                if number in done:
                    continue
                rows.append(one(fault, number, case, place / f"{fault}-{number}", clean))
                print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
                TABLE.write_text(
                    '{"command": "python benchmarks/durability.py",\n "cases": ' + faulty.show(rows) + "}\n"
                )


def untouched(place: Path) -> tuple[dict[str, object], int]:
    """What a run comes to that nothing happens to, and how many writes it makes."""
    trial = Trial(place)
    machine = faulty.Machine(place, trial.work)
    status = trial.ended(trial.start(**machine.environment))
    if status not in (0, 3):
        raise SystemExit(f"The run without a fault did not end: {trial.said}")
    return tiny.outcome(Run(trial.run.folder)), machine.writes


def one(fault: str, number: int, case: Case, place: Path, clean: dict[str, object]) -> dict:
    """A case: hurt, mended, compared."""
    begun = time.monotonic()
    try:
        trial, told = case(place)
        status = told["status"] if told.pop("whole", False) else trial.to_the_end()
        return {"fault": fault, "number": number, **told, "ended": status} | judged(trial, told, clean, begun)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        return {"fault": fault, "number": number, "skipped": str(error)[:200], "lost": [], "traceback": ""}
    finally:
        faulty.forget(place)


def judged(trial: Trial, told: dict[str, object], clean: dict[str, object], begun: float) -> dict:
    """What was said and what was lost."""
    lost = told.pop("lost") if "lost" in told else trial.lost(clean)
    return {
        "said": trial.said[0].replace(str(trial.work), "…"),
        "then": len(trial.said) - 1,
        "lost": lost,
        "again": sum(count - 1 for count in trial.calls().values()),
        "traceback": next((words for words in trial.said if words.startswith("TRACEBACK")), ""),
        "seconds": round(time.monotonic() - begun),
    }


def table(rows: list[dict]) -> str:
    """A line per fault."""
    lines = ["| fault | cases | lost | calculated again, at most | what was said (of one) |", "|---|---|---|---|---|"]
    for fault in dict.fromkeys(row["fault"] for row in rows):
        mine = [row for row in rows if row["fault"] == fault and "skipped" not in row]
        lost = sum(bool(row["lost"] or row["traceback"]) for row in mine)
        said = max((row["said"] for row in mine if "Report runs/" not in row["said"]), key=len, default="")[:160]
        again = max((row["again"] for row in mine), default=0)
        lines.append(f"| {fault} | {len(mine)} | {lost or 'nothing'} | {again} | {said} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
