"""A dialogue without a model: the reader understands, cited rules say what is missing and what to take instead."""

from __future__ import annotations

from collections.abc import Sequence

from lang2mlip.contracts import Task
from lang2mlip.errors import BadInput
from lang2mlip.prepare.agreed import agreeable
from lang2mlip.prepare.answers import is_default
from lang2mlip.prepare.folding import begin
from lang2mlip.prepare.hearing import hear
from lang2mlip.prepare.questions import questions
from lang2mlip.prepare.reader import follow, read
from lang2mlip.prepare.reading import Reading
from lang2mlip.prepare.replies import worked_in
from lang2mlip.prepare.talk import CONFIRM, ROUNDS, Asked, Objection, Talk, Turn, agrees
from lang2mlip.prepare.task import Choosers, complete
from lang2mlip.prepare.telling import reading_text, summary

__all__ = ["Guide"]

_TOPICS = ("substance", "conditions", "method")
_ASK_AGAIN = 2
"""A topic that a reply passes over is asked once more, then its defaults are taken."""


class Guide:
    """Leads a talk from turn to turn."""

    def __init__(self, choosers: Choosers | None = None, objection: Objection = lambda task: None) -> None:
        """`objection`: why a task cannot be carried out with the reference that was chosen for it, or None."""
        self._choosers = choosers or Choosers()
        self._objection = objection

    def begin(self, talk: Talk) -> Talk:
        """The talk with its first turn."""
        try:
            reading = read(talk.prompt)
        except BadInput as error:
            return _ask_anew(talk, str(error))
        return self.go_on(
            talk.model_copy(update={"reading": reading}), f"Understood so far:\n\n{reading_text(reading)}"
        )

    def answer(self, talk: Talk, text: str) -> Talk:
        """The talk after a reply, which was heard already."""
        if talk.stage == "confirming":
            return self._confirmed(talk, text)
        if talk.reading is None:
            return self._begun_again(talk, text)
        try:
            after = worked_in(talk, text)
        except BadInput as error:
            return self._ended_or(talk, talk.says(Turn(message=str(error), questions=talk.turn.questions)))
        return self._ended_or(after, self.go_on(after, _news(talk.reading, after.reading)))

    def conclude(self, talk: Talk, message: str = "") -> Talk:
        """The talk ended with what it has and defaults for the rest. Raises BadInput where that makes no task."""
        if talk.reading is None:
            told = talk.turn.questions[0].text if talk.turn.questions else talk.turn.message
            raise BadInput(told or "Nothing was understood; name a substance by its formula or name.")
        task = self._task(talk, talk.reading)
        if talk.options.reference is None and (fault := self._objection(task)):
            raise BadInput(fault)
        done = talk.says(Turn(message=message or summary(task), done=True))
        return done.model_copy(update={"stage": "done", "task": task})

    def go_on(self, talk: Talk, message: str) -> Talk:
        """The next topic that is open, or the summary to confirm."""
        assert talk.reading is not None
        topic, asked = self._open(talk)
        if asked:
            count = talk.asked | {topic: talk.asked.get(topic, 0) + 1}
            changes = {"stage": "asking", "asked": count, "settled": (*talk.settled, "not_understood")}
            return talk.says(Turn(message=message, questions=asked)).model_copy(update=changes)
        try:
            task = self._task(talk, talk.reading)
            if talk.options.reference is None and (fault := self._objection(task)):
                raise BadInput(fault)
        except BadInput as error:
            trouble = Asked(field="correction", text=f"{error} What shall be changed?", default="", needed=True)
            return talk.says(Turn(message=message, questions=(trouble,))).model_copy(update={"stage": "asking"})
        return _to_confirm(talk, task, message)

    def _open(self, talk: Talk) -> tuple[str, tuple[Asked, ...]]:
        assert talk.reading is not None
        given = {"reference": talk.options.reference, "potential": talk.options.potential}
        left = [
            Asked.model_validate(one.model_dump())
            for one in questions(talk.reading)
            if (one.field not in talk.settled or one.needed) and given.get(one.field) is None
        ]
        open_ = {topic: tuple(one for one in left if one.topic == topic) for topic in _TOPICS}
        often = talk.asked
        again = [topic for topic in _TOPICS if open_[topic] and _may_ask(open_[topic], often.get(topic, 0))]
        if again:
            topic = min(again, key=lambda topic: often.get(topic, 0))
            return topic, open_[topic]
        return self._settings(talk)

    def _settings(self, talk: Talk) -> tuple[str, tuple[Asked, ...]]:
        """The settings of the reference that was chosen, where it is a calculation worth agreeing on."""
        if "settings" in talk.settled or talk.reading is None or talk.options.reference is not None:
            return "", ()
        try:
            level = agreeable(self._task(talk, talk.reading).reference)
        except BadInput:
            return "", ()
        text = f"The reference runs with {level}. Shall anything be different?"
        return "settings", (Asked(field="settings", text=text, default="nothing", topic="settings"),) if level else ()

    def _task(self, talk: Talk, reading: Reading) -> Task:
        return complete(reading, None, talk.options, self._choosers)

    def _confirmed(self, talk: Talk, text: str) -> Talk:
        assert talk.reading is not None
        if is_default(text) or agrees(text):
            done = talk.says(Turn(message="Agreed.", done=True))
            return done.model_copy(update={"stage": "done"})
        try:
            heard = hear(text)
        except BadInput as error:
            return self._ended_or(talk, talk.says(Turn(message=str(error), questions=talk.turn.questions)))
        if heard.empty:
            words = "Nothing in that was understood as a change. Say it in other words, e.g. 'make it 350 K', or yes."
            return self._ended_or(talk, talk.says(Turn(message=words, questions=talk.turn.questions)))
        after = talk.model_copy(update={"reading": follow(talk.reading, heard), "task": None})
        return self._ended_or(after, self.go_on(after, _news(talk.reading, after.reading)))

    def _begun_again(self, talk: Talk, text: str) -> Talk:
        """The first words were no task: with the new ones they may be."""
        try:
            reading = _together(talk.prompt, text)
        except BadInput as error:
            return self._ended_or(talk, _ask_anew(talk, str(error)))
        after = talk.model_copy(update={"reading": reading})
        return self.go_on(after, f"Understood so far:\n\n{reading_text(reading)}")

    def _ended_or(self, talk: Talk, after: Talk) -> Talk:
        """`after`, unless the talk has gone on for long enough."""
        if talk.rounds < ROUNDS or after.stage == "done":
            return after
        said = f"After {talk.rounds} replies this is taken as it stands; task.yaml can still be edited."
        try:
            ended = self.conclude(talk)
        except BadInput as error:
            return talk.says(Turn(message=f"{error} The conversation ends here without a task.", done=True)).model_copy(
                update={"stage": "done"}
            )
        assert ended.task is not None
        return talk.says(Turn(message=f"{said}\n\n{summary(ended.task)}", done=True)).model_copy(
            update={"stage": "done", "task": ended.task}
        )


def _may_ask(asked: Sequence[Asked], before: int) -> bool:
    return before < _ASK_AGAIN or any(one.needed for one in asked)


def _ask_anew(talk: Talk, trouble: str) -> Talk:
    return talk.says(Turn(message="", questions=(Asked(field="prompt", text=trouble, default="", needed=True),)))


def _together(prompt: str, text: str) -> Reading:
    """Both utterances, or the second alone where the first is unsound. Raises BadInput where that names nothing."""
    try:
        first = begin(hear(prompt))
    except BadInput:
        return read(text)
    said = hear(text)
    explained = _explained(prompt, first, said.reading)
    if explained is not None:
        return explained
    both = follow(first, said).model_copy(update={"prompt": f"{prompt} {text}".strip()})
    return both if both.components else read(f"{prompt} {text}")


def _explained(prompt: str, first: Reading, said: Reading) -> Reading | None:
    """The prompt with its one strange word read as the one substance of the reply; None where that is not so."""
    strange = [word.partition(" (did")[0] for word in first.not_understood]
    if len(strange) != 1 or len(said.components) != 1:
        return None
    (one,) = said.components
    written = one.smiles is not None and one.molecule is None
    name = f"{strange[0]} (SMILES {one.smiles})" if written else one.name
    return read(prompt.replace(strange[0], name)).model_copy(update={"prompt": prompt})


def _to_confirm(talk: Talk, task: Task, message: str) -> Talk:
    question = Asked(field=CONFIRM, text="Is this right? Say yes, or what to change.", default="yes")
    shown = "\n\n".join(part for part in (message, f"This is the task:\n\n{summary(task)}") if part)
    after = talk.says(Turn(message=shown, questions=(question,)))
    return after.model_copy(update={"stage": "confirming", "task": task})


def _news(old: Reading, new: Reading | None) -> str:
    """Lines of the reading that were not there before, and what was remarked."""
    assert new is not None
    before = set(reading_text(old).splitlines())
    lines = [line for line in reading_text(new).splitlines() if line not in before]
    gone = [one.name for one in old.components if one.name not in [other.name for other in new.components]]
    lines += [f"- without {', '.join(gone)}"] if gone else []
    return "Understood:\n\n" + "\n".join(lines) if lines else "Understood; that changes nothing."
