"""A reply in plain words → what it settles: the reader runs on every reply, and short answers mean their question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lang2mlip.errors import BadInput
from lang2mlip.prepare.answers import is_default, settle
from lang2mlip.prepare.hearing import Heard, hear
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import follow
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.talk import Asked, Talk, agrees

__all__ = ["worked_in"]

_CHOICES = ("crystal", "molecule", "formula")


def worked_in(talk: Talk, text: str) -> Talk:
    """The talk with a reply to its questions worked in. Raises BadInput where nothing of it could be used."""
    assert talk.reading is not None
    asked = talk.turn.questions
    fields = [one.field for one in asked if not one.needed]
    if is_default(text) or agrees(text):
        if not fields:
            raise BadInput("There is no sensible default for this; it needs an answer, or Ctrl-C to leave.")
        return talk.model_copy(update={"settled": (*talk.settled, *fields)})
    pieces = _pieces(text, asked)
    if len(pieces) > 1:
        return _one_by_one(talk, asked, pieces)
    reading, heard = talk.reading, hear(text)
    taken, heard = _choices(reading, asked, heard, text)
    if taken is None and (taken := _stranger(reading, asked, heard, text)):
        heard = replace(heard, reading=heard.reading.model_copy(update={"components": ()}))
    reading, told = taken if taken else (reading, set())
    if not told or not heard.empty:
        changed = follow(reading, heard)
        told |= {one.field for one in asked if _touched(one.field, reading, changed, heard)}
        reading = changed
    reading, direct = _directly(reading, [one for one in asked if one.field not in told], text, heard)
    told |= direct
    if not told and heard.empty and not _negative(text):
        raise BadInput(_lost(text, heard))
    settled = (*talk.settled, "not_understood", *(fields if told or _negative(text) else _passed(talk, heard, reading)))
    return talk.model_copy(update={"reading": reading, "settled": tuple(dict.fromkeys(settled))})


def _passed(talk: Talk, heard: Heard, reading: Reading) -> list[str]:
    """Fields of topics that were asked about before and that this reply now speaks of: the rest stays as it is."""
    assert talk.reading is not None
    every = questions(talk.reading)
    topics = {one.topic for one in every if _touched(one.field, talk.reading, reading, heard)} & set(talk.asked)
    return [one.field for one in every if one.topic in topics and not one.needed]


def _negative(text: str) -> bool:
    return text.strip(" .!").lower() in ("no", "none", "nothing", "no, nothing", "nope")


def _lost(text: str, heard: Heard) -> str:
    words = ", ".join(heard.reading.not_understood) or repr(text.strip())
    return f"That was not understood: {words}. Answer in other words, with formulas and units, or say 'you choose'."


def _pieces(text: str, asked: Sequence[Asked]) -> Mapping[str, str]:
    """Field → its answer, where the answers are numbered as the questions are."""
    parts = re.split(r"(?:^|[\n;,]\s*|\s)\(?(\d)[.):]\s+", text.strip())
    found = dict(zip(parts[1::2], parts[2::2], strict=False))
    return {one.field: found[str(n)].strip(" ;,") for n, one in enumerate(asked, 1) if str(n) in found}


def _one_by_one(talk: Talk, asked: Sequence[Asked], pieces: Mapping[str, str]) -> Talk:
    reading = talk.reading
    assert reading is not None
    for field, piece in pieces.items():
        if not is_default(piece) and not agrees(piece):
            reading = _settled(reading, field, piece)
    settled = (*talk.settled, *(one.field for one in asked if not one.needed))
    return talk.model_copy(update={"reading": reading, "settled": tuple(dict.fromkeys(settled))})


def _settled(reading: Reading, field: str, text: str) -> Reading:
    return follow(reading, hear(text)) if field in ("settings", "correction") else settle(reading, field, text)


def _choices(
    reading: Reading, asked: Sequence[Asked], heard: Heard, text: str
) -> tuple[tuple[Reading, set[str]] | None, Heard]:
    """An option that the reply names, for a question with options; what it settles is not heard a second time."""
    told: set[str] = set()
    for one in asked:
        kind = one.field.partition(".")[0]
        if kind not in _CHOICES:
            continue
        for said in (text, *(component.formula for component in heard.reading.components)):
            try:
                reading = settle(reading, one.field, said)
            except BadInput:
                continue
            told.add(one.field)
            others = tuple(c for c in heard.reading.components if c.formula != said and c.name != text.strip())
            heard = replace(heard, reading=heard.reading.model_copy(update={"components": others, "choices": ()}))
            break
    return ((reading, told) if told else None), heard


def _stranger(
    reading: Reading, asked: Sequence[Asked], heard: Heard, text: str
) -> tuple[Reading, set[str]] | None:
    """The one substance of the reply, or a `leave it out`, where a strange word was asked about."""
    field = next((one.field for one in asked if one.field.startswith("stranger.")), None)
    if field is None or len(heard.reading.components) > 1:
        return None
    try:
        return settle(reading, field, text), {field}
    except BadInput:
        return None


def _touched(field: str, old: Reading, new: Reading, heard: Heard) -> bool:
    """The reply says something of what the question is about."""
    kind, _, name = field.partition(".")
    if kind == "system":
        return old.components != new.components or bool(heard.reading.components) or bool(heard.reading.roles)
    if kind == "settings":
        return old.settings != new.settings or old.reference != new.reference
    if kind in ("temperature_K", "properties", "simulations", "reference", "potential"):
        return bool(getattr(heard.reading, kind))
    if kind == "phases":
        before = next((one.phases for one in old.components if one.name == name), ())
        return next((one.phases for one in new.components if one.name == name), ()) != before
    return kind == "correction" and old != new


def _directly(reading: Reading, asked: Sequence[Asked], text: str, heard: Heard) -> tuple[Reading, set[str]]:
    """A short answer to one question, which means something only as that: a bare number, `the first`, a phase."""
    told: set[str] = set()
    for one in asked:
        alone = len(asked) == 1 or (one.field == "temperature_K" and re.fullmatch(r"[\d\s.,to–-]+K?", text.strip()))
        if one.field in ("system", "not_understood", "settings", "correction") or heard.reading.components:
            continue
        if not alone and not one.field.startswith(("phases.", "amount.")):
            continue
        try:
            reading = settle(reading, one.field, text)
        except BadInput:
            continue
        told.add(one.field)
    return reading, told
