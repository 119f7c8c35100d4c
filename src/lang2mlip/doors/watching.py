"""What runs where, since when, how far and at what cost: once, as plain data, or live."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from lang2mlip.compute.journal import Happened
from lang2mlip.compute.now import Now
from lang2mlip.doors.terminal import open_console
from lang2mlip.record.run import Run

__all__ = ["watch", "work_of"]

LOOK_S = 0.5
"""Time between two looks."""

MOST = 20
"""Pieces that a terminal shows; the others are counted."""


def work_of(run: Run, now: Now | None = None) -> dict[str, Any]:
    """The work of a run as plain data; times in seconds, `since` by the clock (s since the epoch)."""
    now = now or Now.of(run.folder)
    job, pending = _job(run), run.unfinished()
    driver = now.driver
    return {
        "driven": now.driven(),
        "driver": None if driver is None else {"node": driver.node, "process": driver.job, "since": driver.at},
        "step": run.state.step + (pending is not None),
        "action": pending.action if pending else None,
        "seconds": round(time.time() - _changed(job / "spec.json"), 1) if job is not None else None,
        "pieces": _pieces(job),
        "running": _under_way(now),
        "queued": [_queued(one) for one in now.queued.values()],
        "retried": now.counts.get("retried", 0),
        "lost_jobs": now.counts.get("lost", 0) + now.counts.get("silent", 0),
        "failed_pieces": now.counts.get("failed", 0) + now.counts.get("broken", 0),
        "piece_seconds": round(now.seconds, 1),
        "cost": run.state.cost.model_dump(),
    }


def watch(run: Run, once: bool) -> int:
    """Show the work until the run ends (0) or Ctrl-C (130); with `once`, or without a terminal, as it is now."""
    console = open_console(error=False)
    now = Now.of(run.folder)
    if once or not console.is_terminal:
        console.print(_screen(run, work_of(run, now)))
        return 0
    try:
        with Live(_screen(run, work_of(run, now)), console=console, auto_refresh=False) as live:
            _follow(run, now, live)
    except KeyboardInterrupt:
        return 130
    return 0


def _follow(run: Run, now: Now, live: Live) -> None:
    seen = _written(run.folder)
    while not run.state.ended:
        time.sleep(LOOK_S)
        if seen != (written := _written(run.folder)):
            seen, run = written, Run(run.folder)
        now.hear()
        live.update(_screen(run, work_of(run, now)), refresh=True)


def _written(folder: Path) -> tuple[float, float]:
    """When the run's log was written last."""
    return _changed(folder / "run.db"), _changed(folder / "run.db-wal")


def _changed(file: Path) -> float:
    with contextlib.suppress(OSError):
        return file.stat().st_mtime
    return 0.0


def _job(run: Run) -> Path | None:
    """The folder of the action at work."""
    if run.unfinished() is None:
        return None
    return next(iter((run.folder / "jobs").glob(f"{run.state.step + 1:04d}-*")), None)


def _pieces(job: Path | None) -> dict[str, int]:
    made = [spec.parent for spec in job.glob("*/spec.json")] if job is not None else []
    return {"all": len(made), "done": sum((folder / "result.json").exists() for folder in made)}


def _under_way(now: Now) -> list[dict[str, Any]]:
    """What runs: workers of this kind of machine end with their driver, jobs of a cluster do not."""
    orphaned = now.driven() is False and now.driver is not None and now.driver.words == "local"
    return [] if orphaned else [_running(piece, started) for piece, started in now.running.items()]


def _running(piece: str, started: Happened) -> dict[str, Any]:
    fraction, words = _progress(Path(piece))
    return {
        "piece": Path(piece).name,
        "work": started.work,
        "job": started.job,
        "node": started.node,
        "since": started.at,
        "seconds": round(time.time() - started.at, 1),
        "progress": fraction,
        "words": words,
    }


def _progress(folder: Path) -> tuple[float, str]:
    try:
        fraction, _, words = (folder / "progress").read_text(encoding="utf-8").partition(" ")
        return float(fraction), words.strip()
    except (OSError, ValueError):
        return 0.0, ""


def _queued(one: Happened) -> dict[str, Any]:
    return {"job": one.job, "work": one.work, "pieces": one.count, "seconds": round(time.time() - one.at, 1)}


def _screen(run: Run, work: dict[str, Any]) -> Group:
    table = [_table(work)] if work["running"] or work["queued"] else []
    return Group(Text(_heading(run, work)), *table, Text(_costs(work)))


def _heading(run: Run, work: dict[str, Any]) -> str:
    if run.state.ended:
        return f"{run.name}: {run.state.outcome}"
    pieces = work["pieces"]
    at_work = f"step {work['step']}, between actions"
    if work["action"]:
        done = f", {pieces['done']} of {pieces['all']} pieces done" if pieces["all"] else ""
        at_work = f"step {work['step']}, {work['action']} for {_time(work['seconds'])}{done}"
    if work["driven"] is False:
        return f"{run.name}: {at_work}. Nobody drives it; go on with: lang2mlip resume {run.name}"
    driver = work["driver"]
    return f"{run.name}: {at_work}; driven on {driver['node']}, process {driver['process'] or '?'}"


def _table(work: dict[str, Any]) -> Table:
    table = Table("what", "kind", "where", "since", "how far", box=None, pad_edge=False)
    for one in work["running"][:MOST]:
        how_far = f"{100 * one['progress']:.0f} % {one['words']}".strip()
        where = f"{one['node']}, {one['job']}"
        table.add_row(escape(one["piece"]), one["work"], where, _time(one["seconds"]), escape(how_far))
    for one in work["queued"][:MOST]:
        table.add_row(f"{one['pieces']} pieces", one["work"], f"queue, {one['job']}", _time(one["seconds"]), "waits")
    hidden = max(0, len(work["running"]) - MOST) + max(0, len(work["queued"]) - MOST)
    if hidden:
        table.add_row(f"and {hidden} more", "", "", "", "")
    return table


def _costs(work: dict[str, Any]) -> str:
    cost = work["cost"]
    kinds = (("retried", "tried again"), ("lost_jobs", "jobs lost"), ("failed_pieces", "pieces failed"))
    mishaps = [f"{work[key]} {words}" for key, words in kinds if work[key]]
    spent = f"{cost['calls']} reference calls, {cost['labels']} labels, {cost['reference_s']:.0f} s of reference"
    return "; ".join([f"So far {spent}, {_time(work['piece_seconds'])} of work in all", *mishaps])


def _time(seconds: float | None) -> str:
    """0:07, 12:34, 1:02:03."""
    minutes, rest = divmod(round(seconds or 0.0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
