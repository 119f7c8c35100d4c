"""`lang2mlip research new | run | show | diff | why`: a training strategy that improves under a fixed scorecard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    help="A training strategy that improves itself under a scorecard it cannot touch.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="name of an arena, or its folder")]
Out = Annotated[Path, typer.Option("--out", help="folder for arenas")]
WHERE = Path("research")


@app.command()
def new(
    name: Name,
    arena: Annotated[str, typer.Option(help="which one: copper, molecules, or an entry of your own")] = "copper",
    from_run: Annotated[str | None, typer.Option(help="a finished run whose data are used")] = None,
    data: Annotated[
        Path | None, typer.Option(help="file of labelled molecules, instead of the one that comes along")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="of data, splits and search")] = 0,
    out: Out = WHERE,
) -> None:
    """Make an arena: frozen data and scorecard, a strategy to start from, program.md to edit."""
    from lang2mlip.labs.research.opening import open_new

    made = open_new(out / name, arena, from_run, data, seed)
    typer.echo(f"{made.place}: edit {made.place / 'game' / 'program.md'}, then: lang2mlip research run {name}")


@app.command()
def run(
    name: Name,
    runs: Annotated[int, typer.Option(min=1, help="runs at most, replicates included")] = 40,
    attempts: Annotated[int, typer.Option(min=0, help="attempts at most")] = 20,
    max_time: Annotated[float, typer.Option(help="seconds of runs, at most")] = 7200.0,
    out: Out = WHERE,
) -> None:
    """Search, or go on with a search that was stopped."""
    from lang2mlip.doors.terminal import open_console
    from lang2mlip.labs.research.builtin import BuiltIn
    from lang2mlip.labs.research.opening import opened, searched
    from lang2mlip.labs.research.search import Budget

    console = open_console()
    budget = Budget(runs=runs, attempts=attempts, seconds=max_time)
    found = searched(opened(name, out), BuiltIn(), budget, lambda line: console.print(line, highlight=False))
    raise typer.Exit(0 if found else 3)


@app.command()
def show(name: Name, out: Out = WHERE) -> None:
    """Every attempt in a line, and where the search stands."""
    from lang2mlip.labs.research.opening import opened
    from lang2mlip.labs.research.tell import told

    for line in told(opened(name, out)):
        typer.echo(line)


@app.command()
def diff(
    name: Name, attempt: Annotated[int, typer.Argument(help="its number; 0: all that was kept")] = 0, out: Out = WHERE
) -> None:
    """What an attempt changed, or what all kept ones changed together."""
    from lang2mlip.labs.research.opening import opened
    from lang2mlip.labs.research.tell import difference

    typer.echo(difference(opened(name, out), attempt))


@app.command()
def why(name: Name, attempt: Annotated[int, typer.Argument(help="its number")], out: Out = WHERE) -> None:
    """An attempt explained: hypothesis, prediction, runs, gates, verdict, lesson."""
    from lang2mlip.labs.research.opening import opened
    from lang2mlip.labs.research.tell import explained

    for line in explained(opened(name, out), attempt):
        typer.echo(line)
