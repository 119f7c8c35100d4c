"""Words → Reading: what a person's sentences say, by the cited data alone and without a model."""

from __future__ import annotations

from lang2mlip.errors import BadInput
from lang2mlip.prepare.folding import begin, fold
from lang2mlip.prepare.hearing import Heard, hear
from lang2mlip.prepare.lexicon import near
from lang2mlip.prepare.reading import Choice, Conflict, Reading

__all__ = ["Choice", "Conflict", "Reading", "follow", "read"]


def read(prompt: str) -> Reading:
    """What `prompt` says. Raises BadInput for an empty prompt, and where no substance or nothing sound is named."""
    if not prompt.strip():
        raise BadInput("The prompt is empty; say in a sentence what you want to simulate, and at which temperatures.")
    heard = hear(prompt)
    reading = begin(heard)
    if not reading.components:
        raise BadInput(_nothing_found(prompt, heard))
    return reading


def follow(reading: Reading, heard: Heard) -> Reading:
    """The reading with a later utterance worked in: what is said later wins."""
    return fold(reading, heard)


def _nothing_found(prompt: str, heard: Heard) -> str:
    unknown = [word.partition(" (did")[0] for word in heard.reading.not_understood]
    hints = [f" Did you mean {name!r}?" for word in unknown[:6] if (name := near(word))]
    words = f" Not understood: {', '.join(map(repr, unknown[:6]))}." if unknown else ""
    said = f"No substance was found in {prompt.strip()!r:.120}; name one by its formula or name."
    return f"{said}{words}{''.join(hints[:2])}"
