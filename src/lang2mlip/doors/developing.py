"""From the command line's wishes to a run, and on to its end."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lang2mlip.act.perform import Performer
from lang2mlip.catalogue import find
from lang2mlip.contracts import Budget, PotentialSpec, Strategy, Task, check
from lang2mlip.contracts.parts import Decider
from lang2mlip.doors.exchange import bring, check_elements, read_data
from lang2mlip.doors.farewell import farewell
from lang2mlip.doors.narrator import Narrator
from lang2mlip.doors.preparing import ready, revise
from lang2mlip.doors.terminal import open_console, paragraph, short, show_markdown
from lang2mlip.doors.wire import choose_decider, performer, runs_folder, versions
from lang2mlip.doors.words import put_away, saved_talk, talk_over
from lang2mlip.errors import BadInput
from lang2mlip.loop import develop
from lang2mlip.prepare.online import with_crystals
from lang2mlip.prepare.task import Options, save_task, summary, task_from_file
from lang2mlip.record.events import Created
from lang2mlip.record.labels import cache_folder
from lang2mlip.record.run import Run, slug
from lang2mlip.science.reference.choice import require
from lang2mlip.science.reference.spec import open_reference, parse

__all__ = ["Wishes", "go_on", "make_ready", "start"]

console = open_console()


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for."""

    what: str
    yes: bool
    name: str | None
    out: Path | None
    reference: str | None
    potential: str | None
    model: str | None
    budget: dict[str, float | int | None]
    seed: int | None
    data: tuple[Path, ...]
    strategy: Strategy | None = None

    @property
    def family(self) -> str | None:
        """The potential family that is settled: by its name, or by what won in an arena."""
        return self.potential or (self.strategy.family if self.strategy else None)


def start(wishes: Wishes) -> Run:
    """The run that the wishes mean: an existing one with its task revised, or a new one. Nothing is built yet.

    All that can be checked is checked first: a wrong word leaves no folder behind.
    """
    existing = _existing(wishes)
    if existing is not None:
        return _revised(existing, wishes)
    data = read_data(wishes.data)
    talk = _place_of_talk(wishes)
    task, texts = _task(wishes, talk)
    check_elements(task, data)
    require(task.reference, task.elements)
    if not find("reference", task.reference.name).needs:
        open_reference(task.reference).calculator()  # quick to make, and only then a wrong path or argument shows
    find("potential", task.potential.family)
    folder = talk or _free_folder(runs_folder(wishes.out), wishes.name or slug(task.prompt), wishes.name is not None)
    created = Created(
        task=task,
        versions=versions(),
        command=shlex.join(sys.argv),
        data=tuple(str(file.resolve()) for file in wishes.data),
    )
    put_away(folder)
    run = Run.create(folder, created, texts)
    save_task(task, run.folder / "task.yaml")
    show_markdown(console, summary(task))
    console.print()
    return run


def make_ready(run: Run, yes: bool = False) -> Run:
    """`ready`, while no other process may touch the run."""
    with run.driving():
        return ready(run, yes)


def go_on(run: Run, decider: str | None, model: str | None, yes: bool = False, compute: str | None = None) -> int:
    """Drive the run to its end; the exit code says how it ended."""
    chosen = choose_decider(decider, model, run)
    with run.driving():
        return _go_on(run, chosen, performer(run, compute), yes)


def _go_on(run: Run, chosen: Decider, tool: Performer, yes: bool) -> int:
    paragraph(console, run.name, f": decisions by {chosen.name}; everything is kept in {short(run.folder)}", 2)
    console.print()
    try:
        if run.state.step and not run.state.ended:
            run.remark(f"Resumed after step {run.state.step}.")
        develop(ready(run, yes), chosen, Narrator(tool, console))
        return farewell(run, console)
    except KeyboardInterrupt:
        paragraph(console, "", f"Stopped. Nothing is lost; go on with: lang2mlip resume {run.name}")
        return 130
    finally:
        tool.workers.close()


def _existing(wishes: Wishes) -> Run | None:
    for folder in (Path(wishes.what), runs_folder(wishes.out) / wishes.what):
        if "\n" not in wishes.what and len(wishes.what) < 200 and (folder / "run.db").exists():
            return Run(folder)
    return None


def _revised(run: Run, wishes: Wishes) -> Run:
    """An existing run with what the command line says in its place. Raises BadInput where it is too late for that."""
    if wishes.name is not None:
        raise BadInput(f"{wishes.what!r} is a run already, and --name is for new ones. Leave it out.")
    file = run.folder / "task.yaml"
    with run.driving():
        revise(run, _with_options(task_from_file(file) if file.exists() else run.state.task, wishes))
        for line in bring(run, wishes.data) if wishes.data else []:
            paragraph(console, "", line)
    return run


def _task(wishes: Wishes, talk: Path | None) -> tuple[Task, Mapping[str, str]]:
    """The task, and the texts that belong beside it."""
    if talk is None:
        task = task_from_file(Path(wishes.what))
        told = {"dialogue.md": f"The task was read from {wishes.what}.\n", "summary.md": summary(task)}
        return _with_options(task, wishes), told
    agreed = talk_over(wishes.what, talk, wishes.yes, wishes.model, _options(wishes))
    return _with_options(with_crystals(agreed.task, cache_folder() / "crystals"), wishes), agreed.texts


def _place_of_talk(wishes: Wishes) -> Path | None:
    """The folder of the conversation, which will be the run's; None for a task file."""
    if wishes.what.endswith((".yaml", ".yml")):
        return None
    if "\n" not in wishes.what and 0 < len(wishes.what.strip()) < 200:
        for folder in (Path(wishes.what), runs_folder(wishes.out) / wishes.what):
            if saved_talk(folder):
                return folder
    return _free_folder(runs_folder(wishes.out), wishes.name or slug(wishes.what), wishes.name is not None)


def _options(wishes: Wishes) -> Options:
    """What the command line settles before anything is asked."""
    limits = {key: value for key, value in wishes.budget.items() if value is not None}
    family = wishes.family
    return Options(
        reference=parse(wishes.reference) if wishes.reference else None,
        potential=_spec(find("potential", family).name, wishes.strategy) if family else None,
        seed=wishes.seed or 0,
        budget=check(Budget, limits, "The budget"),
    )


def _spec(family: str, strategy: Strategy | None) -> PotentialSpec:
    told = {"family": family, "strategy": strategy, "reason": "chosen by the person"}
    return check(PotentialSpec, told, "The potential on the command line")


def _with_options(task: Task, wishes: Wishes) -> Task:
    """The task with what the command line says in its place."""
    changes: dict[str, object] = {}
    if wishes.reference:
        changes["reference"] = parse(wishes.reference).model_copy(update={"reason": "chosen on the command line"})
    if wishes.family:
        changes["potential"] = _potential(task.potential, wishes)
    if wishes.seed is not None:
        changes["seed"] = wishes.seed
    limits = {key: value for key, value in wishes.budget.items() if value is not None}
    if limits:
        changes["budget"] = task.budget.model_copy(update=limits)
    return check(Task, task.model_copy(update=changes).model_dump(), "The task with these options")


def _potential(old: PotentialSpec, wishes: Wishes) -> PotentialSpec:
    """The potential of the command line. Raises BadInput where its strategy is for another family."""
    told: dict[str, object] = {"family": wishes.family, "strategy": wishes.strategy or old.strategy}
    if wishes.potential or wishes.family != old.family:
        told["settings"] = old.settings if old.family == wishes.family else {}
        told["reason"] = "chosen on the command line"
    return check(PotentialSpec, {**old.model_dump(), **told}, "The potential on the command line")


def _free_folder(parent: Path, name: str, fixed: bool) -> Path:
    if not name.strip() or Path(name).name != name or name.startswith("."):
        raise BadInput(f"A run cannot be called {name!r}: a name has no slash and no dot in front. --out says where.")
    folder, number = parent / name, 2
    while folder.exists():
        if fixed and (folder / "run.db").exists():
            raise BadInput(f"A run called {name!r} exists already. Go on with it: lang2mlip resume {name}")
        folder, number = parent / f"{name}-{number}", number + 1
    return folder
