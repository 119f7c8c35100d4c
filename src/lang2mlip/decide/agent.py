"""A language model decides, in two steps: what to do next, and then, with that action's own agent, exactly how."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from lang2mlip.contracts import ACTIONS, ActionName, Decision, Noun, State
from lang2mlip.contracts.parts import Decider
from lang2mlip.decide.briefing import brief
from lang2mlip.decide.circles import barren, circle
from lang2mlip.decide.guards import refuse
from lang2mlip.decide.rules import facts
from lang2mlip.decide.tools import Tools
from lang2mlip.errors import ModelTrouble
from lang2mlip.language.quoting import quoted
from lang2mlip.language.speaker import Answer, Form, Query, Speaker
from lang2mlip.record.view import Step

__all__ = ["Agent", "AskBack", "Choice", "Decline"]

ROUNDS = 3
"""How often an action's agent may ask back or decline before the decision counts as failed."""

PATIENCE = 3
"""Decisions in a row that may fall to the fallback before a dead or slow endpoint is left alone."""

T = TypeVar("T")

PROMPTS = Path(__file__).parent / "prompts"


class Choice(Noun):
    """The decision maker's flat choice."""

    action: ActionName = Field(description="the next action")
    goal: str = Field(min_length=1, description="what this action is to achieve, for the agent that fills it in")
    groups: tuple[str, ...] = Field(default=(), description="groups to work on, by name; empty means all")
    expectation: str = Field(min_length=1, description="what should be seen afterwards if the reason is right")
    reason: str = Field(min_length=1, description="why this action now, with the figures that it rests on")


class AskBack(Noun):
    """A question of an action's agent to the decision maker."""

    question: str = Field(min_length=1, description="what must be known before the parameters can be filled in")


class Decline(Noun):
    """An action's agent says that the action should not be done."""

    why: str = Field(min_length=1, description="why not, and what should be done instead")


@dataclass
class _Talk:
    """One decision in the making: what was said so far between the two steps."""

    state: State
    view: Any
    tokens_before: int
    objections: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def label(self, what: str) -> str:
        """The name of one conversation in the transcript; steps count from the one that is being decided."""
        again = f" {len(self.objections) + 1}" if self.objections else ""
        return f"step-{self.state.step + 1:04d} {what}{again}"

    def note(self, who: str, answer: Answer) -> None:
        """Keep what was refused on the way."""
        self.remarks.extend(f"{who}: {remark}" for remark in answer.remarks)


class Agent:
    """A decider that is a language model; where the model fails, the fallback decides and the decision says so."""

    def __init__(self, speaker: Speaker, fallback: Decider, max_tokens: int | None = None) -> None:
        """`speaker` is live or a replay, `fallback` is usually the rules; `max_tokens` bounds this agent's own use."""
        self.name = f"llm:{speaker.name}"
        self._speaker = speaker
        self._fallback = fallback
        self._max_tokens = max_tokens
        self._falls = 0

    @classmethod
    def open(cls, model: str, transcript: Path, fallback: Decider, max_tokens: int | None = None) -> Agent:
        """A decider over the model PROVIDER:NAME, recording into the folder `transcript`.

        Raises BadInput, UnknownName or NotInstalled; no request is made yet.
        """
        return cls(Speaker.live(model, transcript), fallback, max_tokens)

    @classmethod
    def replay(cls, transcript: Path, fallback: Decider) -> Agent:
        """A decider that gives the recorded replies of `transcript` again, at no cost. Raises RunFault."""
        return cls(Speaker.replay(transcript), fallback)

    def decide(self, state: State, view: Any) -> Decision:
        """The model's decision, or the fallback's with a remark on why the model's did not come about."""
        talk, idle = _Talk(state, view, self._speaker.tokens), barren(_steps(view))
        try:
            decision = self._decided(talk) if idle is None else self._instead(talk, f"it is not asked, as {idle}.")
            self._falls = 0
        except ModelTrouble as trouble:
            self._falls = min(PATIENCE, self._falls + 1)
            decision = self._instead(talk, str(trouble))
        return decision.model_copy(
            update={
                "tokens": decision.tokens + self._spent(talk),
                "remarks": (*talk.remarks, *decision.remarks),
            }
        )

    def _instead(self, talk: _Talk, why: str) -> Decision:
        """The fallback's decision, with why it is not the model's."""
        talk.remarks.append(f"{self._fallback.name} decided, not {self.name}: {why}")
        return self._fallback.decide(talk.state, talk.view)

    def _decided(self, talk: _Talk) -> Decision:
        """Choose and fill in, as often as the second step objects. Raises ModelTrouble after ROUNDS objections."""
        if self._falls >= PATIENCE:
            raise ModelTrouble(f"{self._speaker.name} failed {self._falls} times in a row and is not asked any more.")
        while len(talk.objections) < ROUNDS:
            choice = self._choose(talk)
            filled = self._fill(talk, choice)
            objection = _objection(choice, filled)
            if objection is None:
                return Decision(
                    parameters=filled,
                    reason=f"{choice.reason} Goal: {choice.goal}",
                    expectation=choice.expectation,
                    decider=self.name,
                    seen=facts(talk.state),
                )
            talk.objections.append(objection)
            talk.remarks.append(objection)
        raise ModelTrouble(f"{self.name} found no action that its own agents would carry out in {ROUNDS} rounds.")

    def _choose(self, talk: _Talk) -> Choice:
        """The first step: which action."""
        message = [quoted(brief(talk.state, _steps(talk.view)))]
        if talk.objections:
            said = "\n".join(f"- {objection}" for objection in talk.objections)
            message.append(f"You chose before in this step, and were told:\n{quoted(said)}\nAnswer it or change.")
        message.append("Choose the next action.")
        query = Query(
            label=talk.label("decide"),
            instructions=_prompt("decide"),
            message="\n\n".join(message),
            forms=(Form("choose", Choice, "The next action, why, and what should come of it."),),
            check=lambda choice: _impossible(talk.state, choice),
        )
        answer = self._speaker.ask(query, self._tokens_left(talk))
        talk.note("decide", answer)
        return _as(Choice, answer.value)

    def _fill(self, talk: _Talk, choice: Choice) -> Noun:
        """The second step: the action's own agent fills in its parameters, asks back or declines."""
        kind = ACTIONS[choice.action]
        query = Query(
            label=talk.label(choice.action),
            instructions=f"{_prompt('fill')}\n\n{_prompt(choice.action)}",
            message=_order(talk, choice),
            forms=(
                Form(choice.action, kind, (kind.__doc__ or choice.action).strip()),
                Form("ask_back", AskBack, "Ask the decision maker, when its order cannot be carried out without more."),
                Form("decline", Decline, "Say that this action should not be done now, and why."),
            ),
            tools=Tools(talk.state, talk.view).all(),
            check=lambda filled: _unfit(talk, filled) if isinstance(filled, kind) else None,
        )
        answer = self._speaker.ask(query, self._tokens_left(talk))
        talk.note(choice.action, answer)
        return _as(Noun, answer.value)

    def _spent(self, talk: _Talk) -> int:
        """Tokens of this decision, which the state does not know of yet."""
        return self._speaker.tokens - talk.tokens_before

    def _tokens_left(self, talk: _Talk) -> int | None:
        """Tokens that the task's budget and this agent's own bound still allow; None without a limit."""
        budget, own = talk.state.task.budget.max_tokens, self._max_tokens
        left = [] if budget is None else [budget - talk.state.cost.tokens - self._spent(talk)]
        left += [] if own is None else [own - self._speaker.tokens]
        return min(left, default=None)


def _impossible(state: State, choice: Choice) -> str | None:
    """Why the choice cannot be carried out with any parameters, as far as that can be told before they are known."""
    if choice.action == "end":
        return "The run has ended." if state.ended else None
    return refuse(state, ACTIONS[choice.action].model_validate(_groups(choice)))


def _unfit(talk: _Talk, filled: Noun) -> str | None:
    """Why filled-in parameters are refused: the impossible, a circle, files that a model has no business to open."""
    state = talk.state
    again = circle(_steps(talk.view), filled)
    if again is not None:
        return again
    own, task = getattr(filled, "settings", {}), state.task.potential.settings
    for name, value in own.items():
        if ("/" in str(value) or "\\" in str(value)) and task.get(name) != value:
            return f"The setting {name} = {value!r} is a path, and files come from the person alone; leave it out."
    return refuse(state, filled)


def _steps(view: Any) -> tuple[Step, ...]:
    return tuple(view.steps()) if view is not None else ()


def _groups(choice: Choice) -> dict[str, Any]:
    return {"groups": choice.groups} if "groups" in ACTIONS[choice.action].model_fields else {}


def _order(talk: _Talk, choice: Choice) -> str:
    """The order to an action's agent: the state as data, then what the decision maker wants."""
    groups = ", ".join(choice.groups) or "all"
    wish = f"Goal: {choice.goal}\nGroups: {groups}\nReason: {choice.reason}\nExpected: {choice.expectation}"
    state = brief(talk.state, _steps(talk.view))
    return f"{quoted(state)}\n\nThe decision maker chose {choice.action}:\n{quoted(wish)}\n\nFill in its parameters."


def _objection(choice: Choice, filled: Noun) -> str | None:
    if isinstance(filled, AskBack):
        return f"The agent of {choice.action} asks: {filled.question}"
    if isinstance(filled, Decline):
        return f"The agent of {choice.action} declines: {filled.why}"
    return None


def _prompt(name: str) -> str:
    return (PROMPTS / f"{name}.md").read_text(encoding="utf-8").strip()


def _as(kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise ModelTrouble(f"The model's answer is a {type(value).__name__}, where a {kind.__name__} was due.")
    return value
