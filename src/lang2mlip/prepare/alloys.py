"""What a `no` takes back, and elements that are one alloy: settled before anything is linked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lang2mlip.prepare.mentions import key_of
from lang2mlip.prepare.substances import alloy
from lang2mlip.prepare.text import Item

__all__ = ["affirmed", "with_alloys"]


def affirmed(items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """Items without what a `no` or `without` takes back, and those taken back."""
    kept, dropped, negating = list[Item](), list[Item](), False
    for item in items:
        if item.kind == "negation":
            negating = True
        elif item.kind in ("border", "stop") or item.text in (",", "but", "but also", "only"):
            negating = False
            kept.append(item)
        elif negating and item.kind in ("phase", "facet", "property", "substance", "concept", "alloy", "simulation"):
            dropped.append(item)
        elif not (negating and item.kind == "coordinator"):
            kept.append(item)
    return kept, dropped


def with_alloys(items: Sequence[Item]) -> list[Item]:
    """Elements joined by hyphens, or named beside the word alloy, as one substance."""
    clauses: list[list[Item]] = [[]]
    for item in items:
        if item.kind in ("border", "stop") and not _only_of(clauses[-1]):
            clauses += [[item], []]
        else:
            clauses[-1].append(item)
    return [item for clause in clauses for item in _alloyed(clause)]


def _only_of(clause: list[Item]) -> bool:
    """`alloy of …`, `alloys with …`: the elements come after the border."""
    return bool(clause) and clause[-1].kind == "alloy" and not any(item.kind == "substance" for item in clause)


def _alloyed(clause: list[Item]) -> list[Item]:
    if any("interface" in str(key_of(item)) for item in clause):
        return clause
    chains = _chains(clause)
    lone = [item for item in clause if item.kind == "substance" and len(item.value.counts) == 1]
    # Shares that make no whole stay with their elements, so that they can be asked about.
    shares = [item for item in clause if item.kind == "amount" and "%" in item.value]
    if not chains and len(lone) > 1 and len(shares) < 2 and any(item.kind == "alloy" for item in clause):
        chains = [lone]
    for chain in chains:
        clause = _merged(clause, chain)
    return clause


def _chains(clause: list[Item]) -> list[list[Item]]:
    """Runs of two or more elements with nothing but a hyphen between them."""
    chains: list[list[Item]] = []
    hyphens = {item.start for item in clause if item.kind == "hyphen"}
    for item in clause:
        if item.kind != "substance" or len(item.value.counts) != 1:
            continue
        if chains and chains[-1][-1].end == item.start - 1 and chains[-1][-1].end in hyphens:
            chains[-1].append(item)
        else:
            chains.append([item])
    return [chain for chain in chains if len(chain) > 1]


def _merged(clause: list[Item], parts: list[Item]) -> list[Item]:
    symbols = [next(iter(part.value.counts)) for part in parts]
    first, last = parts[0], parts[-1]
    one = alloy(symbols, "-".join(symbols) + " alloy")
    merged = replace(first, end=last.end, value=one, text="-".join(symbols))
    inside = [i for i in clause if first.start < i.start < last.end and i.kind in ("coordinator", "hyphen")]
    return [merged if i is first else i for i in clause if i not in parts[1:] and i not in inside]
