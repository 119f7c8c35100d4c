"""Concepts combine by the roles of their substances; a folder of one's own stands beside the built-in one."""

import os
import subprocess
import sys

import pytest

from lang2mlip.contracts import PotentialSpec, ReferenceSpec, check
from lang2mlip.errors import BadInput
from lang2mlip.prepare.concepts import Concept
from lang2mlip.prepare.plan import plan
from lang2mlip.prepare.reader import read
from lang2mlip.prepare.task import Options, complete

OPTIONS = Options(reference=ReferenceSpec(name="lj"), potential=PotentialSpec(family="mtp"))


def said(prompt):
    reading = read(prompt)
    return [one.formula for one in reading.components], reading.layers


@pytest.mark.parametrize(
    ("prompt", "formulas", "layers"),
    [
        (
            "sodium interphase on hard carbon with NaPF6",
            ["C", "NaF", "C3H4O3", "C5H10O3", "NaPF6"],
            "graphite | sodium fluoride | ethylene carbonate + diethyl carbonate + sodium hexafluorophosphate",
        ),
        (
            "SEI on hard carbon with NaPF6 in diglyme",
            ["C", "NaF", "C6H14O3", "NaPF6"],
            "graphite | sodium fluoride | diglyme + sodium hexafluorophosphate",
        ),
        (
            "Li metal with LiF/Li2O under DME–LiTFSI",
            ["Li", "LiF", "Li2O", "C4H10O2", "C2F6LiNO4S2"],
            "Li | LiF | Li2O | 1,2-dimethoxyethane + lithium bis(trifluoromethanesulfonyl)imide",
        ),
        (
            "lithium metal SEI with LiF in ether electrolyte",
            ["Li", "LiF", "C4H10O2", "C3H6O2", "C2F6LiNO4S2"],
            "lithium | lithium fluoride | 1,2-dimethoxyethane + 1,3-dioxolane + "
            "lithium bis(trifluoromethanesulfonyl)imide",
        ),
        (
            "CEI on NMC811",
            ["LiNi0.8Mn0.1Co0.1O2", "LiF", "C3H4O3", "C4H8O3", "LiPF6"],
            "LiNi0.8Mn0.1Co0.1O2 | lithium fluoride | ethylene carbonate + ethyl methyl carbonate + "
            "lithium hexafluorophosphate",
        ),
        (
            "SEI of a lithium battery with a silicon anode and LiF as inner layer",
            ["Si", "LiF", "C4H4Li2O6", "C3H4O3", "C3H6O3", "LiPF6"],
            "silicon | LiF | lithium ethylene dicarbonate | ethylene carbonate + dimethyl carbonate + "
            "lithium hexafluorophosphate",
        ),
        ("calcite water interface with 0.5 M NaCl", ["CaCO3", "H2O", "NaCl"], "calcite | water + NaCl"),
    ],
)
def test_words_and_entries_take_the_place_of_an_entrys_defaults(prompt, formulas, layers):
    assert said(prompt) == (formulas, tuple(layers.split(" | ")))


def test_what_combines_can_be_planned():
    task = complete(read("sodium interphase on hard carbon with NaPF6"), None, OPTIONS)
    groups = {request.group for request in plan(task).requests}
    assert {"solvent", "solution", "graphite--sodium-fluoride", "whole"} <= groups


def test_of_entries_that_share_a_name_the_one_nearest_to_the_substances_is_meant():
    assert read("SEI at 300 K").concepts == ("lithium-sei",)
    assert read("SEI with NaPF6").concepts == ("sodium-sei",)
    assert read("SEI on Li metal with LiTFSI").concepts == ("lithium-metal-sei",)
    assert read("SEI on silicon with FEC").concepts == ("silicon-sei",)


GOOD = {"names": ["test system"], "kind": "alloy", "components": [{"substance": "Cu", "phases": ["crystal"]}],
        "source": "a citation"}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sorce": "x"}, "'sorce' is not known. Did you mean 'source'"),
        ({"source": ""}, "source"),
        ({"components": [{"substance": "Cu", "phases": ["crystl"]}]}, "phases"),
        ({"components": [{"substance": "Cu", "phases": ["crystal"], "amount": "lots"}]}, "'lots' is not understood"),
        ({"layers": ["anode"]}, "the roles of Cu stand in no layer"),
        ({"simulations": ["shake"]}, "simulations"),
    ],
)
def test_an_entry_that_breaks_the_schema_is_told_with_its_place(changes, words):
    with pytest.raises(BadInput) as caught:
        check(Concept, GOOD | changes, "data/concepts, entry 'mine'")
    assert words in str(caught.value) and "entry 'mine'" in str(caught.value)


def test_a_folder_of_ones_own_adds_and_replaces_entries(tmp_path):
    folder = tmp_path / "concepts"
    folder.mkdir()
    (folder / "mine.yaml").write_text(
        "house-electrolyte:\n"
        "  names: [house mixture]\n"
        "  kind: electrolyte\n"
        "  components:\n"
        "    - {substance: propylene carbonate, role: solvent, phases: [liquid]}\n"
        "    - {substance: LiTFSI, role: salt, phases: [liquid], amount: 2 mol/L}\n"
        "  source: our own recipe, 2026\n"
        "brine:\n"
        "  names: [brine]\n"
        "  kind: solution\n"
        "  components: [{substance: water, phases: [liquid]}]\n"
        "  source: our own, 2026\n"
    )
    program = (
        "from lang2mlip.prepare.reader import read\n"
        "for words in ('lithium metal SEI with the house mixture', 'brine'):\n"
        "    print([one.formula for one in read(words).components])\n"
    )
    environment = {**os.environ, "LANG2MLIP_DATA": str(tmp_path)}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["['Li', 'Li2O', 'LiF', 'C4H6O3', 'C2F6LiNO4S2']", "['H2O']"]
