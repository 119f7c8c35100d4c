"""An arena: a folder with frozen data and scorecard, one editable strategy under git, and a journal beside it.

NAME/  program.md (a person writes it)  game/ (git): strategy/train.py  strategy/config.yaml
       data/train.extxyz (frozen, strategies see it)   judge/ (frozen, they never do)
       manifest.json  sealed.tar.xz  journal.jsonl  attempts/0001/…  report.html
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from ase import Atoms

from lang2mlip.contracts import check
from lang2mlip.errors import BadInput, RunFault
from lang2mlip.labs.research.card import Card
from lang2mlip.labs.research.history import History
from lang2mlip.labs.research.journal import Journal
from lang2mlip.labs.research.kit import ARENAS, check_hidden, scorer
from lang2mlip.labs.research.manifest import changed, read_manifest, restore, seal
from lang2mlip.labs.research.measure import Trials
from lang2mlip.labs.research.rules import Rules
from lang2mlip.science.atoms.frames import write_frames

__all__ = ["Arena", "create"]

FROZEN = ("data", "judge")
CONFIG = "strategy/config.yaml"


@dataclass(frozen=True)
class Arena:
    """A folder that `create` made."""

    place: Path

    @classmethod
    def open(cls, place: Path) -> Arena:
        """Raises BadInput where there is none."""
        if not (place / "journal.jsonl").is_file() or not (place / "game" / ".git").is_dir():
            raise BadInput(f"{place} is no arena; make one with: lang2mlip research new {place.name} --arena …")
        return cls(place.resolve())

    @property
    def history(self) -> History:
        """The git history of the strategy."""
        return History(self.place / "game")

    @cached_property
    def journal(self) -> Journal:
        """What has happened."""
        return Journal(self.place / "journal.jsonl")

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The frozen entry: trials, rules, recipes, space."""
        found: dict[str, Any] = yaml.safe_load((self.place / "judge" / "arena.yaml").read_text(encoding="utf-8"))
        return found

    @cached_property
    def card(self) -> Card:
        """The frozen scorecard."""
        return check(Card, self.spec["scorecard"], "the scorecard")

    @cached_property
    def rules(self) -> Rules:
        """The frozen rules of keeping and the limits of a run."""
        return check(Rules, self.spec.get("rules", {}), "the rules")

    @property
    def trials(self) -> Trials:
        """The frozen conditions of the stability runs."""
        return check(Trials, self.spec["trials"], "the trials")

    @property
    def program(self) -> str:
        """What a person wants of the search, in their words."""
        file = self.place / "program.md"
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    def config(self, commit: str) -> dict[str, Any]:
        """The configuration at a commit. Raises BadInput where it is no mapping."""
        try:
            found = yaml.safe_load(self.history.text(commit, CONFIG))
        except yaml.YAMLError as error:
            raise BadInput(f"{CONFIG} at {commit[:8]} is not YAML: {error}.") from error
        if not isinstance(found, dict):
            raise BadInput(f"{CONFIG} at {commit[:8]} is no mapping of settings.")
        return found

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Change the configuration in the files; nothing is committed."""
        text = yaml.safe_dump(dict(config), sort_keys=True)
        (self.place / "game" / CONFIG).write_text(text, encoding="utf-8")

    def tampered(self) -> list[str]:
        """What of the frozen files differs from the manifest, and whether the manifest is the one that was sealed."""
        known = self.journal.entries[0]["manifest"]
        words = [] if read_manifest(self.place) == known else ["manifest.json was changed"]
        return words + changed(self.place, known, FROZEN)

    def mend(self) -> None:
        """Bring the frozen files back. Raises RunFault where their sealed copy is damaged, too."""
        restore(self.place, FROZEN, self.journal.entries[0]["sealed"])
        left = self.tampered()
        if left:
            raise RunFault(f"{self.place.name}: {left[0]}, and its copy is no better; make the arena again.")


def create(place: Path, entry: Mapping[str, Any], frames: Mapping[str, list[Atoms]], seed: int) -> Arena:
    """Make the folder. Raises BadInput where the name is not a slug, or there is something already."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", place.name):
        raise BadInput(f"{place.name!r} is no name for a folder; use letters, digits, - and _.")
    if place.exists():
        raise BadInput(f"{place} is there already; choose another name, or go on with: lang2mlip research run ...")
    check_hidden(place.parent)
    building = place.with_name(f".{place.name}.making")
    shutil.rmtree(building, ignore_errors=True)
    _write_frozen(building, entry, frames)
    commit = _write_game(building, entry)
    sealed = seal(building, FROZEN)
    facts = {"seed": seed, "commit": commit, "sealed": sealed, "manifest": read_manifest(building), "scorer": scorer()}
    Journal(building / "journal.jsonl").append("opened", title=entry["title"], **facts)
    building.rename(place)
    return Arena.open(place)


def _write_frozen(building: Path, entry: Mapping[str, Any], frames: Mapping[str, list[Atoms]]) -> None:
    for role, some in frames.items():
        if some:
            write_frames(building / ("data" if role == "train" else "judge") / f"{role}.extxyz", some)
    kept = {key: value for key, value in entry.items() if key not in ("data", "baseline", "program")}
    (building / "judge" / "arena.yaml").write_text(yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")


def _write_game(building: Path, entry: Mapping[str, Any]) -> str:
    game = building / "game"
    (game / "strategy").mkdir(parents=True)
    shutil.copy(ARENAS / "train.py.template", game / "strategy" / "train.py")
    (game / CONFIG).write_text(yaml.safe_dump(entry["baseline"], sort_keys=True), encoding="utf-8")
    (building / "program.md").write_text(entry["program"], encoding="utf-8")
    return History(game).begin("baseline")
