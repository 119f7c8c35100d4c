"""Which configurations are worth a label: health, then doubt, then diversity, and a random share to keep it honest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.contracts.base import Seed
from lang2mlip.errors import BadInput
from lang2mlip.science.selection.diverse import Space

__all__ = ["Candidates", "Choice", "SelectionRequest", "choose"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class SelectionRequest(Noun):
    """How to choose."""

    count: int = Field(ge=1, description="frames to choose")
    method: Literal["diverse", "random", "all"] = Field(
        default="diverse", description="diverse: doubt and diversity; random; all: every healthy frame"
    )
    random_share: float = Field(default=0.15, ge=0, le=1, description="share of count picked blindly")
    grade_low: float = Field(default=1.0, ge=0, description="extrapolation grade where doubt begins")
    grade_high: float = Field(default=10.0, gt=0, description="grade above which a frame may be unphysical")
    fill: bool = Field(default=True, description="go outside the band when it holds too few")
    duplicate: float = Field(
        default=0.01, ge=0, description="standardised descriptor distance below which two frames are the same"
    )
    seed: Seed = 0


@dataclass(frozen=True)
class Candidates:
    """A row per frame. Without descriptors the choice is by grade; without grades by diversity alone."""

    groups: Sequence[str]
    descriptors: Floats | None = None
    grades: Floats | None = None
    phases: Sequence[str] = ()
    """`info["phase_of_run"]` of each; frames of a bad tail are never chosen."""
    ids: Sequence[str] = ()
    """Content ids; of frames with the same id only the first is a candidate."""
    known_ids: frozenset[str] = frozenset()
    """Ids that have labels already."""


@dataclass(frozen=True)
class Choice:
    """What was chosen, why, and what was passed over."""

    indices: tuple[int, ...]
    why: tuple[str, ...]
    refused: dict[str, int] = field(default_factory=dict)
    """Reason → number of frames never considered."""


def choose(candidates: Candidates, training: Floats | None, request: SelectionRequest) -> Choice:
    """Frames worth a label, in the order of choice; `training` holds the descriptors of what is labelled already.

    First a random share of all healthy frames, blind to grade and descriptor, so that errors on them are unbiased. Then
    group by group in turn the frame farthest from everything labelled or chosen: within the band of grades, then above
    it, then below it. Cost O(candidates × (labelled + chosen)). The same seed gives the same choice.
    """
    _consistent(candidates, training)
    healthy, refused = _healthy(candidates)
    if request.method == "all":
        return Choice(tuple(int(i) for i in healthy), ("all",) * len(healthy), refused)
    picker = _Picker(candidates, training, request)
    share = 1.0 if request.method == "random" else request.random_share
    picker.at_random(healthy, round(share * min(request.count, len(healthy))))
    if request.method == "diverse":
        for name, stage in _stages(healthy, candidates.grades, request):
            picker.in_turn(stage, name)
    return Choice(tuple(picker.chosen), tuple(picker.why), refused)


class _Picker:
    def __init__(self, candidates: Candidates, training: Floats | None, request: SelectionRequest) -> None:
        self.request, self.candidates = request, candidates
        self.groups = np.asarray(candidates.groups)
        self.chosen: list[int] = []
        self.why: list[str] = []
        table = candidates.descriptors
        known = training if training is not None else np.zeros((0, 0 if table is None else table.shape[1]))
        self.space = None if table is None or len(table) == 0 else Space.of(_finite(table), known)

    def at_random(self, healthy: Ints, number: int) -> None:
        """A share drawn without a look."""
        drawn = np.random.default_rng(self.request.seed).permutation(healthy)[:number]
        for index in sorted(int(i) for i in drawn):
            self._take(index, "random")

    def in_turn(self, stage: Ints, name: str) -> None:
        """Pick from the group with the fewest picks so far, again and again, until the count or the stage is spent."""
        open_groups = {str(group): stage[self.groups[stage] == group] for group in np.unique(self.groups[stage])}
        while open_groups and len(self.chosen) < self.request.count:
            picks = Counter(str(self.groups[index]) for index in self.chosen)
            group = min(open_groups, key=lambda key: (picks[key], key))
            index = self._best(open_groups[group])
            if index is None:
                del open_groups[group]
            else:
                self._take(index, f"{name}, {self._measure(index)}")

    def _best(self, stage: Ints) -> int | None:
        left = stage[~np.isin(stage, self.chosen)]
        if len(left) == 0:
            return None
        if self.space is None:
            grades = self.candidates.grades
            return int(left[0]) if grades is None else int(left[np.argmax(grades[left])])
        index = self.space.farthest(left)
        return index if self.space.nearest[index] > self.request.duplicate else None

    def _measure(self, index: int) -> str:
        grades = self.candidates.grades
        grade = "" if grades is None else f"grade {grades[index]:.2f}"
        away = "" if self.space is None else f"distance {self.space.nearest[index]:.3f}"
        return ", ".join(part for part in (grade, away) if part) or "in order"

    def _take(self, index: int, why: str) -> None:
        self.chosen.append(index)
        self.why.append(why)
        if self.space is not None:
            self.space.take(index)


def _stages(healthy: Ints, grades: Floats | None, request: SelectionRequest) -> list[tuple[str, Ints]]:
    """(name, frames) in the order in which they are drawn from."""
    if grades is None:
        return [("diverse", healthy)]
    grade = np.asarray(grades)[healthy]
    low, high = request.grade_low, request.grade_high
    band = ("in doubt", healthy[(grade >= low) & (grade <= high)])
    if not request.fill:
        return [band]
    return [band, ("far outside", healthy[grade > high]), ("well known", healthy[grade < low])]


def _healthy(candidates: Candidates) -> tuple[Ints, dict[str, int]]:
    """Frames that may be chosen, and why the others may not."""
    refused: Counter[str] = Counter()
    seen: set[str] = set(candidates.known_ids)
    kept = []
    for index in range(len(candidates.groups)):
        reason = _refusal(candidates, index, seen)
        if reason:
            refused[reason] += 1
        else:
            kept.append(index)
            if candidates.ids:
                seen.add(candidates.ids[index])
    return np.array(kept, dtype=np.int64), dict(refused)


def _refusal(candidates: Candidates, index: int, seen: set[str]) -> str | None:
    if candidates.phases and candidates.phases[index] == "bad-tail":
        return "bad tail of a run that failed"
    if candidates.ids and candidates.ids[index] in seen:
        return "labelled already, or the same as another"
    rows = [table[index] for table in (candidates.descriptors, candidates.grades) if table is not None]
    return None if all(np.isfinite(row).all() for row in rows) else "grade or descriptor not finite"


def _finite(table: Floats) -> Floats:
    """The table with rows that are not finite (never chosen) replaced by the mean of the others."""
    broken = np.asarray(~np.isfinite(table).all(axis=1))
    if not broken.any() or broken.all():
        return np.nan_to_num(table)
    return np.where(broken[:, None], table[~broken].mean(axis=0), table)


def _consistent(candidates: Candidates, training: Floats | None) -> None:
    n = len(candidates.groups)
    columns = {
        "descriptors": candidates.descriptors,
        "grades": candidates.grades,
        "phases": candidates.phases or None,
        "ids": candidates.ids or None,
    }
    for name, column in columns.items():
        if column is not None and len(column) != n:
            raise BadInput(f"The {name} have {len(column)} rows for {n} candidates; give one for each.")
    table = candidates.descriptors
    if table is not None and training is not None and len(training) and training.shape[1] != table.shape[1]:
        raise BadInput(f"Descriptors have {table.shape[1]} features, the training set's {training.shape[1]}.")
