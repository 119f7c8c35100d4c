"""A small world that answers actions with results, so that a decider can be watched over a whole run.

Errors on labels that a model does not know fall as power of the labels; MD of a group holds once it has enough labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lang2mlip.contracts import (
    Budget,
    Component,
    Cost,
    DataSet,
    Errors,
    Evaluation,
    Gate,
    Model,
    PoolSet,
    PotentialSpec,
    Pruning,
    ReferenceSpec,
    Result,
    StabilityRun,
    StructureRecord,
    StructureRequest,
    Task,
)  # fmt: skip
from lang2mlip.decide.rules import Rules
from lang2mlip.record.events import Created, Decided, Event, Finished, Prepared
from lang2mlip.record.state import fold, step

CLASSES = {"solid": ("bulk", "Na"), "salt": ("amorphous", "Na2O"), "contact": ("solid_solid", "Na9O4")}
GOAL = 0.06


def task(**budget: Any) -> Task:
    return Task(
        prompt="-", goal="-", components=(Component(name="sodium", formula="Na", phases=("crystal",)),),
        elements=("Na", "O"), temperature_K=(300.0, 600.0), properties=(), reference=ReferenceSpec(name="lj"),
        potential=PotentialSpec(family="mtp"), budget=Budget(**budget),
    )  # fmt: skip


def errors(relative: float, frames: int = 10) -> Errors:
    force = 1000 * relative
    return Errors(
        n_frames=frames, n_atoms=10 * frames, energy_rmse_meV_atom=1.0, energy_mae_meV_atom=1.0,
        force_rmse_meV_A=force, force_mae_meV_A=force, force_rms_meV_A=1000.0, force_max_error_meV_A=3 * force,
    )  # fmt: skip


@dataclass
class World:
    """`hard`: error of a group at one label; `floor`: the error no data can pass; `holds`: labels until MD does."""

    hard: dict[str, float] = field(default_factory=lambda: {"solid": 0.3, "salt": 0.4, "contact": 0.5})
    floor: dict[str, float] = field(default_factory=dict)
    holds: dict[str, int] = field(default_factory=dict)
    spoil: int = 0
    """The number of the training whose model is `harm` times worse."""
    harm: float = 6.0
    labels: dict[str, int] = field(default_factory=dict)
    trained: dict[str, int] = field(default_factory=dict)
    fits: int = 0

    def watch(self, most: int = 60, **budget: Any) -> tuple[Any, list[Any]]:
        """(state, decisions) of a whole run under the rules."""
        events: list[Event] = [Created(task=task(**budget)), Prepared(structures=_records(self.hard))]
        state, decisions = fold(events), []
        while not state.ended and len(decisions) < most:
            decision = Rules().decide(state, None)
            decisions.append(decision)
            number = len(decisions)
            state = step(state, Decided(step=number, decision=decision))
            result = getattr(self, "_" + decision.action)(state, decision.parameters, number)
            state = step(state, Finished(step=number, result=result))
        return state, decisions

    def error(self, group: str) -> float:
        known = max(1, self.trained.get(group, 0))
        worse = self.harm if self.fits == self.spoil else 1.0
        return worse * max(self.floor.get(group, 0.0), self.hard[group] * known**-0.6)

    def _reference(self, state: Any, p: Any, number: int) -> Result:
        groups = p.groups or tuple(self.hard)
        ranges = {group: {"distance Na-O": (2.0, 9.0)} for group in groups}
        return Result(action="reference", status="done", summary="-", ranges=ranges, cost=Cost(calls=p.steps))

    def _explore(self, state: Any, p: Any, number: int) -> Result:
        left = state.task.budget.max_labels
        each = p.strained + p.rattled
        groups = list(p.groups or self.hard)
        counts = {name: each if left is None else min(each, left // len(groups)) for name in groups}
        return self._data("explore", counts, number)

    def _select(self, state: Any, p: Any, number: int) -> Result:
        groups = [name for name in (p.groups or self.hard) if state.groups[name].pool]
        share = {name: p.count // len(groups) + (k < p.count % len(groups)) for k, name in enumerate(groups)}
        drawn = tuple(pool.id for pool in state.pool)
        result = self._data("select", {k: n for k, n in share.items() if n}, number, drawn)
        rest = {name: one.pool for name, one in state.groups.items() if one.pool and name not in groups}
        left = (PoolSet(id=f"r{number}", file="-", model="-", groups=rest),) if rest else ()
        return result.model_copy(update={"pool": left})

    def _data(self, source: str, counts: dict[str, int], number: int, drawn: tuple[str, ...] = ()) -> Result:
        fresh = {name: errors(self.error(name), count) for name, count in counts.items()} if drawn else {}
        for name, count in counts.items():
            self.labels[name] = self.labels.get(name, 0) + count
        data = DataSet(id=f"d{number}", file="-", source=source, groups=counts, fresh_errors=fresh)
        cost = Cost(calls=sum(counts.values()), labels=sum(counts.values()))
        return Result(action=source, status="done", summary="-", data=(data,), cost=cost, drawn=drawn)

    def _train(self, state: Any, p: Any, number: int) -> Result:
        self.trained, self.fits = dict(self.labels), self.fits + 1
        found = {name: errors(self.error(name)) for name in self.labels}
        model = Model(id=f"m{self.fits}", family="mtp", folder="-", n_frames=sum(self.labels.values()),
                      datasets=tuple(d.id for d in state.data), train_errors=found, effort=p.effort,
                      settings=p.settings)  # fmt: skip
        return Result(action="train", status="done", summary="-", model=model)

    def _sample(self, state: Any, p: Any, number: int) -> Result:
        groups = p.groups or tuple(self.hard)
        healthy = {name: self.trained.get(name, 0) >= self.holds.get(name, 0) for name in groups}
        walks = tuple(
            StabilityRun(group=name, structure=name, temperature_K=kelvin, steps=p.steps,
                         done=p.steps if healthy[name] else p.steps // 2, healthy=healthy[name])
            for name in groups for kelvin in (p.temperatures_K or (690.0,))
        )  # fmt: skip
        pool = PoolSet(id=f"p{number}", file="-", model="-", groups=dict.fromkeys(groups, 40))
        return Result(action="sample", status="done", summary="-", stability=walks, pool=(pool,))

    def _evaluate(self, state: Any, p: Any, number: int) -> Result:
        found = {name: errors(self.error(name)) for name in self.hard}
        overall = errors(max(one.force_relative for one in found.values()))
        gates = tuple(
            Gate(name="force", value=one.force_relative, limit=GOAL, unit="", passed=one.force_relative <= GOAL,
                 group=name) for name, one in found.items()
        )  # fmt: skip
        one = Evaluation(model=state.model.id, depth=p.depth, on="validation", errors={**found, "all": overall},
                         gates=gates)  # fmt: skip
        return Result(action="evaluate", status="done", summary="-", evaluation=one)

    def _prune(self, state: Any, p: Any, number: int) -> Result:
        pruning = Pruning(id=f"x{number}", models=p.models, restored=p.restore)
        return Result(action="prune", status="done", summary="-", pruning=pruning)

    def _end(self, state: Any, p: Any, number: int) -> Result:
        return Result(action="end", status="done", summary=p.outcome)


def _records(groups: Any) -> tuple[StructureRecord, ...]:
    return tuple(
        StructureRecord(
            id=f"{name}-{role}", formula=CLASSES[name][1], n_atoms=50, periodic=True, file="-", line="",
            request=StructureRequest(name=f"{name}-{role}", builder=CLASSES[name][0], group=name, role=role),
        )
        for name in groups for role in ("train", "validation")
    )  # fmt: skip
