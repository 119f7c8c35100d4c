"""Molecules that are written out: `SMILES CC(C)O`, with the name that stands before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lang2mlip.prepare.substances import Substance
from lang2mlip.prepare.text import Item, Slate

__all__ = ["named", "take_smiles"]

_SMILES = re.compile(r"\bSMILES\b\s*(?:string|code)?\s*(?:is|=|:|-)?\s*[\"'(]?(?P<smiles>[^\s\"';]+)", re.IGNORECASE)


def take_smiles(slate: Slate) -> None:
    """Every SMILES, taken from the slate as a substance. Raises BadInput for one that is none."""
    for match in list(_SMILES.finditer(slate.text)):
        text = _trimmed(match["smiles"])
        end = match.start("smiles") + len(text)
        slate.take("substance", (match.start(), end), Substance(name=text, formula=_formula(text), smiles=text))


def named(items: Sequence[Item]) -> list[Item]:
    """A word that no table has and that stands right before a SMILES is the name of that molecule."""
    kept: list[Item] = []
    for item in items:
        before = kept[-1] if kept else None
        written = item.kind == "substance" and item.value is not None and item.value.name == item.value.smiles
        if written and before is not None and before.kind == "unknown" and item.start - before.end <= 3:
            kept.pop()
            item = Item("substance", item.start, item.end, item.value.model_copy(update={"name": before.text}))
        kept.append(item)
    return kept


def _trimmed(text: str) -> str:
    """Without the stops and brackets of the sentence."""
    while text and (text[-1] in ".,;:!?" or (text[-1] == ")" and text.count(")") > text.count("("))):
        text = text[:-1]
    return text


def _formula(smiles: str) -> str:
    from lang2mlip.science.structures.conformer import conformer, ions

    parts = [conformer(part, 0) for part in ions(smiles)]
    whole = parts[0]
    for part in parts[1:]:
        whole += part
    return str(whole.get_chemical_formula())
