"""What came of an action."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lang2mlip.contracts.actions import ActionName
from lang2mlip.contracts.base import Noun
from lang2mlip.contracts.task import Strategy

__all__ = [
    "Artefact",
    "Cost",
    "DataSet",
    "Errors",
    "Evaluation",
    "Gate",
    "Model",
    "PoolSet",
    "Property",
    "Pruning",
    "Result",
    "StabilityRun",
    "Unjudged",
    "Verdict",
]


class Cost(Noun):
    """What a piece of work cost.

    `calls` counts every evaluation that the work needed, those answered from the label cache included, so that a
    resumed or repeated run decides alike; what was really computed, and paid for, is `calls - cached`.

    The three kinds of core-seconds are CPU time, so that a busy machine makes nothing dearer, and together they are all
    the science of a run. `md_s` is more than the potential's MD: it has every use of the potential (scoring frames,
    grading and describing a pool, statics), which is the same evaluation that MD makes at each step, and the integrator
    and the watching of the reference's own MD, whose calls are in `reference_s`. What is in none of them (starting
    processes, files, structures, deciding, the report) is what `outside_percent` of benchmarks/main_job.py measures.
    """

    calls: int = Field(default=0, ge=0, description="reference calls")
    labels: int = Field(default=0, ge=0, description="calls kept as data")
    cached: int = Field(default=0, ge=0, description="of the calls, those answered from the label cache")
    failed: int = Field(default=0, ge=0, description="reference calls that failed")
    reference_s: float = Field(default=0.0, ge=0, description="core-seconds inside the reference")
    training_s: float = Field(default=0.0, ge=0, description="core-seconds of training")
    md_s: float = Field(default=0.0, ge=0, description="core-seconds of MD, and of all inference with the potential")
    wall_s: float = Field(default=0.0, ge=0, description="seconds from start to end")
    tokens: int = Field(default=0, ge=0, description="language-model tokens")

    def __add__(self, other: Cost) -> Cost:
        mine, theirs = self.model_dump(), other.model_dump()
        return Cost(**{key: mine[key] + theirs[key] for key in mine})


class Artefact(Noun):
    """A file below the run folder and its checksum."""

    path: str
    sha256: str


class Errors(Noun):
    """Errors over a set of configurations."""

    n_frames: int = Field(ge=0)
    n_atoms: int = Field(ge=0)
    energy_rmse_meV_atom: float
    energy_mae_meV_atom: float
    force_rmse_meV_A: float
    force_mae_meV_A: float
    force_rms_meV_A: float = Field(description="rms of the reference's force components, meV/Å: the natural scale")
    stress_rmse_GPa: float | None = Field(default=None, description="None where no frame has a stress")
    force_max_error_meV_A: float = 0.0
    by_element_meV_A: dict[str, float] = Field(
        default_factory=dict, description="force component RMSE per element, meV/Å; empty where not taken"
    )
    by_element_rms_meV_A: dict[str, float] = Field(
        default_factory=dict, description="rms force component per element, meV/Å; empty where not taken"
    )

    @property
    def force_relative(self) -> float:
        """Force RMSE over the rms force."""
        return self.force_rmse_meV_A / self.force_rms_meV_A if self.force_rms_meV_A else 0.0

    @property
    def element_relative(self) -> dict[str, float]:
        """Force RMSE of each element over its own rms force; empty with one element alone, or where not taken."""
        scales = {symbol: rms for symbol, rms in self.by_element_rms_meV_A.items() if rms > 0}
        return (
            {symbol: self.by_element_meV_A[symbol] / rms for symbol, rms in scales.items()} if len(scales) > 1 else {}
        )


class Learnt(Noun):
    """How good a model was with so many labels, on labels that it did not know."""

    labels: int = Field(description="labels of the group that it was trained on")
    errors: Errors


class DataSet(Noun):
    """A batch of labelled frames, in one file."""

    id: str
    file: str = Field(description="extxyz below the run folder")
    source: str = Field(description="reference-md, strain, rattle, select, import, …")
    groups: dict[str, int] = Field(description="frames per group")
    fresh_errors: dict[str, Errors] = Field(
        default_factory=dict, description="per group: the model that did NOT know these frames, scored on them"
    )
    learnt: dict[str, tuple[Learnt, ...]] = Field(
        default_factory=dict, description="per group: that model and those before it on the same frames, oldest first"
    )

    @property
    def n_frames(self) -> int:
        """All frames of the set."""
        return sum(self.groups.values())


class PoolSet(Noun):
    """Unlabelled frames from sampling, in one file, that a selection can draw from."""

    id: str
    file: str
    model: str = Field(description="id of the potential that drove the MD")
    groups: dict[str, int]
    temperatures_K: tuple[float, ...] = ()


class StabilityRun(Noun):
    """One watched MD run."""

    group: str
    structure: str
    temperature_K: float
    steps: int = Field(description="steps asked for")
    done: int = Field(description="steps done before a health check tripped, or all")
    healthy: bool
    trip: str | None = Field(default=None, description="the check that tripped, with its value")
    seed: int = 0
    drift_meV_atom_ps: float | None = Field(
        default=None, description="drift of the conserved energy (NVE), meV/atom/ps"
    )
    drift_error_meV_atom_ps: float | None = Field(default=None, description="standard error of the drift, meV/atom/ps")
    atom_steps_per_s: float = 0.0


class Model(Noun):
    """A trained potential."""

    id: str
    family: str
    folder: str = Field(description="below the run folder")
    settings: dict[str, object] = Field(default_factory=dict)
    n_frames: int
    datasets: tuple[str, ...]
    n_parameters: int = 0
    train_errors: dict[str, Errors] = Field(description="per group, on the training data")
    effort: str = ""
    parent: str | None = None


class Property(Noun):
    """One number of the potential beside the reference's."""

    name: str = Field(description="e.g. bulk_modulus")
    subject: str = Field(description="structure or group, with the conditions where there are several")
    group: str | None = Field(default=None, description="the group it belongs to")
    unit: str
    value: float
    reference: float
    error_bar: float | None = None
    limit: float | None = Field(default=None, description="largest deviation that passes, in `deviation`'s unit")
    deviation: float = Field(description="|value − reference|, in % unless `deviation_unit` says otherwise")
    deviation_unit: str = "%"

    @property
    def passed(self) -> bool:
        """Within the limit, or no limit set."""
        return self.limit is None or self.deviation <= self.limit


class Gate(Noun):
    """One condition that a trustworthy potential must meet."""

    name: str
    value: float
    limit: float
    unit: str
    passed: bool
    group: str | None = None


class Unjudged(Noun):
    """A condition that could neither be met nor missed, because there was nothing to compare with."""

    name: str = Field(description="what was to be judged, e.g. vacancy")
    group: str
    because: str = Field(description="why there is no value to compare with, a sentence")


class Evaluation(Noun):
    """Everything one evaluation measured."""

    model: str
    depth: str
    on: Literal["validation", "test"]
    errors: dict[str, Errors] = Field(description="per group, and 'all'")
    properties: tuple[Property, ...] = ()
    stability: tuple[StabilityRun, ...] = ()
    gates: tuple[Gate, ...] = ()
    unjudged: tuple[Unjudged, ...] = Field(default=(), description="what no gate stands for, as there was no value")
    details: str | None = Field(default=None, description="JSON file with curves for the report, below the run folder")

    @property
    def passed(self) -> bool:
        """Every gate holds."""
        return all(gate.passed for gate in self.gates)


class Pruning(Noun):
    """Frames or data sets taken out, or put back."""

    id: str
    frames: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="data set id → ids of dropped frames")
    datasets: tuple[str, ...] = ()
    models: tuple[str, ...] = Field(default=(), description="ids of models set aside")
    restored: tuple[str, ...] = ()


class Verdict(Noun):
    """One of the two judgements at the end."""

    question: Literal["faithful to the reference", "reference adequate for this goal"]
    answer: Literal["yes", "partly", "no", "demonstration only", "not known"]
    because: str


class Result(Noun):
    """What came of one action: everything the state is folded from."""

    action: ActionName
    status: Literal["done", "partial", "failed"]
    summary: str = Field(description="plain words, for people and for a model")
    cost: Cost = Cost()
    test_cost: Cost = Field(default=Cost(), description="spent on the frozen test set, charged apart")
    data: tuple[DataSet, ...] = ()
    pool: tuple[PoolSet, ...] = ()
    model: Model | None = None
    evaluation: Evaluation | None = None
    earlier: tuple[Evaluation, ...] = Field(
        default=(), description="errors on the same frames of models before the current one that had none so far"
    )
    pruning: Pruning | None = None
    strategy: Strategy | None = Field(default=None, description="how all further trainings are done, where it is new")
    stability: tuple[StabilityRun, ...] = ()
    ranges: dict[str, dict[str, tuple[float, float]]] = Field(
        default_factory=dict,
        description="per group: quantity → lowest and highest value seen in the reference's own MD",
    )
    calls_by_group: dict[str, int] = Field(
        default_factory=dict, description="reference calls per group, where the action knows"
    )
    settled: dict[str, bool] = Field(
        default_factory=dict, description="per group: whether the reference's own MD had stopped drifting"
    )
    drawn: tuple[str, ...] = Field(default=(), description="ids of the pool sets that a selection drew from")
    verdicts: tuple[Verdict, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    faults: tuple[str, ...] = Field(default=(), description="what went wrong on the way, a sentence each")
