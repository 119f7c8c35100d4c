"""A run under faults: the tiny job of the tests, what is done to it, and what must come out all the same."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests"
sys.path[:0] = [str(HERE), str(TESTS)]

import numpy as np  # noqa: E402

import tiny  # noqa: E402 - the tests' tiny job
from lang2mlip.record.run import Run  # noqa: E402
from lang2mlip.science.atoms.frames import read_frames  # noqa: E402

CALCULATORS = os.pathsep.join([str(HERE), str(HERE.parent / "src")])
"""Where `counted.Counted` lies, and the program beside it."""

STEPS = """
- {action: reference, steps: 40}
- {action: explore, steps: 20, strained: 1, rattled: 2}
- {action: train}
- {action: sample, steps: 60, keep_every: 10}
- {action: select, count: 2}
- {action: train}
- {action: evaluate}
"""
"""Every kind of action, short; the end follows by itself."""

PLAN = {"requests": [request for request in tiny.PLAN["requests"] if request["group"] == "bulk"]}

AGAIN = 3
"""A run that stopped is mended and resumed at most so often."""


def shim(place: Path) -> Path:
    """faults.c, compiled into `place`. Raises CalledProcessError or FileNotFoundError without a C compiler."""
    made = place / "faults.so"
    if not made.exists():
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", made, HERE / "faults.c", "-ldl"], check=True)
    return made


@dataclass
class Machine:
    """The faults of a machine, on order, for all processes that get `environment`: see faults.c."""

    place: Path
    under: Path
    fresh: bool = True

    def __post_init__(self) -> None:
        self._file = self.place / "control"
        if self.fresh:
            self._file.write_bytes(bytes(64))
        with self._file.open("r+b") as handle:
            self._map = mmap.mmap(handle.fileno(), 64)

    @classmethod
    def attached(cls, place: Path, under: Path) -> Machine:
        """The one that was made in `place` by the process before."""
        return cls(place, under, fresh=False)

    @property
    def environment(self) -> dict[str, str]:
        """What puts a process under these faults."""
        return {
            "LD_PRELOAD": str(shim(self.place)), "FAULTS_CONTROL": str(self._file), "FAULTS_UNDER": str(self.under),
        }  # fmt: skip

    def writes_fail(self, first: int, count: int = 0, why: int = errno.ENOSPC) -> None:
        """From the next write number `first` on, `count` of them (0: all) fail with the error `why`."""
        for place, number in ((0, 0), (2, count), (3, why), (6, 0), (1, first)):
            self._set(place, number)

    def heal(self) -> None:
        """Nothing fails any more."""
        for place in (1, 4, 5):
            self._set(place, 0)

    def clock(self, seconds: float) -> None:
        """The wall clock is so far off."""
        self._set(4, int(seconds * 1e9))

    def no_locks(self) -> None:
        """No file can be locked."""
        self._set(5, 1)

    @property
    def writes(self) -> int:
        """Writes since it was made, or since `writes_fail`."""
        return int(struct.unpack_from("q", self._map, 0)[0])

    def met(self) -> str:
        """The first write that failed: its kind and the file, without numbers that differ from run to run."""
        log = self._file.with_name("control.log")
        if not log.exists():
            return ""
        _, kind, path = log.read_text().splitlines()[0].split(" ", 2)
        return f"{kind} {os.path.relpath(path, self.under)}"

    def _set(self, place: int, number: int) -> None:
        struct.pack_into("q", self._map, 8 * place, ctypes.c_int64(number).value)


@dataclass
class Trial:
    """One run of the tiny job in `place`; every calculation of its reference is written down outside of it."""

    place: Path
    env: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ("--decider", "schedule:steps.yaml")
    """More words for `resume`."""
    trouble: dict[str, object] = field(default_factory=dict)
    """What goes wrong with the reference: arguments of counted.Counted."""
    changes: dict[str, object] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.work = self.place / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        arguments = {"log": str(self.place / "calls"), **self.trouble}
        reference = {"name": "ase", "settings": {"path": "counted.Counted", "arguments": arguments}}
        self.run = tiny.new_run(self.work, plan=PLAN, **{"reference": reference, **self.changes})
        (self.work / "steps.yaml").write_text(STEPS)
        self.env = {"LANG2MLIP_CACHE": str(self.work / "cache"), "PYTHONPATH": CALCULATORS} | self.env

    def start(self, **env: str) -> subprocess.Popen[str]:
        """A driver, under way."""
        return tiny.start(self.work, "resume", tiny.NAME, *self.words, env=self.env | env)

    def ended(self, driver: subprocess.Popen[str]) -> int:
        """Wait for its end, keep its last words."""
        said = driver.communicate(timeout=900)[0]
        self.said.append(last_words(said))
        if "Traceback" in said:
            self.said.append("TRACEBACK " + said[said.index("Traceback") :][:2000])
        return driver.returncode

    def command(self, *words: str) -> int:
        """Another command of ours on this run, and what it said."""
        status, said = tiny.lang2mlip(self.work, *words, env=self.env)
        self.said.append(last_words(said))
        return status

    def to_the_end(self) -> int:
        """Resume, without faults, until it ends; what does not go on is repaired as the message says."""
        for _ in range(AGAIN):
            status = self.ended(self.start())
            if status in (0, 3):
                return status
            if "verify" in self.said[-1]:
                self.command("repair", tiny.NAME)
        return status

    def calls(self) -> Counter[str]:
        """Structure → how often the reference was made to work on it."""
        file = self.place / "calls"
        return Counter(file.read_text().splitlines()) if file.exists() else Counter()

    def lost(self, clean: dict[str, object]) -> list[str]:
        """What is not as in the run that nothing happened to; empty: nothing."""
        try:
            mine = tiny.outcome(Run(self.run.folder))
        except Exception as error:  # noqa: BLE001 - a run that cannot be opened has lost everything, and why is told
            return [f"the run cannot be opened: {error}"]
        return [key for key in clean if mine[key] != clean[key]]


def last_words(said: str) -> str:
    """The sentence with which a command stopped; of one that ended well, that it did."""
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    start = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].startswith("lang2mlip: ")), None)
    if start is not None:
        return " ".join(lines[start:])[:600]
    ended = [line for line in lines if "Ended (" in line]
    return "it went on to its end" if ended else " ".join(lines[-4:])[-300:]


def write_faults(place: Path, first: int, count: int, why: int) -> tuple[Trial, dict[str, object]]:
    """Writes fail from number `first` on, until the driver stops; then they do not and the run is resumed."""
    trial = Trial(place)
    machine = Machine(place, trial.work)
    machine.writes_fail(first, count, why)
    status = trial.ended(trial.start(**machine.environment))
    return trial, {"case": f"write {first}", "met": machine.met(), "status": status}


def small_disk(place: Path, kilobytes: int) -> tuple[Trial, dict[str, object]]:
    """A real disk of that size, full at some time; then it is made larger. Needs root."""
    work = place / "work"
    work.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(work)], check=True)
    trial = Trial(place)
    status = trial.ended(trial.start())
    subprocess.run(["mount", "-o", "remount,size=200m", str(work)], check=True)
    return trial, {"case": f"{kilobytes} kB", "status": status}


def clock_jumps(place: Path, seed: int) -> tuple[Trial, dict[str, object]]:
    """The wall clock jumps every half second, by up to two days, with a budget of an hour for the whole job."""
    dice = random.Random(seed)
    trial = Trial(place, changes={"budget": {"max_time_s": 3600.0}})
    machine = Machine(place, trial.work)
    driver, jumps = trial.start(**machine.environment), 0
    with waiting(driver) as over:
        while not over.wait(0.5):
            machine.clock(dice.uniform(-2, 2) * 86400)
            jumps += 1
    machine.heal()
    return trial, {"case": f"{jumps} jumps", "status": trial.ended(driver)}


def no_locks(place: Path, what: str) -> tuple[Trial, dict[str, object]]:
    """A file system without locks: under the run, whose driver is killed once, or under the label cache."""
    trial = Trial(place)
    machine = Machine(place, trial.run.folder if what == "run" else trial.work / "cache")
    machine.no_locks()
    if what == "cache":
        return trial, {"case": what, "status": trial.ended(trial.start(**machine.environment))}
    trial.env |= machine.environment
    trial.run.close()  # this process has locks, and would keep the log from changing how it is written
    driver = trial.start()
    time.sleep(12.0)
    driver.send_signal(signal.SIGKILL)
    trial.ended(driver)
    trial.said.clear()
    return trial, {"case": what, "status": trial.ended(trial.start())}


def kills(place: Path, seed: int, whom: str) -> tuple[Trial, dict[str, object]]:
    """Three times, at random moments: the driver, a worker, or the process that forks the workers is killed."""
    dice, trial, hit = random.Random(seed), Trial(place), 0
    while hit < 3:
        driver = trial.start()
        end = time.monotonic() + 90
        pause = dice.uniform(1.5, 4.0)
        while hit < 3 and driver.poll() is None and time.monotonic() < end:
            time.sleep(pause)
            pause = dice.uniform(0.5, 1.5)
            victim = _victim(driver.pid, whom, dice)
            if driver.poll() is None and victim:
                os.kill(victim, signal.SIGKILL)
                hit += 1
        status = trial.ended(driver)
        if status in (0, 3):
            break
    time.sleep(2.0)
    return trial, {"case": f"{hit} kills", "status": status, "left_over": len(tiny.descendants(driver.pid))}


def _victim(driver: int, whom: str, dice: random.Random) -> int | None:
    if whom == "driver":
        return driver
    found = tiny.descendants(driver)
    forks = [pid for pid in found if b"forks" in Path(f"/proc/{pid}/cmdline").read_bytes() and _parent(pid) == driver]
    chosen = forks if whom == "forker" else [pid for pid in found if pid not in forks]
    return dice.choice(chosen) if chosen else None


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wrong_labels(place: Path, trouble: str, share: float, words: str) -> tuple[Trial, dict[str, object]]:
    """The reference goes wrong on a share of its calls: the run ends, names it, and keeps nothing that is wrong."""
    env = {"LANG2MLIP_PATIENCE_S": "240"}  # for what hangs before anybody knows how long a call takes
    trial = Trial(place, trouble={"trouble": trouble, "share": share}, env=env)
    status = trial.ended(trial.start())
    run = Run(trial.run.folder)
    faults = [fault for step in run.view().steps() for fault in step.result.faults + (step.result.summary,)]
    lost = [] if run.state.ended and len(run.state.verdicts) == 2 else ["the verdicts"]
    frames = [atoms for data in run.state.data for atoms in read_frames(run.folder / data.file)]
    lost += (
        [] if all(np.isfinite(atoms.get_forces()).all() for atoms in frames) else ["a label that is no number is kept"]
    )
    named = [fault for fault in faults if words in fault]
    trial.said[:1] = [named[0] if named else "nobody was told"]
    lost += [] if named or not run.state.cost.failed else ["nobody was told"]
    case = f"{run.state.cost.failed} of {run.state.cost.calls} calls"
    return trial, {"case": case, "status": status, "whole": True, "lost": lost}


def damaged(place: Path, seed: int, what: Callable[[Trial, random.Random], str]) -> tuple[Trial, dict[str, object]]:
    """The driver is stopped in one of its steps, something is damaged, and the run is looked at and resumed."""
    dice, trial = random.Random(seed), Trial(place)
    driver = trial.start()
    while driver.poll() is None and not any((trial.run.folder / "jobs").glob(f"{3 + seed % 5:04d}-*")):
        time.sleep(0.1)
    time.sleep(dice.uniform(0.0, 1.0))
    driver.send_signal(signal.SIGKILL if seed % 2 else signal.SIGINT)
    trial.ended(driver)
    case = what(trial, dice)
    trial.said.clear()
    return trial, {"case": case, "status": trial.command("verify", tiny.NAME)}


def database_page(trial: Trial, dice: random.Random) -> str:
    """A page of run.db, or of what is to be written into it, becomes noise."""
    file = dice.choice(
        [one for one in trial.run.folder.glob("run.db*") if one.stat().st_size and "shm" not in one.name]
    )
    size = file.stat().st_size
    page = dice.randrange(max(1, size // 4096)) * 4096
    with file.open("r+b") as handle:
        handle.seek(page)
        handle.write(dice.randbytes(min(4096, size - page)))
    return f"{file.name}, page {page // 4096}"


def trajectory(trial: Trial, dice: random.Random) -> str:
    """A file of frames that the run speaks of, or that a piece has left, loses its end."""
    found = sorted(trial.run.folder.rglob("*.extxyz")) + sorted(trial.run.folder.rglob("*.xyz"))
    file = dice.choice([one for one in found if one.stat().st_size > 400])
    file.write_bytes(file.read_bytes()[: -dice.randrange(40, 400)])
    return str(file.relative_to(trial.run.folder))


@contextlib.contextmanager
def waiting(driver: subprocess.Popen[str]) -> Iterator[threading.Event]:
    """An event that is set when the process has ended; its words are read meanwhile, so that it never waits for us."""
    over = threading.Event()
    said: list[str] = []

    def wait() -> None:
        said.append(driver.stdout.read() if driver.stdout is not None else "")
        driver.wait()
        over.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    yield over
    thread.join()
    driver.communicate = lambda *_, **__: (said[0], "")  # type: ignore[method-assign]


def sweep(clean: int, count: int) -> list[int]:
    """So many numbers of writes, spread evenly over all that a clean run makes."""
    return [1 + (2 * n + 1) * clean // (2 * count) for n in range(count)]


def forget(place: Path) -> None:
    """Take the folder of a trial away, with the disk that may be mounted in it."""
    subprocess.run(["umount", "-l", str(place / "work")], capture_output=True, check=False)
    shutil.rmtree(place, ignore_errors=True)


def show(rows: list[dict[str, object]]) -> str:
    """Rows as JSON, one a line."""
    return "[\n" + ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows) + "\n ]"
