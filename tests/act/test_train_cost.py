"""What a fit costs, in core-seconds, whoever does the work."""

import subprocess
import sys

from lang2mlip.act.train import _core_seconds


def test_the_work_of_a_program_that_was_run_counts():
    before = _core_seconds()
    work = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-S", "-c", work], check=True)
    assert _core_seconds() - before > 0.4
