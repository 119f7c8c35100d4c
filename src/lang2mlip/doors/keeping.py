"""Commands that look after runs and the machine: check, repair, bring in, take out, converge, parts, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lang2mlip.doors.options import Name, Out

__all__ = ["app"]

app = typer.Typer()


@app.command()
def verify(name: Name, out: Out = None) -> None:
    """Check a run: every event, every file with its checksum, the frames and their ids. Changes nothing."""
    from lang2mlip.doors.verifying import tell_verify

    raise typer.Exit(tell_verify(name, out))


@app.command()
def repair(name: Name, out: Out = None) -> None:
    """Make a damaged run one that can go on; what is broken is put aside, and what was lost is said."""
    from lang2mlip.doors.verifying import tell_repair

    raise typer.Exit(tell_repair(name, out))


@app.command()
def converge(
    what: Annotated[str, typer.Argument(metavar="FILE|NAME", help="a structure file, or a prepared run")],
    reference: Annotated[str | None, typer.Option(help="reference, e.g. gpaw:PBE; default: that of the run")] = None,
    ladder: Annotated[
        list[str] | None, typer.Option("--set", help="SETTING=VALUE,VALUE,… coarse to fine; default: the reference's")
    ] = None,
    energy: Annotated[float, typer.Option(help="converged: energy between two cells, meV/atom")] = 1.0,
    force: Annotated[float, typer.Option(help="converged: forces, meV/Å")] = 10.0,
    stress: Annotated[float, typer.Option(help="converged: stress, GPa")] = 0.1,
    to: Annotated[Path | None, typer.Option(help="folder for the table, its numbers and figures")] = None,
    out: Out = None,
) -> None:
    """How fine a reference's settings must be (cut-off, k-points, grid), measured on one small structure."""
    from lang2mlip.doors.converge import Wanted
    from lang2mlip.doors.converge import converge as measure

    enough = {"energy_meV_atom": energy, "force_meV_A": force, "stress_GPa": stress}
    raise typer.Exit(measure(Wanted(what, out, reference, tuple(ladder or ()), enough, to)))


@app.command("import")
def import_(name: Name, files: Annotated[list[Path], typer.Argument(help="labelled data")], out: Out = None) -> None:
    """Bring labelled data of your own into a run; they are checked, and nothing is charged for them."""
    from lang2mlip.doors.exchange import bring
    from lang2mlip.doors.wire import open_run

    for line in bring(open_run(name, out), files):
        typer.echo(line)


@app.command()
def export(
    name: Name,
    kind: Annotated[str, typer.Argument(help="extxyz | deepmd | potential | lammps | mtp | mace | gap")],
    to: Annotated[Path, typer.Argument(help="file or folder to write")],
    out: Out = None,
) -> None:
    """Take data or the potential out of a run, in a form that other programs read."""
    from lang2mlip.doors.exchange import take_out
    from lang2mlip.doors.wire import open_run

    typer.echo(take_out(open_run(name, out), kind, to))


@app.command()
def parts(kind: Annotated[str | None, typer.Argument(help="only this kind")] = None) -> None:
    """Every reference, potential, structure class, action, property and decider: what it is, and whether it is here."""
    from lang2mlip.doors.telling import tell_parts

    tell_parts(kind)


@app.command()
def doctor() -> None:
    """What works on this machine, proven by a tiny run of each part."""
    from lang2mlip.doors.doctor import examine

    raise typer.Exit(examine())
