"""The MD protocols of a run: by rules or in LAMMPS' own words, proven by dry runs, shown, taken up again when edited.

Whatever was answered or paid for is kept at once: Ctrl-C costs the question that waited and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

from lang2mlip.compute.sandbox import described
from lang2mlip.contracts import Cost, Written
from lang2mlip.contracts.protocols import Protocol
from lang2mlip.doors.terminal import open_console, paragraph, short
from lang2mlip.errors import BadInput
from lang2mlip.prepare.dryrun import STEPS, prove
from lang2mlip.prepare.protocols import protocol_for, record_of, start_of, suitable, words, written_for
from lang2mlip.record.events import Approved
from lang2mlip.record.ledger import calls_to_spend
from lang2mlip.record.run import Run, write_text
from lang2mlip.science.lammps.dry import FEWEST, DryRun
from lang2mlip.science.lammps.files import protocol_from_file, protocol_text

__all__ = ["take_up_protocols"]

console = open_console()

SHARE = 0.02
"""Share of the reference calls left that one stage of a dry run may take."""


_Answer = Literal["yes", "no", "edit"]


def take_up_protocols(run: Run, yes: bool = False) -> None:
    """Write what is missing, prove and show what is new or was edited, and record what was approved or refused.

    Leaves with exit code 130 where the person leaves.
    """
    try:
        _take_up(run, yes)
    except KeyboardInterrupt:
        console.print()
        paragraph(console, "", f"Left. Nothing is lost; go on with: lang2mlip run {run.name}")
        raise SystemExit(130) from None


def _take_up(run: Run, yes: bool) -> None:
    folder, task = run.folder / "protocols", run.state.task
    for name in (*task.simulations, *(one.name for one in task.protocols)):
        if not (folder / f"{name}.yaml").exists() and name not in run.state.refused_protocols:
            _write(run, folder, name)
    for file in sorted(folder.glob("*.yaml")):
        sha = _mark(run, file)
        while sha not in (run.state.protocols.get(file.stem), run.state.refused_protocols.get(file.stem)):
            _judge(run, file, sha, yes)
            sha = _mark(run, file)


def _write(run: Run, folder: Path, name: str) -> None:
    """protocols/NAME.yaml for the first structure that suits; a remark where none does."""
    task, why = run.state.task, "there is no training structure"
    written: dict[str, Written] = {one.name: one for one in task.protocols}
    for record in suitable(name, run.state.structures):
        atoms = start_of(record, run.folder)
        try:
            if name in written:
                protocol = written_for(written[name], record, atoms)
            else:
                protocol = protocol_for(task, next(kind for kind in task.simulations if kind == name), record, atoms)
        except BadInput as error:
            why = str(error)
            continue
        write_text(folder / f"{name}.yaml", protocol_text(protocol))
        return
    run.remark(f"No protocol {name} was written: {why}")
    run.record(Approved(protocols={}, refused={name: ""}, by="the rules"))
    paragraph(console, "! ", f"No protocol {name} was written: {why}", style="yellow")


def _mark(run: Run, file: Path) -> str:
    """A hash of the protocol and of the structures it may start from: what an approval holds for."""
    told = [file.read_bytes(), *(one.id.encode() for one in run.state.structures if one.request.role == "train")]
    return hashlib.sha256(b"\n".join(told)).hexdigest()


def _judge(run: Run, file: Path, sha: str, yes: bool) -> None:
    """Prove the protocol as it lies there, show it, and record what is said of it; an edit is judged anew."""
    protocol = protocol_from_file(file)
    record = record_of(protocol, protocol.kind, run.state.structures)
    report = _proven(run, file, sha, protocol)
    paragraph(console, f"{file.stem}: ", words(protocol, record), 2)
    if isinstance(protocol, Written):
        for line in protocol.text.splitlines():
            console.print(f"    {line}", markup=False, soft_wrap=True)
    answer = _answer(run, file, report, yes)
    if answer == "edit":
        _edited(file)
        return
    by = "the person" if _asks(yes) else "--yes" if yes else "nobody was at the terminal"
    said = {file.stem: sha}
    run.record(Approved(protocols=said if answer == "yes" else {}, refused=said if answer == "no" else {}, by=by))


def _proven(run: Run, file: Path, sha: str, protocol: Protocol) -> DryRun:
    """The dry run of this very protocol: an earlier one where its question was left open, else a new one, paid for."""
    kept = file.with_suffix(".dry.json")
    told = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if told.pop("of", None) == sha:
        return DryRun(**told)
    record = record_of(protocol, protocol.kind, run.state.structures)
    steps = _steps(run, len(protocol.stages()))
    report = prove(protocol, start_of(record, run.folder), run.state.task.reference, file.parent / file.stem, steps)
    if isinstance(protocol, Written):
        run.remark(f"{file.stem}, in LAMMPS' own words, was tried in the sandbox {described()}.")
    script = file.parent / file.stem / "in.lammps"
    if script.exists():
        write_text(file.with_suffix(".lmp"), script.read_text(encoding="utf-8"))
    calls = report.steps + len(protocol.stages()) if report.cpu_s else 0
    run.record(Approved(protocols={}, by="the dry run", cost=Cost(calls=calls, reference_s=report.cpu_s)))
    write_text(kept, json.dumps({"of": sha, **report.model_dump()}, indent=1))
    return report


def _answer(run: Run, file: Path, report: DryRun, yes: bool) -> _Answer:
    sentence = report.sentence()
    sentence = f"{sentence[:1].upper()}{sentence[1:]}"
    if not report.passed:
        paragraph(console, "! ", f"{sentence} It is left out; edit {short(file)} and "
                  f"go on with: lang2mlip run {run.name}", style="yellow")  # fmt: skip
        return _asked("**Edit it now?** [return: no, leave it out; e: edit]", "no") if _asks(yes) else "no"
    if not _asks(yes):
        told = "--yes" if yes else "nobody was there to ask"
        paragraph(console, "  ", f"{sentence}. Approved ({told}); {short(file)} can be edited.")
        return "yes"
    paragraph(console, "  ", f"{sentence}. It is {short(file)}.")
    return _asked("**Use it?** [return: yes; n: leave it out; e: edit it]", "yes")


def _asked(question: str, default: _Answer) -> _Answer:
    """The person's answer; what is none of them is asked again. Raises KeyboardInterrupt when the input ends."""
    answers: dict[str, _Answer] = {"": default, "n": "no", "no": "no", "e": "edit", "edit": "edit"}
    if default == "yes":
        answers |= {"y": "yes", "yes": "yes"}
    while True:
        paragraph(console, "  ", question)
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt
        if line.strip().lower() in answers:
            return answers[line.strip().lower()]
        paragraph(console, "! ", f"{line.strip()!r} is none of the answers.", style="yellow")


def _edited(file: Path) -> None:
    """Open the file in the person's editor; what they spoil there is said, and the file stays open to them."""
    before = file.read_bytes()
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    editor = editor or [next((one for one in ("nano", "vi") if shutil.which(one)), "")]
    if not editor[0] or shutil.which(editor[0]) is None:
        paragraph(
            console, "! ", f"There is no editor here; set EDITOR, or change {short(file)} elsewhere.", style="yellow"
        )
        return
    while True:
        subprocess.run([*editor, str(file)], check=False)
        try:
            protocol_from_file(file)
        except BadInput as error:
            paragraph(console, "! ", str(error), style="yellow")
            if _asked("**Edit it again?** [return: put it back as it was; e: edit]", "no") == "edit":
                continue
            file.write_bytes(before)
        return


def _asks(yes: bool) -> bool:
    return not yes and sys.stdin.isatty()


def _steps(run: Run, stages: int) -> int:
    """Steps of each stage, so that the budget hardly notices."""
    left = calls_to_spend(run.state)
    return STEPS if left is None else max(FEWEST, min(STEPS, int(SHARE * left / max(1, stages))))
