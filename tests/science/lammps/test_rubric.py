"""Faults that hide in logs: numbers without room, atoms that are missed at the end only, bursts, steps too long."""

import re
from pathlib import Path

import numpy as np
import pytest

from lang2mlip.science.lammps.grade import grade
from lang2mlip.science.lammps.thermo import thermo_of

LOGS = Path(__file__).parent / "logs"


def text(name):
    return (LOGS / f"{name}.log").read_text()


def script(name):
    return (LOGS / f"{name}.in").read_text()


def parts(log, name):
    """The parts with a fatal defect."""
    return {one.part for one in grade(thermo_of(log), script(name)).defects if one.fatal}


def last_row(log):
    """The last row of the last table."""
    lines = log[: log.rindex("Loop time")].rstrip().splitlines()
    return lines[-1]


def changed(log, column, by):
    """The log with a word of its last row changed."""
    row = last_row(log)
    words = row.split()
    words[column] = by(words[column])
    return log[: log.rindex(row)] + " ".join(words) + log[log.rindex(row) + len(row) :]


@pytest.mark.parametrize("word", ["********", "1e400", "-nan", "0x1p"])
def test_whatever_is_no_number_in_a_row_is_not_finite(word):
    assert parts(changed(text("sound"), 3, lambda old: word), "sound") == {"finite"}


def test_atoms_that_only_the_last_line_misses_are_lost():
    log = text("sound")
    at = log.rindex("Loop time")
    fewer = log[:at] + re.sub(r"with (\d+) atoms", lambda one: f"with {int(one[1]) - 2} atoms", log[at:], count=1)
    assert fewer != log and parts(fewer, "sound") == {"atoms"}


def test_the_log_tells_how_many_atoms_a_run_began_with():
    tables = thermo_of(text("sound")).tables
    assert [table.begun for table in tables] == [table.atoms for table in tables]
    more = thermo_of("Created 10 atoms\nCreated 5 atoms\nDeleted 3 atoms, new total = 12\n" + text("multi"))
    assert thermo_of("  7 atoms\nPer MPI rank memory\n Step Temp\n 0 1\n").tables[0].begun == 7
    assert more.tables


def test_a_temperature_that_bursts_at_the_end_is_no_sound_run_though_it_is_finite():
    header = thermo_of(text("sound")).tables[-1]
    column = list(header.columns).index("Temp")
    assert "finite" in parts(changed(text("sound"), column, lambda old: "3.1e6"), "sound")


def test_hot_atoms_that_cool_have_not_blown_up():
    rows = "\n".join(f"{n} {5000 * np.exp(-n / 20) + 300:.1f}" for n in range(100))
    log = f"Per MPI rank memory\n   Step Temp\n{rows}\nLoop time of 1 on 1 procs for 100 steps with 5 atoms\n"
    assert grade(thermo_of(log), "fix 1 all nve\nrun 100\n").passed


def test_a_total_energy_that_fluctuates_like_the_kinetic_one_is_a_step_too_long():
    chance = np.random.default_rng(1)
    kinetic = 10 + chance.normal(size=200)
    for share, fault in ((0.02, False), (0.5, True)):
        total = -100 + share * chance.normal(size=200)
        rows = "\n".join(
            f"{n} {300 * k / 10:.6f} {k:.6f} {e - k:.6f} {e:.6f}"
            for n, (k, e) in enumerate(zip(kinetic, total, strict=True))
        )
        end = "Loop time of 1 on 1 procs for 200 steps with 5 atoms"
        log = f"Per MPI rank memory\n   Step Temp KinEng PotEng TotEng\n{rows}\n{end}\n"
        found = grade(thermo_of(log), "timestep 0.04\nfix 1 all nve\nrun 200\n").defects
        assert [one.cause for one in found if one.part == "conserved"] == (["timestep 0.04"] if fault else [])


def test_late_builds_of_lists_that_are_looked_at_often_are_a_remark():
    log = re.sub(r"Dangerous builds = \d+", "Dangerous builds = 9", text("sound"))
    (first, *_) = grade(thermo_of(log), script("sound")).defects
    assert first.part == "neighbours" and not first.fatal
    assert parts(text("dangerous"), "dangerous") >= {"neighbours"}
