"""Derive src/lang2mlip/data/standin/sizes.yaml: one factor on the Lennard-Jones sizes of a molecule, from its liquid.

    python scripts/derive_liquid_sizes.py [KEY ...]     # keys of the molecule table; none: all liquids near 300 K

Each pure liquid is packed and held at 1 bar in the stand-in as in benchmarks/standin.py (500 atoms, 20 ps, means over
the last half); the factor follows from the tabulated density, (found / tabulated)^(1/3), and is tried again until the
density is right to 1 % or for three rounds. Liquids within 1.5 % at once keep their sizes: that is the noise of such a
run. Mixtures are not looked at, so that their densities stay a test. Rows in the file are not computed again.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from lang2mlip.data import table
from lang2mlip.errors import Lang2mlipError
from lang2mlip.science.structures.conformer import ions
from lang2mlip.science.structures.liquid import packed
from lang2mlip.science.structures.mixture import Ingredient, Mixture, ions_of
from lang2mlip.science.structures.standin import field, settle
from lang2mlip.science.structures.standin.engine import simulate
from lang2mlip.science.structures.standin.forcefield import LennardJones
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

FILE = Path(__file__).resolve().parents[1] / "src/lang2mlip/data/standin/sizes.yaml"
NEAR_K = (250.0, 320.0)
ATOMS, PS = 500, 20.0
ROUNDS, GOAL, NOISE = 3, 0.01, 0.015
HEAD = """# Factors on the Lennard-Jones sizes of molecules, derived by scripts/derive_liquid_sizes.py. density_g_cm3:
# [tabulated, with the sizes as they were, with the factor].
"""
SOURCE = "densities of the liquids: data/molecules; runs of the stand-in at 1 bar, 500 atoms, 20 ps"


def liquids() -> dict[str, dict[str, Any]]:
    """Neutral molecules of the table whose density near room temperature is known and above that of a gas."""
    found = {}
    for key, entry in table("molecules").items():
        near = NEAR_K[0] <= float(entry.get("density_K") or 0.0) <= NEAR_K[1]
        if entry.get("density_g_cm3") and near and len(ions(str(entry["smiles"]))) == 1:
            found[key] = entry
    return found


def density(key: str, kelvin: float, factor: float, seed: int) -> float:
    """Mean over the last half of the NPT with all sizes times `factor`, g/cm³."""
    mixture = Mixture([Ingredient(name=key)], None)
    start = packed(ions_of(mixture, ATOMS), 0.95 * mixture.density_g_cm3(), np.random.default_rng(seed))
    own = field(start)
    assert isinstance(own.pair, LennardJones)
    sized = LennardJones(factor * own.pair.sigma_A, own.pair.epsilon_eV)
    outcome = simulate(start, type(own)(**{**vars(own), "pair": sized}), settle(PS, kelvin), seed)
    mass = float(start.atoms.get_masses().sum()) * AMU_PER_A3_IN_G_PER_CM3
    return float(np.mean([mass / one.volume_A3 for one in outcome.track[-10:]]))


def row(key: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Factor and densities. The molecule must not have a factor in the file yet."""
    wanted, kelvin = float(entry["density_g_cm3"]), float(entry["density_K"])
    tried = [(1.0, density(key, kelvin, 1.0, 1))]
    while len(tried) <= ROUNDS and abs(tried[-1][1] / wanted - 1) > (NOISE if len(tried) == 1 else GOAL):
        factor = tried[-1][0] * (tried[-1][1] / wanted) ** (1 / 3)
        tried.append((factor, density(key, kelvin, factor, 1 + len(tried))))
    factor, found = min(tried, key=lambda one: abs(one[1] - wanted))
    densities = [wanted, round(tried[0][1], 4), round(found, 4)]
    return {"smiles": str(entry["smiles"]), "factor": round(factor, 4), "density_g_cm3": densities}


def main() -> None:
    """Compute what is missing, write the file after each liquid."""
    rows = yaml.safe_load(FILE.read_text())["sizes"]["molecules"] if FILE.exists() else {}
    known = liquids()
    for key in sys.argv[1:] or known:
        if key not in rows:
            try:
                rows[key] = row(key, known[key])
            except Lang2mlipError as error:
                print(key, error, flush=True)
                continue
            content = {"sizes": {"source": SOURCE, "molecules": rows}}
            FILE.write_text(HEAD + yaml.safe_dump(content, sort_keys=False, width=120, default_flow_style=None))
        print(f"{key:30s}", rows[key], flush=True)


if __name__ == "__main__":
    main()
