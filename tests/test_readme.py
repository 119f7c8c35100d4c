"""README says what is true: its blocks run, its names are the catalogue's names, its links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lang2mlip.catalogue import CATALOGUE
from lang2mlip.decide.schedule import schedules
from lang2mlip.prepare.reader import read

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(<!-- not run: [^\n]+ -->\n)?```(\w*)\n(.*?)```", re.DOTALL)
PROSE = BLOCK.sub("", README)
SMALL = {"stable_seeds": 1, "stable_steps": 100}
SAME = """
for where in ("runs/NAME", "runs/NAME/potential", "copper-potential"):
    atoms = bulk("Cu", cubic=True) * 2
    atoms.rattle(0.1, seed=1)
    atoms.calc = load_potential(where)
    print(f"{atoms.get_potential_energy():.9f}")
"""


def blocks(language):
    """The code of README's blocks in a language that are not marked as not run, in order."""
    return [code for mark, kind, code in BLOCK.findall(README) if kind == language and not mark]


def shell(script, place):
    """Run a script in `place` as a person would, with this environment's programs first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "LANG2MLIP_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1"}
    environment.pop("LANG2MLIP_MODEL", None)
    ran = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=place, env=environment, text=True,
                         capture_output=True)  # fmt: skip
    assert ran.returncode == 0, f"{script}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working directory with a finished tiny run called NAME, made by the program itself."""
    folder = tmp_path_factory.mktemp("reader")
    shell('lang2mlip prepare "Copper: bulk, 300 to 600 K, lattice" --yes --name first', folder)
    task = (folder / "runs/first/task.yaml").read_text(encoding="utf-8")
    for field, value in SMALL.items():
        task = re.sub(rf"(\b{field}): \d+", rf"\1: {value}", task)
    (folder / "small.yaml").write_text(task, encoding="utf-8")
    shell(
        """
        lang2mlip prepare small.yaml --yes --name NAME
        lang2mlip act NAME explore --steps 10 --keep-every 5 --temperatures-K 300 --strained 2 --rattled 1
        lang2mlip act NAME train --settings '{max_level: 8, cutoff_A: 4.0}'
        lang2mlip act NAME end --outcome failure
        """,
        folder,
    )
    return folder


def test_every_block_runs_and_the_exported_potential_is_the_one_in_the_run(place):
    assert blocks("bash") and blocks("python")
    shell("\n".join(blocks("bash")), place)
    (place / "blocks.py").write_text("\n".join([*blocks("python"), SAME]), encoding="utf-8")
    energies = shell("python blocks.py", place).splitlines()[-3:]
    assert len(energies) == 3 and len(set(energies)) == 1


def test_every_name_of_the_catalogue_is_in_the_readme():
    shown = set(re.findall(r"`([^`]+)`", PROSE))
    shown |= {name.split(":")[0] for name in shown}
    missing = [f"{part.kind} {part.name}" for part in CATALOGUE if part.name not in shown]
    assert not missing
    assert set(schedules()) <= shown


def test_every_extra_is_named_where_a_part_needs_it():
    extras = {part.install.split("[")[1].split("]")[0] for part in CATALOGUE if part.install}
    assert not [extra for extra in extras if f"`{extra}`" not in README]


def test_links_and_pictures_lead_somewhere():
    targets = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert "docs/report.png" in targets
    assert not [link for link in targets if not (ROOT / link).exists()]


def test_the_picture_of_the_report_is_small_enough_to_load():
    picture = ROOT / "docs" / "report.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size <= 400_000


def test_make_targets_named_in_the_readme_exist():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake (run|test|lint|bench|docs|\w+ )", README)) <= targets


PROMPTS = sorted(set(re.findall(r'lang2mlip (?:run|prepare) "([^"]+)"', README)))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_prompt_of_the_readme_is_understood_to_the_last_word(prompt):
    reading = read(prompt)
    assert reading.components and not reading.not_understood and not reading.conflicts
