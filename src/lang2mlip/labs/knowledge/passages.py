"""Pieces of text that answers are made of, each with its source."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.data import table

__all__ = ["Passage", "curated"]


class Passage(Noun):
    """One piece of text."""

    key: str
    kind: Literal["knowledge", "engine", "manual"] = Field(
        description="this project's cited entries | what the installed LAMMPS says | its manual on this machine"
    )
    title: str
    text: str
    source: str
    words: tuple[str, ...] = Field(default=(), description="further names for what it is about")

    @property
    def body(self) -> str:
        """All that is searched."""
        return f"{self.title}. {'; '.join(self.words)}. {self.text}"


def curated() -> list[Passage]:
    """The entries of data/knowledge, a person's own included. Raises BadInput for an entry that lacks a field."""
    return [
        Passage(key=key, kind="knowledge", title=entry["title"], text=" ".join(str(entry["text"]).split()),
                source=entry["source"], words=tuple(map(str, entry.get("words", ()))))
        for key, entry in table("knowledge").items()
    ]  # fmt: skip
