"""A question → an answer made of passages with their sources, in prose where a language model is there to write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput, ModelTrouble
from lang2mlip.labs.knowledge.engine_facts import facts_or_reason
from lang2mlip.labs.knowledge.manual import find_manual, in_manual
from lang2mlip.labs.knowledge.passages import Passage, curated
from lang2mlip.labs.knowledge.search import Library
from lang2mlip.language.quoting import quoted
from lang2mlip.language.speaker import Form, Query, Speaker

__all__ = ["NOT_KNOWN", "Answer", "Asking", "ask"]

NOT_KNOWN = "Not known: neither the knowledge base, the installed LAMMPS nor a manual here says anything about it."

_PROMPT = Path(__file__).parent / "prompts" / "answer.md"
_MARK = re.compile(r"\[(\d+)\]")


class Answer(Noun):
    """What is known of a question."""

    question: str
    known: bool
    text: str = Field(description="prose of a model with [1] marks, or the passages one after another; or not known")
    passages: tuple[Passage, ...] = Field(default=(), description="what the answer rests on; [1] is the first")
    written_by: str = Field(default="", description="the model, PROVIDER:NAME; empty: no model wrote")
    tokens: int = Field(default=0, ge=0, description="language-model tokens that it took")
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asking:
    """How a question is answered."""

    model: str | None = None
    """PROVIDER:NAME; None: the passages themselves."""
    manual: Path | None = None
    """Folder of a LAMMPS manual; None: a usual place, where there is one."""
    most: int = 3
    """Passages, at most."""


class Prose(BaseModel):
    """The answer of a model."""

    known: bool = Field(description="whether the passages answer the question")
    text: str = Field(description="the answer in a few sentences, each with the mark [n] of the passage that says it")


def ask(question: str, how: Asking | None = None) -> Answer:
    """The answer. Raises BadInput for an empty question or a folder without a manual."""
    how = how or Asking()
    if not re.search(r"\w", question):
        raise BadInput("Ask something, e.g. lang2mlip ask 'How large may the MD time step be?'")
    passages, remarks = _looked_up(question, how)
    if not passages:
        return Answer(question=question, known=False, text=NOT_KNOWN, remarks=remarks)
    plain = Answer(question=question, known=True, text=_plain(passages), passages=passages, remarks=remarks)
    return plain if how.model is None else _written(plain, how.model)


def _looked_up(question: str, how: Asking) -> tuple[tuple[Passage, ...], tuple[str, ...]]:
    """The passages that answer, facts of the engine first; and remarks."""
    facts, trouble = facts_or_reason(question)
    folder = find_manual(how.manual)
    library = Library([*curated(), *(in_manual(question, folder) if folder else [])])
    found = [one.passage for one in library.find(question, how.most)]
    return (*facts, *found[: max(0, how.most - len(facts))]), (trouble,) if trouble else ()


def _plain(passages: Sequence[Passage]) -> str:
    return "\n\n".join(f"{one.text} [{number}]" for number, one in enumerate(passages, 1))


def _written(plain: Answer, model: str) -> Answer:
    """The same in prose; as it was, with the reason, where the model fails or says more than the passages."""
    speaker = Speaker.live(model)
    told = "\n\n".join(f"[{n}] {one.title}. {one.text}" for n, one in enumerate(plain.passages, 1))
    query = Query(
        label="ask",
        instructions=_PROMPT.read_text(encoding="utf-8"),
        message=f"Question:\n{quoted(plain.question)}\nPassages:\n{quoted(told)}",
        forms=(Form("answer", Prose, "Answer the question from the passages."),),
        check=lambda prose: _refused(prose, len(plain.passages)),
    )
    try:
        answer = speaker.ask(query)
    except ModelTrouble as error:
        return plain.model_copy(update={"remarks": (*plain.remarks, str(error)), "tokens": speaker.tokens})
    text = answer.value.text.strip() if answer.value.known else NOT_KNOWN
    changes = {"text": text, "known": answer.value.known, "written_by": model, "tokens": answer.tokens}
    return plain.model_copy(update={**changes, "remarks": (*plain.remarks, *answer.remarks)})


def _refused(prose: Prose, passages: int) -> str | None:
    """Why an answer does not stand: no mark, or a mark of a passage that is not there."""
    marks = [int(one) for one in _MARK.findall(prose.text)]
    if not prose.known:
        return None
    if not marks:
        return "no sentence carries the mark [n] of its passage."
    strange = [one for one in marks if not 1 <= one <= passages]
    return f"there is no passage [{strange[0]}]; there are {passages}." if strange else None
