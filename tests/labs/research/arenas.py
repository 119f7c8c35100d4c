"""A tiny arena: sixteen frames of eight atoms, runs of a second, the real sandbox and the real judge."""

from lang2mlip.data import table
from lang2mlip.labs.research.arena import create
from lang2mlip.labs.research.made import from_crystal

ENTRY = table("research")["copper"]
PARTS = [
    {"role": "train", "group": "warm", "kind": "hot", "temperature_K": 300, "frames": 8, "every": 4},
    {"role": "train", "group": "strained", "kind": "strained", "strain": 0.05, "rattle_A": 0.08, "frames": 8},
    {"role": "screen", "group": "hot", "kind": "hot", "temperature_K": 500, "frames": 6, "every": 4},
    {"role": "final", "group": "hot", "kind": "hot", "temperature_K": 500, "frames": 4, "every": 4},
    {"role": "curve", "group": "curve", "kind": "curve", "from": 0.9, "to": 1.1, "frames": 4},
    {"role": "starts", "group": "start", "kind": "curve", "from": 1.0, "to": 1.0, "frames": 1},
]
CONFIG = {
    "family": "mtp",
    "max_force_eV_A": None,
    "soften": 0.0,
    "settings": {"level": 4, "cutoff_A": 5.0, "radial_size": 6, "min_distance_A": 2.0, "energy_weight": 0.01,
                 "stress_weight": 0.0, "max_iterations": 0, "core": False, "robust": False, "save_s": 0.0},
}  # fmt: skip


def entry(**rules):
    """The entry of the metal's arena, made tiny."""
    data = {**ENTRY["data"], "crystal": {**ENTRY["data"]["crystal"], "repeat": [2, 1, 1]}, "parts": PARTS}
    trials = {"temperature_K": 300.0, "steps": 20, "seeds": 1, "drift_steps": 40, "block_s": 0.05}
    scorecard = {**ENTRY["scorecard"], "gates": {"dimer_faults": ENTRY["scorecard"]["gates"]["dimer_faults"]}}
    limits = {"train_s": 30, "score_s": 60, "replicates": 2, "memory_MB": 3000, "resamples": 200, **rules}
    return {**ENTRY, "data": data, "trials": trials, "rules": limits, "baseline": CONFIG, "scorecard": scorecard}


def tiny(place, **rules):
    """A new tiny arena at `place`."""
    own = entry(**rules)
    return create(place, own, from_crystal(own["data"], 0), 0)
