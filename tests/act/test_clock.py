"""What a fit costs, in core-seconds, whoever does the work."""

import subprocess
import sys
import time

from lang2mlip.act.clock import LONG_S, Meter, core_seconds


def test_the_work_of_a_program_that_was_run_counts():
    before = core_seconds()
    work = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-S", "-c", work], check=True)
    assert core_seconds() - before > 0.4


def test_waiting_for_others_costs_nothing_but_a_server_that_works_for_us_does():
    idle, served = Meter(), Meter()
    time.sleep(0.2)
    assert idle.spent_s() < 0.1
    time.sleep(LONG_S)
    assert served.spent_s() > LONG_S
