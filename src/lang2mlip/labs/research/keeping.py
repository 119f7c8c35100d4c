"""What is kept: gates first, then the probability that a score is better, then equal score at less cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lang2mlip.contracts import Noun
from lang2mlip.labs.research.card import Card, Reading, from_frames, read, score
from lang2mlip.labs.research.rules import Rules

__all__ = ["Verdict", "chance_better", "compared", "needed", "no_worse", "promising", "readings", "typical"]

Result = Mapping[str, Any]
NEARER = 2 / 3
"""Share of the control's excess at which a candidate is nearer to the gates beyond doubt."""

SHORTER = 3
"""Lines fewer at which an equal score is a keep."""


class Verdict(Noun):
    """Keep or not, and why."""

    keep: bool
    why: str
    chance: float | None = None
    """Probability of improvement, where both keep all gates."""


def readings(card: Card, runs: Sequence[Result]) -> list[Reading]:
    """What the card says of each run that was scored."""
    return [read(card, one["metrics"]) for one in runs]


def promising(card: Card, new: Result, old: Result, rules: Rules, lines: int = 0) -> Verdict:
    """Whether a candidate is worth replicates, from one run of it and one of the control; `lines` as in `compared`."""
    trouble = _unfit(new)
    if trouble:
        return Verdict(keep=False, why=trouble)
    if old["status"] != "scored":
        return Verdict(keep=True, why=f"the control has no score: {old['words']}")
    by_gates = _by_gates(card, [new], [old])
    if by_gates is None and _same_errors(new, old) and not _cheaper([new], [old], rules, lines):
        return Verdict(keep=False, why="every error is the same to the last digits", chance=0.5)
    return by_gates or _by_score(card, ([new], [old]), rules, rules.promising, 0)


def typical(card: Card, runs: Sequence[Result]) -> Result:
    """The middle one of the control's runs, the lower middle of two.

    Its best may have been luck, and a candidate that is held against luck alone is sent away before replicates tell.
    """
    scored = [one for one in runs if one["status"] == "scored"]
    if not scored:
        return runs[0]
    found = [(read(card, one["metrics"]), n) for n, one in enumerate(scored)]
    order = sorted((reading.excess, reading.score, n) for reading, n in found)
    return scored[order[(len(order) - 1) // 2][-1]]


def needed(card: Card, new: Result, old: Result, replicates: int) -> tuple[int, int]:
    """Runs that the candidate and the control need for a verdict, after one of each that was promising.

    Replicates tell noise from gain in score. Far outside of the gates there is nothing of the kind to tell: a candidate
    that is nearer by a third stands on one run, and a control that violates a gate is not run again.
    """
    ours, theirs = read(card, new["metrics"]), read(card, old["metrics"]) if old["status"] == "scored" else None
    if theirs is None or not theirs.accepted:
        clear = theirs is None or ours.excess < NEARER * theirs.excess
        return (1 if clear else replicates) if not ours.accepted else replicates, 1 if clear else replicates
    return replicates, replicates


def compared(card: Card, new: Sequence[Result], old: Sequence[Result], rules: Rules, lines: int = 0) -> Verdict:
    """The verdict over replicates; `lines`: how many lines the candidate has more than the control."""
    trouble = next((words for words in map(_unfit, new) if words), None)
    if trouble:
        return Verdict(keep=False, why=f"a replicate failed: {trouble}")
    scored = [one for one in old if one["status"] == "scored"]
    if not scored:
        return Verdict(keep=True, why="the control has no score")
    return _by_gates(card, new, scored) or _by_score(card, (new, scored), rules, rules.keep_above, lines)


def no_worse(card: Card, new: Sequence[Result], old: Sequence[Result], rules: Rules) -> Verdict:
    """Whether a simpler strategy may stand for the control: it keeps the same gates and is not likely the worse one."""
    trouble = next((words for words in map(_unfit, new) if words), None)
    if trouble:
        return Verdict(keep=False, why=trouble)
    return _by_gates(card, new, old) or _by_score(card, (new, old), rules, 0.5, 0)


def _same_errors(new: Result, old: Result) -> bool:
    """A setting that this data does not feel: replicates of it would be spent on nothing."""
    ours, theirs = (np.asarray(one["frames"]["squares"], dtype=float) for one in (new, old))
    return ours.shape == theirs.shape and bool(np.allclose(ours, theirs, rtol=1e-9, atol=0.0))


def _unfit(run: Result) -> str | None:
    if run["status"] == "scored":
        return None
    return "hopeless: its force error alone is far above the control's" if run["status"] == "hopeless" else run["words"]


def _by_gates(card: Card, new: Sequence[Result], old: Sequence[Result]) -> Verdict | None:
    """The verdict where gates settle it: every replicate counts; None where both keep all."""
    ours, theirs = readings(card, new), readings(card, old)
    broken = sorted({name for one in ours for name in one.violated})
    if not broken and all(one.accepted for one in theirs):
        return None
    if not broken:
        return Verdict(keep=True, why="it keeps every gate, and the control does not")
    if all(one.accepted for one in theirs):
        return Verdict(keep=False, why=f"it violates a gate: {', '.join(broken)}")
    worst, usual = max(one.excess for one in ours), sorted(one.excess for one in theirs)[(len(theirs) - 1) // 2]
    if worst < 0.9 * usual:
        return Verdict(keep=True, why=f"nearer to the gates: {worst:.2f} outside instead of {usual:.2f}")
    return Verdict(keep=False, why=f"no nearer to the gates ({worst:.2f} against {usual:.2f}): {', '.join(broken)}")


def _by_score(
    card: Card, runs: tuple[Sequence[Result], Sequence[Result]], rules: Rules, bound: float, lines: int
) -> Verdict:
    new, old = runs
    chance = chance_better(card, new, old, rules.resamples)
    told = f"better with a probability of {chance:.2f}"
    if chance >= bound:
        return Verdict(keep=True, why=told, chance=chance)
    saved = _cheaper(new, old, rules, lines)
    if chance >= rules.equal_above and saved:
        return Verdict(keep=True, why=f"{told}, so no worse, and {saved}", chance=chance)
    return Verdict(keep=False, why=f"{told}, where {bound:g} is asked", chance=chance)


def _cheaper(new: Sequence[Result], old: Sequence[Result], rules: Rules, lines: int) -> str:
    """What is saved, in words; empty: nothing to speak of."""
    if lines <= -SHORTER:
        return f"{-lines} lines shorter"
    time = _mean(new, "train_cpu_s") / max(1e-9, _mean(old, "train_cpu_s"))
    pace = _mean(new, "speed") / max(1e-9, _mean(old, "speed"))
    if time <= rules.cheaper and pace >= 0.95:
        return f"trained in {time:.2f} of the time"
    if pace >= 1 / rules.cheaper and time <= 1.2:
        return f"{pace:.2f} times as fast"
    return ""


def _mean(runs: Sequence[Result], metric: str) -> float:
    return float(np.mean([one["metrics"][metric] for one in runs]))


def chance_better(card: Card, new: Sequence[Result], old: Sequence[Result], resamples: int) -> float:
    """Probability that the new score is the lower one: a paired bootstrap over the frames and over the replicates.

    Half of the draws without a difference count. Efron and Tibshirani, An Introduction to the Bootstrap (1993), ch. 6.
    """
    rng, wins = np.random.default_rng(17), 0.0
    frames = len(new[0]["frames"]["squares"])
    for _ in range(resamples):
        drawn = rng.integers(frames, size=frames)
        ours, theirs = (_drawn_score(card, runs, drawn, rng) for runs in (new, old))
        wins += 1.0 if ours < theirs else 0.5 if ours == theirs else 0.0
    return wins / resamples


def _drawn_score(card: Card, runs: Sequence[Result], drawn: Any, rng: np.random.Generator) -> float:
    total = 0.0
    for index in rng.integers(len(runs), size=len(runs)):
        one = runs[index]
        frames = {key: np.asarray(values)[drawn] for key, values in one["frames"].items()}
        total += math.log(score(card, {**one["metrics"], **from_frames(frames)}))
    return total / len(runs)
