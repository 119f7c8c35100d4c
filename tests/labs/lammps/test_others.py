"""Requests of others, in the layout of MD-EvalBench or as JSON in a folder, put to the arms of the benchmark."""

import json

import pytest
from typer.testing import CliRunner

from lang2mlip.doors.cli import app
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.bench.bench import Rows, Wish, bench
from lang2mlip.labs.lammps.bench.others import tasks_in
from lang2mlip.language.scripted import Call, ScriptedModel

RELAX = "Write a script that relaxes a silver crystal and prints its lattice constant"
SCRIPT = """units metal
atom_style atomic
boundary p p p
read_data structure.data
mass 1 107.8682
{forces}
thermo_style custom step time temp pe ke etotal press pxx pyy pzz pxy pxz pyz lx ly lz xy xz yz vol density
thermo_modify norm no lost error flush yes format float %.12g
min_style cg
fix box all box/relax iso 0.0 vmax 0.002
minimize 0 1e-8 1000 10000
"""
WRONG = SCRIPT.replace("mass 1", "mass 2")


def reply(script, forces):
    number = {"name": "edge", "unit": "Å", "column": "Lx", "take": "last"}
    return Call("write_input", {"plan": "Relax.", "script": script.format(forces=forces), "numbers": [number]})


@pytest.fixture
def layout(tmp_path):
    """A copy in MD-EvalBench's layout with a request of our own, in two languages."""
    for language, words in (("EN", RELAX), ("ZH", "模拟")):
        folder = tmp_path / "copy" / "MD_Benchmark" / language / "Code_Eval"
        folder.mkdir(parents=True)
        (folder / "code.json").write_text(json.dumps([{"task": words, "standrd_code": "units metal"}]), "utf-8")
    return tmp_path / "copy"


@pytest.fixture
def forces():
    """The commands of the potential that is chosen for silver."""
    from lang2mlip.labs.lammps.potential import chosen

    return "\n".join(chosen(["Ag"], ["crystal"]).commands(["Ag"]))


def rows_of(monkeypatch, tmp_path, wish, *replies):
    with ScriptedModel(replies) as model:
        for key, value in model.environment().items():
            monkeypatch.setenv(key, value)
        said = []
        return bench(wish, Rows(tmp_path / "rows.json"), tmp_path / "work", said.append), said


def test_a_request_in_the_public_layout_is_run_by_each_arm_and_only_the_loop_mends_it(
    monkeypatch, tmp_path, layout, forces
):
    wish = Wish(files=(layout,), arms=("recipes", "direct", "loop"), model="openai:scripted")
    replies = [reply(WRONG, forces), reply(WRONG, forces), reply(SCRIPT, forces)]
    rows, said = rows_of(monkeypatch, tmp_path, wish, *replies)
    found = {row["arm"]: row for row in rows}
    assert {name: (row["executed"], row["right"]) for name, row in found.items()} == {
        "recipes": (True, True), "direct": (False, False), "loop": (True, True),
    }  # fmt: skip
    assert found["loop"]["rounds"] == 2 and found["loop"]["kind"] == "request" and "truth" in found["loop"]
    assert any("UNSOUND" in line for line in said)
    told = json.loads((tmp_path / "rows.json").read_text())["summary"]["loop openai:scripted"]
    assert told["sound"] == 1.0 and "right" not in told


def test_a_folder_of_json_tasks_is_a_set_of_its_own_and_unusable_requests_are_refused_in_words(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    tasks = [{"id": "a b", "prompt": "lattice constant of silver"}, {"id": "a/b", "prompt": "compose a sonata"}]
    (folder / "mine.json").write_text(json.dumps({"tasks": tasks}))
    rows = bench(Wish(files=(folder,)), Rows(tmp_path / "rows.json"), tmp_path / "work", print)
    assert [(row["task"], row["right"]) for row in rows] == [("mine-json-a-b", True), ("mine-json-a-b-2", False)]
    assert "No simulation" in rows[1]["said"]


def test_a_paper_of_questions_alone_holds_no_simulation_and_the_right_command_is_named(tmp_path):
    (tmp_path / "q.json").write_text(json.dumps([{"question": "2?", "choices": ["one", "two"], "answer": 1}]))
    with pytest.raises(BadInput, match="bench questions"):
        tasks_in(tmp_path / "q.json")


def test_the_command_runs_the_requests_of_a_layout_and_nothing_else(layout, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["bench", "lammps", "--tasks", str(layout), "--language", "ZH"])
    assert done.exit_code == 3
    assert "tasks 1" in done.output and "sound 0.0" in done.output
