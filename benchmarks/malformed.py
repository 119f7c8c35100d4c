"""Inputs that are wrong, made by hand and by chance: files, words and run folders, with the command that meets each.

The same seed gives the same inputs. `cases` writes the files below a folder; `answers` runs the commands, many in one
process, and says of each how it ended.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

import tiny  # noqa: E402 - the tests' tiny job
from lang2mlip.science.atoms.frames import write_frames  # noqa: E402

V1 = HERE.parent / "tests" / "record" / "folders" / "v1"
HARD = [None, True, "", "x", -1, 0, 1e400, float("nan"), 10**30, [], [[]], {}, {"a": 1}, "\x00", "é" * 300, "../../etc"]
"""Values that no field expects."""

BY_HAND: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("malformed.yaml").read_text(encoding="utf-8"))
"""Prompts and compute.toml files."""


@dataclass(frozen=True)
class Case:
    """A command with something wrong in it. Its answer must hold one of `places`, unless it goes on (exit 0 or 3)."""

    name: str
    words: tuple[str, ...]
    places: tuple[str, ...] = ()


def cases(place: Path, seed: int = 0) -> list[Case]:
    """300 cases, the files of each written below `place`."""
    rng = random.Random(seed)
    _grounds(place)
    made = [*_tasks(place, rng, 75), *_plans(place, rng, 30), *_prompts(), *_structures(place, rng, 50)]
    made += [*_data(place, rng, 45), *_compute(place), *_protocols(place, rng, 15), *_folders(place, rng, 30)]
    return made


_BATCH = """
import contextlib, io, json, sys, traceback
from lang2mlip.doors.cli import main

for line in sys.stdin:
    words = json.loads(line)
    said, sys.argv = io.StringIO(), ["lang2mlip", *words]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            main()
            status = 0
        except SystemExit as end:
            status = end.code or 0
        except BaseException:
            status = 99
            traceback.print_exc()
    sys.__stdout__.write(json.dumps([status, said.getvalue()]) + "\\n")
    sys.__stdout__.flush()
"""


def answers(place: Path, made: Sequence[Case], limit_s: float = 600.0) -> list[tuple[int, str]]:
    """Exit status and words of each; 98 for one that was not answered in time, with all that came after it."""
    asked = "".join(json.dumps(case.words) + "\n" for case in made)
    try:
        done = subprocess.run([sys.executable, "-c", _BATCH], input=asked, cwd=place, capture_output=True, text=True,
                              env=tiny.environment(), timeout=limit_s)  # fmt: skip
        lines = done.stdout.splitlines()
    except subprocess.TimeoutExpired as late:
        lines = (late.stdout or b"").decode().splitlines()
    told = [(int(status), str(said)) for status, said in map(json.loads, lines)]
    return told + [(98, "no answer")] * (len(made) - len(told))


def wrong(case: Case, status: int, said: str) -> str | None:
    """What is not as it should be with an answer."""
    if status in (98, 99) or "Traceback (most recent call last)" in said:
        return "a traceback" if status != 98 else "no answer"
    if status in (0, 3):
        return None
    if status != 2:
        return f"exit code {status}"
    if case.places and not any(word in said for word in case.places):
        return "the message does not name the place"
    return None if said.strip() else "no message"


def _grounds(place: Path) -> None:
    """A sound task, a run that takes data, and one that is prepared."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "task.yaml").write_text(yaml.safe_dump(tiny.task().model_dump(mode="json")))
    tiny.new_run(place, "takes")
    tiny.new_run(place, "ready")
    status, said = tiny.lang2mlip(place, "prepare", "ready", "--yes")
    assert status == 0, said


def _spoiled(rng: random.Random, tree: Any) -> tuple[Any, str]:
    """A copy of nested data with one thing wrong in it, and the name of the place."""
    tree = json.loads(json.dumps(tree))
    holder, path = tree, []
    while True:
        key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        path.append(str(key))
        below = holder[key]
        if not isinstance(below, dict | list) or not below or rng.random() < 0.3:
            break
        holder = below
    what = rng.choice(["value", "value", "missing", "misspelt"])
    if what == "value" or not isinstance(holder, dict):
        holder[key] = rng.choice(HARD)
    else:
        kept = holder.pop(key)
        if what == "misspelt":
            holder[str(key)[::-1] + "x"] = kept
    return tree, path[-1]


def _damaged(rng: random.Random, raw: bytes) -> bytes:
    """Bytes cut short, changed, doubled or taken out."""
    at = rng.randrange(max(1, len(raw)))
    change: Callable[[], bytes] = rng.choice(
        [
            lambda: raw[:at],
            lambda: raw[:at] + bytes(rng.randrange(256) for _ in range(9)) + raw[at + 9 :],
            lambda: raw[:at] + raw[at + rng.randrange(1, 60) :],
            lambda: raw[: at // 2] + raw,
            lambda: raw.replace(
                rng.choice([b"0.", b" ", b"\n", b"1"]), rng.choice([b"nan ", b"", b"-1e999 ", b"x"]), 3
            ),
            lambda: b"",
            lambda: b"\xff\xfe" + raw,
        ]
    )
    return change()


def _dumped(tree: Any) -> str:
    return yaml.safe_dump(tree, allow_unicode=True)


def _tasks(place: Path, rng: random.Random, count: int) -> Iterator[Case]:
    good = tiny.task().model_dump(mode="json")
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcde", "bcdef", strict=True)
    )
    by_hand = [
        bomb,
        "- a\n- b\n",
        "3",
        "\tprompt: x",
        "prompt: !!python/name:os.system",
        "---\na: 1\n---\nb: 2\n",
        "? [a]\n",
    ]
    for number in range(count):
        name = f"task-{number}.yaml"
        if number < len(by_hand):
            (place / name).write_text(by_hand[number])
        elif number % 3:
            (place / name).write_text(_dumped(_spoiled(rng, good)[0]))
        else:
            (place / name).write_bytes(_damaged(rng, _dumped(good).encode()))
        yield Case(f"task {number}", ("prepare", name, "--yes", "--name", f"task-{number}"), (name, "task"))


def _plans(place: Path, rng: random.Random, count: int) -> Iterator[Case]:
    for number in range(count):
        name = f"plan-{number}"
        run = tiny.new_run(place, name)
        text = (
            _dumped(_spoiled(rng, tiny.PLAN)[0]).encode() if number % 2 else _damaged(rng, _dumped(tiny.PLAN).encode())
        )
        (run.folder / "plan.yaml").write_bytes(text)
        yield Case(f"plan {number}", ("prepare", name, "--yes"), ("plan", "structure", "request", "crystal", "atoms"))


def _prompts() -> Iterator[Case]:
    for number, words in enumerate(BY_HAND["prompts"]):
        yield Case(f"prompt {number}", ("prepare", words, "--yes", "--reference", "lj", "--name", f"prompt-{number}"))


def _structures(place: Path, rng: random.Random, count: int) -> Iterator[Case]:
    good = {"cif": "cif", "vasp": "vasp", "extxyz": "extxyz", "xyz": "xyz", "json": "json", "pdb": "proteindatabank"}
    for kind, form in good.items():
        write(place / f"good.{kind}", bulk("Ar", cubic=True), format=form)
    for number in range(count):
        kind = list(good)[number % len(good)]
        file = place / f"structure-{number}.{kind}"
        file.write_bytes(_damaged(rng, (place / f"good.{kind}").read_bytes()))
        yield Case(f"structure {number}", ("converge", file.name, "--reference", "lj"), (file.name, "lj", "setting"))


def _labelled() -> list[Atoms]:
    frames = []
    for size in range(3):
        atoms = bulk("Ar", cubic=True, a=5.2 + 0.1 * size)
        forces = np.full((4, 3), 0.01 * size)
        atoms.calc = SinglePointCalculator(atoms, energy=-0.3 * size, forces=forces, stress=np.zeros(6))
        frames.append(atoms)
    return frames


def _data(place: Path, rng: random.Random, count: int) -> Iterator[Case]:
    write_frames(place / "good-data.extxyz", _labelled())
    good = (place / "good-data.extxyz").read_bytes()
    outcar = (
        " vasp.6.4.2\n POTCAR:    PAW_PBE Ar\n   ions per type =   4\n POSITION   TOTAL-FORCE (eV/Angst)\n" * 9
    ).encode()
    for number in range(count):
        kind = ("extxyz", "extxyz", "OUTCAR", "xml", "deepmd")[number % 5]
        name = (
            f"data-{number}.extxyz"
            if kind == "extxyz"
            else f"OUTCAR-{number}"
            if kind == "OUTCAR"
            else f"data-{number}"
        )
        if kind == "deepmd":
            _deepmd(place / name, rng)
        else:
            name += ".xml" if kind == "xml" else ""
            text = {"extxyz": good, "OUTCAR": outcar, "xml": b"<?xml version='1.0'?><modeling><calculation>" * 3}[kind]
            (place / name).write_bytes(_damaged(rng, text))
        yield Case(f"data {number}", ("import", "takes", name), (name,))


def _deepmd(folder: Path, rng: random.Random) -> None:
    """A DeePMD folder with something wrong in it."""
    (folder / "set.000").mkdir(parents=True)
    (folder / "type.raw").write_text(rng.choice(["0\n0\n0\n0\n", "", "x", "0 0", "-1\n"]))
    (folder / "type_map.raw").write_text(rng.choice(["Ar\n", "", "Zz\n", "\x00"]))
    for name, width in (("box", 9), ("coord", 12), ("energy", 1), ("force", 12)):
        file = folder / "set.000" / f"{name}.npy"
        shape = rng.choice([(2, width), (2, width), (3, width), (2, width + 1), (0, width), (2,)])
        np.save(file, np.full(shape, rng.choice([0.5, np.nan, 1e300])))
        if rng.random() < 0.3:
            file.write_bytes(_damaged(rng, file.read_bytes()))


def _compute(place: Path) -> Iterator[Case]:
    for number, text in enumerate(BY_HAND["compute"]):
        file = place / f"compute-{number}.toml"
        file.write_text(text)
        yield Case(f"compute {number}", ("resume", "ready", "--compute", file.name), (file.name,))


def _protocols(place: Path, rng: random.Random, count: int) -> Iterator[Case]:
    good = {
        "kind": "equilibrate",
        "temperature_K": 30.0,
        "ps": 1.0,
        "pressure_GPa": None,
        "timestep_fs": 2.0,
        "seed": 1,
    }
    for number in range(count):
        folder = place / "runs" / f"protocol-{number}"
        shutil.copytree(place / "runs" / "ready", folder)
        (folder / "protocols").mkdir()
        text = _dumped(_spoiled(rng, good)[0]).encode() if number % 2 else _damaged(rng, _dumped(good).encode())
        (folder / "protocols" / "warm.yaml").write_bytes(text)
        yield Case(f"protocol {number}", ("prepare", folder.name, "--yes"), ("warm", "protocol"))


def _folders(place: Path, rng: random.Random, count: int) -> Iterator[Case]:
    """Run folders of the first format with something damaged or gone, looked at, reported, verified and repaired."""
    commands = ("status", "report", "verify", "repair", "resume")
    for number in range(count):
        folder = place / "runs" / f"folder-{number}"
        shutil.copytree(V1, folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        file = folder / "run.db" if number % 2 else rng.choice(files)
        if rng.random() < 0.2:
            file.unlink()
        else:
            file.write_bytes(_damaged(rng, file.read_bytes()))
        yield Case(f"folder {number}", (commands[number % 5], folder.name), (folder.name, file.name))
