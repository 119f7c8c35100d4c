"""Errors looked at closely: which element is off, and in which group."""

import numpy as np
from ase import Atoms

from lang2mlip.contracts import Evaluation
from lang2mlip.report.evidence import Evidence
from lang2mlip.report.finer import finer_tables
from lang2mlip.science.atoms.frames import labelled
from lang2mlip.science.atoms.integrators import Forces
from lang2mlip.science.evaluation.errors import compare

OFF = {"bulk": {"Ar": 0.01, "Ne": 0.02}, "mix": {"Ar": 0.01, "Ne": 0.4}}
"""Group → element → how far forces are off, as a share of them."""


def evidence(symbols="ArNe", groups=("bulk", "mix")):
    rng, frames, guesses = np.random.default_rng(0), [], []
    for group in groups:
        atoms = Atoms(
            symbols * 20, positions=rng.uniform(0, 20, (20 * len(Atoms(symbols)), 3)), cell=[20] * 3, pbc=True
        )
        atoms.info["group"] = group
        true = rng.normal(0, 1.0, (len(atoms), 3))
        frames.append(labelled(atoms, energy=0.0, forces=true))
        guesses.append(Forces(0.0, true * (1 + np.array([[OFF[group][s]] for s in atoms.symbols])), None))
    found = compare(frames, guesses)
    errors = {**found.by_group(), "all": found.errors()}
    evaluation = Evaluation(model="m1", depth="errors", on="test", errors=errors)
    return Evidence(evaluation, None, (), (), "", (), (), {"by_force": {"all": found.by_force_size(3)}}, ())


def figures(table):
    return {row[0].text: [float(cell.text) for cell in row[1:]] for row in table.rows}


def test_the_element_and_the_group_that_are_off_are_seen():
    by_element, by_group, by_force = finer_tables(evidence())
    shares = {name: share for name, (_, share) in figures(by_element).items()}
    assert shares["Ar"] < 2 < 20 < shares["Ne"] < 40
    assert by_group.columns == ("group", "Ar", "Ne")
    errors = figures(by_group)
    assert errors["mix"][1] > 10 * errors["bulk"][1] and errors["mix"][0] < 20
    assert len(by_force.rows) == 3 and {len(row) for row in by_group.rows} == {3}


def test_one_group_and_one_element_need_no_such_tables():
    assert [table.title for table in finer_tables(evidence(groups=("bulk",)))] == [
        "By element",
        "By the size of the force",
    ]
    assert [table.title for table in finer_tables(evidence("Ar"))] == ["By the size of the force"]
