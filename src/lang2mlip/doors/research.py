"""`lang2mlip research new | run | show | diff | why`: a training strategy that improves under a fixed scorecard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lang2mlip.doors.options import Compute, Model

if TYPE_CHECKING:
    from lang2mlip.contracts import Strategy

__all__ = ["app", "winner_of"]

app = typer.Typer(
    help="A training strategy that improves itself under a scorecard it cannot touch.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="name of an arena, or its folder")]
Out = Annotated[Path, typer.Option("--out", help="folder for arenas")]
WHERE = Path("research")


@app.command()
def new(
    name: Name,
    arena: Annotated[str, typer.Option(help="copper, molecules, molecules-mace, or an entry of your own")] = "copper",
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
    typer.echo(f"{made.place}: edit {made.place / 'program.md'}, then: lang2mlip research run {name}")


@app.command()
def run(
    name: Name,
    runs: Annotated[int, typer.Option(min=1, help="runs at most, replicates included")] = 40,
    attempts: Annotated[int, typer.Option(min=0, help="attempts at most")] = 20,
    max_time: Annotated[float, typer.Option(help="seconds of runs, at most")] = 7200.0,
    max_tokens: Annotated[int, typer.Option(min=1, help="language-model tokens, at most")] = 1_000_000,
    researcher: Annotated[str, typer.Option(help="built-in | llm")] = "built-in",
    model: Model = None,
    compute: Compute = None,
    out: Out = WHERE,
) -> None:
    """Search, or go on with a search that was stopped."""
    from lang2mlip.compute.profile import Profile, find_profile
    from lang2mlip.doors.terminal import open_console
    from lang2mlip.labs.research.opening import opened, pool_of, proposer_of, searched
    from lang2mlip.labs.research.search import Budget

    arena, console = opened(name, out), open_console()
    budget = Budget(runs=runs, attempts=attempts, seconds=max_time, tokens=max_tokens)
    proposer = proposer_of(arena, _model(researcher, model), max_tokens)
    pool = pool_of(find_profile(compute, Path.cwd()) or Profile(kind="local"), arena.place)
    try:
        found = searched(arena, proposer, budget, pool, lambda line: console.print(line, highlight=False))
    except KeyboardInterrupt:
        typer.echo(f"Stopped; nothing is lost. Go on with: lang2mlip research run {name}")
        raise typer.Exit(130) from None
    raise typer.Exit(0 if found else 3)


def _model(researcher: str, model: str | None) -> str | None:
    """Name of the model, None for the built-in search. Raises UnknownName, or BadInput where no model is named."""
    from lang2mlip.errors import BadInput, UnknownName
    from lang2mlip.language.models import configured

    if researcher not in ("built-in", "llm"):
        raise UnknownName.of("researcher", researcher, ("built-in", "llm"))
    if researcher == "built-in":
        return None
    name = configured(model)
    if name is None:
        raise BadInput("No language model is named; say --model PROVIDER:NAME or set LANG2MLIP_MODEL.")
    return name


@app.command()
def report(name: Name, out: Out = WHERE) -> None:
    """Write report.html again: the tree of attempts, score against cost, gates, diffs, what was learned."""
    from lang2mlip.labs.research.opening import opened
    from lang2mlip.labs.research.page import write_page

    typer.echo(write_page(opened(name, out)))


@app.command()
def show(name: Name, out: Out = WHERE) -> None:
    """Every attempt in a line, and where the search stands."""
    from lang2mlip.labs.research.opening import opened
    from lang2mlip.labs.research.tell import told

    for line in told(opened(name, out)):
        typer.echo(line)


@app.command()
def winner(name: Name, out: Out = WHERE) -> None:
    """What won, as a training strategy for task.yaml; `lang2mlip run … --strategy NAME` takes it over by itself."""
    import yaml

    told = {"strategy": _strategy(name, out).model_dump(mode="json")}
    typer.echo(f"# below `potential:`\n{yaml.safe_dump(told, sort_keys=False, allow_unicode=True)}".rstrip())


def winner_of(name: str | None) -> Strategy | None:
    """The strategy that won in an arena; None for no name. Raises BadInput where there is none, or nothing was kept."""
    return None if name is None else _strategy(name, WHERE)


def _strategy(name: str, out: Path) -> Strategy:
    from lang2mlip.labs.research.opening import opened
    from lang2mlip.labs.research.winner import strategy_of

    return strategy_of(opened(name, out))


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
