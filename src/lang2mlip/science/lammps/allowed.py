"""Which LAMMPS text from a model may run at all: commands on a list, no file outside its folder, styles that exist."""

from __future__ import annotations

import re

from lang2mlip.errors import nearest

__all__ = ["refusal"]

COMMANDS = frozenset(
    {
        "atom_modify", "atom_style", "boundary", "box", "change_box", "comm_modify", "compute", "compute_modify",
        "displace_atoms", "dump", "dump_modify", "fix", "fix_modify", "group", "mass", "min_modify", "min_style",
        "minimize", "neigh_modify", "neighbor", "pair_coeff", "pair_modify", "pair_style", "print", "read_data",
        "region", "reset_timestep", "run", "thermo", "thermo_modify", "thermo_style", "timestep", "uncompute", "undump",
        "unfix", "units", "variable", "velocity", "write_data",
    }
)  # fmt: skip
"""What a protocol needs; everything that starts programs, reads further input or loads code is missing."""

_OUTSIDE = re.compile(r"(^|[\s\"'=])(/|~|\.\.)|\.\./|\$\{?[A-Z_]*HOME")
_ESCAPES = re.compile(r"\b(getenv|file|atomfile|python)\b")


def refusal(text: str) -> str | None:
    """Why the script may not run, in a sentence with its line; None when it may be tried."""
    for number, line in enumerate(re.sub(r"&[ \t]*\n", " ", text).splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if words[0] not in COMMANDS:
            return f"Line {number}: the command {words[0]!r} is not allowed here.{nearest(words[0], COMMANDS)}"
        if _OUTSIDE.search(" ".join(words[1:])):
            return f"Line {number}: a file outside the protocol's folder is named ({' '.join(words)})."
        why = _style(words)
        if why is not None:
            return f"Line {number}: {why} is not allowed here."
    return None


def _style(words: list[str]) -> str | None:
    """What in a line would give further commands or run other code."""
    style = words[3] if words[0] == "fix" and len(words) > 3 else ""
    if style.startswith(("python", "mdi", "plugin", "ipi", "imd")):
        return f"the fix {style}"
    if words[0] == "variable" and len(words) > 2 and _ESCAPES.fullmatch(words[2]):
        return f"a variable of style {words[2]}"
    return "a run with further commands" if words[0] == "run" and "every" in words else None
