"""The nouns: frozen, closed records that every floor shares. A file per topic, all of them importable from here."""

from lang2mlip.contracts.actions import (
    ACTIONS,
    ActionName,
    Decision,
    End,
    Evaluate,
    Explore,
    Parameters,
    Prune,
    ReferenceRun,
    Sample,
    Select,
    Train,
)
from lang2mlip.contracts.base import Json, Noun, check
from lang2mlip.contracts.results import (
    Artefact,
    Cost,
    DataSet,
    Errors,
    Evaluation,
    Gate,
    Model,
    PoolSet,
    Property,
    Pruning,
    Result,
    StabilityRun,
    Verdict,
)
from lang2mlip.contracts.state import GroupState, LogEntry, State
from lang2mlip.contracts.structures import Plan, Role, StructureRecord, StructureRequest
from lang2mlip.contracts.task import Assumption, Budget, Component, Goals, Phase, PotentialSpec, ReferenceSpec, Task

__all__ = [
    "ACTIONS", "ActionName", "Artefact", "Assumption", "Budget", "Component", "Cost", "DataSet", "Decision", "End",
    "Errors", "Evaluate", "Evaluation", "Explore", "Gate", "Goals", "GroupState", "Json", "LogEntry", "Model", "Noun",
    "Parameters", "Phase", "Plan", "PoolSet", "PotentialSpec", "Property", "Prune", "Pruning", "ReferenceRun",
    "ReferenceSpec", "Result", "Role", "Sample", "Select", "StabilityRun", "State", "StructureRecord",
    "StructureRequest", "Task", "Train", "Verdict", "check",
]
