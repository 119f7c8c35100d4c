"""Strategies that a search may meet: honest, broken, and those that try to get what they do not deserve."""

from pathlib import Path

import yaml

import lang2mlip
from lang2mlip.labs.research.kit import ARENAS

HONEST = (ARENAS / "train.py.template").read_text(encoding="utf-8")
TAMPERING = yaml.safe_load(
    (Path(__file__).parents[3] / "benchmarks" / "research_tampering.yaml").read_text(encoding="utf-8")
)
_HEAD = """
import glob, json, os, shutil, sys, time
import numpy as np
PLACE, PACKAGE, CANARY = {place!r}, {package!r}, {canary!r}
TOLD = json.load(open("told.json"))
def loot(name, what):
    if what:
        open("loot", "a").write(name + "\\n")
"""
_ONE = """
def {name}():
{body}
try:
    loot({name!r}, {name}())
except BaseException:
    pass
"""


def tampering(names, place, canary):
    """train.py that tries those attempts, then trains honestly."""
    package = str(Path(lang2mlip.__file__).parent)
    text = _HEAD.format(place=str(place), package=package, canary=str(canary))
    for name in names:
        body = "\n".join(f"    {line}" for line in TAMPERING[name]["code"].splitlines())
        text += _ONE.format(name=name, body=body)
    return text + "\n" + HONEST


BROKEN = {
    "does not import": ("import no_such_module\n", "ended with"),
    "never ends": ("while True:\n    pass\n", "was ended"),
    "sleeps for ever": ("import time\ntime.sleep(1e6)\n", "was ended"),
    "eats memory": ("kept = bytearray(20_000_000_000)\n", "memory"),
    "leaves nothing": ("print('score: 0.0')\n", "no whole model"),
    "deletes its folder": ("import shutil, os\nshutil.rmtree(os.getcwd(), ignore_errors=True)\n", "no whole model"),
    "gives no numbers": (
        HONEST.replace('Path("model/family")', "spoil(); Path('model/family')", 1) + "",
        "not finite",
    ),
}
_SPOIL = '''
def spoil() -> None:
    """Put a value that is no number into the finished model."""
    import re
    file = Path("model/potential.mtp")
    file.write_text(re.sub(r"(?m)^(moment_coeffs = ){[^,}]*", r"\\1{nan", file.read_text()))


def main()'''
BROKEN["gives no numbers"] = (BROKEN["gives no numbers"][0].replace("\ndef main()", _SPOIL, 1), "not finite")
