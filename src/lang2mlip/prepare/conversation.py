"""A dialogue led by a language model: it asks and drafts; the draft is checked, and the person confirms it."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import Field

from lang2mlip.catalogue import parts
from lang2mlip.contracts import Noun, Task
from lang2mlip.errors import BadInput, ModelTrouble
from lang2mlip.language.quoting import quoted
from lang2mlip.language.speaker import Form, Query, Speaker
from lang2mlip.prepare.answers import is_default
from lang2mlip.prepare.draft import Draft, as_task, invented
from lang2mlip.prepare.hearing import hear
from lang2mlip.prepare.reader import follow, read
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.talk import CONFIRM, ROUNDS, Asked, Objection, Talk, Turn, agrees
from lang2mlip.prepare.telling import reading_text, summary
from lang2mlip.prepare.trial import Trials

__all__ = ["Interview", "Questions"]

PROMPT = Path(__file__).parent / "prompts" / "conversation.md"


class Questions(Noun):
    """What is missing."""

    message: str = Field(default="", description="what was understood, in the person's language; a few short sentences")
    questions: tuple[Asked, ...] = Field(min_length=1, max_length=6)


class Interview:
    """Leads a talk from turn to turn. Every method raises ModelTrouble when the model is no use."""

    def __init__(self, speaker: Speaker, objection: Objection = lambda task: None) -> None:
        self._speaker = speaker
        self._objection = objection

    def begin(self, talk: Talk) -> Talk:
        """The talk with its first turn."""
        try:
            reading = read(talk.prompt)
        except BadInput:
            reading = None
        return self._turn(talk.model_copy(update={"reading": reading}))

    def answer(self, talk: Talk, text: str) -> Talk:
        """The talk after a reply, which was heard already."""
        reading = _followed(talk.reading, text)
        if talk.stage == "confirming":
            if is_default(text) or agrees(text):
                return talk.says(Turn(message="Agreed.", done=True)).model_copy(update={"stage": "done"})
            told = f"You drafted:\n{_yaml(talk.draft)}\nThe person corrects: {text.strip()}"
        else:
            told = _answered(talk.turn.questions, text)
        after = talk.model_copy(update={"reading": reading, "history": (*talk.history, told)})
        if after.rounds >= ROUNDS:
            return self._ended(after)
        return self._turn(after)

    def _ended(self, talk: Talk) -> Talk:
        """The last draft stands; without one the model was no use."""
        if talk.draft is None:
            raise ModelTrouble(f"{self._speaker.name} made no task in {ROUNDS} rounds.")
        task = self._task(talk, talk.draft)
        message = f"After {talk.rounds} replies this is taken as it stands; task.yaml can still be edited."
        ended = talk.says(Turn(message=f"{message}\n\n{summary(task)}", done=True))
        return ended.model_copy(update={"stage": "done", "task": task})

    def _turn(self, talk: Talk) -> Talk:
        trials = Trials()
        value, tokens = self._asked(talk, trials)
        talk = talk.model_copy(update={"tokens": talk.tokens + tokens})
        if isinstance(value, Questions):
            return talk.says(Turn(message=value.message, questions=value.questions)).model_copy(
                update={"stage": "asking"}
            )
        value = trials.kept(value, value.elements)
        task = self._task(talk, value)
        question = Asked(field=CONFIRM, text="Is this right? Say yes, or what to change.", default="yes")
        shown = talk.says(Turn(message=f"This is the task:\n\n{summary(task)}", questions=(question,)))
        return shown.model_copy(update={"stage": "confirming", "task": task, "draft": value})

    def _asked(self, talk: Talk, trials: Trials) -> tuple[Questions | Draft, int]:
        query = Query(
            label=f"prepare {talk.rounds + 1}",
            instructions=PROMPT.read_text(encoding="utf-8"),
            message=_message(talk),
            forms=(
                Form("ask", Questions, "Ask the person what is missing."),
                Form("draft", Draft, "The complete task, for the person to confirm."),
            ),
            check=lambda answer: self._fault(talk, answer, trials),
        )
        limit = talk.options.budget.max_tokens
        answer = self._speaker.ask(query, None if limit is None else limit - talk.tokens)
        if not isinstance(answer.value, Questions | Draft):
            raise ModelTrouble(
                f"{self._speaker.name} answered with a {type(answer.value).__name__}, not with questions or a draft."
            )
        return answer.value, answer.tokens

    def _task(self, talk: Talk, draft: Draft) -> Task:
        """The draft as a Task, with what the caller settled in its place. Raises BadInput with its fault."""
        options = talk.options
        settled = {"prompt": talk.prompt, "goals": options.goals, "budget": options.budget, "seed": options.seed}
        task = as_task(draft, settled)
        given = {"reference": options.reference, "potential": options.potential}
        return task.model_copy(update={name: value for name, value in given.items() if value is not None})

    def _fault(self, talk: Talk, answer: Questions | Draft, trials: Trials) -> str | None:
        """Why a draft cannot stand, for the model to mend; None when it can, and for questions."""
        if not isinstance(answer, Draft):
            return None
        try:
            task = self._task(talk, answer)
            return invented(answer, talk.words) or self._objection(task) or trials.fault(task)
        except BadInput as error:
            return str(error)


def _followed(reading: Reading | None, text: str) -> Reading | None:
    """What the simple reader makes of everything so far; what it cannot read changes nothing."""
    try:
        return read(text) if reading is None else follow(reading, hear(text))
    except BadInput:
        return reading


def _answered(questions: tuple[Asked, ...], text: str) -> str:
    asked = "\n".join(f"({one.field}) {one.text} [{one.default}]" for one in questions)
    if is_default(text):
        taken = "; ".join(f"{one.field}: {one.default}" for one in questions)
        return f"You asked:\n{asked}\nAnswer: {taken} (the default; no answer was given)"
    return f"You asked:\n{asked}\nAnswer: {text.strip()}"


def _message(talk: Talk) -> str:
    known = "\n".join(
        f"- {part.kind} {part.name}: {part.line}{'' if part.installed else ' (not installed here)'}"
        for kind in ("reference", "potential")
        for part in parts(kind)
    )
    understood = reading_text(talk.reading) if talk.reading else "Nothing."
    message = [
        f"The person's words:\n{quoted(talk.prompt)}",
        f"What the simple reader understood, answers included:\n{quoted(understood)}",
        f"Reference methods and potential families:\n{quoted(known)}",
    ]
    if talk.history:
        message.append(f"So far:\n{quoted(chr(10).join(talk.history))}")
    return "\n\n".join([*message, "Ask what is missing, or draft the task."])


def _yaml(noun: Noun | None) -> str:
    body = noun.model_dump(mode="json", exclude_defaults=True) if noun else {}
    text: str = yaml.safe_dump(body, sort_keys=False, allow_unicode=True)
    return text
