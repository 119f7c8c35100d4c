"""States and views as a real run makes them: events folded by the record, up to the point a test needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lang2mlip.contracts import (
    Budget,
    Component,
    Cost,
    DataSet,
    Decision,
    Errors,
    Evaluate,
    Evaluation,
    Explore,
    Gate,
    Model,
    PoolSet,
    PotentialSpec,
    ReferenceSpec,
    Result,
    Sample,
    StabilityRun,
    State,
    StructureRecord,
    StructureRequest,
    Task,
    Train,
)
from lang2mlip.record.events import Created, Decided, Event, Finished, Prepared
from lang2mlip.record.state import fold
from lang2mlip.record.view import View

GROUPS = ("crystal", "melt")


def task(**budget: Any) -> Task:
    return Task(
        prompt="Argon: crystal and melt, 20 to 120 K",
        goal="A potential of argon.",
        components=(Component(name="argon", formula="Ar", phases=("crystal", "melt")),),
        elements=("Ar",),
        temperature_K=(20.0, 120.0),
        properties=("lattice", "elastic"),
        reference=ReferenceSpec(name="lj"),
        potential=PotentialSpec(family="mtp"),
        budget=Budget(**budget),
    )


def errors(force: float) -> Errors:
    return Errors(
        n_frames=10,
        n_atoms=320,
        energy_rmse_meV_atom=1.5,
        energy_mae_meV_atom=1.0,
        force_rmse_meV_A=force,
        force_mae_meV_A=force * 0.7,
        force_rms_meV_A=500.0,
        force_max_error_meV_A=force * 6,
    )


def records(line: str = "fcc cell") -> tuple[StructureRecord, ...]:
    return tuple(
        StructureRecord(
            id=f"{group}-{role}",
            request=StructureRequest(name=f"{group}-{role}", builder="bulk", group=group, role=role),
            formula="Ar32",
            n_atoms=32,
            periodic=True,
            file=f"structures/{group}-{role}.extxyz",
            line=line,
        )
        for group in GROUPS
        for role in ("train", "validation", "test")
    )


def decided(step: int, parameters: Any) -> Decided:
    decision = Decision(parameters=parameters, reason=f"reason {step}", expectation="less error", decider="rules")
    return Decided(step=step, decision=decision)


def explored() -> Result:
    data = DataSet(id="d1", file="data/d1.extxyz", source="reference-md", groups={"crystal": 20, "melt": 20})
    return Result(action="explore", status="done", summary="40 labels", cost=Cost(calls=480, labels=40), data=(data,))


def trained() -> Result:
    model = Model(
        id="m1",
        family="mtp",
        folder="models/m1",
        n_frames=40,
        datasets=("d1",),
        n_parameters=29,
        train_errors={group: errors(12.0) for group in GROUPS},
        effort="quick",
    )
    return Result(action="train", status="done", summary="fitted", model=model, cost=Cost(training_s=4.0))


def sampled(trip: str = "pair Ar-Ar 1.1 Å < 1.2 Å") -> Result:
    runs = [
        StabilityRun(group="crystal", structure="crystal-train", temperature_K=120, steps=500, done=500, healthy=True),
        StabilityRun(
            group="melt", structure="melt-train", temperature_K=120, steps=500, done=220, healthy=False, trip=trip
        ),
    ]
    pool = PoolSet(
        id="p1", file="jobs/p1.extxyz", model="m1", groups={"crystal": 10, "melt": 4}, temperatures_K=(120.0,)
    )
    return Result(
        action="sample", status="done", summary="melt broke", pool=(pool,), stability=tuple(runs), cost=Cost(md_s=3.0)
    )


def evaluated() -> Result:
    gates = (
        Gate(name="force", value=41.0, limit=30.0, unit="meV/Å", passed=False, group="melt"),
        Gate(name="lattice", value=0.1, limit=0.3, unit="%", passed=True),
    )
    evaluation = Evaluation(
        model="m1", depth="full", on="validation", errors={group: errors(20.0) for group in GROUPS}, gates=gates
    )
    return Result(action="evaluate", status="done", summary="1 of 2 gates hold", evaluation=evaluation)


STAGES: tuple[tuple[Any, Any], ...] = (
    (Explore(), explored),
    (Train(), trained),
    (Sample(), sampled),
    (Evaluate(depth="full"), evaluated),
)
"""What a run did, in order: `run(tmp, upto=2)` has explored and trained."""


def run(folder: Path, upto: int = 0, line: str = "fcc cell", **budget: Any) -> tuple[State, View]:
    """The state and view after the first `upto` stages."""
    events: list[Event] = [Created(task=task(**budget)), Prepared(structures=records(line))]
    for step, (parameters, result) in enumerate(STAGES[:upto], start=1):
        events += [decided(step, parameters), Finished(step=step, result=result())]
    state = fold(events)
    return state, View(folder, state, tuple(events))
