"""Models of OpenKIM as potentials of the lab: portable ones through fix external, LAMMPS' own as they are.

A model that is not installed is fetched by the KIM API's own program, where it can reach openkim.org.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence

from lang2mlip.errors import BadInput, NotInstalled, PartFailed
from lang2mlip.labs.lammps.potential import Potential
from lang2mlip.science.lammps.dry import Maker
from lang2mlip.science.reference.openkim import Model, find_model, models_for, simulator_parts

__all__ = ["kim_potential"]

_WHOLE = re.compile(r"[A-Za-z]\w*__[SM][MO]_\d{12}_\d{3}")
_MANAGER = "kim-api-collections-management"
_LIMIT_S = 600.0
_TYPES = "@<atom-type-sym-list>@"
_MOST_NAMED = 5
_RENAMED = {"reax/c": "reaxff"}
"""Styles that LAMMPS has renamed since the models were written (its release notes of 2021)."""


def kim_potential(text: str, elements: Sequence[str]) -> Potential:
    """The model with this id. Raises BadInput for one that the lab cannot run or that does not exist, NotInstalled
    without the KIM API, PartFailed where it is not installed and cannot be fetched."""
    try:
        model = find_model(text)
    except NotInstalled:
        raise
    except BadInput as error:
        if not _WHOLE.fullmatch(text):
            raise BadInput(f"{error}{_others(elements)}") from error
        _fetch(text, elements)
        model = find_model(text)
    return _portable(model) if model.kind == "portableModel" else _simulator(model)


def _others(elements: Sequence[str]) -> str:
    """Which installed ones treat the elements."""
    able = [model.name for model in models_for(frozenset(elements))]
    if not able:
        return f" None of those installed treats {', '.join(elements)}."
    more = f" and {len(able) - _MOST_NAMED} more" if len(able) > _MOST_NAMED else ""
    return f" For {', '.join(elements)} there are {', '.join(able[:_MOST_NAMED])}{more}."


def _fetch(name: str, elements: Sequence[str]) -> None:
    """Install a model into the person's own collection of the KIM API, which compiles it."""
    program = shutil.which(_MANAGER)
    if program is None:
        raise PartFailed(f"{name} is not installed, and {_MANAGER} of the KIM API, which could fetch it, is not here.")
    try:
        done = subprocess.run([program, "install", "user", name], capture_output=True, text=True, timeout=_LIMIT_S)
        said = "" if done.returncode == 0 else " ".join((done.stdout + done.stderr).split())
    except subprocess.TimeoutExpired:
        said = f"it had not ended after {_LIMIT_S:.0f} s"
    if said:
        raise PartFailed(f"{name} is not installed, and {_MANAGER} could not fetch it: {said[:200]}{_others(elements)}")


def _reason(model: Model, how: str) -> str:
    return f"named by the person; OpenKIM, {model.form} for {', '.join(model.elements)}, {model.title}; {how}"


def _remarks(model: Model) -> tuple[str, ...]:
    return (f"Its authors say: {model.disclaimer}",) if model.disclaimer else ()


def _portable(model: Model) -> Potential:
    """Any calculator's way: through fix external."""
    maker = Maker(
        function="lang2mlip.science.reference.openkim:portable",
        arguments={"model": model.name, "folders": dict(model.folders())},
    )
    return Potential(
        model.name, _reason(model, "a portable model: its forces reach LAMMPS through fix external"),
        {one: one for one in model.elements}, maker=maker, readable=(model.library.parents[2],),
        weighed=(model.library,), source=model.source, remarks=_remarks(model),
    )  # fmt: skip


def _today(line: str) -> str:
    """With the style's name of now."""
    return " ".join(_RENAMED.get(word, word) for word in line.split())


def _simulator(model: Model) -> Potential:
    """LAMMPS' own commands and files. The lab equilibrates the charges of ReaxFF itself."""
    parts = simulator_parts(model)
    reactive = any(line.startswith("pair_style reax") for line in parts.definition)
    style = next((line.split()[-1] for line in parts.before if line.startswith("atom_style")), "atomic")
    text = "\n".join(parts.definition)
    if parts.program != "LAMMPS" or (style != "atomic" and not reactive) or "_style full" in text or "kim " in text:
        raise BadInput(
            f"{model.name} runs in {parts.program} with atom_style {style} and what belongs to it; the recipes give"
            " each element one type and no charges but those of ReaxFF: name another model."
        )
    kept = [_today(line) for line in parts.definition if not (reactive and line.startswith("fix"))]
    lines = [line for line in parts.before if not line.startswith("atom_style")] + kept
    return Potential(
        model.name, _reason(model, "a simulator model: LAMMPS has its pair style"),
        {one: one for one in model.elements}, tuple(line.replace(_TYPES, "{types}") for line in lines), parts.files,
        parts.units, charged=reactive, source=model.source, remarks=_remarks(model),
    )  # fmt: skip
