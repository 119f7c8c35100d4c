"""What it costs to work in pieces: here, and on a Slurm of one node (scripts/slurm-up). Writes compute.json here.

    .venv/bin/python benchmarks/compute.py           (about 5 minutes on 2 cores; Slurm is left out where there is none)

- `local_s`: a piece that does next to nothing, given to a warm worker of ours and taken back, one after the other.
- `slurm_s`: the same as a Slurm job of its own, less the time from sbatch until its script runs: start of the
  interpreter, imports, the piece, and until the driver knows. `slurm_warm_s`: handed to a job that has just ended one.
- `batch_s`: what runs in such a job, without Slurm. Its CPU time is what no other user of the machine makes longer.
- `labels`: 10,000 labels of 32 atoms by Lennard-Jones in pieces of eight, as `select` makes them; all different, so
  that nothing comes from the cache. `occupied`: time of the pieces over time passed times cores. `cpu`: CPU time of the
  pool over the same. `machine`: what all processes of the machine used; above `cpu`, somebody else was there.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from ase.build import bulk

from lang2mlip.compute.journal import Reader
from lang2mlip.compute.local import Workers
from lang2mlip.compute.plan import order
from lang2mlip.compute.profile import Profile
from lang2mlip.compute.slurm import SlurmPool
from lang2mlip.compute.submission import Submission
from lang2mlip.doors.wire import WORKER, pool_of
from lang2mlip.record.run import write_json
from lang2mlip.science.atoms.frames import write_frames

HERE = Path(__file__).parent
LABELS, BATCH, ONE_BY_ONE, JOBS = 10_000, 8, 100, 8


def pieces(place: Path, count: int, frames: int, seed: int = 0) -> list[Path]:
    """Folders with `select`'s own piece: label so many frames of rattled argon."""
    cell, made = bulk("Ar", "fcc", 5.26, cubic=True) * 2, []
    for number in range(count):
        folder = place / f"piece-{number:05d}"
        folder.mkdir(parents=True)
        rattled = [cell.copy() for _ in range(frames)]
        for index, atoms in enumerate(rattled):
            atoms.rattle(0.1, seed=seed + number * frames + index)
        write_frames(folder / "picked.extxyz", rattled)
        arguments = {"reference": {"name": "lj"}, "frames": f"{folder.name}/picked.extxyz"}
        spec = {"function": "lang2mlip.act.select:label", "arguments": arguments, "run": str(place), "until": None}
        write_json(folder / "spec.json", spec)
        made.append(folder)
    return made


def timed(pool, folders: list[Path]) -> float:
    """Seconds that the pool takes for all of them; every one must go well."""
    begun = time.perf_counter()
    outcomes = pool.run(folders, None, "reference")
    assert not [one.fault for one in outcomes if one.fault], outcomes
    return time.perf_counter() - begun


def local_overhead(place: Path) -> dict:
    """A piece to a warm worker and back."""
    pool = Workers(WORKER.forks, 1, forks=True)
    first, *rest = pieces(place, ONE_BY_ONE + 1, 1)
    cold = timed(pool, [first])
    each = [timed(pool, [folder]) for folder in rest]
    pool.close()
    return {"median": statistics.median(each), "most": max(each), "first_with_imports": cold}


def batch_cpu(place: Path) -> dict:
    """CPU time of a job with one piece, all its processes together: what no busy machine makes longer."""
    place.mkdir(parents=True)
    profile = Profile(kind="slurm", linger_s=0)
    wanted = order(profile, WORKER, "bench", "reference", [pieces(place / "jobs", 1, 1, 5 * 10**6)])
    made = Submission.make(place / "compute", wanted, "")
    used, begun = cpu_s(), time.perf_counter()
    subprocess.run([sys.executable, "-m", "lang2mlip.compute.batch", str(made.folder), "0"], check=True)
    return {"cpu": cpu_s() - used, "wall": time.perf_counter() - begun}


def slurm_pool(place: Path, **settings) -> SlurmPool:
    """Small jobs; the script tells when it begins."""
    profile = {"kind": "slurm", "setup": ["date +%s.%N"], "look_s": 5, **settings}
    return SlurmPool(WORKER, Profile.model_validate(profile), place / "run" / "compute")


def slurm_overhead(place: Path) -> dict:
    """A job for each piece, one after the other: what it takes beyond the queue."""
    pool, beyond, queue = slurm_pool(place, linger_s=0), [], []
    for folder in pieces(place / "cold", JOBS, 1, seed=10**6):
        begun = time.time()
        timed(pool, [folder])
        ended = time.time()
        log = sorted(pool.place.glob("*-reference/0/log"))[-1]
        started = float(log.read_text().split()[0])
        queue.append(started - begun)
        beyond.append(ended - started)
    pool.close()
    return {"beyond_the_queue": statistics.median(beyond), "most": max(beyond), "queue": statistics.median(queue)}


def slurm_warm(place: Path) -> dict:
    """Pieces handed, one after the other, to a job that stays."""
    pool = slurm_pool(place, linger_s=30)
    first, *rest = pieces(place / "warm", 4 * JOBS, 1, seed=2 * 10**6)
    timed(pool, [first])
    each = [timed(pool, [folder]) for folder in rest]
    pool.close()
    return {"median": statistics.median(each), "most": max(each)}


def labels(place: Path, pool, log: Path, cores: int, seed: int) -> dict:
    """How busy a pool keeps the cores with many short labels, its own start included."""
    folders = pieces(place, LABELS // BATCH, BATCH, seed)
    used, machine = cpu_s(), machine_s()
    wall = timed(pool, folders)
    all_in_all = machine_s() - machine
    pool.close()
    worked = sum(one.seconds for one in Reader(log).new() if one.event == "done")
    own = cpu_s() - used
    return {
        "labels": LABELS,
        "pieces": len(folders),
        "wall_s": round(wall, 1),
        "occupied": round(worked / wall / cores, 3),
        "cpu": round(own / wall / cores, 3) if own > 1 else None,
        "machine": round(all_in_all / wall / cores, 3),
    }


def cpu_s() -> float:
    """CPU time of this process and of all children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def machine_s() -> float:
    """CPU time of everybody on this machine: all but idle and waiting for the disk."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure, print, write."""
    cores = len(os.sched_getaffinity(0))
    table = {"command": "python benchmarks/compute.py", "cores": cores, "load_before": os.getloadavg()[0]}
    up = subprocess.run([HERE.parent / "scripts" / "slurm-up"], capture_output=True, text=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ["LANG2MLIP_CACHE"] = str(place / "cache")
        table["local_s"] = show("local_s", local_overhead(place / "local"))
        table["batch_s"] = show("batch_s", batch_cpu(place / "batch"))
        if up.returncode == 0:
            table["slurm_s"] = show("slurm_s", slurm_overhead(place / "slurm"))
            table["slurm_warm_s"] = show("slurm_warm_s", slurm_warm(place / "slurm-warm"))
        else:
            print(f"no Slurm: {up.stderr}", file=sys.stderr)
        profile, log = Profile(kind="local"), place / "many" / "compute" / "log.jsonl"
        made = labels(place / "many", pool_of(profile, log.parent), log, cores, 3 * 10**6)
        table["labels_local"] = show("labels_local", made)
        if up.returncode == 0:
            settings = {"reference": {"cores": cores}, "linger_s": 20}
            pool = slurm_pool(place / "many-slurm", **settings)
            made = labels(place / "many-slurm" / "jobs", pool, pool.journal.file, cores, 4 * 10**6)
            table["labels_slurm"] = show("labels_slurm", made)
    table["load_after"] = os.getloadavg()[0]
    (HERE / "compute.json").write_text(json.dumps(table, indent=1) + "\n")


def show(name: str, row: dict) -> dict:
    """Print a row, rounded."""
    row = {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}
    print(f"{name:<14}", "  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return row


if __name__ == "__main__":
    main()
