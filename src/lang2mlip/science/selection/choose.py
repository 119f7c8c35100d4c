"""Which frames are worth a label: health, then doubt, then diversity, and a random share to keep it honest.

Farthest-point selection runs in descriptor space, group by group, with the training set as its first centres, so that
neither a known configuration nor a near copy of another pick is taken. Memory: candidates × features; time:
candidates × (labelled + picks) × features.
"""

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

__all__ = ["Candidates", "Wish", "choose", "refusals"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_KNOWN_WEIGHT = 0.25
"""What a well-known frame counts against a doubtful one when groups share the budget."""


class Wish(Noun):
    """How many, and how."""

    method: Literal["uncertainty", "random"] = "uncertainty"
    count: int = Field(ge=1, description="frames to pick")
    random_share: float = Field(default=0.15, ge=0, le=1, description="share of count picked at random")
    grade_low: float = Field(default=1.0, ge=0, description="extrapolation grade where doubt begins")
    grade_high: float = Field(default=50.0, gt=0, description="grade above which a frame was on its way to breaking")
    bands: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="per group: bounds of doubt in the place of grade_low and grade_high"
    )
    measure: str = Field(default="grade", description="what the grades are called in the reason of a pick")
    far_outside: bool = Field(
        default=False, description="take the less far of the frames above grade_high, too, after those below"
    )
    duplicate: float = Field(
        default=0.01, ge=0, description="distance, in typical differences of the group, below which two are the same"
    )
    seed: Seed = 0


@dataclass(frozen=True)
class Candidates:
    """What is known of the frames: one entry each; descriptors (n, d), grades (n,)."""

    groups: Sequence[str]
    ids: Sequence[str] = ()
    """Content ids; of frames with the same id only the first is a candidate."""
    descriptors: Floats | None = None
    """Without them the choice is by grade, highest first."""
    grades: Floats | None = None
    """Without them the choice is by diversity alone."""
    known: Floats | None = None
    """Descriptors of the labelled frames of all groups."""
    known_groups: Sequence[str] = ()
    known_ids: frozenset[str] = frozenset()
    """Ids that have labels already."""
    phases: Sequence[str] = field(default=())
    """`info["phase_of_run"]` of each; frames of a bad tail are never chosen."""


def choose(candidates: Candidates, wish: Wish) -> list[tuple[int, str]]:
    """(index, why) of each pick, in the order of picking; the same seed gives the same picks.

    First a random share of all healthy frames, blind to grade and descriptor, so that errors on them are unbiased. Then
    the frame farthest from everything labelled or picked, from the group whose doubtful frames are least served: those
    in doubt first, then the well known, then (if wished) those far outside. Raises BadInput on tables of unlike length.
    """
    _consistent(candidates)
    healthy = np.array([i for i, reason in enumerate(_reasons(candidates)) if reason is None], dtype=np.int64)
    count = min(wish.count, len(healthy))
    picker = _Picker(candidates, healthy, wish)
    blind = count if wish.method == "random" else round(wish.random_share * count)
    picker.at_random(blind)
    for name, stage in _stages(candidates, healthy, wish) if wish.method != "random" else []:
        picker.by_need(stage, name, count)
    return picker.picks


def refusals(candidates: Candidates) -> dict[str, int]:
    """Why frames can never be chosen → how many."""
    return dict(Counter(reason for reason in _reasons(candidates) if reason is not None))


class _Picker:
    def __init__(self, candidates: Candidates, healthy: Ints, wish: Wish) -> None:
        self.wish, self.candidates, self.healthy = wish, candidates, healthy
        self.names, self.groups = _coded(candidates.groups)
        self.doubtful = _doubtful(candidates, wish)[0]
        self.picks: list[tuple[int, str]] = []
        self.taken = np.zeros(len(self.groups), dtype=bool)
        self.weights = self._weights()
        self.spaces = self._spaces()

    def at_random(self, number: int) -> None:
        """A share drawn without a look."""
        drawn = np.random.default_rng([self.wish.seed, 3]).permutation(self.healthy)[:number]
        for index in drawn:
            self._take(int(index), "at random: the unbiased share")

    def by_need(self, stage: Ints, name: str, count: int) -> None:
        """Pick from the group that is least served for its weight, again and again, until count or stage is spent."""
        codes = self.groups[stage]
        open_ = {self.names[code]: stage[codes == code] for code in np.unique(codes)}
        served = Counter(self.names[self.groups[index]] for index, _ in self.picks)
        while open_ and len(self.picks) < count:
            group = max(sorted(open_), key=lambda key: self.weights[key] / (served[key] + 1))
            best = self._best(open_[group][~self.taken[open_[group]]], group)
            if best is None:
                del open_[group]
            else:
                self._take(best[0], f"{name}: {best[1]}")
                served[group] += 1

    def _best(self, among: Ints, group: str) -> tuple[int, str] | None:
        if len(among) == 0:
            return None
        grades = self.candidates.grades
        if group not in self.spaces:
            index = int(among[0] if grades is None else among[np.argmax(grades[among])])
            return index, "in order" if grades is None else f"{self.wish.measure} {grades[index]:.3g}"
        index, away = self.spaces[group].farthest(among)
        if away <= self.wish.duplicate:
            return None
        grade = "" if grades is None else f", {self.wish.measure} {grades[index]:.3g}"
        return index, f"far from the data of {group}{grade}"

    def _take(self, index: int, why: str) -> None:
        self.picks.append((index, why))
        self.taken[index] = True
        group = self.names[self.groups[index]]
        if group in self.spaces:
            self.spaces[group].take(index)

    def _weights(self) -> dict[str, float]:
        each = np.where(self.doubtful[self.healthy], 1.0, _KNOWN_WEIGHT)
        total = np.bincount(self.groups[self.healthy], weights=each, minlength=len(self.names))
        return dict(zip(self.names, total.tolist(), strict=True))

    def _spaces(self) -> dict[str, Space]:
        table = self.candidates.descriptors
        if table is None or self.wish.method == "random" or len(self.healthy) == 0:
            return {}
        clean = table[self.healthy]
        known = self.candidates.known if self.candidates.known is not None else np.zeros((0, table.shape[1]))
        known = known[np.isfinite(known).all(axis=1)]
        codes = self.groups[self.healthy]
        overall = (np.concatenate([clean, known]) if len(known) else clean).std(axis=0)
        spaces = {
            self.names[code]: Space.of(clean, np.flatnonzero(codes == code), known, overall)
            for code in np.unique(codes)
        }
        for space in spaces.values():
            space.members = self.healthy[space.members]
        return spaces


def _coded(groups: Sequence[str]) -> tuple[list[str], Ints]:
    """The groups' names, and for each frame which of them is its own."""
    names, codes = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    return [str(name) for name in names], codes.astype(np.int64)


def _doubtful(candidates: Candidates, wish: Wish) -> tuple[Bools, Bools]:
    """Frames at or above the lower bound of their group, and those above the upper; all and none without grades."""
    if candidates.grades is None:
        return np.ones(len(candidates.groups), dtype=bool), np.zeros(len(candidates.groups), dtype=bool)
    names, codes = _coded(candidates.groups)
    bounds = np.array([wish.bands.get(name, (wish.grade_low, wish.grade_high)) for name in names]).reshape(-1, 2)[codes]
    grades = np.asarray(candidates.grades)
    return grades >= bounds[:, 0], grades > bounds[:, 1]


def _stages(candidates: Candidates, healthy: Ints, wish: Wish) -> list[tuple[str, Ints]]:
    """(name, frames) in the order in which they are drawn from."""
    if candidates.grades is None:
        return [("diverse", healthy)]
    doubtful, beyond = (flags[healthy] for flags in _doubtful(candidates, wish))
    stages = [("in doubt", healthy[doubtful & ~beyond]), ("well known", healthy[~doubtful])]
    if not wish.far_outside:
        return stages
    least = np.argsort(np.asarray(candidates.grades)[healthy[beyond]], kind="stable")
    near = least[: max(wish.count, len(least) // 2)]
    return [*stages, ("far outside", healthy[beyond][np.sort(near)])]


def _reasons(candidates: Candidates) -> list[str | None]:
    """Why each frame cannot be chosen, None where it can."""
    seen: set[str] = set(candidates.known_ids)
    finite = np.ones(len(candidates.groups), dtype=bool)
    for table in (candidates.descriptors, candidates.grades):
        if table is not None:
            finite &= np.isfinite(table).all(axis=tuple(range(1, np.ndim(table))))
    reasons = []
    for index, good in enumerate(finite.tolist()):
        reason = _refusal(candidates, index, seen) or (None if good else "its grade or descriptor is not finite")
        reasons.append(reason)
        if reason is None and candidates.ids:
            seen.add(candidates.ids[index])
    return reasons


def _refusal(candidates: Candidates, index: int, seen: set[str]) -> str | None:
    if candidates.phases and candidates.phases[index] == "bad-tail":
        return "in the bad tail of a run that failed"
    if candidates.ids and candidates.ids[index] in seen:
        return "labelled already, or the same as another"
    return None


def _consistent(candidates: Candidates) -> None:
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
    table, known = candidates.descriptors, candidates.known
    if table is not None and known is not None and len(known) and known.shape[1] != table.shape[1]:
        raise BadInput(f"Descriptors have {table.shape[1]} features, the training set's {known.shape[1]}.")
