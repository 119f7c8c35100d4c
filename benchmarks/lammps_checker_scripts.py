"""Broken scripts from sound ones: fourteen classes of fault, each with several ways, places and sizes by chance."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ase.build import bulk
from lammps_checker_hosts import Host

DATA = "structure.data"


@dataclass(frozen=True)
class Broken:
    """A script with a fault, and the kinds of remark that name it."""

    fault: str
    host: Host
    script: str
    kinds: tuple[str, ...]
    way: str
    spoil: Callable[[Path], None] | None = None
    """What else is done to the folder."""


Way = Callable[[Host, random.Random], "str | tuple[str, Callable[[Path], None] | Host] | None"]
"""The changed script, with what else is changed; None where this host cannot have the fault."""


def _changed(script: str, pattern: str, by: str | Callable[[re.Match[str]], str]) -> str | None:
    """The script with the first match replaced; None where nothing matches."""
    made, count = re.subn(pattern, by, script, count=1, flags=re.MULTILINE)
    return made if count and made != script else None


def _line(name: str, by: str) -> Way:
    return lambda host, chance: _changed(host.script, rf"^{name}\b.*$", by)


def _after(name: str, more: str) -> Way:
    """A line behind the first that begins so."""
    return lambda host, chance: _changed(host.script, rf"^({name}\b.*)$", lambda found: f"{found[1]}\n{more}")


def _labels(host: Host) -> tuple[str, list[str]] | None:
    """The pair_coeff line up to its elements, and these."""
    found = re.search(
        r"^(pair_coeff +\* \* .*?\S+\.\S+(?: NULL)?(?: \S+\.\S+)?) ([A-Za-z ]+)$", host.script, re.MULTILINE
    )
    return (found[1], found[2].split()) if found else None


def _relabelled(change: Callable[[list[str], random.Random], list[str]]) -> Way:
    def way(host: Host, chance: random.Random) -> str | None:
        found = _labels(host)
        if found is None:
            return None
        new = change(list(found[1]), chance)
        return (
            None
            if new == found[1]
            else host.script.replace(f"{found[0]} {' '.join(found[1])}", f"{found[0]} {' '.join(new)}")
        )

    return way


def _scaled(pattern: str, factors: Sequence[float]) -> Way:
    """A number (the second group of the pattern) times one of the factors."""

    def way(host: Host, chance: random.Random) -> str | None:
        factor = chance.choice(factors)
        return _changed(host.script, pattern, lambda found: f"{found[1]}{float(found[2]) * factor:g}")

    return way


def _file(host: Host, chance: random.Random) -> str | None:
    name = host.system.potential.files[0].name if host.system.potential.files else DATA
    return host.script.replace(name, chance.choice(["my_" + name, name.replace(".", "_v2."), "potentials_" + name]))


def _gone(which: Callable[[Host], str | None]) -> Way:
    def way(host: Host, chance: random.Random) -> tuple[str, Callable[[Path], None]] | None:
        name = which(host)
        return (host.script, lambda folder: (folder / name).unlink()) if name else None

    return way


def _small(host: Host, chance: random.Random) -> tuple[str, Host] | None:
    if len(host.system.types) > 1 or host.system.potential.name == "lj":
        return None
    symbol = host.system.types[0]
    atoms = bulk(symbol, cubic=True) if symbol not in ("Mg", "Zr") else None
    if atoms is None:
        return None
    system = replace(host.system, atoms=atoms.repeat((chance.choice([1, 1, 4]), 1, chance.choice([1, 4]))))
    return host.script, replace(host, system=system)


def _wide(host: Host, chance: random.Random) -> str | None:
    width = min(host.system.atoms.cell.lengths())
    return _changed(
        host.script,
        r"^(pair_style +lj/cut) [\d.]+",
        lambda found: f"{found[1]} {width * chance.uniform(0.55, 1.6):.1f}",
    )


def _rdf(host: Host, chance: random.Random) -> str | None:
    width = min(host.system.atoms.cell.lengths())
    reach = f"{width * chance.uniform(0.6, 1.2):.1f}"
    more = f"comm_modify cutoff {float(reach) + 2:.1f}\ncompute far all rdf 100 cutoff {reach}"
    return _changed(host.script, r"^(timestep\b.*)$", lambda found: f"{found[1]}\n{more}")


def _masses(change: Callable[[list[str], random.Random], list[str]]) -> Way:
    def way(host: Host, chance: random.Random) -> str | None:
        old = re.findall(r"^mass +\d+ ([\d.]+)", host.script, re.MULTILINE)
        new = iter(change(list(old), chance))
        made = re.sub(r"^(mass +\d+) [\d.]+", lambda found: f"{found[1]} {next(new)}", host.script, flags=re.MULTILINE)
        return made if made != host.script else None

    return way


def _data(change: Callable[[str, random.Random], str]) -> Way:
    def way(host: Host, chance: random.Random) -> tuple[str, Callable[[Path], None]]:
        def spoil(folder: Path) -> None:
            text = (folder / DATA).read_text(encoding="utf-8")
            made = change(text, chance)
            assert made != text
            (folder / DATA).write_text(made, encoding="utf-8")

        return host.script, spoil

    return way


def _counted(text: str, chance: random.Random) -> str:
    by = chance.choice([-7, -1, 3, 50])
    return re.sub(
        r"^\s*(\d+)(\s+atoms)", lambda found: f"{int(found[1]) + by}{found[2]}", text, count=1, flags=re.MULTILINE
    )


def _squeezed(text: str, chance: random.Random) -> str:
    """Atoms outside the box that is written down."""
    share = chance.uniform(0.4, 0.7)
    return re.sub(
        r"^(\s*0\.0\s+)([\d.]+)(\s+xlo xhi)",
        lambda found: f"{found[1]}{float(found[2]) * share:.6f}{found[3]}",
        text,
        count=1,
        flags=re.MULTILINE,
    )


def _doubled(text: str, chance: random.Random) -> str:
    """Two atoms at one place."""
    lines = text.rstrip("\n").splitlines()
    place = chance.randrange(2, 20)
    lines[-1] = " ".join([*lines[-1].split()[:-3], *lines[-place].split()[-3:]])
    return "\n".join(lines) + "\n"


def _typed(text: str, chance: random.Random) -> str:
    """One atom of a type that there is none of."""
    lines = text.rstrip("\n").splitlines()
    words = lines[-1].split()
    lines[-1] = " ".join([words[0], "9", *words[2:]])
    return "\n".join(lines) + "\n"


def _types(text: str, chance: random.Random) -> str:
    return re.sub(
        r"^\s*(\d+)(\s+atom types)", lambda found: f"{int(found[1]) + 1}{found[2]}", text, count=1, flags=re.MULTILINE
    )


def _integrators(host: Host, chance: random.Random) -> str | None:
    return re.sub(r"^(un)?fix +move\b.*\n", "", host.script, flags=re.MULTILINE)


def _only_bath(host: Host, chance: random.Random) -> str | None:
    kelvin = chance.choice(["300", "600"])
    bath = chance.choice(
        [
            f"langevin {kelvin} {kelvin} {{}} 77",
            f"temp/csvr {kelvin} {kelvin} {{}} 77",
            f"temp/berendsen {kelvin} {kelvin} {{}}",
        ]
    )
    damp = "0.1" if host.metal else "100"
    return re.sub(
        r"^fix +move all n.*$", "fix             move all " + bath.format(damp), host.script, flags=re.MULTILINE
    )


_HEAT = r"^(fix +move all n[vp]t temp \S+ \S+ )([\d.]+)"
_PRESS = r"^(fix +move all npt .*(?:iso|aniso) \S+ \S+ )([\d.]+)"

FAULTS: dict[str, tuple[tuple[str, ...], tuple[Way, ...]]] = {
    "element order": (
        ("elements",),
        (
            _relabelled(lambda one, chance: one[::-1]),
            _relabelled(lambda one, chance: [one[-1]] * len(one)),
        ),
    ),
    "elements of pair_coeff": (
        ("elements", "run"),
        (
            _relabelled(lambda one, chance: [chance.choice(["Xe", "U", "Pm"]), *one[1:]]),
            _relabelled(lambda one, chance: one[:-1]),
            _relabelled(lambda one, chance: [*one, chance.choice(one)]),
            _relabelled(lambda one, chance: [one[0].upper() + "1", *one[1:]]),
        ),
    ),
    "units": (
        ("units", "run", "timestep", "damping"),
        (
            _line("units", "units real"),
            _line("units", "units lj"),
            _line("units", "units si"),
            _line("units", "# default"),
            _line("units", "units electron"),
            lambda host, chance: None if host.metal else _line("units", "units metal")(host, chance),
        ),
    ),
    "time step": (("timestep",), (_scaled(r"^(timestep +)([\d.]+)", (1000.0, 20.0, 10.0, 5.0, 1e-3, 1e-4)),)),
    "missing file": (
        ("file",),
        (
            _file,
            _line("read_data", "read_data       system.data"),
            _line("read_data", "read_data       lattice"),
            _gone(lambda host: host.system.potential.files[0].name if host.system.potential.files else None),
            _gone(lambda host: DATA),
        ),
    ),
    "missing style": (
        ("style", "refused"),
        (
            _line("pair_style", "pair_style      pace"),
            _line("pair_style", "pair_style      eam/aloy"),
            _line("pair_style", "pair_style      deepmd graph.pb"),
            _after("timestep", "compute gone all rdff 100"),
            _after("timestep", "fix gone all nvtt temp 300 300 0.1"),
            _after("timestep", "dump gone all custome 10 x.dump id"),
            _after("timestep", "region gone bock 0 1 0 1 0 1"),
            _line("atom_style", "atom_style      atmoic"),
        ),
    ),
    "cut-off and box": (("box",), (_small, _wide, _rdf)),
    "thermostat": (("damping",), (_scaled(_HEAT, (1000.0, 1e-3, 0.02, 500.0)),)),
    "barostat": (("damping",), (_scaled(_PRESS, (1000.0, 1e-3, 2e-3)),)),
    "masses": (
        ("masses", "run"),
        (
            _masses(lambda one, chance: one[::-1]),
            _masses(lambda one, chance: [f"{float(one[0]) * chance.choice([10, 0.5, 1e-3, 1.2]):g}", *one[1:]]),
            lambda host, chance: re.sub(r"^mass .*\n", "", host.script, count=1, flags=re.MULTILINE),
            _masses(lambda one, chance: [chance.choice(["1.0", "1", "0"]), *one[1:]]),
        ),
    ),
    "integrator": (
        ("integrator",),
        (
            _integrators,
            _only_bath,
            _after("timestep", "fix second all nve"),
            _after("timestep", "fix second all nvt temp 300 300 $(100*dt)"),
            _after("timestep", "fix second all npt temp 300 300 $(100*dt) iso 0 0 $(1000*dt)"),
        ),
    ),
    "unsafe": (
        ("refused",),
        (
            _after("thermo", "shell rm -rf ."),
            _after("thermo", "include /etc/passwd"),
            _after("thermo", "log /tmp/other.log"),
            _after("thermo", "python f invoke"),
            _after("thermo", "dump x all atom 10 ../../outside.dump"),
            _after("thermo", "print 'x' file /tmp/x"),
            _after("thermo", "variable x getenv HOME"),
            _after("thermo", "jump SELF"),
        ),
    ),
    "syntax": (
        ("run", "refused", "style"),
        (
            _line("thermo +", "thermos          10"),
            lambda host, chance: _changed(host.script, r"^run .*$", "run"),
            lambda host, chance: _changed(host.script, r"^(fix +move all n.. temp \S+) .*$", r"\1"),
            _line("thermo_style", "thermo_style custom step tempp pe"),
            _after("timestep", 'print "half'),
            _after("timestep", "velocity nobody create 300 1"),
            _after("timestep", "variable x equal 2*v_y"),
            lambda host, chance: _changed(host.script, r"^run .*$", "run ${steps}"),
            _line("pair_coeff", ""),
        ),
    ),
    "data file": (
        ("run", "data", "elements"),
        (_data(_counted), _data(_squeezed), _data(_doubled), _data(_typed), _data(_types)),
    ),
}
"""Class → kinds of remark that name it rightly, and its ways."""


def broken(hosts: Sequence[Host], each: int, seed: int) -> Iterator[Broken]:
    """So many of every class: hosts by chance, ways in turn."""
    chance = random.Random(seed)
    for fault, (kinds, ways) in FAULTS.items():
        made = 0
        for turn in range(200):
            if made == each:
                break
            host = chance.choice(list(hosts))
            found = ways[turn % len(ways)](host, chance)
            if found is None:
                continue
            script, more = found if isinstance(found, tuple) else (found, None)
            where = more if isinstance(more, Host) else host
            spoil = more if callable(more) else None
            made += 1
            yield Broken(fault, where, script, kinds, f"{host.name}, way {turn % len(ways) + 1}", spoil)
        assert made == each, f"only {made} of {fault}"
