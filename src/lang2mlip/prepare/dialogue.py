"""One conversation, from the first words to an agreed task; the same for a terminal, a web page and a tool.

talk = Dialogue.start("…words…", speaker=None)   # or a Speaker: a language model leads
while not talk.turn.done:
    talk.reply(answer)                           # plain words; `talk.state()` can be saved after every turn
talk.task
"""

from __future__ import annotations

from lang2mlip.contracts import Task
from lang2mlip.contracts.base import check
from lang2mlip.errors import BadInput, ModelTrouble
from lang2mlip.language.speaker import Speaker
from lang2mlip.prepare.conversation import Interview
from lang2mlip.prepare.guide import Guide
from lang2mlip.prepare.talk import PERSON, Line, Objection, Talk, Turn
from lang2mlip.prepare.task import Choosers, Options
from lang2mlip.prepare.telling import summary

__all__ = ["Dialogue", "Turn", "unsuited"]


def unsuited(task: Task) -> str | None:
    """Why the reference cannot serve this task; None when it can."""
    from lang2mlip.science.reference.choice import require

    try:
        require(task.reference, task.elements)
    except BadInput as error:
        return str(error)
    return None


class Dialogue:
    """A conversation with its state. A language model leads where there is one; when it fails, the rules go on."""

    def __init__(
        self,
        talk: Talk,
        speaker: Speaker | None = None,
        objection: Objection = unsuited,
        choosers: Choosers | None = None,
    ) -> None:
        """Use `start` or `load`."""
        self._talk = talk
        self._guide = Guide(choosers, objection)
        self._interview = Interview(speaker, objection) if speaker is not None else None

    @classmethod
    def start(
        cls,
        prompt: str,
        options: Options | None = None,
        speaker: Speaker | None = None,
        objection: Objection = unsuited,
        choosers: Choosers | None = None,
    ) -> Dialogue:
        """A new conversation, its first turn taken. Raises BadInput for an empty prompt.

        `options`: what the caller has settled. `objection`: why a task cannot be carried out, or None.
        """
        if not prompt.strip():
            raise BadInput("The prompt is empty; say in a few words what is to be simulated.")
        name = speaker.name if speaker is not None else ""
        talk = Talk(prompt=prompt, options=options or Options(), model=name, lines=(Line(who=PERSON, text=prompt),))
        made = cls(talk, speaker, objection, choosers)
        made._talk = made._begun(talk)
        return made

    @classmethod
    def load(
        cls,
        state: str,
        speaker: Speaker | None = None,
        objection: Objection = unsuited,
        choosers: Choosers | None = None,
    ) -> Dialogue:
        """A conversation taken up where it was left. Raises BadInput when the state is damaged."""
        import json

        try:
            data = json.loads(state)
        except ValueError as error:
            raise BadInput("The saved conversation cannot be read; start again with the prompt.") from error
        return cls(check(Talk, data, "The saved conversation"), speaker, objection, choosers)

    def state(self) -> str:
        """Everything, as JSON."""
        return self._talk.model_dump_json()

    def reply(self, text: str) -> Turn:
        """The next turn, after an answer in plain words; nothing at all means the defaults."""
        if self.turn.done:
            return self.turn
        heard = self._talk.heard(text)
        self._talk = self._led(heard, text)
        return self.turn

    def finish(self) -> Task:
        """The task with the defaults for all that is open. Raises BadInput where an answer cannot be done without."""
        while self._interview is not None and not self.turn.done:
            self.reply("")
        if not self.turn.done:
            self._talk = self._guide.conclude(self._talk)
        return self.task

    @property
    def turn(self) -> Turn:
        """What the person is shown now."""
        return self._talk.turn

    @property
    def prompt(self) -> str:
        """The first words."""
        return self._talk.prompt

    @property
    def tokens(self) -> int:
        """Language-model tokens that the conversation took so far."""
        return self._talk.tokens

    @property
    def task(self) -> Task:
        """The task that was agreed. Raises BadInput when none was."""
        if self._talk.stage != "done" or self._talk.task is None:
            raise BadInput(self._talk.turn.message or "No task was agreed yet.")
        return self._talk.task

    @property
    def trouble(self) -> str:
        """Why the language model no longer leads; empty when all is well."""
        return self._talk.trouble

    @property
    def dialogue(self) -> str:
        """What was said, as Markdown."""
        said = [f"**{line.who}:** {line.text}" for line in self._talk.lines]
        return "\n\n".join(["# Dialogue", *said]) + "\n"

    @property
    def summary(self) -> str:
        """The agreed task, as Markdown."""
        return summary(self.task)

    def _begun(self, talk: Talk) -> Talk:
        if self._interview is None:
            return self._guide.begin(talk)
        try:
            return self._interview.begin(talk)
        except ModelTrouble as error:
            self._interview = None
            return _after_trouble(talk, error, self._guide.begin)

    def _led(self, talk: Talk, text: str) -> Talk:
        if self._interview is None:
            return self._guide.answer(talk, text)
        try:
            return self._interview.answer(talk, text)
        except ModelTrouble as error:
            self._interview = None
            return self._taken_over(talk, text, error)

    def _taken_over(self, talk: Talk, text: str, error: ModelTrouble) -> Talk:
        """The rules go on from what was said so far, and say why."""
        if talk.reading is None:
            again = talk.model_copy(update={"turn": Turn(message="")})
            return _after_trouble(again, error, lambda one: self._guide.answer(one, text))
        asking = talk.model_copy(update={"stage": "confirming" if talk.task else "asking"})
        return _after_trouble(asking, error, lambda one: self._guide.answer(one, text))


def _after_trouble(talk: Talk, error: ModelTrouble, step: object) -> Talk:
    told = f"{error} Going on with the built-in reader."
    lines = (*talk.lines, Line(who="lang2mlip", text=told))
    after: Talk = step(talk.model_copy(update={"lines": lines, "model": "", "trouble": told}))  # type: ignore[operator]
    turn = after.turn.model_copy(update={"message": f"{told}\n\n{after.turn.message}".strip()})
    return after.model_copy(update={"turn": turn})
