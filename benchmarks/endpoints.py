"""An endpoint of a language model in trouble, over a real socket and with the real client libraries.

`python endpoints.py RUN PROVIDER:NAME` develops a run with a model that is waited for briefly; the cases start that.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from itertools import cycle, islice
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from faulty import Trial  # noqa: E402

import tiny  # noqa: E402
from lang2mlip.decide.agent import Agent  # noqa: E402
from lang2mlip.decide.budget import Bounded  # noqa: E402
from lang2mlip.decide.rules import Rules  # noqa: E402
from lang2mlip.doors.wire import performer  # noqa: E402
from lang2mlip.language.models import Limits  # noqa: E402
from lang2mlip.language.scripted import Call, Fault, Garbage, Reply, ScriptedModel, Slow, Text, Truncated  # noqa: E402
from lang2mlip.language.speaker import Speaker  # noqa: E402
from lang2mlip.loop import develop  # noqa: E402
from lang2mlip.record.run import Run  # noqa: E402

TROUBLES: dict[str, list[Reply]] = {
    "endpoint-429": [Fault(429)],
    "endpoint-500": [Fault(500)],
    "endpoint-timeout": [Slow(3.0, Text("late"))],
    "endpoint-garbage": [Garbage()],
    "endpoint-cut-off": [Truncated(Text("half of a reply"))],
    "endpoint-nonsense": [Call("choose", {"action": "dance"}), Text("I would rather not."), Call("choose", "{")],
}
LIMITS = Limits(timeout_s=1.0, retries=1, attempts=2)


def cases() -> dict[str, list[Callable[[Path], tuple[Trial, dict[str, object]]]]]:
    """Fault → a run whose model shows nothing but that."""
    return {name: [partial(troubled, script=script, name=model) for model in ("openai:gpt-x", "anthropic:claude-x")]
            for name, script in TROUBLES.items()}  # fmt: skip


def troubled(place: Path, script: list[Reply], name: str) -> tuple[Trial, dict[str, object]]:
    """A run decided by such a model, compared with one that the rules decide."""
    clean = by_rules(place.parent)
    trial = Trial(place, words=())
    with ScriptedModel(list(islice(cycle(script), 3000))) as model:
        status, said = develop_with(trial, name, model.environment())
    run = Run(trial.run.folder)
    mine = comparable(run)
    lost = [key for key in clean if clean[key] != mine[key]]
    lost += [] if "Traceback" not in said else ["TRACEBACK " + said[-1500:]]
    remarks = [remark for step in run.view().steps() for remark in step.decision.remarks]
    trial.said.append(remarks[0] if remarks else "nothing was said")
    lost += [] if remarks else ["nobody was told"]
    return trial, {"case": name, "status": status, "whole": True, "lost": lost, "asked": len(model.requests)}


@cache
def by_rules(place: Path) -> dict[str, object]:
    """What the rules make of the same job without any model."""
    trial = Trial(place / "by-rules", words=())
    trial.ended(trial.start())
    return comparable(Run(trial.run.folder))


def comparable(run: Run) -> dict[str, object]:
    """What must not depend on a model that never says anything: all but the words of reasons."""
    found = tiny.outcome(run)
    return found | {"steps": [step[:2] for step in found["steps"]]}


def develop_with(trial: Trial, name: str, environment: dict[str, str]) -> tuple[int, str]:
    """The whole job with that model, in a process of its own."""
    command = [sys.executable, str(HERE / "endpoints.py"), str(trial.run.folder), name]
    env = tiny.environment(**trial.env, **environment)
    done = subprocess.run(command, env=env, cwd=trial.work, capture_output=True, text=True, timeout=900)
    return done.returncode, done.stdout + done.stderr


def main(folder: Path, name: str) -> None:
    """Prepare, then develop with the model, to the end."""
    tiny.lang2mlip(folder.parents[1], "prepare", folder.name)
    run = Run(folder)
    perform = performer(run)
    try:
        with run.driving():
            develop(run, Bounded(Agent(Speaker.live(name, folder / "transcript", LIMITS), Rules())), perform)
    finally:
        perform.workers.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
    sys.exit(0)
