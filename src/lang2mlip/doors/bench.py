"""`lang2mlip bench`: benchmarks that a user can run, and cite."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(help="Benchmarks, in pieces that can be stopped and gone on with.", no_args_is_help=True)


@app.callback()
def _benchmarks() -> None:
    """Benchmarks, in pieces that can be stopped and gone on with."""


@app.command()
def develop(
    tier: Annotated[str, typer.Option(help="quick (an hour) | standard (six hours) | full")] = "quick",
    systems: Annotated[str, typer.Option(help="only these, separated by commas")] = "",
    arms: Annotated[str, typer.Option(help="only these, separated by commas")] = "",
    seeds: Annotated[str, typer.Option(help="only these, separated by commas")] = "",
    model: Annotated[str | None, typer.Option(help="language model of the arm llm, PROVIDER:NAME")] = None,
    results: Annotated[Path, typer.Option(help="JSON file that rows are added to")] = Path("develop.json"),
    work: Annotated[Path, typer.Option(help="where runs, truths and fits are kept")] = Path("develop-work"),
    figure: Annotated[Path | None, typer.Option(help="SVG or PNG file; default: beside the results")] = None,
    core: Annotated[int | None, typer.Option(help="keep to this core; start two such commands to use two")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="forget the rows and runs wished for, and run them anew")
    ] = False,
    table_only: Annotated[bool, typer.Option("--table", help="show what is there and run nothing")] = False,
) -> None:
    """Deciders against controls: reference calls to a target error on systems whose truth is known."""
    if core is not None:
        os.sched_setaffinity(0, {core})
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from lang2mlip.doors.terminal import open_console
    from lang2mlip.labs.develop.bench import Results, Wish, bench
    from lang2mlip.labs.develop.show import draw, summary

    wish = Wish(
        tier=tier,
        systems=_parts(systems),
        arms=_parts(arms),
        seeds=tuple(_number(text) for text in _parts(seeds)),
        model=model,
        again=again,
    )
    console, store = open_console(), Results(results)
    failed = 0 if table_only else bench(wish, store, work.resolve(), lambda line: console.print(line, highlight=False))
    told = store.read()
    if told["rows"]:
        for table in summary(told):
            console.print(table)
        console.print(f"Figure: {draw(told, figure or results.with_suffix('.svg'))}")
    raise typer.Exit(3 if failed else 0)


@app.command()
def lammps(
    only: Annotated[str, typer.Option(help="only these tasks or kinds, separated by commas")] = "",
    arms: Annotated[str, typer.Option(help="recipes, direct, loop, separated by commas")] = "recipes",
    model: Annotated[str | None, typer.Option(help="language model of direct and loop, PROVIDER:NAME")] = None,
    samples: Annotated[int, typer.Option(min=1, help="attempts at each task by arms with a model")] = 1,
    tasks: Annotated[
        list[Path] | None,
        typer.Option(help="YAML with tasks of yours; or a copy of MD-EvalBench or JSON tasks, then these alone"),
    ] = None,
    language: Annotated[str, typer.Option(help="which of MD-EvalBench's languages: EN | ZH")] = "EN",
    results: Annotated[Path, typer.Option(help="JSON file that rows are added to")] = Path("lammps.json"),
    work: Annotated[Path, typer.Option(help="where the runs lie; those that were right are removed")] = Path(
        "lammps-work"
    ),
    again: Annotated[bool, typer.Option("--again", help="run anew what went wrong before")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="remove no run")] = False,
) -> None:
    """Simulations from words against numeric truth, recomputed from raw output: recipes, a model alone, the loop."""
    from lang2mlip.doors.terminal import open_console
    from lang2mlip.labs.lammps.bench.bench import Rows, Wish, bench, summary

    wish = Wish(
        files=tuple(tasks or ()), only=_parts(only), arms=_parts(arms), samples=samples, model=model, again=again,
        keep=keep, language=language,
    )  # fmt: skip
    console = open_console()
    rows = bench(wish, Rows(results), work, lambda line: console.print(line, highlight=False, markup=False))
    for name, told in summary(rows).items():
        console.print(f"{name}: {', '.join(f'{key} {value}' for key, value in told.items())}", highlight=False)
    raise typer.Exit(0 if all(row["right"] for row in rows) else 3)


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _number(text: str) -> int:
    from lang2mlip.errors import BadInput

    if not text.isdecimal():
        raise BadInput(f"Seeds are whole numbers separated by commas, not {text!r}.")
    return int(text)
