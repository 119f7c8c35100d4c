"""`lang2mlip ask "…"`: an answer with its sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lang2mlip.labs.knowledge.answering import Answer

__all__ = ["ask"]


def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="on simulation, LAMMPS or potentials, in words")],
    model: Annotated[str | None, typer.Option(help="language model that writes the prose, PROVIDER:NAME")] = None,
    manual: Annotated[
        Path | None, typer.Option(help="folder with the LAMMPS manual; default: where it usually is")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Answer a question from cited entries, the installed LAMMPS and its manual; "not known" where they are silent."""
    from lang2mlip.labs.knowledge.answering import Asking
    from lang2mlip.labs.knowledge.answering import ask as answered
    from lang2mlip.language.models import configured

    answer = answered(question, Asking(configured(model), manual))
    if json:
        typer.echo(answer.model_dump_json(indent=1))
    else:
        _tell(answer)
    raise typer.Exit(0 if answer.known else 3)


def _tell(answer: Answer) -> None:
    from lang2mlip.doors.terminal import open_console, paragraph

    console = open_console(error=False)
    for part in answer.text.split("\n\n"):
        paragraph(console, "", part)
        console.print()
    for number, one in enumerate(answer.passages if answer.known else (), 1):
        paragraph(console, f"[{number}] ", f"{one.title}: {one.source}", style="not bold")
    for remark in answer.remarks:
        paragraph(open_console(), "", remark)
