"""Which LAMMPS text from a model may run at all: commands and styles on a list, plain file names, no hidden words.

LAMMPS puts the values of variables into a line before it splits it into words; so values are single harmless words,
and none may stand where a style or a file is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from lang2mlip.errors import BadInput, nearest
from lang2mlip.science.lammps.commands import Command, commands

__all__ = ["BODY", "COLVARS", "COMMANDS", "refusal"]

BODY = frozenset(
    {
        "change_box", "compute", "compute_modify", "delete_atoms", "displace_atoms", "dump", "dump_modify", "fix",
        "fix_modify", "group", "info", "min_modify", "min_style", "minimize", "neigh_modify", "neighbor", "print",
        "region", "reset_timestep", "run", "set", "thermo", "thermo_modify", "thermo_style", "uncompute", "undump",
        "unfix", "variable", "velocity", "write_data", "write_dump",
    }
)  # fmt: skip
"""What the stages of a protocol need, once atoms and potential are there."""

COMMANDS = BODY | {
    "angle_coeff", "angle_style", "atom_modify", "atom_style", "bond_coeff", "bond_style", "boundary", "box",
    "comm_modify", "create_atoms", "create_box", "dihedral_coeff", "dihedral_style", "dimension", "improper_coeff",
    "improper_style", "kspace_modify", "kspace_style", "lattice", "mass", "newton", "pair_coeff", "pair_modify",
    "pair_style", "read_data", "replicate", "run_style", "special_bonds", "timestep", "units",
}  # fmt: skip
"""What a whole script needs; everything that starts programs, reads further input or loads code is missing."""

_WHY = {
    "shell": "it starts programs", "include": "it reads further commands", "jump": "it reads further commands",
    "python": "it runs code", "plugin": "it loads code", "log": "the log stays where it is",
    "geturl": "it loads files",
    "mdi": "it opens connections", "message": "it opens connections", "server": "it opens connections",
    "clear": "it would forget the watch over the run", "if": "commands within a command are not read",
    "write_restart": "nothing here reads such files", "read_restart": "only data files are read",
    "read_dump": "only data files are read", "rerun": "only data files are read", "quit": "a run ends by itself",
    "kim_init": "it loads code", "kim_query": "it opens connections",
}  # fmt: skip

_FIXES = frozenset(
    {
        "accelerate/cos", "addforce", "adapt", "atom/swap", "ave/atom", "ave/chunk", "ave/correlate", "ave/histo",
        "ave/time", "aveforce", "balance", "box/relax", "deform", "deposit", "drag", "dt/reset", "efield", "ehex",
        "enforce2d", "evaporate", "external", "flow/gauss", "freeze", "gravity", "halt", "heat", "indent", "langevin",
        "lineforce", "momentum", "move", "msst", "npt", "nph", "nphug", "nve", "nve/limit", "nve/noforce", "nvt",
        "nvt/sllod", "planeforce", "press/berendsen", "press/langevin", "print", "propel/self",
        "recenter", "restrain", "setforce", "shake", "rattle", "spring", "spring/self", "store/force", "store/state",
        "temp/berendsen", "temp/csld", "temp/csvr", "temp/rescale", "thermal/conductivity", "vector", "viscosity",
        "viscous", "wall/harmonic", "wall/lj126", "wall/lj93", "wall/lj1043", "wall/morse", "wall/reflect",
        "wall/region", "qeq/point", "qeq/slater", "qeq/shielded",
    }
)  # fmt: skip
"""Fixes that need nothing but the atoms; others open files, sockets or interpreters."""

_COMPUTES = re.compile(r"mliap|pod|sn(a|ap)\b|sna[dv]|reaxff|python|plugin")
_PAIRS = re.compile(r"python|mliap|kim|quip|mdi|pace|pod")
_DUMPS = frozenset({"atom", "cfg", "custom", "dcd", "grid", "image", "local", "xtc", "xyz", "yaml"})
_NUMBERS = frozenset({"equal", "atom", "vector", "internal", "timer", "delete"})
_VALUES = frozenset({"index", "string", "loop", "format"})
_RUN = frozenset({"upto", "start", "stop", "pre", "post", "no", "yes"})

_VALUE = re.compile(r"[\w.+%-]+")
_NAME = re.compile(r"[A-Za-z0-9_][\w.+*-]*")
_PACKED = re.compile(r"\.(gz|zst|bz2|xz|lz4|lzma)$")
COLVARS = "colvars.in"
_OWN = frozenset(
    {"in.lammps", "job.json", "outcome.json", "log.lammps", "start.extxyz", "protocol.json", "run.py", COLVARS}
)
"""Files that lie in the folder already, and what they hold is believed."""

_PATH = re.compile(r"^[/~]|\.\.(/|$)|^\./")


def refusal(text: str, among: frozenset[str] = COMMANDS) -> str | None:
    """Why the script may not run, in a sentence with its line; None when it may be tried.

    `among`: the commands that are allowed here.
    """
    try:
        for one in commands(text):
            why = _command(one, among) or next(_faults(one), None)
            if why is not None:
                return f"Line {one.number} ({' '.join(one.text.split())[:100]}): {why}"
    except BadInput as error:
        return str(error)
    return None


def _command(one: Command, among: frozenset[str]) -> str | None:
    if one.name in among:
        return None
    known = f": {_WHY[one.name]}" if one.name in _WHY else ""
    return f"the command {one.name!r} is not allowed here{known}.{nearest(one.name, among)}"


def _faults(one: Command) -> Iterator[str]:
    """What is wrong with an allowed command."""
    looked_at = _LOOKS.get(one.name)
    why = looked_at(one.words) if looked_at is not None else None
    if why is not None:
        hint = nearest(_at(one.words, 3), _FIXES) if one.name == "fix" else ""
        yield f"{why} is not allowed here.{hint}"
    if one.name != "variable":
        for position, word in enumerate(one.words):
            if _PATH.search(word) and position != _says(one.words):
                yield f"{word!r} is a file outside the protocol's folder."
    for name in _files(one.words):
        if not _NAME.fullmatch(name) or _PACKED.search(name) or name in _OWN:
            yield f"the file {name!r} is not a plain name of a new file in the protocol's folder."


def _says(words: tuple[str, ...]) -> int:
    """Which word is text to be printed, in which anything may stand; 0: none."""
    return 1 if words[0] == "print" else 5 if words[0] == "fix" and _at(words, 3) == "print" else 0


def _at(words: tuple[str, ...], position: int) -> str:
    return words[position] if len(words) > position else ""


def _fix(words: tuple[str, ...]) -> str | None:
    style = _at(words, 3)
    if style == "colvars":  # its file can name others, so it is ours or none
        return None if _at(words, 4) == COLVARS else f"a fix colvars with a file other than {COLVARS}"
    if style == "qeq/reaxff":  # its parameters come from the potential, never from a file
        return None if _at(words, 8) == "reaxff" else "a fix qeq/reaxff with a file"
    return None if style in _FIXES else f"the fix {style}"


def _compute(words: tuple[str, ...]) -> str | None:
    style = _at(words, 3)
    return f"the compute {style}" if "$" in style or _COMPUTES.search(style) else None


def _pair(words: tuple[str, ...]) -> str | None:
    bad = [word for word in words[1:] if "$" in word or _PAIRS.search(word)]
    return f"the pair style {bad[0]}" if bad else None


def _dump(words: tuple[str, ...]) -> str | None:
    style = _at(words, 2) if words[0] == "write_dump" else _at(words, 3)
    return None if style in _DUMPS else f"the dump style {style}"


def _variable(words: tuple[str, ...]) -> str | None:
    style, values = _at(words, 2), words[3:]
    if style not in _NUMBERS | _VALUES:
        return f"a variable of style {style}"
    if style in _VALUES:
        bad = [value for value in values if not _VALUE.fullmatch(value)]
        return f"the value {bad[0]!r} of a variable (a single word of letters and digits is)" if bad else None
    return "a Python function in a variable" if any("py_" in value for value in values) else None


def _run(words: tuple[str, ...]) -> str | None:
    bad = [word for word in words[2:] if word not in _RUN and not re.fullmatch(r"[\d.]+|\$\{\w+\}|\$\(.*\)", word)]
    return f"a run with further commands ({bad[0]})" if bad else None


def _thermo(words: tuple[str, ...]) -> str | None:
    kept = [then for word, then in zip(words, words[1:], strict=False) if word in ("lost", "lost/bond")]
    return "going on without lost atoms" if any(then != "error" for then in kept) else None


def _print(words: tuple[str, ...]) -> str | None:
    return "a variable after the text of print" if any("$" in word for word in words[2:]) else None


_LOOKS: dict[str, Callable[[tuple[str, ...]], str | None]] = {
    "fix": _fix, "compute": _compute, "pair_style": _pair, "dump": _dump, "write_dump": _dump, "variable": _variable,
    "run": _run, "print": _print, "thermo_modify": _thermo,
}  # fmt: skip


def _files(words: tuple[str, ...]) -> Iterator[str]:
    """The names of files that a command opens."""
    fixed = {"write_data": 1, "read_data": 1, "write_dump": 3, "dump": 5}.get(words[0])
    if fixed is not None:
        yield _at(words, fixed)
    if words[0] == "print" or (words[0] == "fix" and _at(words, 3).startswith(("ave/", "print", "balance", "vector"))):
        for keyword, name in zip(words[2:], words[3:], strict=False):
            if keyword in ("file", "append", "screen_file", "out"):
                yield name
