"""`lang2mlip bench questions PLACE`: a language model sits a question paper of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["questions"]


def questions(
    place: Annotated[Path, typer.Argument(help="a copy of MD-EvalBench, a folder of JSON tasks, or a JSON file")],
    model: Annotated[str | None, typer.Option(help="language model that sits it, PROVIDER:NAME")] = None,
    arm: Annotated[str, typer.Option(help="direct: the model alone | passages: over what our search finds")] = "direct",
    language: Annotated[str, typer.Option(help="which of MD-EvalBench's languages: EN | ZH")] = "EN",
    most: Annotated[int | None, typer.Option(min=1, help="the first so many questions")] = None,
    results: Annotated[Path, typer.Option(help="rows as JSON lines; those that it has are not asked again")] = Path(
        "questions.jsonl"
    ),
) -> None:
    """Questions of others put to a language model and marked by rule; without a model, what the place holds."""
    from typing import cast

    from lang2mlip.doors.terminal import open_console, paragraph
    from lang2mlip.labs.knowledge.examining import Arm, Sitting, examine, share_right
    from lang2mlip.labs.lammps.exam import read_exam
    from lang2mlip.language.models import configured

    exam, console, name = read_exam(place, language), open_console(), configured(model)
    first = f" (first: {exam.left_out[0]})" if exam.left_out else ""
    holds = f"Questions: {len(exam.questions)}; requests for simulations: {len(exam.requests)}"
    typer.echo(f"{holds}; entries left out: {len(exam.left_out)}{first}")
    if name is None:
        return
    how = Sitting(name, cast(Arm, arm), results, most, lambda line: paragraph(console, "", line))
    for kind, (right, asked) in share_right(examine(exam, how)).items():
        typer.echo(f"{kind}: {right} of {asked} right")
