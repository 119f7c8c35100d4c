"""A run whose reference gives no frame to test by ends all the same, and says that nothing was tested."""

from pathlib import Path

import tiny
from lang2mlip.record.run import Run

STEPS = """
- {action: explore, steps: 0, strained: 1, rattled: 2}
- {action: train}
- {action: end, outcome: failure}
"""


def test_a_run_without_a_single_test_frame_ends_and_claims_nothing(tmp_path):
    plan = {"requests": [one for one in tiny.PLAN["requests"] if one["group"] == "bulk"]}
    arguments = {"moods": {"4": "raise", "6": "raise"}, "limit": -1.0}
    reference = {"name": "ase", "settings": {"path": "moody.Moody", "arguments": arguments}}
    run = tiny.new_run(tmp_path, plan=plan, reference=reference)
    (tmp_path / "steps.yaml").write_text(STEPS)
    env = {"PYTHONPATH": str(Path(__file__).parent), "LANG2MLIP_CACHE": str(tmp_path / "cache")}
    status, said = tiny.lang2mlip(tmp_path, "resume", tiny.NAME, "--decider", "schedule:steps.yaml", env=env)
    run = Run(run.folder)
    assert run.state.ended, said
    verdict = run.state.verdicts[0]
    assert status == 3 and run.state.ended and verdict.answer == "no" and "m1 was never tested" in verdict.because
    assert "the self-consistency did not converge" in said
    assert not (run.folder / "potential").exists() and (run.folder / "models" / "m1").exists()
    assert "m1 was never tested" in (run.folder / "report" / "index.html").read_text()
