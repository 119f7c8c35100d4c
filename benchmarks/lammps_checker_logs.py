"""Broken logs: eleven classes of fault, by running a broken script to its bitter end or by changing a sound log."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lammps_checker_hosts import Host

from lang2mlip.labs.lammps import engine
from lang2mlip.science.lammps.grade import End


@dataclass(frozen=True)
class BrokenLog:
    """A log with a fault, its script, how its process ended, and the parts of the rubric that name the fault."""

    fault: str
    log: str
    script: str
    end: End
    parts: tuple[str, ...]
    way: str


@dataclass(frozen=True)
class _Table:
    """Lines of the log from the header of a thermo table to its last row."""

    header: int
    rows: tuple[int, ...]


Changed = tuple[str, str, End]
"""Log, script, end."""

Way = Callable[[Host, random.Random, Path], Changed | None]
FINE = End()


def _tables(lines: Sequence[str]) -> list[_Table]:
    found, rows = list[_Table](), list[int]()
    header = -1
    for number, line in enumerate(lines):
        if line.split()[:1] == ["Step"]:
            header, rows = number, []
        elif line.startswith("Loop time") and header >= 0:
            found.append(_Table(header, tuple(rows)))
            header = -1
        elif header >= 0 and re.fullmatch(r"\s*\d+(\s+\S+)+\s*", line):
            rows.append(number)
    return found


def _late(table: _Table, chance: random.Random) -> int:
    """Which row, counted within the table: any in its second half."""
    return chance.randrange(len(table.rows) // 2, len(table.rows))


def _text(change: Callable[[list[str], random.Random], list[str]]) -> Way:
    """A change of a sound log."""

    def way(host: Host, chance: random.Random, folder: Path) -> Changed:
        return "\n".join(change(host.log.splitlines(), chance)) + "\n", host.script, FINE

    return way


def _run(change: Callable[[Host, random.Random], str | None]) -> Way:
    """A changed script that really runs."""

    def way(host: Host, chance: random.Random, folder: Path) -> Changed | None:
        script = change(host, chance)
        if script is None or script == host.script:
            return None
        ran = host.ran(folder, script)
        return (
            (folder / engine.LOG).read_text(encoding="utf-8"),
            script,
            End(status=ran.status, timed_out=ran.timed_out),
        )

    return way


def _dies(text: str) -> Callable[[list[str], random.Random], list[str]]:
    """The last run stops with an error at any row of its second half."""

    def change(lines: list[str], chance: random.Random) -> list[str]:
        table = _tables(lines)[-1]
        at = table.rows[_late(table, chance)]
        return [*lines[: at + 1], text, "Last input line: run 1000"]

    return change


def _columns(
    lines: list[str], which: Callable[[int, int], float | str | None], names: Sequence[str], number: int = -1
) -> list[str]:
    """The named columns of a table changed: which(row, rows) is a factor, a word, or None for no change."""
    table = _tables(lines)[number]
    at = [n for n, name in enumerate(lines[table.header].split()) if name in names]
    for row, line in enumerate(table.rows):
        new = which(row, len(table.rows))
        words = lines[line].split()
        for n in at if new is not None else ():
            words[n] = new if isinstance(new, str) else f"{float(words[n]) * float(new or 0):.10g}"
        lines[line] = " ".join(words)
    return lines


def _no_numbers(lines: list[str], chance: random.Random) -> list[str]:
    tables = _tables(lines)
    number = chance.randrange(len(tables))
    first = _late(tables[number], chance)
    only = chance.random() < 0.3
    word = chance.choice(["nan", "-nan", "inf", "NaN", "-inf"])
    names = chance.choice([("Press",), ("TotEng", "PotEng", "Temp", "Press"), ("Pxx",)])
    return _columns(
        lines, lambda row, rows: word if row == first or (row > first and not only) else None, names, number
    )


def _no_numbers_filled(lines: list[str], chance: random.Random) -> list[str]:
    """What Fortran and printf write for a number without room."""
    word = chance.choice(["********", "1e400", "0x1p"])
    return _columns(lines, lambda row, rows: word if row >= rows - 3 else None, ("PotEng", "TotEng"))


def _cut(lines: list[str], chance: random.Random) -> list[str]:
    table = chance.choice(_tables(lines))
    at = table.rows[chance.randrange(1, len(table.rows))]
    half = lines[at][: chance.randrange(5, 40)] if chance.random() < 0.5 else lines[at]
    return [*lines[:at], half]


def _between(lines: list[str], chance: random.Random) -> list[str]:
    """The log stops between its runs."""
    return lines[: _tables(lines)[0].rows[-1] + chance.randrange(2, 12)]


def _drifts(lines: list[str], chance: random.Random) -> list[str]:
    """Energy is gained or lost evenly: 4 to 40 % of the kinetic energy."""
    table = _tables(lines)[-1]
    names = lines[table.header].split()
    kinetic = float(lines[table.rows[-1]].split()[names.index("KinEng")])
    share = chance.choice([-1, 1]) * chance.uniform(0.04, 0.4) * kinetic
    for row, line in enumerate(table.rows):
        words = lines[line].split()
        for name in ("TotEng", "PotEng"):
            words[names.index(name)] = f"{float(words[names.index(name)]) + share * row / len(table.rows):.10g}"
        lines[line] = " ".join(words)
    return lines


def _too_hot(lines: list[str], chance: random.Random) -> list[str]:
    factor = chance.choice([0.5, 0.8, 1.25, 1.5, 2.0])
    return _columns(lines, lambda row, rows: factor, ("Temp", "KinEng"))


def _bursts(lines: list[str], chance: random.Random) -> list[str]:
    """Finite, and absurd: in the last rows temperature and energy grow tenfold each."""
    last = chance.randrange(2, 7)
    return _columns(
        lines,
        lambda row, rows: 10.0 ** (row - rows + last + 1) if row >= rows - last else None,
        ("Temp", "KinEng", "TotEng", "Press"),
    )


def _dangerous(lines: list[str], chance: random.Random) -> list[str]:
    number = chance.randrange(3, 90)
    return [re.sub(r"^Dangerous builds = 0", f"Dangerous builds = {number}", line) for line in lines]


def _fewer(lines: list[str], chance: random.Random) -> list[str]:
    """Only the line behind the last run tells that atoms are missing."""
    at = max(n for n, line in enumerate(lines) if line.startswith("Loop time"))
    lost = chance.randrange(1, 9)
    lines[at] = re.sub(r"with (\d+) atoms", lambda found: f"with {int(found[1]) - lost} atoms", lines[at])
    return lines


def _warned(lines: list[str], chance: random.Random) -> list[str]:
    table = _tables(lines)[-1]
    at = table.rows[_late(table, chance)]
    return [*lines[:at], "WARNING: Lost atoms: original 256 current 251 (src/thermo.cpp:486)", *lines[at:]]


def _open_box(how: str) -> Callable[[Host, random.Random], str | None]:
    """Hot atoms leave a box without periodic boundaries."""

    def change(host: Host, chance: random.Random) -> str | None:
        script = host.script.replace("boundary        p p p", "boundary        f f f").replace(
            "lost error", f"lost {how}"
        )
        script = re.sub(r"create \S+", f"create {chance.choice([9000, 20000])}", script)
        return re.sub(r"^fix +move all n.*$", "fix             move all nve", script, flags=re.MULTILINE)

    return change


def _wild(factor: float, also_nve: bool = False) -> Callable[[Host, random.Random], str | None]:
    """A time step that no solid follows."""

    def change(host: Host, chance: random.Random) -> str | None:
        return re.sub(
            r"^(timestep +)([\d.]+)",
            lambda found: f"{found[1]}{float(found[2]) * factor:g}",
            host.script,
            flags=re.MULTILINE,
        )

    return change


def _second(line: str) -> Callable[[Host, random.Random], str | None]:
    """A wrong line between the runs."""

    def change(host: Host, chance: random.Random) -> str | None:
        at = host.script.find("\nunfix")
        return host.script[: at + 1] + line + "\n" + host.script[at + 1 :] if at > 0 else None

    return change


def _behind(line: str) -> Callable[[Host, random.Random], str | None]:
    return lambda host, chance: host.script + line + "\n"


def _slack(host: Host, chance: random.Random) -> str | None:
    """A thermostat that is too weak to reach its target from a cold start in the time of the run."""
    damp = "1000" if host.metal else "1e6"
    script = re.sub(r"create (\S+)", lambda found: f"create {float(found[1]) / 2:g}", host.script)
    return re.sub(r"^(fix +move all n[vp]t temp \S+ \S+) [\d.]+", rf"\1 {damp}", script, flags=re.MULTILINE)


def _ended(end: End, text: bool = True) -> Way:
    return lambda host, chance, folder: (host.log if text else "", host.script, end)


_ERROR = "ERROR: Lost atoms: original 256 current 249 (src/thermo.cpp:494)"
_RANGE = "ERROR on proc 0: Bond atoms 12 34 missing on proc 0 at step 800 (src/ntopo_bond_all.cpp:59)"

FAULTS: dict[str, tuple[tuple[str, ...], bool, tuple[Way, ...]]] = {
    "lost at the end": (
        ("atoms", "completed"),
        False,
        (_text(_dies(_ERROR)), _run(_open_box("error")), _text(_dies(_RANGE))),
    ),
    "lost without a word": (
        ("atoms",),
        False,
        (_text(_fewer), _text(_warned), _run(_open_box("ignore")), _run(_open_box("warn"))),
    ),
    "NaN in later rows": (("finite",), False, (_text(_no_numbers), _text(_no_numbers), _text(_no_numbers_filled))),
    "second run broken": (
        ("completed", "finite", "atoms"),
        False,
        (
            _run(_second("fix nothing all nvvt temp 300 300 0.1")),
            _run(_second("velocity nobody scale 300")),
            _run(_second("pair_coeff 3 3 1 1")),
            _run(_second("change_box all x scale 0.05 y scale 0.05 z scale 0.05")),
            _run(_second("run ${more}")),
        ),
    ),
    "error after output": (
        ("completed",),
        False,
        (
            _run(_behind("write_data nowhere/at/all.data")),
            _run(_behind("undump nothing")),
            _run(_behind("print $(c_nothing)")),
            _run(_behind("displace_atoms nobody random 1 1 1 3")),
        ),
    ),
    "cut short": (("completed",), False, (_text(_cut), _text(_cut), _text(_between))),
    "energy drift": (("conserved",), True, (_text(_drifts), _text(_drifts), _run(_wild(30.0)))),
    "off the target": (("targets",), False, (_text(_too_hot), _run(_slack))),
    "blown up": (
        ("finite", "atoms", "completed", "targets", "conserved"),
        False,
        (_text(_bursts), _run(_wild(25.0)), _run(_wild(60.0))),
    ),
    "died or hung": (
        ("completed",),
        False,
        (
            _ended(End(status=-11)),
            _ended(End(timed_out=True, status=-9)),
            _ended(End(status=137)),
            _ended(End(), text=False),
            _ended(End(status=1)),
        ),
    ),
    "dangerous builds": (("neighbours",), False, (_text(_dangerous),)),
}
"""Class → parts that name it rightly, whether it needs a run at constant energy, and its ways."""


def broken_logs(
    hosts: Sequence[Host], constant: Sequence[Host], each: int, seed: int, work: Path
) -> Iterator[BrokenLog]:
    """So many of every class from hosts that have a log; `constant` are those that end at constant energy."""
    chance = random.Random(seed)
    for fault, (parts, at_constant, ways) in FAULTS.items():
        made = 0
        for turn in range(200):
            if made == each:
                break
            host = chance.choice(list(constant if at_constant else hosts))
            found = ways[turn % len(ways)](host, chance, work / f"{fault}-{turn}".replace(" ", "-"))
            if found is None or found == (host.log, host.script, FINE):
                continue
            made += 1
            yield BrokenLog(fault, *found, parts, f"{host.name}, way {turn % len(ways) + 1}")
        assert made == each, f"only {made} of {fault}"
