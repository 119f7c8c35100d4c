"""The MD protocols of a run: written by rules, proven by dry runs, shown to the person, taken up again when edited."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path

from lang2mlip.contracts import Cost, Simulation
from lang2mlip.doors.terminal import open_console, paragraph, short
from lang2mlip.errors import BadInput
from lang2mlip.prepare.dryrun import STEPS, prove
from lang2mlip.prepare.protocols import protocol_for, record_of, start_of, suitable, words
from lang2mlip.record.events import Approved
from lang2mlip.record.ledger import calls_to_spend
from lang2mlip.record.run import Run, write_text
from lang2mlip.science.lammps.dry import FEWEST, DryRun
from lang2mlip.science.lammps.files import protocol_from_file, protocol_text

__all__ = ["take_up_protocols"]

console = open_console()

SHARE = 0.02
"""Share of the reference calls left that one stage of a dry run may take."""


@dataclass
class _Verdicts:
    approved: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)


def take_up_protocols(run: Run, yes: bool = False) -> None:
    """Write what is missing, prove and show what is new or was edited, and record what was approved."""
    folder = run.folder / "protocols"
    for kind in run.state.task.simulations:
        if not (folder / f"{kind}.yaml").exists() and kind not in run.state.refused_protocols:
            _write(run, folder, kind)
    verdicts = _Verdicts()
    for file in sorted(folder.glob("*.yaml")):
        sha = _mark(run, file)
        if sha not in (run.state.protocols.get(file.stem), run.state.refused_protocols.get(file.stem)):
            _judge(run, file, sha, yes, verdicts)
    if verdicts.approved or verdicts.refused:
        by = "the person" if _asks(yes) else "--yes" if yes else "nobody was at the terminal"
        run.record(Approved(protocols=verdicts.approved, refused=verdicts.refused, by=by, cost=verdicts.cost))


def _write(run: Run, folder: Path, kind: Simulation) -> None:
    """protocols/KIND.yaml for the first structure that suits; a remark where none does."""
    why = "there is no training structure"
    for record in suitable(kind, run.state.structures):
        try:
            protocol = protocol_for(run.state.task, kind, record, start_of(record, run.folder))
        except BadInput as error:
            why = str(error)
            continue
        write_text(folder / f"{kind}.yaml", protocol_text(protocol))
        return
    run.remark(f"No protocol {kind} was written: {why}")
    run.record(Approved(protocols={}, refused={kind: ""}, by="the rules"))
    paragraph(console, "! ", f"No protocol {kind} was written: {why}", style="yellow")


def _mark(run: Run, file: Path) -> str:
    """A hash of the protocol and of the structures it may start from: what an approval holds for."""
    told = [file.read_bytes(), *(one.id.encode() for one in run.state.structures if one.request.role == "train")]
    return hashlib.sha256(b"\n".join(told)).hexdigest()


def _judge(run: Run, file: Path, sha: str, yes: bool, verdicts: _Verdicts) -> None:
    protocol = protocol_from_file(file)
    record = record_of(protocol, protocol.kind, run.state.structures)
    steps = _steps(run, len(protocol.stages()))
    report = prove(protocol, start_of(record, run.folder), run.state.task.reference, file.parent / file.stem, steps)
    write_text(file.with_suffix(".dry.json"), report.model_dump_json(indent=1))
    script = file.parent / file.stem / "in.lammps"
    if script.exists():
        write_text(file.with_suffix(".lmp"), script.read_text(encoding="utf-8"))
    calls = report.steps + len(protocol.stages()) if report.cpu_s else 0
    verdicts.cost += Cost(calls=calls, reference_s=report.cpu_s)
    paragraph(console, f"{file.stem}: ", words(protocol, record), 2)
    passed = _passed(run, file, report, yes)
    (verdicts.approved if passed else verdicts.refused)[file.stem] = sha


def _passed(run: Run, file: Path, report: DryRun, yes: bool) -> bool:
    sentence = report.sentence()
    if not report.passed:
        paragraph(console, "! ", f"{sentence[:1].upper()}{sentence[1:]} It is left out; edit {short(file)} and "
                  f"go on with: lang2mlip run {run.name}", style="yellow")  # fmt: skip
        return False
    if not _asks(yes):
        told = "--yes" if yes else "nobody was there to ask"
        paragraph(
            console, "  ", f"{sentence[:1].upper()}{sentence[1:]}. Approved ({told}); {short(file)} can be edited."
        )
        return True
    paragraph(console, "  ", f"{sentence[:1].upper()}{sentence[1:]}. Edit {short(file)} to change it.")
    paragraph(console, "  ", "**Use it?** [return: yes; n: leave it out]")
    return sys.stdin.readline().strip().lower() not in ("n", "no")


def _asks(yes: bool) -> bool:
    return not yes and sys.stdin.isatty()


def _steps(run: Run, stages: int) -> int:
    """Steps of each stage, so that the budget hardly notices."""
    left = calls_to_spend(run.state)
    return STEPS if left is None else max(FEWEST, min(STEPS, int(SHARE * left / max(1, stages))))
