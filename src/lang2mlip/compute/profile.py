"""compute.toml: where work runs and what each kind of work may use, as profiles with names."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from lang2mlip.compute.pool import Work
from lang2mlip.contracts import Json, Noun, check
from lang2mlip.errors import BadInput, UnknownName

__all__ = ["FILE", "Profile", "Resources", "find_profile"]

FILE = "compute.toml"
"""Looked for in the working directory."""

BUILT_IN = ("local", "slurm", "parsl")
"""Profiles that need no file: everything as the machine or the cluster has it by default."""


class Resources(Noun):
    """What a job of one kind of work gets."""

    cores: int = Field(default=1, ge=1, description="cores of a job")
    threads: int | None = Field(
        default=None, ge=1, description="cores that one piece uses; default: 1, for training all; others run beside it"
    )
    gpus: int = Field(default=0, ge=0, description="GPUs of a job")
    memory_GB: float | None = Field(default=None, gt=0, description="memory of a job, GB; default: the partition's")
    time_min: float = Field(default=60.0, ge=1, description="longest time of a job, minutes")
    partition: str | None = Field(default=None, description="default: the cluster's")
    account: str | None = Field(default=None, description="who pays; default: your own")
    sbatch: tuple[str, ...] = Field(default=(), description="further options, e.g. '--qos=long'; one a line")
    setup: tuple[str, ...] = Field(default=(), description="shell lines before the work, e.g. 'module load …'")

    @field_validator("sbatch")
    @classmethod
    def _options_only(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            if not line.startswith("-") or "\n" in line:
                raise ValueError(f"{line!r} is no option of sbatch; write e.g. '--qos=long'")
        return lines


class Profile(Noun):
    """One place of work."""

    kind: Literal["local", "slurm", "parsl"] = Field(description="local | slurm | parsl")
    cores: int | None = Field(default=None, ge=1, description="local: workers at once; default: all cores")
    pin: bool | None = Field(
        default=None, description="local: each worker keeps to a core; default: if they have the machine alone"
    )
    gpus: int = Field(default=0, ge=0, description="local: GPUs that the workers share, one each; 0: all see all")
    batch_s: float = Field(default=600.0, gt=0, description="how long a job should work, s; pieces are put together")
    at_once: int = Field(default=50, ge=1, description="jobs that may run at once")
    tries: int = Field(default=3, ge=1, description="how often a piece is begun whose job or worker is lost")
    patience_s: float | None = Field(
        default=None, ge=1, description="a piece that writes nothing for so long is taken for dead; default: 6 hours"
    )
    linger_s: float = Field(
        default=20.0, ge=0, description="a job that is done keeps its workers warm for so long, for what comes next, s"
    )
    beat_s: float = Field(default=10.0, ge=0.2, description="a running job shows every so many s that it lives")
    look_s: float = Field(default=5.0, ge=0.2, description="the queue is asked every so many s")
    setup: tuple[str, ...] = Field(default=(), description="shell lines before every job, e.g. 'module load …'")
    reference: Resources = Resources()
    training: Resources = Resources()
    md: Resources = Resources()
    other: Resources = Resources()
    provider: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="parsl: name of a provider and its options; default: this machine"
    )

    def resources(self, work: Work) -> Resources:
        """What a job of that kind of work gets."""
        return {"reference": self.reference, "training": self.training, "md": self.md, "other": self.other}[work]

    def threads(self, work: Work) -> int:
        """Cores that one piece of that kind of work uses."""
        own = self.resources(work)
        return min(own.cores, own.threads or (own.cores if work == "training" else 1))


class _File(Noun):
    """compute.toml as a whole."""

    default: str | None = Field(default=None, description="profile that is used without --compute")
    profiles: dict[str, dict[str, Json]] = Field(default_factory=dict, description="name → profile")


def find_profile(text: str | None, place: Path) -> Profile | None:
    """The profile that `--compute` names: FILE, FILE:PROFILE, or a PROFILE of compute.toml in `place` or built in.

    Without a text the default of that file; None when there is none. Raises BadInput that says where and what is near.
    """
    file = place / FILE
    if not text:
        return _default(file) if file.is_file() else None
    path, _, name = text.rpartition(":")
    if path:
        return _named(_read(place / path), name, path)
    if (place / text).is_file() or text.endswith(".toml") or "/" in text:
        return _default(place / text) or _only(_read(place / text), text)
    known = _read(file) if file.is_file() else _File()
    return _named(known, text, FILE)


def _default(file: Path) -> Profile | None:
    content = _read(file)
    return None if content.default is None else _named(content, content.default, file.name)


def _only(content: _File, where: str) -> Profile:
    """The one profile of a file without a default."""
    if len(content.profiles) == 1:
        return _named(content, next(iter(content.profiles)), where)
    names = ", ".join(sorted(content.profiles)) or "none"
    raise BadInput(f"{where} names no default. Say which with --compute {where}:PROFILE; profiles there: {names}.")


def _named(content: _File, name: str, where: str) -> Profile:
    if name in content.profiles:
        return check(Profile, content.profiles[name], f"{where}, profile {name!r}")
    if name in BUILT_IN:
        return check(Profile, {"kind": name}, name)
    raise UnknownName.of(f"compute profile in {where}", name, {*content.profiles, *BUILT_IN})


def _read(file: Path) -> _File:
    """Raises BadInput with the place of what is wrong."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"There is no file {file}. Say --compute FILE[:PROFILE] or --compute local.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read as text: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{file} is not TOML: {error}.") from error
    return check(_File, data, str(file))
