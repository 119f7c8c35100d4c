"""Which frames are worth a label: diverse within each group, far from what is known, uncertain; and a random share.

Farthest-point selection runs in descriptor space, group by group, with the training set as its first centres, so that
neither a known configuration nor a near copy of another pick is taken. Memory: candidates × features; time:
candidates × picks × features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Noun

__all__ = ["Candidates", "Wish", "choose"]

Floats = NDArray[np.float64]

SAVE_GRADE = 1.0
"""Extrapolation grade above which a frame counts as outside the training set."""

STOP_GRADE = 50.0
"""Grade above which a frame is too far out to teach anything (it was on its way to breaking)."""


class Wish(Noun):
    """How many, and how."""

    method: Literal["uncertainty", "random"] = "uncertainty"
    count: int = Field(ge=1, description="frames to pick")
    random_share: float = Field(default=0.15, ge=0, le=1, description="share of count picked at random")
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class Candidates:
    """What is known of the frames: one entry each; descriptors (n, d), grades (n,)."""

    groups: Sequence[str]
    ids: Sequence[str]
    descriptors: Floats | None = None
    grades: Floats | None = None
    known: Floats | None = None
    known_groups: Sequence[str] = field(default=())


def choose(candidates: Candidates, wish: Wish) -> list[tuple[int, str]]:
    """(index, why) of each pick, in the order of picking; the same seed gives the same picks."""
    rng = np.random.default_rng([wish.seed, 3])
    fresh = _first_of_each(candidates.ids)
    count = min(wish.count, len(fresh))
    if wish.method == "random" or candidates.descriptors is None:
        return [(index, "at random") for index in _random(candidates, fresh, count, rng)]
    lottery = _random(candidates, fresh, round(wish.random_share * count), rng)
    rest = [index for index in fresh if index not in set(lottery) and _within(candidates, index)]
    picks = [(index, "at random: the unbiased share") for index in lottery]
    return picks + _diverse(candidates, rest, count - len(lottery))


def _first_of_each(ids: Sequence[str]) -> list[int]:
    seen: dict[str, int] = {}
    for index, name in enumerate(ids):
        seen.setdefault(name, index)
    return list(seen.values())


def _within(candidates: Candidates, index: int) -> bool:
    return candidates.grades is None or bool(candidates.grades[index] <= STOP_GRADE)


def _random(candidates: Candidates, among: list[int], count: int, rng: np.random.Generator) -> list[int]:
    return [among[int(place)] for place in rng.permutation(len(among))[:count]]


def _diverse(candidates: Candidates, among: list[int], count: int) -> list[tuple[int, str]]:
    """Groups share `count` by how much of them lies outside the training set; within a group the farthest first."""
    shares = _shares(candidates, among, count)
    picks: list[tuple[int, str]] = []
    for group, share in shares.items():
        members = [index for index in among if candidates.groups[index] == group]
        picks += _farthest(candidates, group, members, share)
    return picks


def _shares(candidates: Candidates, among: list[int], count: int) -> dict[str, int]:
    """Picks per group: in proportion to its extrapolating frames, with a floor for every group; no more than it has."""
    sizes = {group: 0 for group in dict.fromkeys(candidates.groups[index] for index in among)}
    wanted = dict.fromkeys(sizes, 0.0)
    for index in among:
        group = candidates.groups[index]
        outside = candidates.grades is None or candidates.grades[index] > SAVE_GRADE
        sizes[group] += 1
        wanted[group] += 1.0 if outside else 0.25
    shares = dict.fromkeys(sizes, 0)
    for _ in range(min(count, len(among))):
        open_ = [group for group in sizes if shares[group] < sizes[group]]
        shares[max(open_, key=lambda group: wanted[group] / (shares[group] + 1))] += 1
    return shares


def _farthest(candidates: Candidates, group: str, members: list[int], count: int) -> list[tuple[int, str]]:
    assert candidates.descriptors is not None
    points = candidates.descriptors[members]
    scale = points.std(axis=0) + 1e-12
    distance = _to_known(candidates, group, points, scale)
    picks = []
    for _ in range(min(count, len(members))):
        place = int(np.argmax(distance))
        grade = "" if candidates.grades is None else f", grade {candidates.grades[members[place]]:.2f}"
        picks.append((members[place], f"far from the data of {group}{grade}"))
        step = np.linalg.norm((points - points[place]) / scale, axis=1)
        distance = np.minimum(distance, step)
        distance[place] = -1.0
    return picks


def _to_known(candidates: Candidates, group: str, points: Floats, scale: Floats) -> Floats:
    """Distance of each point to the nearest training frame of its group; equal for all where there is none."""
    distance = np.full(len(points), 1e9)
    if candidates.known is None:
        return distance
    own = [index for index, name in enumerate(candidates.known_groups) if name == group]
    for row in candidates.known[own]:
        distance = np.minimum(distance, np.linalg.norm((points - row) / scale, axis=1))
    return distance
