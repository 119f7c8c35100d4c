"""Options and arguments that several commands have, each told once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Compute", "Decider", "Model", "Name", "Out", "Potential", "Reference", "Strategy", "Yes"]

Out = Annotated[Path | None, typer.Option("--out", help="folder for runs (default: ./runs)")]
Name = Annotated[str, typer.Argument(help="name of a run, or its folder")]
Reference = Annotated[
    str | None, typer.Option(help="reference method, e.g. emt, gfn2-xtb, lammps:FILE, ase:module.Class")
]
Potential = Annotated[str | None, typer.Option(help="potential family: mtp, snap, gap, mace")]
Decider = Annotated[str | None, typer.Option(help="rules | llm | ask | schedule:NAME | replay:FILE")]
Model = Annotated[str | None, typer.Option(help="language model, PROVIDER:NAME, e.g. openai:gpt-5, ollama:qwen3")]
Compute = Annotated[
    str | None, typer.Option(metavar="FILE[:PROFILE]|PROFILE", help="where work runs: local, slurm, or a compute.toml")
]
Strategy = Annotated[
    str | None,
    typer.Option(metavar="ARENA", help="train as what won in this arena of auto-research: its name, or its folder"),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="ask nothing; take the defaults and list them")]
