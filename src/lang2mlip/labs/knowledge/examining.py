"""A language model sits a question paper, alone or over the passages of our search; rules mark it, never a judge."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput, ModelTrouble
from lang2mlip.labs.knowledge.passages import curated
from lang2mlip.labs.knowledge.search import Library
from lang2mlip.labs.lammps.exam import Exam, Question
from lang2mlip.language.quoting import quoted
from lang2mlip.language.speaker import Form, Query, Speaker

__all__ = ["ARMS", "Marked", "Sitting", "examine", "share_right"]

Arm = Literal["direct", "passages"]
ARMS: tuple[Arm, ...] = ("direct", "passages")

_RULES = Path(__file__).parent / "prompts" / "examine.md"


class Letters(BaseModel):
    """The answer to a question with options."""

    letters: list[str] = Field(description="every letter that is right, one or several")


class Blank(BaseModel):
    """What fills the blank."""

    text: str = Field(description="the words that fill the blank, as short as they stand in a script or a book")


class Marked(Noun):
    """One answered question."""

    name: str
    arm: Arm
    model: str
    kind: str
    given: tuple[str, ...] = ()
    right: bool
    tokens: int = 0
    trouble: str = Field(default="", description="why there is no answer")


@dataclass(frozen=True)
class Sitting:
    """How a paper is sat."""

    model: str
    arm: Arm
    rows: Path
    """JSON lines; questions that it has an answer to, of this model and arm, are not asked again."""
    most: int | None = None
    tell: Callable[[str], None] = lambda line: None


def examine(exam: Exam, how: Sitting) -> list[Marked]:
    """Every question put to the model once; rows of earlier sittings count. Raises BadInput for an arm that is none."""
    if how.arm not in ARMS:
        raise BadInput(f"There is no arm {how.arm!r}; there are {', '.join(ARMS)}.")
    done = {one.name: one for one in _read(how.rows) if _counts(one, how)}
    speaker, library = Speaker.live(how.model), Library(curated()) if how.arm == "passages" else None
    found = []
    for question in exam.questions[: how.most]:
        one = done.get(question.name) or _asked(question, speaker, library, how)
        if question.name not in done:
            with how.rows.open("a", encoding="utf-8") as file:
                file.write(one.model_dump_json() + "\n")
            how.tell(f"{one.name}: {'right' if one.right else one.trouble or 'wrong'}")
        found.append(one)
    return found


def _counts(one: Marked, how: Sitting) -> bool:
    return (one.model, one.arm, one.trouble) == (how.model, how.arm, "")


def share_right(marked: Sequence[Marked]) -> dict[str, tuple[int, int]]:
    """Kind of question, and `all` → (right, asked)."""
    kinds = {one.kind: [row for row in marked if row.kind == one.kind] for one in marked} | {"all": list(marked)}
    return {kind: (sum(one.right for one in rows), len(rows)) for kind, rows in kinds.items()}


def _asked(question: Question, speaker: Speaker, library: Library | None, how: Sitting) -> Marked:
    form = Form("answer", Letters, "Choose.") if question.options else Form("answer", Blank, "Fill the blank.")
    query = Query(
        label=f"exam {question.name}",
        instructions=_RULES.read_text(encoding="utf-8"),
        message=_message(question, library),
        forms=(form,),
        check=lambda answer: _refused(answer, question),
    )
    same = {"name": question.name, "arm": how.arm, "model": how.model, "kind": question.kind}
    try:
        answer = speaker.ask(query)
    except ModelTrouble as trouble:
        return Marked.model_validate({**same, "right": False, "trouble": str(trouble)})
    given = tuple(answer.value.letters) if question.options else (answer.value.text,)
    return Marked.model_validate({**same, "given": given, "right": question.right(given), "tokens": answer.tokens})


def _message(question: Question, library: Library | None) -> str:
    options = "\n".join(f"{letter}: {text}" for letter, text in question.options.items())
    told = f"Question:\n{quoted(question.words)}\n" + (f"Options:\n{quoted(options)}\n" if options else "")
    found = library.find(f"{question.words} {options}") if library is not None else []
    passages = "\n\n".join(f"{one.passage.title}. {one.passage.text}" for one in found)
    return told + (f"What a knowledge base says:\n{quoted(passages)}\n" if passages else "")


def _refused(answer: Letters | Blank, question: Question) -> str | None:
    if isinstance(answer, Blank):
        return None if re.search(r"\w", answer.text) else "the blank is empty."
    strange = [one for one in answer.letters if one.strip().upper() not in question.options]
    if strange or not answer.letters:
        return f"{strange or 'nothing'} is none of the letters {', '.join(question.options)}."
    return None


def _read(rows: Path) -> list[Marked]:
    """Earlier rows; a line that was cut short is left out."""
    found = []
    for line in rows.read_text(encoding="utf-8").splitlines() if rows.is_file() else []:
        try:
            found.append(Marked.model_validate(json.loads(line)))
        except ValueError:
            continue
    return found
