"""Molecules into a periodic box, by packmol, in a folder of its own that is gone afterwards."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ase import Atoms
from ase.io import read, write

from lang2mlip.errors import BadInput, NotInstalled

__all__ = ["pack"]

_TIMEOUT_S = 120

_TOLERANCES_A = (2.0, 1.9, 1.8, 1.7)
"""Smallest distance between atoms of different molecules; the first that packs is taken."""


def pack(molecules: Sequence[tuple[Atoms, int]], edge_A: float, seed: int) -> Atoms | None:
    """A cubic periodic box with so many of each molecule, in the order given; None when they do not fit.

    Raises NotInstalled when packmol is missing.
    """
    if importlib.util.find_spec("packmol") is None:
        raise NotInstalled("Packing a liquid needs packmol. Get it with: pip install 'lang2mlip[molecules]'")
    with tempfile.TemporaryDirectory(prefix="packing-") as name:
        folder = Path(name)
        for number, (molecule, _) in enumerate(molecules):
            write(folder / f"{number}.xyz", molecule)
        for tolerance in _TOLERANCES_A:
            (folder / "pack.inp").write_text(_script([n for _, n in molecules], edge_A, tolerance, seed))
            if _ran(folder):
                packed = Atoms(read(folder / "packed.xyz", index=-1), cell=[edge_A] * 3, pbc=True)
                packed.info.clear()
                return packed
    return None


def _script(counts: Sequence[int], edge_A: float, tolerance_A: float, seed: int) -> str:
    size = f"{edge_A:.6f} {edge_A:.6f} {edge_A:.6f}"
    # packmol takes 0 and -1 for special seeds.
    head = f"tolerance {tolerance_A}\nfiletype xyz\noutput packed.xyz\nseed {seed + 1}\npbc {size}\nnloop 60\n"
    return head + "".join(f"structure {n}.xyz\n  number {count}\nend structure\n" for n, count in enumerate(counts))


def _ran(folder: Path) -> bool:
    """Packmol found a solution. It says so in words; its exit code is non-zero otherwise."""
    try:
        with (folder / "pack.inp").open() as script:
            done = subprocess.run(
                [sys.executable, "-m", "packmol.cli"],
                stdin=script,
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return False
    except OSError as error:
        raise BadInput(f"packmol could not be started: {error}") from error
    return done.returncode == 0 and (folder / "packed.xyz").is_file()
