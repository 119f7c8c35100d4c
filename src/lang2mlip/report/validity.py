"""What the potential may and may not be used for: only what was measured counts, everything else is named."""

from __future__ import annotations

from dataclasses import dataclass

from lang2mlip.contracts import Errors, Gate, Goals, Property, State
from lang2mlip.data import table
from lang2mlip.report.evidence import Evidence, verdict
from lang2mlip.report.words import limit, number, pressures, several, temperatures, with_unit

__all__ = ["Coverage", "Validity", "coverage", "missed", "validity"]

IONIC = 1.2
"""Difference of electronegativity (Pauling) from which bonds are taken as polar enough for charges to matter."""

_SHOWN_BY: dict[str, tuple[str, ...]] = {
    "lattice": ("lattice", "volume", "V0"),
    "equation_of_state": ("bulk_modulus", "equation_of_state", "B0"),
    "elastic": ("elastic", "C1", "C3", "C4"),
    "vacancy": ("vacancy",),
    "surface_energy": ("surface",),
    "geometry": ("bond_length",),
    "density": ("density",),
    "rdf": ("rdf",),
    "msd": ("msd", "diffusion"),
    "diffusion": ("diffusion",),
    "phonons": ("phonon_frequencies",),
}
"""A property of the task → how the names of its measurements begin."""


@dataclass(frozen=True)
class Coverage:
    """One group of the task and what is known of the potential there."""

    group: str
    labels: int
    errors: Errors | None
    runs: int
    healthy: int
    hottest_K: float | None
    """Highest temperature at which every MD run stayed healthy."""
    faults: tuple[str, ...]

    @property
    def status(self) -> str:
        """`pass` within all goals, `fail` outside one, `open` when never tested."""
        if self.errors is None:
            return "open"
        return "fail" if self.faults else "pass"


@dataclass(frozen=True)
class Validity:
    """The two lists that a user must read, a sentence each."""

    may: tuple[str, ...]
    may_not: tuple[str, ...]
    groups: tuple[Coverage, ...]


def coverage(state: State, evidence: Evidence) -> tuple[Coverage, ...]:
    """Every group of the task, with the reasons why it is not within the goals."""
    names = dict.fromkeys((*state.groups, *evidence.by_group))
    return tuple(_group(name, state, evidence) for name in names)


def _group(name: str, state: State, evidence: Evidence) -> Coverage:
    known = state.groups.get(name)
    errors = evidence.by_group.get(name) or (known.held_out if known and evidence.evaluation else None)
    runs = [run for run in evidence.stability if run.group == name]
    bad = {run.temperature_K for run in runs if not run.healthy}
    coldest_bad = min(bad, default=float("inf"))
    good = [run.temperature_K for run in runs if run.healthy and run.temperature_K < coldest_bad]
    faults = _error_faults(name, errors, state.task.goals, _of_errors(evidence)) if errors else []
    if bad:
        faults.append(f"MD failed at {several([limit(t) for t in sorted(bad)])} K")
    healthy = sum(run.healthy for run in runs)
    labels = known.labels if known else 0
    return Coverage(name, labels, errors, len(runs), healthy, max(good, default=None), tuple(faults))


def _error_faults(name: str, errors: Errors, goals: Goals, gates: tuple[Gate, ...]) -> list[str]:
    """Failed gates of the group; where none were set, the goal that holds in each group: the relative force error."""
    own = [gate for gate in gates if gate.group == name]
    if own:
        return [missed(gate) for gate in own if not gate.passed]
    if errors.force_relative <= goals.force_relative:
        return []
    share, goal = number(100 * errors.force_relative, 2), limit(100 * goals.force_relative, 2)
    return [f"force error {share} % of the rms force (goal {goal} %)"]


def _of_errors(evidence: Evidence) -> tuple[Gate, ...]:
    """The gates that are not about a property or about MD runs: those are told from their own records."""
    told = {f"{one.name} of {one.subject}" for one in evidence.properties}
    return tuple(gate for gate in evidence.gates if gate.name not in told and gate.unit != "runs")


def missed(gate: Gate) -> str:
    """A failed gate in words: its name, value and limit."""
    value, most = (with_unit(text, gate.unit) for text in (number(gate.value), limit(gate.limit)))
    return f"{gate.name.replace('_', ' ')} {value} (limit {most})"


_FREE_ATOMS_BY_THE_FIT = ("mtp",)
"""Families whose free atom is a constant of the fit (for moment tensors see `trainers/mtp/fit.py`)."""


def validity(state: State, evidence: Evidence) -> Validity:
    """The two lists, from measurements only."""
    groups = coverage(state, evidence)
    return Validity(_may(state, evidence, groups), _may_not(state, evidence, groups), groups)


def _may(state: State, evidence: Evidence, groups: tuple[Coverage, ...]) -> tuple[str, ...]:
    sentences = []
    for one in groups:
        if one.status == "pass" and one.errors is not None:
            sentences.append(f"{one.group}: {_evidence_of(one)}.")
    sentences += _agreeing(evidence.properties)
    if not sentences:
        return ("Nothing yet: no group has been shown to be within the goals.",)
    scope = f"Only {several(state.task.elements)}, {temperatures(state.task)}, near {pressures(state.task)}."
    return (scope, *sentences)


def _agreeing(properties: tuple[Property, ...]) -> list[str]:
    """Per subject, the properties within their limits; of one measured several times, the worst."""
    worst: dict[str, dict[str, Property]] = {}
    for one in properties:
        known = worst.setdefault(one.subject, {}).setdefault(one.name, one)
        if one.deviation > known.deviation:
            worst[one.subject][one.name] = one
    listed = {
        subject: [f"{one.name.replace('_', ' ')} ({_off(one)})" for one in found.values() if one.limit and one.passed]
        for subject, found in worst.items()
    }
    return [f"{subject}, off the reference by: {', '.join(names)}." for subject, names in listed.items() if names]


def _evidence_of(one: Coverage) -> str:
    assert one.errors is not None
    text = f"force error {number(one.errors.force_rmse_meV_A)} meV/Å on {one.errors.n_frames} unseen configurations"
    if one.hottest_K is None:
        return f"{text}; statics only, as no MD was run on it"
    return f"{text}; {one.healthy} of {one.runs} MD runs stayed healthy, up to {limit(one.hottest_K)} K"


def _may_not(state: State, evidence: Evidence, groups: tuple[Coverage, ...]) -> tuple[str, ...]:
    task = state.task
    sentences = [*_reference_limits(state)]
    sentences += [f"{one.group}: {'; '.join(one.faults)}." for one in groups if one.status == "fail"]
    untested = [one.group for one in groups if one.status == "open"]
    if untested:
        sentences.append(f"Never tested on unseen configurations: {several(untested)}.")
    sentences += [
        f"Goal missed: {missed(gate)}." for gate in _of_errors(evidence) if not gate.passed and gate.group is None
    ]
    failed = [p for p in evidence.properties if not p.passed]
    sentences += [
        f"{_spoken(p)}: {_off(p)} off, limit {with_unit(limit(p.limit, 2), p.deviation_unit)}." for p in failed
    ]
    missing = [name for name in task.properties if not _measured(name, evidence)]
    if missing:
        sentences.append(f"Asked for but not measured: {several([name.replace('_', ' ') for name in missing])}.")
    if evidence.model is not None and evidence.model.family in _FREE_ATOMS_BY_THE_FIT:
        sentences.append("Cohesive and atomisation energies: its energy of a free atom is what fits matter best.")
    sentences += _long_range(state)
    sentences.append(f"Other elements than {several(task.elements)}: it has never seen them.")
    sentences.append(
        f"Temperatures outside {temperatures(task)}, pressures far from {pressures(task)},"
        " and phases, surfaces or defects that are not among the groups below."
    )
    sentences.append("Charge, magnetism and other electronic properties: it knows energy, forces and stress alone.")
    return tuple(sentences)


def _long_range(state: State) -> tuple[str, ...]:
    """What a potential that sees only near neighbours cannot know, where atoms carry charge."""
    known = table("electronegativity")["pauling"]["values"]
    values = [known[symbol] for symbol in state.task.elements if symbol in known]
    if not values or max(values) - min(values) < IONIC:
        return ()
    reach = (state.model.settings if state.model else {}).get("cutoff_A")
    beyond = (
        f"beyond its reach of {number(float(reach), 2)} Å" if isinstance(reach, int | float) else "beyond its reach"
    )
    return (
        f"Electrostatics {beyond}: the atoms carry charge and the potential is local, so screening over long distances,"
        " charged slabs, electric fields and splitting of polar phonons are not in it; dense salts and solutions,"
        " where charge is screened near by, suffer least.",
    )


def _reference_limits(state: State) -> tuple[str, ...]:
    adequate = verdict(state, "reference adequate for this goal")
    name = state.task.reference.name
    if adequate is None:
        return (f"Statements about the real material: whether {name} is good enough has not been judged.",)
    if adequate.answer == "yes":
        return ()
    if adequate.answer == "demonstration only":
        return (f"Any statement about the real material: with {name} as reference this is a demonstration only.",)
    return (f"Statements about the real material without care: {adequate.because}",)


def _measured(name: str, evidence: Evidence) -> bool:
    elsewhere = {"dynamics": bool(evidence.stability)}
    if elsewhere.get(name, name in evidence.curves):
        return True
    starts = _SHOWN_BY.get(name, (name,))
    return any(one.name.startswith(starts) for one in evidence.properties)


def _off(one: Property) -> str:
    return with_unit(number(one.deviation, 2), one.deviation_unit)


def _spoken(one: Property) -> str:
    return f"{one.name.replace('_', ' ')} of {one.subject}"
