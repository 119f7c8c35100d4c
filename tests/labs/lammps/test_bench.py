"""The benchmark of the lab: truths hold, checkers recompute them from raw output, and no wrong answer passes."""

import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml
from ase.build import bulk

from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.bench.bench import Rows, Wish, bench, executed_at
from lang2mlip.labs.lammps.bench.checkers import CHECKERS, judged
from lang2mlip.labs.lammps.bench.task import tasks
from lang2mlip.labs.lammps.words import understood
from lang2mlip.science.evaluation.elastic import Elastic
from lang2mlip.science.reference.lammps_file import LammpsReference

TASKS = tasks()
NUMERIC = [task for task in TASKS.values() if task.truth is not None]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of finished simulations of tasks, by the task's name."""
    place = tmp_path_factory.mktemp("runs")
    names = ("elastic-pd", "curve-ag", "vacancy-ag", "surface-ag", "lattice-w")
    return {name: simulate(TASKS[name].words, Settings(TASKS[name].potential, place, name)).folder for name in names}


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """The folder of a short stretch of MD with a trajectory."""
    return simulate("g(r) of liquid argon at 94.4 K and 1.374 g/cm3", Settings("lj", tmp_path_factory.mktemp("md")),
                    atoms=108, ps=4, rest_ps=2, melt_ps=3, timestep_fs=4).folder  # fmt: skip


def copied(folder, to, change):
    """The raw output once more, with its log changed."""
    to.mkdir()
    for file in folder.iterdir():
        if file.is_file():
            (to / file.name).write_bytes(file.read_bytes())
    log = to / "log.lammps"
    log.write_text(change(log.read_text()))
    return to


def test_there_are_sixty_tasks_with_a_number_over_ten_kinds_and_each_has_a_checker_and_a_truth_with_its_reason():
    assert len(NUMERIC) >= 60
    assert len({task.kind for task in TASKS.values()}) >= 10
    assert {task.quantity for task in NUMERIC} <= set(CHECKERS)
    assert not [task.name for task in NUMERIC if len(task.truth.why) < 20]


def test_the_blind_tasks_are_put_as_they_were_worded_and_their_hash_is_the_one_committed_first():
    folder = Path(__file__).parents[3] / "benchmarks" / "blind"
    text = (folder / "lammps-tasks.yaml").read_bytes()
    assert hashlib.sha256(text).hexdigest() in (folder / "lammps.sha256").read_text()
    for one in yaml.safe_load(text):
        task = TASKS[f"blind-{one['id'].lower()}"]
        assert task.words == one["prompt"]
        if one["expected_low"] is not None:
            ends = (task.truth.value - task.truth.tolerance, task.truth.value + task.truth.tolerance)
            assert ends == pytest.approx((one["expected_low"], one["expected_high"]), rel=1e-4)


@pytest.mark.parametrize("name", [f"lammps-{one}" for one in (
    "paraphrases", "paraphrases-b", "paraphrases-c", "paraphrases-d", "typed-d"
)])  # fmt: skip
def test_the_wordings_are_those_whose_hashes_were_committed_before_they_were_read(name):
    folder = Path(__file__).parents[3] / "benchmarks" / "blind"
    assert hashlib.sha256((folder / f"{name}.yaml").read_bytes()).hexdigest() in (folder / "lammps.sha256").read_text()


@pytest.mark.parametrize("task", NUMERIC, ids=lambda task: task.name)
def test_the_words_of_every_task_with_a_number_are_still_understood(task):
    assert understood(task.words, {}).recipe.measures()


@pytest.mark.parametrize("task", [task for task in NUMERIC if task.wrong], ids=lambda task: task.name)
def test_an_answer_that_a_mistake_gives_is_outside_of_the_tolerance(task):
    assert not [value for value in task.wrong if task.right(value)]


def test_no_tolerance_lets_the_answer_to_another_task_of_its_kind_with_another_file_pass_by_more_than_a_few():
    own = [task for task in NUMERIC if not task.name.startswith("blind")]
    pairs = [(a, b) for a in own for b in own if a.quantity == b.quantity and a.potential != b.potential]
    passing = [(a.name, b.name) for a, b in pairs if a.right(b.truth.value)]
    assert len(passing) <= 0.06 * len(pairs), passing  # neighbours in the table expand and stretch alike in nature too


def test_a_stored_truth_is_what_python_finds_again():
    task, entry = TASKS["elastic-pd"], table("benchlammps")["elastic-pd"]
    calculator = LammpsReference(LammpsReference.Settings(file=task.potential)).calculator()
    found = Elastic(strain=0.002).constants(bulk(entry["computed"]["crystal"], cubic=True), calculator).GPa
    assert found["C11"] == pytest.approx(task.truth.value, rel=1e-4)


@pytest.mark.parametrize("name", ["elastic-pd", "curve-ag", "vacancy-ag", "surface-ag", "lattice-w"])
def test_the_number_recomputed_from_the_log_is_the_truth(runs, name):
    found = judged(TASKS[name], runs[name])
    assert found.right, found.why or found.value


def test_stresses_of_another_sign_or_unit_are_a_wrong_answer(runs, tmp_path):
    def ten_times(text):
        head = next(line for line in text.splitlines() if line.split()[:2] == ["Step", "Time"]).split()
        at = [head.index(one) for one in ("Pxx", "Pyy", "Pzz", "Pxy", "Pxz", "Pyz")]
        lines = []
        for line in text.splitlines():
            words = line.split()
            if len(words) == len(head) and re.fullmatch(r"\d+", words[0]):
                words = [str(10 * float(word)) if n in at else word for n, word in enumerate(words)]
                line = " ".join(words)
            lines.append(line)
        return "\n".join(lines) + "\n"

    found = judged(TASKS["elastic-pd"], copied(runs["elastic-pd"], tmp_path / "a", ten_times))
    assert found.value == pytest.approx(10 * TASKS["elastic-pd"].truth.value, rel=0.01)
    assert not found.right


def test_a_run_that_answers_another_question_is_no_answer(runs):
    for name, wrong in (("vacancy-ag", "surface-ag"), ("surface-ag", "vacancy-ag"), ("elastic-pd", "lattice-w")):
        assert not judged(TASKS[name], runs[wrong]).right


def test_a_log_that_was_cut_short_or_a_folder_without_one_is_no_answer(runs, tmp_path):
    cut = copied(runs["curve-ag"], tmp_path / "cut", lambda text: text[: len(text) // 3])
    assert not judged(TASKS["curve-ag"], cut).right
    assert "no log.lammps" in judged(TASKS["curve-ag"], tmp_path).why


def test_the_peak_of_g_of_r_comes_from_the_trajectory_and_a_stretched_one_is_wrong(moving, tmp_path):
    task = TASKS["liquid-ar-g"]
    assert judged(task, moving).right
    copy = copied(moving, tmp_path / "stretched", lambda text: text)
    dump = (copy / "trajectory.dump").read_text().splitlines()
    box = [n for n, line in enumerate(dump) if line.startswith("ITEM: BOX")]
    stretched = [stretch(line) if is_number(n, box, dump) else line for n, line in enumerate(dump)]
    (copy / "trajectory.dump").write_text("\n".join(stretched) + "\n")
    assert not judged(task, copy).right


def is_number(n, box, dump):
    """Whether the line holds bounds or positions."""
    return any(b < n <= b + 3 for b in box) or len(dump[n].split()) == 6 and dump[n][0].isdigit()


def stretch(line):
    """Lengths five per cent longer."""
    words = line.split()
    first = 3 if len(words) == 6 else 0
    return " ".join([*words[:first], *(str(1.05 * float(word)) for word in words[first:])])


def test_density_and_temperature_are_means_of_the_log(moving):
    density = TASKS["liquid-ar-g"].model_copy(update={"quantity": "density"})
    assert judged(density, moving).value == pytest.approx(1.374, abs=1e-3)
    heat = density.model_copy(update={"quantity": "mean_temperature"})
    assert judged(heat, moving).value == pytest.approx(94.4, abs=6)


def test_rows_are_kept_as_they_come_and_what_is_done_is_not_run_again(tmp_path):
    rows, said = Rows(tmp_path / "lammps.json"), []
    wish = Wish(only=("lattice-ag", "refuse-two"))
    done = bench(wish, rows, tmp_path / "work", said.append)
    assert [row["right"] for row in done] == [True, True]
    bench(wish, rows, tmp_path / "work", said.append)
    assert len(said) == 2
    told = json.loads((tmp_path / "lammps.json").read_text())
    assert told["summary"]["recipes"]["right"] == 1
    assert not list((tmp_path / "work").glob("*"))


def test_a_model_s_arm_without_a_model_and_a_task_that_is_not_there_are_named(tmp_path):
    with pytest.raises(BadInput, match="--model"):
        bench(Wish(arms=("loop",)), Rows(tmp_path / "a.json"), tmp_path, print)
    with pytest.raises(UnknownName, match="elastic"):
        bench(Wish(only=("elastics",)), Rows(tmp_path / "a.json"), tmp_path, print)


def test_success_at_k_is_the_chance_that_one_of_k_attempts_runs():
    assert executed_at(1, [(4, 2), (4, 4)]) == pytest.approx(0.75)
    assert executed_at(2, [(4, 2)]) == pytest.approx(1 - 1 / 6)
    assert executed_at(5, [(4, 2)]) == 0.0
