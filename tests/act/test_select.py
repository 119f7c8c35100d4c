"""A selection in some groups leaves the pool of the others alone."""

from __future__ import annotations

from types import SimpleNamespace

from ase import Atoms

import tiny
from lang2mlip.act.select import SelectAction, drawn_from
from lang2mlip.contracts import GroupState, PoolSet, Result, Select, State
from lang2mlip.record.events import Finished
from lang2mlip.record.state import step

MIXED = PoolSet(id="0004", file="mixed", model="m1", groups={"bulk": 2, "melt": 1})
MELT = PoolSet(id="0006", file="melt", model="m1", groups={"melt": 1})
FILES = {"mixed": ("bulk", "melt", "bulk"), "melt": ("melt",)}


def frames(file):
    return [Atoms("Ar", info={"group": group, "id": f"{file}-{n}"}) for n, group in enumerate(FILES[file])]


def waiting(pool, *groups):
    desk = SimpleNamespace(state=SimpleNamespace(pool=pool), view=SimpleNamespace(frames=frames))
    return [atoms.info["id"] for atoms in SelectAction()._pool(desk, Select(groups=groups))]


def test_only_frames_of_the_named_groups_are_drawn():
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
