"""The repulsive core as a QUIP pair table: it becomes part of the potential's own file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from lang2mlip.science.atoms.zbl import zbl, zbl_reach

__all__ = ["write_core"]

POINTS = 400
INNERMOST_A = 0.3
"""Below it QUIP goes on along the tangent."""


def write_core(elements: Sequence[str], file: Path) -> None:
    """Write the ZBL repulsion of all pairs as an `IP Glue` file whose embedding part is zero."""
    numbers = sorted(atomic_numbers[element] for element in elements)
    lines = ["<core>", '<Potential label="core" init_args="IP Glue"/>', f'<Glue_params n_types="{len(numbers)}">']
    for kind, z in enumerate(numbers, 1):
        lines += [f'<per_type_data atomic_num="{z}" type="{kind}">', *_no_embedding(), "</per_type_data>"]
    for (i, z1), (j, z2) in combinations_with_replacement(enumerate(numbers, 1), 2):
        lines += [f'<per_pair_data type1="{i}" type2="{j}">', *_pair(z1, z2), "</per_pair_data>"]
    file.write_text("\n".join([*lines, "</Glue_params>", "</core>"]))


def _no_embedding() -> list[str]:
    density = "".join(f'<point a="{r}" rho="0.0"/>' for r in (0.5, 1.0, 1.5, 2.0))
    energy = "".join(f'<point rho="{rho}" E="0.0"/>' for rho in (0.0, 1.0, 2.0, 3.0))
    return [
        f'<density num_points="4" density_y1="0.0" density_yn="0.0">{density}</density>',
        f'<potential_density num_points="4">{energy}</potential_density>',
    ]


def _pair(z1: int, z2: int) -> list[str]:
    r = np.linspace(INNERMOST_A, zbl_reach(z1, z2), POINTS)
    step = 1e-6
    slope = float(zbl(r[:1] + step, z1, z2)[0] - zbl(r[:1] - step, z1, z2)[0]) / (2 * step)
    points = [f'<point r="{x:.8f}" E="{energy:.12e}"/>' for x, energy in zip(r, zbl(r, z1, z2), strict=True)]
    return [f'<potential_pair num_points="{POINTS}" y1="{slope:.10g}" yn="0.0">', *points, "</potential_pair>"]
