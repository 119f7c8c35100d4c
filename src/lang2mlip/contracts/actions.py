"""The parameters of each action. One class is the agent's tool, the command line's options and the documentation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lang2mlip.contracts.base import Json, Noun

__all__ = [
    "ACTIONS",
    "ActionName",
    "Decision",
    "End",
    "Evaluate",
    "Explore",
    "Parameters",
    "Prune",
    "ReferenceRun",
    "Research",
    "Sample",
    "Select",
    "Train",
    "Walk",
]

ActionName = Literal["reference", "explore", "sample", "select", "train", "evaluate", "prune", "research", "end"]

Groups = Annotated[tuple[str, ...], Field(description="groups to work on; empty means all")]


class ReferenceRun(Noun):
    """MD with the reference on the validation structures: what the potential is compared with, and normal ranges."""

    action: Literal["reference"] = "reference"
    groups: Groups = ()
    steps: int = Field(default=450, ge=10, description="MD steps per validation structure; each is a reference call")
    keep_every: int = Field(default=5, ge=1, description="steps between frames that are kept")
    longest: float = Field(
        default=1.0,
        ge=1,
        le=20,
        description="a walk whose energy or density still drifts goes on, up to so many times `steps`",
    )


class Explore(Noun):
    """First data, made with the reference itself: short MD at several temperatures, strained and rattled cells."""

    action: Literal["explore"] = "explore"
    groups: Groups = ()
    temperatures_K: tuple[float, ...] = Field(
        default=(), description="MD temperatures, K; empty: chosen from the task's range"
    )
    steps: int = Field(default=120, ge=0, description="reference MD steps per structure and temperature")
    keep_every: int = Field(default=20, ge=1, description="steps between frames that are kept as labels")
    strain: float = Field(default=0.06, ge=0, lt=0.3, description="largest strain of strained cells")
    strained: int = Field(default=4, ge=0, description="strained cells per periodic structure")
    rattled: int = Field(default=2, ge=0, description="rattled cells per structure")
    rattle_A: float = Field(default=0.1, ge=0, le=1, description="standard deviation of a rattle, Å")
    ensemble: Literal["nvt", "npt"] = Field(
        default="nvt", description="npt lets the density of what is condensed move, at the task's pressures"
    )
    compressed: int = Field(default=0, ge=0, description="evenly scaled cells per condensed structure, rattled")
    compression: float = Field(default=0.1, gt=0, lt=0.4, description="largest linear scaling of those, as a share")
    vacancies: int = Field(default=0, ge=0, description="copies per condensed structure with an atom missing, rattled")
    exchanged: int = Field(default=0, ge=0, description="copies in which two unlike atoms changed places, rattled")
    substituted: int = Field(
        default=0, ge=0, description="copies of condensed structures in which an atom became another element, rattled"
    )
    relaxed: int = Field(
        default=0, ge=0, description="rattled copies relaxed for some steps; frames along the way are kept"
    )
    dimers: int = Field(default=0, ge=0, description="distances per pair of elements, from too near to far apart")
    isolated: bool = Field(default=False, description="label each element's atom alone: the zero of the energy")


class Walk(Noun):
    """MD of one structure under conditions of its own."""

    structure: str = Field(description="name of a training structure")
    temperature_K: float = Field(gt=0, description="K")
    pressure_GPa: float | None = Field(default=None, description="None: constant volume")
    steps: int | None = Field(default=None, ge=10, description="MD steps; None: those of the action")


Rung = Literal["smoke", "short", "long", "production"]
"""How far MD goes: each rung is longer, with more walkers, and only for what held on the rung before."""


class Sample(Noun):
    """MD with the current potential, watched as it runs: new configurations for the pool, and a test of stability."""

    action: Literal["sample"] = "sample"
    groups: Groups = ()
    temperatures_K: tuple[float, ...] = Field(
        default=(), description="MD temperatures, K; empty: chosen from the task's range"
    )
    pressure_GPa: float | None = Field(default=None, description="None: constant volume; else constant pressure")
    steps: int = Field(default=2000, ge=10, description="MD steps per walker")
    steps_of: dict[str, Annotated[int, Field(ge=10)]] = Field(
        default_factory=dict,
        description="fewer MD steps in these groups, where walks break early; they keep as many frames",
    )
    keep_every: int = Field(default=50, ge=1, description="steps between frames that are kept in the pool")
    walkers: int = Field(default=1, ge=1, description="independent walkers per structure and temperature")
    strain: float = Field(
        default=0.0,
        ge=0,
        lt=0.2,
        description="every walker but the first starts in a cell strained at random, up to this; slabs keep their cell",
    )
    rung: Rung | None = Field(
        default=None,
        description="takes steps and walkers from the ladder smoke, short, long, production instead of from the fields",
    )
    walks: tuple[Walk, ...] = Field(
        default=(), description="a plan for each structure instead of groups and temperatures_K"
    )
    engine: Literal["ase", "lammps"] = Field(default="ase", description="what integrates; the potential is the same")
    protocol: str | None = Field(
        default=None,
        description="name of an approved MD protocol to follow in LAMMPS instead, at most `steps` steps for each stage",
    )


class Select(Noun):
    """Choose frames of the pool and label them with the reference. The choice is recorded frame by frame."""

    action: Literal["select"] = "select"
    groups: Groups = ()
    method: Literal["all", "error", "uncertainty", "committee", "random"] = Field(
        default="uncertainty",
        description="all; error: label candidates, keep the worst; uncertainty: grade with diversity; committee: "
        "disagreement of several fits with diversity; random",
    )
    count: int = Field(default=40, ge=1, description="labels to keep")
    random_share: float = Field(
        default=0.15, ge=0, le=1, description="share of count picked at random: the unbiased estimate"
    )
    candidates: int | None = Field(
        default=None, ge=1, description="for method error: frames labelled before keeping count of them"
    )
    calibrate: bool = Field(
        default=True,
        description="bounds of doubt per group from earlier picks: which grade went with which true error",
    )
    members: int = Field(default=4, ge=2, le=16, description="fits in the committee")


class Train(Noun):
    """Fit the potential to the labelled data."""

    action: Literal["train"] = "train"
    effort: Literal["quick", "accurate"] = Field(
        default="quick", description="quick: for iteration; accurate: full optimisation"
    )
    start: Literal["scratch", "current"] = Field(
        default="scratch", description="from nothing, or from the current model"
    )
    settings: dict[str, Json] = Field(default_factory=dict, description="overrides of the potential family's settings")
    replay: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="when continuing: share of the frames that the current model knows that go in beside the new ones",
    )


class Evaluate(Noun):
    """Measure the current potential against the reference: held-out errors, properties, stability."""

    action: Literal["evaluate"] = "evaluate"
    groups: Groups = ()
    depth: Literal["errors", "properties", "full"] = Field(
        default="errors",
        description="errors: held-out errors; properties: also statics; full: also MD, stability and drift",
    )
    relabel: int = Field(
        default=0, ge=0, description="frames of the model's own MD to label as a check; a call each, never trained on"
    )


class Prune(Noun):
    """Take outliers or whole data sets out of the training data. Nothing is deleted: it can be undone."""

    action: Literal["prune"] = "prune"
    outliers: bool = Field(default=True, description="drop frames whose residual is far outside the rest")
    sigma: float = Field(default=6.0, gt=0, description="how far: robust standard deviations of the force residual")
    max_force_eV_A: float = Field(default=50.0, gt=0, description="drop frames with a larger reference force, eV/Å")
    datasets: tuple[str, ...] = Field(default=(), description="ids of data sets to drop whole")
    models: tuple[str, ...] = Field(
        default=(), description="ids of bad models to set aside; the last one left is then the current"
    )
    restore: tuple[str, ...] = Field(default=(), description="ids of data sets, prunings or models to put back")


class Research(Noun):
    """Search for a better way to train, on the run's own data; every further training uses what was proven better."""

    action: Literal["research"] = "research"
    runs: int = Field(default=16, ge=2, description="trainings after which the search begins with no further idea")
    seconds: float = Field(default=1200.0, gt=0, description="likewise, s of those, scoring included")


class End(Noun):
    """Finish: freeze the best potential, measure it on the frozen test set, write the deliverable and the report."""

    action: Literal["end"] = "end"
    outcome: Literal["success", "failure", "budget"] = Field(
        description="how the run ended, in the decider's judgement"
    )
    advice: str = Field(default="", description="what the person should know or do next")


Parameters = Annotated[
    ReferenceRun | Explore | Sample | Select | Train | Evaluate | Prune | Research | End, Field(discriminator="action")
]

ACTIONS: dict[ActionName, type[Noun]] = {
    "reference": ReferenceRun,
    "explore": Explore,
    "sample": Sample,
    "select": Select,
    "train": Train,
    "evaluate": Evaluate,
    "prune": Prune,
    "research": Research,
    "end": End,
}


class Decision(Noun):
    """What to do next, why, and what is expected to come of it."""

    parameters: Parameters
    reason: str = Field(description="why this action now, from what was seen")
    expectation: str = Field(description="what should happen if the reason is right")
    decider: str = Field(description="who decided: rules, llm:…, schedule:…, person, replay")
    seen: str = Field(default="", description="the facts that the decision rests on, in one line")
    tokens: int = Field(default=0, ge=0, description="language-model tokens that the decision took")
    remarks: tuple[str, ...] = Field(default=(), description="retries, refusals, fallbacks on the way to this decision")

    @property
    def action(self) -> ActionName:
        """The name of the action."""
        return self.parameters.action
