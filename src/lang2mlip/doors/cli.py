"""The command line.

Exit codes: 0 success, 3 ended honestly without success or at the budget, 2 bad input, 130 Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from lang2mlip.doors.asking import ask
from lang2mlip.doors.bench import app as bench
from lang2mlip.doors.examining import questions
from lang2mlip.doors.keeping import app as keeping
from lang2mlip.doors.options import Compute, Decider, Model, Name, Out, Potential, Reference, Strategy, Yes
from lang2mlip.doors.research import app as research
from lang2mlip.doors.together import simulate_all
from lang2mlip.errors import Lang2mlipError

app = typer.Typer(
    help="Say what you want to simulate; get an interatomic potential with the evidence that it can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

bench.command()(questions)
app.add_typer(bench, name="bench")
app.command()(ask)
app.command()(simulate_all)
app.add_typer(research, name="research")

@app.callback()
def before_all(
    unsafe_no_sandbox: Annotated[
        bool,
        typer.Option(
            "--unsafe-no-sandbox", help="where no sandbox can be made, run what a model wrote with all your rights"
        ),
    ] = False,
) -> None:
    """Say what you want to simulate; get an interatomic potential with the evidence that it can be trusted."""
    if unsafe_no_sandbox:
        os.environ["LANG2MLIP_UNSAFE_NO_SANDBOX"] = "1"  # workers inherit it


@app.command()
def run(
    what: Annotated[
        str, typer.Argument(metavar="PROMPT|TASK.YAML|NAME", help="words, a task file, or a run to go on with")
    ],
    yes: Yes = False,
    name: Annotated[str | None, typer.Option(help="name of the run")] = None,
    out: Out = None,
    reference: Reference = None,
    potential: Potential = None,
    decider: Decider = None,
    model: Model = None,
    max_calls: Annotated[int | None, typer.Option(min=1, help="reference calls, at most")] = None,
    max_labels: Annotated[int | None, typer.Option(min=1, help="labels kept as data, at most")] = None,
    max_time: Annotated[float | None, typer.Option(help="seconds of work, at most")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="language-model tokens, at most")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="seed of everything random")] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="labelled data of your own: extxyz, OUTCAR, vasprun.xml, DeePMD")
    ] = None,
    strategy: Strategy = None,
    compute: Compute = None,
) -> None:
    """Develop a potential from words, from a task file, or go on with a run."""
    from lang2mlip.doors.developing import Wishes, go_on, start
    from lang2mlip.doors.research import winner_of
    from lang2mlip.doors.wire import check_compute, check_decider

    check_decider(decider, model)
    check_compute(compute)
    wishes = Wishes(
        what, yes, name, out, reference, potential, model,
        {"max_calls": max_calls, "max_labels": max_labels, "max_time_s": max_time, "max_tokens": max_tokens},
        seed, tuple(data or ()), winner_of(strategy),
    )  # fmt: skip
    raise typer.Exit(go_on(start(wishes), decider, model, yes, compute))


@app.command()
def prepare(
    what: Annotated[
        str, typer.Argument(metavar="PROMPT|TASK.YAML|NAME", help="words, a task file, or a conversation to go on with")
    ],
    yes: Yes = False,
    name: Annotated[str | None, typer.Option(help="name of the run")] = None,
    out: Out = None,
    reference: Reference = None,
    potential: Potential = None,
    model: Model = None,
    seed: Annotated[int | None, typer.Option(min=0, help="seed of everything random")] = None,
    strategy: Strategy = None,
) -> None:
    """Words to task.yaml and structures, and no further; `run NAME` goes on from there."""
    from lang2mlip.doors.developing import Wishes, make_ready, start
    from lang2mlip.doors.research import winner_of

    wishes = Wishes(what, yes, name, out, reference, potential, model, {}, seed, (), winner_of(strategy))
    made = make_ready(start(wishes), yes)
    typer.echo(f"Prepared {made.folder}. Go on with: lang2mlip run {made.name}")


@app.command()
def simulate(
    what: Annotated[str, typer.Argument(metavar="PROMPT", help="what to simulate and measure, in words")],
    potential: Annotated[str | None, typer.Option(help="LAMMPS file, lj, nist:ID, kim:ID, or a run")] = None,
    name: Annotated[str | None, typer.Option(help="name of the folder")] = None,
    out: Annotated[Path, typer.Option("--out", help="folder for simulations")] = Path("simulations"),
    rounds: Annotated[int, typer.Option(min=1, max=9, help="attempts, at most")] = 3,
    max_time: Annotated[float, typer.Option(min=1, help="seconds a run may take")] = 3600.0,
    ask: Annotated[bool, typer.Option("--ask", help="pause before the run; the script may be edited then")] = False,
    set_: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE of the recipe, e.g. atoms=500")] = None,
    model: Model = None,
) -> None:
    """Words to a LAMMPS simulation: script, run in a sandbox, grade, numbers with error bars, report."""
    from lang2mlip.doors.simulating import parameters_of, run_simulation
    from lang2mlip.labs.lammps.simulation import Settings

    wishes = Settings(potential, out, name, rounds, model=model)
    raise typer.Exit(run_simulation(what, wishes, ask, max_time, parameters_of(set_ or [])))


@app.command()
def resume(
    name: Name, out: Out = None, decider: Decider = None, model: Model = None, compute: Compute = None
) -> None:
    """Go on with a run that was stopped, killed or cut off; nothing is paid twice."""
    from lang2mlip.doors.developing import go_on
    from lang2mlip.doors.wire import check_compute, check_decider, open_run

    check_decider(decider, model)
    check_compute(compute)
    raise typer.Exit(go_on(open_run(name, out), decider, model, compute=compute))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def act(
    context: typer.Context,
    name: Name,
    action: Annotated[str, typer.Argument(help="the action")],
    out: Out = None,
    compute: Compute = None,
) -> None:
    """One action by hand, e.g. `lang2mlip act NAME train --effort accurate`."""
    from lang2mlip.doors.byhand import act_by_hand

    raise typer.Exit(act_by_hand(name, action, list(context.args), out, compute))


@app.command()
def status(
    name: Name, out: Out = None, json: Annotated[bool, typer.Option("--json", help="for programs")] = False
) -> None:
    """Where a run stands: data, model, errors, what it cost, what is next."""
    from lang2mlip.doors.telling import tell_status
    from lang2mlip.doors.wire import open_run

    tell_status(open_run(name, out), json)


@app.command()
def watch(
    name: Name, out: Out = None, once: Annotated[bool, typer.Option("--once", help="as it is now, and no more")] = False
) -> None:
    """What runs where, since when, how far and at what cost; live, until the run ends or Ctrl-C."""
    from lang2mlip.doors.watching import watch as follow
    from lang2mlip.doors.wire import open_run

    raise typer.Exit(follow(open_run(name, out), once))


@app.command()
def report(name: Name, out: Out = None) -> None:
    """Write the report of a run again, at whatever point it stands."""
    from lang2mlip.doors.farewell import write_pages
    from lang2mlip.doors.wire import open_run

    typer.echo(write_pages(open_run(name, out)))


@app.command()
def explain(
    name: Name,
    step: Annotated[int | None, typer.Argument(help="number of a step; none: all in a line each")] = None,
    out: Out = None,
) -> None:
    """A decision explained: what was seen, what else was weighed, why this, what was expected, what happened."""
    from lang2mlip.doors.telling import tell_step
    from lang2mlip.doors.wire import open_run

    tell_step(open_run(name, out), step)


app.add_typer(keeping)


def main() -> None:
    """The entry point: every error that a user can meet is one sentence and an exit code."""
    # Before numpy is loaded: on matrices as small as this process meets, idle threads of the linear algebra spin on
    # other cores and take more of their time than all of the preparation.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        sys.exit(app(standalone_mode=False))
    except Lang2mlipError as error:
        said = str(error)
    except typer.Abort:
        said = "Stopped before anything was done."
    except TyperException as error:
        said = _wrong_words(error)
    if said:
        print(f"lang2mlip: {said}", file=sys.stderr)
    sys.exit(2)


def _wrong_words(error: TyperException) -> str:
    """What is wrong with the command line, in a sentence; empty where it had no words at all: the help was shown."""
    context, message = getattr(error, "ctx", None), getattr(error, "format_message", lambda: str(error))()
    where = f" See: {context.command_path} --help" if context is not None else ""
    sentence = " ".join(message.split())
    return f"{sentence}{'' if sentence[-1] in '.?' else '.'}{where}" if sentence else ""


if __name__ == "__main__":
    main()
