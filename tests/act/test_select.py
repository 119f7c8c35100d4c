"""A selection in some groups leaves the pool of the others alone."""

from __future__ import annotations

import pytest
from ase import Atoms

import tiny
from lang2mlip.act.pool import drawn_from, read_waiting, waiting_in
from lang2mlip.contracts import GroupState, PoolSet, Result, State
from lang2mlip.record.events import Finished
from lang2mlip.record.state import step
from lang2mlip.science.atoms.frames import write_frames

MIXED = PoolSet(id="0004", file="mixed", model="m1", groups={"bulk": 2, "melt": 1})
MELT = PoolSet(id="0006", file="melt", model="m1", groups={"melt": 1})
FILES = {"mixed": ("bulk", "melt", "bulk"), "melt": ("melt",)}


@pytest.fixture
def waiting(tmp_path):
    """The ids of the frames that a selection in some groups finds."""
    for file, groups in FILES.items():
        frames = [Atoms("Ar", info={"group": group, "id": f"{file}-{n}"}) for n, group in enumerate(groups)]
        write_frames(tmp_path / file, frames)
    return lambda pool, *groups: [atoms.info["id"] for atoms in read_waiting(tmp_path, waiting_in(pool, groups))]


def test_only_frames_of_the_named_groups_are_drawn(waiting):
    drawn, kept = drawn_from((MIXED, MELT), ("bulk",))
    assert drawn == ("0004",) and [one.groups for one in kept] == [{"melt": 1}]
    assert waiting((MIXED, MELT), "bulk") == ["mixed-0", "mixed-2"]
    assert waiting((MELT, *kept)) == ["melt-0", "mixed-1"]
    assert waiting((MELT, *kept), "bulk") == []


def test_without_groups_the_pool_is_used_up():
    assert drawn_from((MIXED, MELT), ()) == (("0004", "0006"), ())


def test_the_state_counts_what_still_waits():
    groups = {name: GroupState(group=name) for name in ("bulk", "melt")}
    before = State(task=tiny.task(), pool=(MIXED, MELT), groups=groups)
    drawn, kept = drawn_from(before.pool, ("bulk",))
    result = Result(action="select", status="done", summary="", drawn=drawn, pool=kept)
    after = step(before, Finished(step=1, result=result))
    assert {name: group.pool for name, group in after.groups.items()} == {"bulk": 0, "melt": 2}
