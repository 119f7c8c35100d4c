"""A run made ready: its built from task.yaml and plan.yaml as they lie in its folder, its data brought in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from lang2mlip.act.labels import MeteredCalculator
from lang2mlip.contracts import Plan, StructureRecord, Task
from lang2mlip.doors.exchange import bring
from lang2mlip.doors.narrator import building_bar
from lang2mlip.doors.plantable import group_table, plan_markdown, totals
from lang2mlip.doors.protocols import take_up_protocols
from lang2mlip.doors.terminal import open_console, paragraph, short
from lang2mlip.errors import BadInput, BudgetSpent
from lang2mlip.prepare.build import BuildReport, build
from lang2mlip.prepare.finished import Finished
from lang2mlip.prepare.plan import plan
from lang2mlip.prepare.planfile import plan_from_file, plan_text
from lang2mlip.prepare.task import save_task, task_from_file
from lang2mlip.record.events import Prepared, Revised
from lang2mlip.record.run import Run, write_text
from lang2mlip.report.gallery import Passage, write_gallery
from lang2mlip.science.reference.choice import require
from lang2mlip.science.reference.selftest import probe, self_test
from lang2mlip.science.reference.spec import open_reference

__all__ = ["passages", "ready", "revise"]

LATE = ("budget", "goals")
"""What of a task may still change when the run has acted."""

console = open_console()


def revise(run: Run, task: Task) -> None:
    """Let `task` take the place of the run's own. Raises BadInput where the run has gone too far for that."""
    old = run.state.task
    changed = [name for name in Task.model_fields if getattr(task, name) != getattr(old, name)]
    if not changed:
        return
    again = f"Start a new run from it: lang2mlip run {run.folder / 'task.yaml'}"
    if run.state.ended:
        raise BadInput(f"{run.name} has ended, so {', '.join(changed)} cannot change. {again}")
    late = [name for name in changed if name not in LATE and not (name == "potential" and _of_one_kind(old, task))]
    if run.state.step and late:
        raise BadInput(f"{run.name} has acted already, so {', '.join(late)} cannot change. {again}")
    run.record(Revised(task=task))
    save_task(task, run.folder / "task.yaml")
    run.remark(f"The task was changed by the person after step {run.state.step}: {', '.join(changed)}.")
    paragraph(console, "", f"The task was changed: {', '.join(changed)}.")
    if late and run.prepared() and _plan_is_ours(run):
        write_text(run.folder / "plan.yaml", plan_text(plan(task)))


def _of_one_kind(old: Task, new: Task) -> bool:
    """Only the way of training differs, which may change at any time."""
    plain = [task.potential.model_copy(update={"strategy": None}) for task in (old, new)]
    return plain[0] == plain[1]


def ready(run: Run, yes: bool = False) -> Run:
    """The run as its folder says: edited files taken up, structures built, data of the person's own brought in.

    `yes`: MD protocols are approved without asking."""
    if run.state.ended:
        return run
    _take_up_task(run)
    _take_up_plan(run)
    if run.view().created.data and not run.imported():
        for line in bring(run, [Path(file) for file in run.view().created.data]):
            paragraph(console, "", line)
    take_up_protocols(run, yes)
    return run


def _take_up_task(run: Run) -> None:
    file = run.folder / "task.yaml"
    if file.exists():
        revise(run, task_from_file(file))
    else:
        save_task(run.state.task, file)


def _take_up_plan(run: Run) -> None:
    file, built = run.folder / "plan.yaml", run.plan()
    if not file.exists():
        write_text(file, plan_text(built or plan(run.state.task)))
    wanted = plan_from_file(file)
    if not run.prepared():
        _build(run, wanted)
    elif built is not None and wanted != built:
        if run.state.step:
            raise BadInput(
                f"{file} was changed, but {run.name} has acted on its structures already. Put it back, or start a new "
                f"run: lang2mlip run {run.folder / 'task.yaml'}"
            )
        _build(run, wanted)


def _plan_is_ours(run: Run) -> bool:
    """plan.yaml is still what was built, so that a changed task may write it again."""
    file = run.folder / "plan.yaml"
    return not file.exists() or plan_from_file(file) == run.plan()


def _build(run: Run, wanted: Plan) -> None:
    """Build the structures, gate and all; earlier ones are put aside."""
    begun, task = time.monotonic(), run.state.task
    require(task.reference, task.elements)
    limit = task.budget.max_calls
    calculator = MeteredCalculator(task.reference, None if limit is None else max(0, limit - run.state.cost.calls))
    try:
        tested = _self_test(task, calculator)
        with building_bar(console) as progress:
            records, built = build(wanted, run.folder, calculator, progress)
    except BudgetSpent as error:
        raise BadInput(f"{limit} reference calls are too few to build the structures; raise --max-calls.") from error
    cost = calculator.cost.model_copy(update={"wall_s": time.monotonic() - begun})
    event = Prepared(
        structures=tuple(records),
        cost=cost,
        remarks=(tested, *built.remarks),
        plan=wanted,
        afresh=run.prepared(),
    )
    run.record(event)
    _show(run, records, built)


def _show(run: Run, records: Sequence[StructureRecord], built: BuildReport) -> None:
    """The plan as a table, what went wrong, and where the structures can be looked at."""
    task, many = run.state.task, len(run.state.groups)
    console.print(group_table(records, task))
    said = f"{len(records)} structures in {many} group{'s' * (many > 1)} built and checked."
    more = [f"{built.rebuilt} were refused by the gate and built again."] if built.rebuilt else []
    paragraph(console, "", " ".join([said, *more, totals(records, task)]))
    for line in built.rejected:
        paragraph(console, "! ", line, style="yellow")
    write_text(run.folder / "plan.md", plan_markdown(records, task))
    gallery = write_gallery(records, run.folder, task.prompt, passages(run.folder))
    paragraph(console, "", f"Look at them: {short(gallery)}")


def passages(folder: Path) -> dict[str, Passage]:
    """How each structure of the run came through the gate."""
    made = {name: entry.made for name, entry in Finished(folder).known().items()}
    return {
        name: Passage(builds=one.attempt + 1, mended=one.repaired > 0, remarks=one.report.remarks)
        for name, one in made.items()
    }


def _self_test(task: Task, calculator: MeteredCalculator) -> str:
    """Force against energy, stress against strain, before anything rests on them. Raises BadInput when they differ."""
    part = open_reference(task.reference)
    periodic = any(component.molecule is None for component in task.components)
    atoms = probe(task.elements, periodic)
    test = self_test(calculator, atoms, getattr(part, "TOLERANCES", None), components=2)
    if not test.passed:
        raise BadInput(
            f"The reference {task.reference.name} contradicts itself: {test.summary}. "
            "Choose other settings or another reference with --reference."
        )
    return f"Self-test of the reference on {atoms.get_chemical_formula()}: {test.summary}."
