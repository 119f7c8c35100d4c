"""From a formula or a name to what is known of a substance: crystal forms, molecule, or composition alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from lang2mlip.contracts import Noun
from lang2mlip.data import table
from lang2mlip.prepare.formulas import charge_of, composition, element_names, parse_formula, salt_formulas
from lang2mlip.prepare.lexicon import Hit, longest
from lang2mlip.prepare.text import fold, words_of

__all__ = [
    "Substance",
    "alloy",
    "dissolved",
    "from_element",
    "from_entries",
    "from_formula",
    "from_text",
    "in_lattice",
    "oxide_names",
]


class Substance(Noun):
    """A substance as read from words."""

    name: str
    formula: str
    crystals: tuple[str, ...] = ()
    """Keys of its forms in data/crystals, the usual one first."""
    molecules: tuple[str, ...] = ()
    """Keys of its isomers in data/molecules."""
    formulas: tuple[str, ...] = ()
    """Formulas that the name may mean, when it may mean several."""
    smiles: str | None = None

    @property
    def molecular(self) -> bool:
        """It is made of molecules or ions that the data know."""
        return bool(self.molecules or self.smiles)

    @property
    def chain(self) -> bool:
        """It is a polymer: the SMILES is a repeat unit with two open ends."""
        return (self.smiles or "").count("*") == 2

    @property
    def counts(self) -> dict[str, float]:
        """Element → count of the formula."""
        return parse_formula(self.formula) or {}

    @property
    def one_of_several_forms(self) -> bool:
        """A form was named of a substance that has more: it is a crystal by its name."""
        return len(self.crystals) == 1 < len(_by_composition()[0].get(composition(self.counts), ()))

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells it from another substance."""
        if self.molecules or self.smiles:
            return ("molecule", self.molecules or self.smiles)
        return ("crystal", composition(self.counts), self.crystals)


@cache
def _by_composition() -> tuple[dict[frozenset[tuple[str, float]], list[str]], dict[object, list[str]]]:
    """Reduced composition → crystals; (composition, charge) → molecules."""
    crystals: dict[frozenset[tuple[str, float]], list[str]] = {}
    molecules: dict[object, list[str]] = {}
    for key, entry in table("crystals").items():
        crystals.setdefault(composition(parse_formula(entry["formula"]) or {key: 1}), []).append(key)
    for key, entry in table("molecules").items():
        if "dissolves" in entry:
            continue
        exact = composition(parse_formula(entry["formula"]) or {key: 1}, reduced=False)
        molecules.setdefault((exact, entry.get("charge", 0)), []).append(key)
    return crystals, molecules


def from_formula(text: str) -> Substance | None:
    """The substance that a formula means, with a charge or without; None when it is no formula."""
    body, charge = charge_of(text)
    counts = parse_formula(body)
    if counts is None:
        return None
    crystals, molecules = _by_composition()
    ions = tuple(molecules.get((composition(counts, reduced=False), charge), ()))
    if charge or (ions and len(counts) > 1) or body != next(iter(counts)):
        forms = () if charge or ions else tuple(crystals.get(composition(counts), ()))
        return Substance(name=text, formula=body, crystals=forms, molecules=ions)
    return from_element(body, text)


def from_element(symbol: str, name: str) -> Substance:
    """An element: in its usual crystal, else its usual molecule, else every form that is known."""
    usual = next(word for word, other in element_names().items() if other == symbol)
    hits = longest(words_of(usual), 0)[1]
    known = [hit for hit in hits if hit.kind in ("crystals", "molecules")]
    if known:
        return from_entries(known, name, symbol)
    return Substance(name=name, formula=symbol, crystals=tuple(_by_composition()[0].get(composition({symbol: 1}), ())))


def from_entries(hits: Sequence[Hit], name: str, typed: str = "") -> Substance:
    """The substance that a name means; the formula is as typed where that was a formula of it."""
    kind = hits[0].kind
    keys = tuple(dict.fromkeys(hit.key for hit in hits if hit.kind == kind))
    formula = _usual_formula(hits[0].entry)
    counts, own = parse_formula(typed or name), parse_formula(formula)
    if counts is not None and own is not None and composition(counts, False) == composition(own, False):
        formula = typed or name
    if kind == "crystals":
        return Substance(name=name, formula=formula, crystals=keys)
    if kind == "polymers":
        return Substance(name=name, formula=hits[0].entry["formula"], smiles=hits[0].entry["smiles"])
    return Substance(name=name, formula=formula, molecules=keys)


def _usual_formula(entry: dict[str, Any]) -> str:
    """The formula as chemists write it, where a name of the entry is one; else the entry's own."""
    own = composition(parse_formula(entry["formula"]) or {"?": 1}, False)
    written = [name for name in entry["names"] if (counts := parse_formula(name)) and composition(counts, False) == own]
    return str((written or [entry["formula"]])[0])


def from_text(text: str, entry: dict[str, Any] | None = None) -> Substance | None:
    """A substance by name or formula, as a data entry names it; `entry` may bring a formula and SMILES of its own."""
    count, hits = longest(words_of(text), 0)
    known = [hit for hit in hits if hit.kind in ("crystals", "molecules", "polymers")]
    if known and count == len(words_of(text)):
        return from_entries(known, text)
    if hits and hits[0].kind == "element" and count == len(words_of(text)):
        return from_element(hits[0].key, text)
    found = from_formula(text)
    if found is None and entry and "formula" in entry:
        found = Substance(name=text, formula=entry["formula"], smiles=entry.get("smiles"))
    return found


@cache
def _solutes() -> dict[frozenset[tuple[str, float]], str]:
    """Composition of a solid → the entry of data/molecules with its ions."""
    entries = [(key, entry["dissolves"]) for key, entry in table("molecules").items() if "dissolves" in entry]
    return {composition(parse_formula(formula) or {key: 1.0}, reduced=False): key for key, formula in entries}


def dissolved(formula: str) -> str | None:
    """Key of the ions that a solid falls into when it dissolves; None where the data do not have them."""
    return _solutes().get(composition(parse_formula(formula) or {"?": 1.0}, reduced=False))


def in_lattice(substance: Substance, entry: dict[str, Any]) -> Substance | None:
    """The same substance in the forms only that a lattice word means; None when the data have no such form."""
    known = _by_composition()[0].get(composition(substance.counts), [])
    among = substance.crystals if len(substance.crystals) > 1 else tuple(known)
    forms = tuple(key for key in among if _is_form(table("crystals")[key], entry))
    return substance.model_copy(update={"crystals": forms}) if forms else None


def _is_form(crystal: dict[str, Any], entry: dict[str, Any]) -> bool:
    if "form" in entry:
        return any(fold(name)[0] == entry["form"] for name in crystal["names"])
    return crystal["spacegroup"] in entry["spacegroups"]


def oxide_names(symbol: str, word: str, charge: int | None) -> list[str]:
    """Formulas that `iron oxide`, `iron(III) oxide` or `iron dioxide` may mean, the data's own among them."""
    formulas = salt_formulas(symbol, word, charge)
    if len(formulas) < 2:
        return formulas
    elements = set(parse_formula(formulas[0]) or ())
    others = [e["formula"] for e in table("crystals").values() if set(parse_formula(e["formula"]) or ()) == elements]
    known = {composition(parse_formula(formula) or {}) for formula in formulas}
    return formulas + [f for f in dict.fromkeys(others) if composition(parse_formula(f) or {}) not in known]


def alloy(symbols: Sequence[str], name: str) -> Substance:
    """An alloy of elements of which no amounts are said."""
    formula = "".join(dict.fromkeys(symbols))
    return Substance(
        name=name,
        formula=formula,
        crystals=tuple(_by_composition()[0].get(composition(dict.fromkeys(symbols, 1.0)), ())),
    )
