"""Swarms of short pieces through Parsl: pilot jobs on any of its providers, each piece sent to a warm worker.

Each of Parsl's worker processes keeps one warm worker of ours and gives it folder after folder. A piece costs
milliseconds and no job of its own; but the pilots belong to the driver: when it dies they end, and the next driver
starts others. What has a result by then is not done again.
"""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lang2mlip.compute.journal import Journal, node
from lang2mlip.compute.local import STOPPED, Workers
from lang2mlip.compute.plan import Worker
from lang2mlip.compute.pool import Outcome, Report, Work
from lang2mlip.compute.profile import Profile
from lang2mlip.errors import BadInput, NotInstalled

__all__ = ["ParslPool", "work_on"]

LISTEN_S = 0.05
"""Time between two looks at the pieces under way."""

SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")
"""Words in the names of variables that no worker gets."""

BEAT_S, SILENT_S = 5, 20
"""Time between two signs of life, and without any the time after which a pilot or a driver is taken for dead."""

_ENDS_WITH_ITS_PARENT = """
import ctypes, runpy, sys
ctypes.CDLL(None).prctl(1, 9)
runpy.run_path(sys.argv[1], None, "__main__")
"""
"""Parsl's interchange lives on when the driver is killed, and all pilots with it. Linux ends this one (PDEATHSIG)."""

_warm: dict[tuple[str, ...], Workers] = {}
"""In one of Parsl's worker processes: the command → the one worker that it keeps warm."""


def work_on(folder: str, command: tuple[str, ...], patience_s: float) -> dict[str, Any]:
    """At the far end: let the warm worker of this process work on the folder."""
    if command not in _warm:
        _warm[command] = Workers(command, 1, 1, patience_s)
    at, begun = time.time(), time.perf_counter()
    outcome = _warm[command].run([Path(folder)])[0]
    facts = {"at": at, "seconds": time.perf_counter() - begun, "node": node(), "job": str(os.getpid())}
    return {"fault": outcome.fault, "broken": outcome.broken, **facts}


@dataclass
class ParslPool:
    """A pool of such workers behind Parsl's HighThroughputExecutor, which is started with the first piece."""

    worker: Worker
    profile: Profile
    place: Path
    journal: Journal = field(init=False)
    _kernel: Any = None
    _app: Any = None

    def __post_init__(self) -> None:
        """Raises NotInstalled where Parsl is not on this machine."""
        if find_spec("parsl") is None:
            raise NotInstalled("Work through Parsl needs the package parsl. Install: pip install 'lang2mlip[parsl]'")
        self.journal = Journal(self.place / "log.jsonl")
        self.journal.note("opened", job=str(os.getpid()), node=node(), words=self.profile.kind)

    @property
    def cores(self) -> int:
        """Cores that a piece of training may have for itself."""
        return self.profile.threads("training")

    def run(self, folders: Sequence[Path], report: Report | None = None, work: Work = "other") -> list[Outcome]:
        """Work through all folders; outcomes in the order of `folders`."""
        if not folders:
            return []
        app = self._start()
        futures = [self._submit(app, folder) for folder in folders]
        outcomes: dict[int, Outcome] = {}
        while len(outcomes) < len(folders):
            time.sleep(LISTEN_S)
            for index, future in enumerate(futures):
                if index not in outcomes and future.done():
                    outcomes[index] = self._outcome(folders[index], future, work)
            if report is not None:
                report(len(outcomes), len(folders), "")
        return [outcomes[index] for index in range(len(folders))]

    def close(self) -> None:
        """End Parsl, its pilots and all that they work on."""
        if self._kernel is not None:
            self._kernel.cleanup()
            self._kernel = self._app = None

    def _start(self) -> Any:
        if self._app is None:
            import parsl  # heavy, and an extra

            self._kernel = parsl.DataFlowKernel(_config(self.profile, self.place))
            self._app = parsl.python_app(work_on, data_flow_kernel=self._kernel)
        return self._app

    def _submit(self, app: Any, folder: Path) -> Any:
        patience_s = self.profile.patience_s or Workers.patience_s
        return app(str(folder), self.worker.command, patience_s)

    def _outcome(self, folder: Path, future: Any, work: Work) -> Outcome:
        error = future.exception()
        if error is not None:
            said = " ".join(str(error).split()) or type(error).__name__
            fault = f"The worker was lost {self.profile.tries} times while it worked on {folder.name}: {said}"
            self.journal.note("failed", piece=str(folder), work=work, words=fault)
            return Outcome(folder, fault)
        told = future.result()
        fault = told["fault"]
        if fault != STOPPED:
            facts = {"job": told["job"], "node": told["node"], "seconds": round(told["seconds"], 3), "work": work}
            self.journal.note("done" if fault is None else "failed", piece=str(folder), words=fault or "", **facts)
        return Outcome(folder, fault, told["broken"])


def _config(profile: Profile, place: Path) -> Any:
    """Parsl's own configuration; nothing of it depends on the person's PATH."""
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.jobs.error_handlers import windowed_error_handler

    local = not profile.provider
    programs = Path(sys.executable).parent
    workers = profile.cores or (len(os.sched_getaffinity(0)) if local else profile.reference.cores)
    executor = HighThroughputExecutor(
        label="swarm",
        provider=_provider(profile),
        address="127.0.0.1" if local else None,
        max_workers_per_node=workers,
        interchange_launch_cmd=[sys.executable, "-c", _ENDS_WITH_ITS_PARENT, str(programs / "interchange.py")],
        heartbeat_period=BEAT_S,
        heartbeat_threshold=SILENT_S,
        block_error_handler=windowed_error_handler,
        encrypted=not local,
    )
    return Config(
        executors=[executor],
        run_dir=str(place / "parsl"),
        retries=profile.tries - 1,
        initialize_logging=False,
        strategy="none" if local else "simple",
    )


def _provider(profile: Profile) -> Any:
    """The provider that the profile names. Raises BadInput for one that Parsl does not have or options it refuses."""
    from parsl import providers

    options = dict(profile.provider)
    name = str(options.pop("name", "LocalProvider"))
    if name not in providers.__all__:
        raise BadInput(f"Parsl has no provider called {name!r}. It has: {', '.join(sorted(providers.__all__))}.")
    secret = [word for word in os.environ if any(part in word.upper() for part in SECRET)]
    lines = [f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH", *profile.setup]
    lines += [f"unset {' '.join(secret)}"] if secret else []
    try:
        return getattr(providers, name)(worker_init="\n".join(lines), **options)
    except TypeError as error:
        raise BadInput(f"The provider {name} does not take these options: {error}.") from error
