"""Machine code goes along into the folder of a run, and numba takes it from there instead of compiling it anew."""

import subprocess
import sys

from lang2mlip.labs.lammps.kernels import KERNELS, lay_kernels
from lang2mlip.science.trainers.mtp.warm import warm_up

INSIDE = """
from pathlib import Path
from lang2mlip.labs.lammps.kernels import use_kernels
use_kernels(Path.cwd())
from lang2mlip.science.trainers.mtp import kernels
from lang2mlip.science.trainers.mtp.warm import warm_up
warm_up()
print(sum(kernels.site_values.stats.cache_hits.values()), sum(kernels.site_values.stats.cache_misses.values()))
"""


def test_a_run_finds_the_machine_code_of_this_machine_in_its_own_folder(tmp_path):
    warm_up()
    assert lay_kernels(tmp_path) > 0
    assert list((tmp_path / KERNELS).rglob("kernels.site_values*.nbc"))
    done = subprocess.run([sys.executable, "-c", INSIDE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1", "0"]
