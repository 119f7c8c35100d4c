"""What the installed LAMMPS says of itself: which styles it has, and its command-line options."""

from __future__ import annotations

import functools
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lang2mlip.errors import Lang2mlipError, nearest
from lang2mlip.labs.knowledge.passages import Passage
from lang2mlip.science.lammps.styles import available_styles

__all__ = ["engine_facts", "facts_or_reason"]

_KINDS = (
    "pair", "bond", "angle", "dihedral", "improper", "kspace", "compute", "fix", "region", "dump", "atom", "minimize",
    "integrate",
)  # fmt: skip
_NAMED = re.compile(rf"\b({'|'.join(_KINDS)})(?:[_ ]styles?)?\s+[`'\"]?([a-z0-9][\w/.+-]*[\w+])[`'\"]?", re.IGNORECASE)
_LISTED = re.compile(
    rf"\b(?:which|what|list|all|available)\b[^.?]*?\b({'|'.join(_KINDS)})(?:[_ ]styles?|es|s)\b", re.IGNORECASE
)
_SLASHED = re.compile(r"[`'\"]?\b([a-z0-9]+(?:/[a-z0-9+]+)+)\b[`'\"]?")
_OPTION = re.compile(r"(?<!\w)-(\w+)\b")
_FEW = 40
"""Styles that a list shows at most."""


def engine_facts(question: str) -> list[Passage]:
    """Facts about the styles and options that a question names; empty where it names none.

    Raises PartFailed where there is no LAMMPS to ask.
    """
    asked = _asked(question)
    options = _OPTION.findall(question)
    found = [one for name, kind in asked.items() for one in _style(name, kind)]
    return [*found, *_lists(question, found), *(_help(options) if options else [])]


def _asked(question: str) -> dict[str, str]:
    """Style → the kind that the question says it is; empty where it says none."""
    named = {word.lower(): kind.lower() for kind, word in _NAMED.findall(question)}
    return {**dict.fromkeys(_SLASHED.findall(question.lower()), ""), **named}


def _style(name: str, kind: str) -> Iterator[Passage]:
    """That it is there, and as what; that it is not, only where the words leave no doubt that a style was meant."""
    styles = available_styles()
    kinds = [one for one in _KINDS if name in styles[one]]
    if kind and kind in kinds:
        kinds = [kind]
    if kinds:
        what = " and ".join(f"{one} style {name!r}" for one in kinds)
        yield _fact(f"style-{name}", f"{name} in the installed LAMMPS", f"The installed LAMMPS has the {what}.")
    elif "/" in name and not any(part in _KINDS for part in name.split("/")[:1]):
        where = [one for one in (kind,) if one] or [one for one in _KINDS if one in ("pair", "fix", "compute")]
        known = [style for one in where for style in styles[one]]
        text = f"The installed LAMMPS has no {kind or 'pair, fix or compute'} style {name!r}.{nearest(name, known)}"
        yield _fact(f"style-{name}", f"{name} in the installed LAMMPS", text)


def _lists(question: str, found: list[Passage]) -> Iterator[Passage]:
    """`which pair styles for tersoff`: the styles of the kind, those that share a word with the question first."""
    kind = next((one.lower() for one in _LISTED.findall(question)), None)
    if kind is None or found:
        return
    words = set(re.findall(r"[a-z0-9]{2,}", question.lower()))
    plain = sorted(one for one in available_styles()[kind] if not re.search(r"/(kk|omp|gpu|intel|opt)(/|$)", one))
    fitting = [one for one in plain if words & set(re.split(r"[/_]", one))]
    shown = fitting or plain
    more = f" and {len(shown) - _FEW} more" if len(shown) > _FEW else ""
    text = f"The installed LAMMPS has {len(plain)} {kind} styles (accelerated variants not counted)"
    text += ", of these fit: " if fitting else ": "
    yield _fact(f"styles-{kind}", f"{kind} styles", f"{text}{', '.join(shown[:_FEW])}{more}.")


def _help(options: list[str]) -> Iterator[Passage]:
    for line in _help_text().splitlines():
        found = re.match(r"-(\w+)\s.*?:\s+(.+?)(?:\s+\(-(\w+)\))?$", line.strip())
        if found and {found[1], found[3]} & set(options):
            yield _fact(f"option-{found[1]}", f"the option -{found[1]} of lmp", " ".join(line.split()))


@functools.cache
def _help_text() -> str:
    """What `lmp -h` prints; empty where it cannot be asked."""
    program = Path(sys.executable).with_name("lmp")
    try:
        return subprocess.run([program, "-h"], capture_output=True, text=True, timeout=60, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _fact(key: str, title: str, text: str) -> Passage:
    return Passage(key=key, kind="engine", title=title, text=text, source=f"LAMMPS {_version()}, as installed here")


def _version() -> str:
    try:
        return importlib.metadata.version("lammps")
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"


def facts_or_reason(question: str) -> tuple[list[Passage], str]:
    """The facts; and why there are none, where LAMMPS could not be asked."""
    try:
        return engine_facts(question), ""
    except Lang2mlipError as error:
        return [], f"What the installed LAMMPS says could not be looked up: {error}"
