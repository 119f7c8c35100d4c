"""A whole job in seconds: eight atoms of argon with Lennard-Jones and the smallest moment tensor potential."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lang2mlip.contracts import Task
from lang2mlip.record.events import Created
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames

COMMAND = str(Path(sys.executable).with_name("lang2mlip"))
WORDS = "Solid argon between 20 and 60 K with Lennard-Jones"
NAME = "argon"

TASK: dict[str, Any] = {
    "prompt": WORDS,
    "goal": "A potential of solid argon.",
    "components": [{"name": "argon", "formula": "Ar", "phases": ["crystal"], "crystal": "Ar"}],
    "elements": ["Ar"],
    "temperature_K": [20.0, 60.0],
    "properties": ["lattice", "elastic"],
    "reference": {"name": "lj"},
    "potential": {"family": "mtp", "settings": {"level": 2, "cutoff_A": 5.5, "radial_size": 6}},
    "goals": {
        "stable_seeds": 1,
        "stable_steps": 100,
        "force_relative": 0.6,
        "elastic_percent": 20.0,
        "bulk_modulus_percent": 8.0,
    },
    "budget": {"max_calls": 500, "max_labels": 30},
}


def _request(name: str, group: str, role: str, **parameters: Any) -> dict[str, Any]:
    own = {"crystal": "Ar", "atoms": 8} | ({"vacancies": 1} if group == "vacancy" else {})
    return {"name": name, "builder": "bulk", "group": group, "role": role, "parameters": own | parameters}


PLAN: dict[str, Any] = {
    "requests": [
        request
        for group in ("bulk", "vacancy")
        for request in (
            _request(f"{group}-1", group, "train", rattle_A=0.05),
            _request(f"{group}-validation", group, "validation"),
            _request(f"{group}-test", group, "test", atoms=6 if group == "bulk" else 8, rattle_A=0.02),
        )
    ]
}


@dataclass(frozen=True)
class Developed:
    """A finished run: where it lies and how the command line took it there."""

    place: Path
    """The working directory; the run is runs/argon below it."""
    said: str
    status: int

    @property
    def run(self) -> Run:
        """The run, opened afresh."""
        return Run(self.place / "runs" / NAME)


def environment(**more: str) -> dict[str, str]:
    """This process's environment with one thread a process and no language model."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "LANG2MLIP_MODEL"))}
    return kept | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"} | more


def lang2mlip(place: Path, *words: str, env: Mapping[str, str] | None = None, typed: str = "") -> tuple[int, str]:
    """Run the real command in `place`; its exit status and all it said. A traceback is never an answer."""
    done = start(place, *words, env=env)
    said = done.communicate(typed, timeout=300)[0]
    assert "Traceback" not in said, said
    return done.returncode, said


def start(place: Path, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """The real command, under way, in a process group of its own."""
    return subprocess.Popen(
        [COMMAND, *words],
        cwd=place,
        env=environment(**(env or {})),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_hear_ctrl_c,
    )


def _hear_ctrl_c() -> None:
    """What a shell starts in the background ignores SIGINT, and so would every child of a test run started so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


_BATCH = """
import contextlib, io, json, sys
from lang2mlip.doors.cli import main

answers = []
for words in json.loads(sys.argv[1]):
    said, sys.argv = io.StringIO(), ["lang2mlip", *words]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code or 0
    answers.append((status, said.getvalue()))
print(json.dumps(answers))
"""


def batch(
    place: Path, commands: Sequence[Sequence[str]], env: Mapping[str, str] | None = None
) -> list[tuple[int, str]]:
    """Many commands through the entry point in one process of their own, which saves its start-up each time."""
    done = subprocess.run(
        [sys.executable, "-c", _BATCH, json.dumps([list(words) for words in commands])],
        cwd=place,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    answers = [(status, said) for status, said in json.loads(done.stdout.splitlines()[-1])]
    assert not [said for _, said in answers if "Traceback" in said]
    return answers


def together(place: Path, commands: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
    """Several long commands, two at a time; status and words of each, in order."""
    answers: list[tuple[int, str]] = []
    for first in range(0, len(commands), 2):
        going = [start(place, *words) for words in commands[first : first + 2]]
        for one in going:
            said = one.communicate("", timeout=300)[0]
            assert "Traceback" not in said, said
            answers.append((one.returncode, said))
    return answers


def task(**changes: Any) -> Task:
    """The tiny task; `budget` and `goals` are merged, everything else is replaced."""
    merged = {key: {**TASK[key], **value} if key in ("budget", "goals") else value for key, value in changes.items()}
    return Task.model_validate({**TASK, **merged})


def new_run(place: Path, name: str = NAME, plan: Mapping[str, Any] | None = None, **changes: Any) -> Run:
    """A run folder with the tiny task and plan, nothing built yet; `lang2mlip run NAME` goes on."""
    text = yaml.safe_dump(plan or PLAN)
    (place / "runs").mkdir(parents=True, exist_ok=True)
    return Run.create(place / "runs" / name, Created(task=task(**changes)), {"plan.yaml": text})


def prepare_from_words(place: Path, env: Mapping[str, str] | None = None) -> str:
    """Words → prepare; then task.yaml and plan.yaml edited by hand. What the command said."""
    status, said = lang2mlip(place, "prepare", WORDS, "--yes", "--name", NAME, env=env)
    assert status == 0, said
    folder = place / "runs" / NAME
    edited = yaml.safe_load((folder / "task.yaml").read_text())
    edited |= {key: TASK[key] for key in ("potential", "budget", "properties")}
    edited["goals"] |= TASK["goals"]
    (folder / "task.yaml").write_text(yaml.safe_dump(edited))
    (folder / "plan.yaml").write_text(yaml.safe_dump(PLAN))
    return said


def develop_from_words(place: Path) -> Developed:
    """`prepare_from_words`, and `run NAME` to the end."""
    said = prepare_from_words(place)
    status, more = lang2mlip(place, "run", NAME)
    return Developed(place, said + more, status)


def descendants(parent: int) -> list[int]:
    """Live workers of the driver `parent`, also after it is gone: their environment names it."""
    mark = f"LANG2MLIP_PARENT={parent}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes() and (folder / "stat").read_text().split()[2] != "Z":
                found.append(int(folder.name))
    return found


def outcome(run: Run) -> dict[str, object]:
    """What must not depend on how often a run was cut off."""
    steps = [(step.number, step.decision.parameters, step.decision.reason) for step in run.view().steps()]
    labels = [atoms.info["id"] for data in run.state.data for atoms in read_frames(run.folder / data.file)]
    calls = [(step.result.cost.calls, step.result.cost.labels) for step in run.view().steps()]
    errors = [one.errors for one in run.state.evaluations]
    return {"steps": steps, "labels": labels, "calls": calls, "errors": errors, "verdicts": run.state.verdicts}
