"""One pass over the words: substances, phases, properties, methods and signs, each an item at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lang2mlip import catalogue
from lang2mlip.data import table
from lang2mlip.errors import BadInput, nearest
from lang2mlip.prepare.formulas import ELEMENTS, charge_of, element_names, parse_formula, strange_elements
from lang2mlip.prepare.lexicon import Hit, longest, plain_word
from lang2mlip.prepare.miller import take_facets
from lang2mlip.prepare.quantities import take_amounts
from lang2mlip.prepare.shares import take_compositions
from lang2mlip.prepare.substances import Substance, from_element, from_entries, from_formula, from_text, oxide_names
from lang2mlip.prepare.symbols import is_element
from lang2mlip.prepare.text import Item, Slate, Word, words_of
from lang2mlip.prepare.written_out import named, take_smiles

__all__ = ["scan"]

_STRUCTURE_FILE = re.compile(
    r"(?<!\S)[\"'(]*((?:[\w./~+-]*/)?[\w.+-]+\.(?:cif|vasp|poscar|extxyz|xyz|pdb|traj|xsf|gen)"
    r"|(?:[\w./~-]*/)?(?:POSCAR|CONTCAR)[\w.-]*)\b"
)
_POTENTIAL_FILE = re.compile(
    r"(?<!\S)[\"'(]*([\w./~+-]+\.(?:sw|tersoff|eam|eam\.alloy|eam\.fs|meam|vashishta|edip|adp|reaxff))(?![\w.])"
)
_BASIS = re.compile(
    r"(?<![\w-])(?:def2-?\w+|(?:aug-)?cc-p\w+|sto-\dg|\d-\d{2,3}(?:\+{1,2})?g(?:\*{1,2}|\([\w,]+\))?)", re.IGNORECASE
)
_MODEL_FILE = re.compile(r"(?<!\S)[\"'(]*([\w./~+-]+\.model)\b")
_FORMULA = re.compile(r"(?<![\w.])[(\[]*[A-Z][\w().\[\]·*]*(?:\^\{?\d?[+-]\}?|[+-])?(?![A-Za-z0-9])")
_ATOM_PAIR = re.compile(
    r"\b([A-Z][a-z]?)[-–]([A-Z][a-z]?)(?=\s+(?:pairs?|bonds?|distances?|rdfs?|RDFs?|g\(r\)|radial|partial|coordination|peaks?|contacts?)\b)"
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7}
_SIGNS = {",": "coordinator", "&": "coordinator", "/": "coordinator", "+": "coordinator", "|": "coordinator",
          "-": "hyphen", ":": "border", ";": "stop", ".": "stop", "!": "stop", "?": "stop", "\n": "stop"}  # fmt: skip


def scan(slate: Slate) -> list[Item]:
    """Everything in the text, in its order. Temperatures and pressures must have been taken already.

    Raises BadInput for a formula with a symbol that is no element, and for unsound Miller indices.
    """
    take_smiles(slate)
    _take_files(slate)
    take_compositions(slate)
    take_amounts(slate)
    take_facets(slate)
    _take_pairs(slate)
    _take_formulas(slate)
    words = words_of(slate.text)
    at = 0
    while at < len(words):
        used, items = _item_at(words, at)
        slate.items.extend(items)
        at += used
    return named(sorted(slate.items, key=lambda item: item.start))


def _take_files(slate: Slate) -> None:
    names = "|".join(map(re.escape, catalogue.names("reference")))
    for match in list(re.finditer(rf"(?<![\w:])(?:{names}):[^\s,;]*[^\s,;.)]", slate.text)):
        slate.take("spec", match.span(), match.group())
    for pattern, prefix in ((_POTENTIAL_FILE, "lammps:"), (_MODEL_FILE, "mace:")):
        for match in list(pattern.finditer(slate.text)):
            slate.take("spec", match.span(1), prefix + match.group(1))
    for match in list(_BASIS.finditer(slate.text)):
        slate.take("basis", match.span(), match.group())
    for match in list(_STRUCTURE_FILE.finditer(slate.text)):
        slate.take("file", match.span(1), match.group(1))


def _take_pairs(slate: Slate) -> None:
    """`X-Y pair distribution`: two elements of which a distance is meant are no alloy."""
    for match in list(_ATOM_PAIR.finditer(slate.text)):
        if {match[1], match[2]} <= ELEMENTS:
            slate.take("version", match.span())


def _take_formulas(slate: Slate) -> None:
    """Formulas of more than one symbol, or with digits or a charge; lone symbols need the words around them."""
    for match in list(_FORMULA.finditer(slate.text)):
        start, text = match.start(), match.group()
        text, start = _trimmed(text, start)
        span = (start, start + len(text))
        body = charge_of(text)[0]
        if slate.text[span[1] : span[1] + 2] == "/\x01" and (method := _before_basis(text)):
            slate.take("reference", span, method)
            continue
        if not text or text in ELEMENTS or _known_word(slate.text, span, text):
            continue
        found = from_formula(text)
        if found is None and (strange := strange_elements(body)):
            hint = nearest(strange[0], ELEMENTS)
            raise BadInput(f"{strange[0]!r} in the formula {text!r} is not the symbol of an element.{hint}")
        if found is not None:
            slate.take("substance", span, found)


def _before_basis(text: str) -> Hit | None:
    """The method that a formula-like word means in front of a basis set, as in `HF/6-31G*`."""
    entries = table("words").items()
    return next((Hit("reference", key, e) for key, e in entries if text in e.get("before_basis", ())), None)


def _trimmed(text: str, start: int) -> tuple[str, int]:
    """Without brackets and stops that belong to the sentence; a sign before the next word is a hyphen."""
    while text and text[0] in "([" and (parse_formula(charge_of(text)[0]) is None or text[-1] in ")]"):
        text, start = text[1:], start + 1
    while text and (text[-1] in ".·*" or (text[-1] in ")]" and parse_formula(text) is None)):
        text = text[:-1]
    return text, start


def _known_word(whole: str, span: tuple[int, int], text: str) -> bool:
    """The word is known as something else than a formula: a name, an abbreviation, a method, or plain English."""
    if re.fullmatch("[IVX]{2,}", text):
        return True
    words = [word for word in words_of(whole[span[0] :]) if not word.text.startswith("\x01")]
    hits = longest(words, 0)[1]
    if not hits or charge_of(text)[1]:
        return False
    if not plain_word(text):
        return True
    follower = longest(words, 1)[1] if len(words) > 1 else []
    return not (text.isupper() and follower and follower[0].key in ("phase/gas", "phase/molecule"))


def _item_at(words: list[Word], at: int) -> tuple[int, list[Item]]:
    """How many words the next thing takes, and the items that it is."""
    word = words[at]
    if not word.is_word:
        kind = _SIGNS.get(word.text)
        return 1, [Item(kind, word.start, word.end, word.text, word.text)] if kind else []
    salt = _salt(words, at)
    used, hits = longest(words, at)
    if salt and salt[0] > used:
        return salt
    if word.text in ELEMENTS and used <= 1 and is_element(words, at):
        return 1, [_place("substance", words, at, 1, from_element(word.text, word.text))]
    if hits and _is_verb(words, at, hits):
        hits = [hit for hit in hits if hit.kind != "element" and hit.kind != "crystals"]
    if not hits:
        return 1, [_place("unknown", words, at, 1)]
    return used, list(_meanings(words, at, used, hits))


def _place(kind: str, words: list[Word], at: int, used: int, value: object = None) -> Item:
    start, end = words[at].start, words[at + used - 1].end
    parts = []
    for before, word in zip([None, *words[at:]], words[at : at + used], strict=False):
        parts.append(("" if before is None or before.end == word.start else " ") + word.text)
    return Item(kind, start, end, value, "".join(parts))


def _salt(words: list[Word], at: int) -> tuple[int, list[Item]] | None:
    """`cation anion` as a name: its substance, or the formulas that it may mean."""
    symbol = element_names().get(words[at].text.lower())
    rest = [(i, w) for i, w in enumerate(words[at + 1 : at + 6], at + 1) if w.text not in "()-"]
    if symbol is None or not rest:
        return None
    charge = _ROMAN.get(rest[0][1].text.lower()) if words[at + 1].text == "(" else None
    position, anion = rest[1] if charge and len(rest) > 1 else rest[0]
    if position - at > (4 if charge else 1):
        return None
    formulas = oxide_names(symbol, anion.text.lower(), charge)
    used = position - at + 1
    found = from_formula(formulas[0]) if formulas else None
    if found is None:
        return None
    item = _place("substance", words, at, used)
    several = tuple(formulas) if len(formulas) > 1 else ()
    named = found.model_copy(update={"name": item.text.lower(), "formulas": several})
    return used, [Item("substance", item.start, item.end, named, item.text)]


def _is_verb(words: list[Word], at: int, hits: list[Hit]) -> bool:
    """A name of an element that is a verb here, by the word after it."""
    wary = [e for e in table("words").values() if e["kind"] == "wary" and words[at].text.lower() in e["words"]]
    follower = words[at + 1].text.lower() if at + 1 < len(words) else ""
    return any(follower in entry["before"] for entry in wary)


def _meanings(words: list[Word], at: int, used: int, hits: list[Hit]) -> Iterator[Item]:
    first = hits[0]
    text = _place("", words, at, used).text
    if first.kind in ("crystals", "molecules", "polymers", "element"):
        yield _place("substance", words, at, used, _named(hits, text))
    elif first.kind == "alias":
        item = _place("substance", words, at, used, from_text(first.entry["substance"]))
        yield item
        yield from (
            Item("phase", item.start, item.end, {"crystal": p, "molecule": p}, text) for p in first.entry["phases"]
        )
        if "note" in first.entry:
            yield Item("remark", item.start, item.end, first.entry["note"], text)
    else:
        yield _place(first.kind, words, at, used, first)
        if first.kind in ("alloy", "role"):
            item = _place("phase", words, at, used)
            yield from (replace(item, value={"crystal": p, "molecule": []}) for p in first.entry.get("phases", ()))
        if first.kind == "concept" and len(first.entry["components"]) == 1:
            (one,) = first.entry["components"]
            yield _place("substance", words, at, used, from_text(one["substance"], one))


def _named(hits: list[Hit], text: str) -> Substance:
    known = [hit for hit in hits if hit.kind in ("crystals", "molecules", "polymers")]
    if not known:
        return from_element(hits[0].key, text.lower())
    found = from_entries(known, text)
    if found.formula == text:
        return found
    short = (
        text.isupper() and len(text) <= 5 or parse_formula(text) is not None or text.lower() == found.formula.lower()
    )
    odd = any(letter.isupper() for letter in text[1:]) and not text.isupper() and text.isalnum()
    name = next(iter(known[0].entry["names"])) if short or odd else text.lower()
    return found.model_copy(update={"name": name})
