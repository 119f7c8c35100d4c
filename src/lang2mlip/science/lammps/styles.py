"""The styles of a script against those that this build of LAMMPS has.

`python -m lang2mlip.science.lammps.styles` lists the latter; LAMMPS is opened in that process, so that no other has
its libraries loaded.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Iterator

from lang2mlip.errors import PartFailed, nearest
from lang2mlip.science.lammps.commands import Command, commands

__all__ = ["available_styles", "unknown_style"]

_KINDS = (
    "atom", "integrate", "minimize", "pair", "bond", "angle", "dihedral", "improper", "kspace", "compute", "fix",
    "region", "dump",
)  # fmt: skip

_WHERE = {
    "fix": ("fix", 3), "compute": ("compute", 3), "dump": ("dump", 3), "write_dump": ("dump", 2),
    "region": ("region", 2),
    "pair_style": ("pair", 1), "bond_style": ("bond", 1), "angle_style": ("angle", 1),
    "dihedral_style": ("dihedral", 1), "improper_style": ("improper", 1), "kspace_style": ("kspace", 1),
    "atom_style": ("atom", 1), "min_style": ("minimize", 1), "run_style": ("integrate", 1),
}  # fmt: skip
"""Command → kind of style, and which of its words names it."""

_LIMIT_S = 60.0


@functools.cache
def available_styles() -> dict[str, frozenset[str]]:
    """Kind (pair, fix, compute, …) → the styles of the installed LAMMPS. Raises PartFailed where there is none."""
    command = [sys.executable, "-m", "lang2mlip.science.lammps.styles"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise PartFailed(f"LAMMPS did not list its styles within {_LIMIT_S:g} s; try again.") from error
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"code {done.returncode}"]
        raise PartFailed(f"LAMMPS did not list its styles: {last[0]}")
    return {kind: frozenset(names) for kind, names in json.loads(done.stdout).items()}


def unknown_style(text: str) -> str | None:
    """The first style that this build does not have, in a sentence with its line and the nearest name; else None.

    Raises BadInput when the text cannot be read, PartFailed where there is no LAMMPS.
    """
    return next((fault for one in commands(text) for fault in _unknown(one)), None)


def _unknown(one: Command) -> Iterator[str]:
    kind, position = _WHERE.get(one.name, ("", 0))
    if not kind or len(one.words) <= position:
        return
    named = one.words[position]
    wanted = [*one.words[position + 1 : position + 2]] if named.startswith("hybrid") else []
    known = available_styles()[kind] | {"none", "delete"}
    for style in [named, *wanted]:
        if style not in known and "$" not in style:
            yield f"Line {one.number}: this LAMMPS has no {kind} style {style!r}.{nearest(style, sorted(known))}"


def main() -> int:
    """The process: the styles as JSON on standard output."""
    from lang2mlip.science.atoms.lammps_library import open_lammps

    lammps = open_lammps()
    print(json.dumps({kind: lammps.available_styles(kind) for kind in _KINDS}))
    lammps.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
