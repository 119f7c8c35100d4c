"""A person decides at the terminal; the rules' advice is one return key away."""

from __future__ import annotations

import sys
from typing import Any

import yaml

from lang2mlip.contracts import ACTIONS, Decision, State, check
from lang2mlip.decide.guards import refuse
from lang2mlip.decide.rules import Rules, facts
from lang2mlip.errors import BadInput

__all__ = ["Ask"]


class Ask:
    """Shows the state and the rules' advice, reads `ACTION key=value …`; an empty line takes the advice."""

    name = "person"

    def __init__(self, answers: Any = None) -> None:
        self._answers = answers or sys.stdin
        self._rules = Rules()

    def decide(self, state: State, view: Any) -> Decision:
        """What the person says, once it can be done; at the end of the input the rules' advice."""
        advice = self._rules.decide(state, view)
        print(f"\n{facts(state)}\nAdvice: {advice.action}. {advice.reason}", file=sys.stderr)
        while True:
            print("ACTION key=value …, or return for the advice: ", end="", file=sys.stderr, flush=True)
            line = self._answers.readline()
            if not line.strip():
                return advice.model_copy(update={"decider": self.name, "reason": f"As advised: {advice.reason}"})
            try:
                return self._read(line.split(), state)
            except BadInput as error:
                print(error, file=sys.stderr)

    def _read(self, words: list[str], state: State) -> Decision:
        action, settings = words[0], dict(word.partition("=")[::2] for word in words[1:])
        if action not in ACTIONS:
            raise BadInput(f"No action is called {action!r}. Known: {', '.join(ACTIONS)}.")
        values = {key: yaml.safe_load(value) for key, value in settings.items()}
        parameters: Any = check(ACTIONS[action], {"action": action, **values}, action)
        refusal = refuse(state, parameters)
        if refusal is not None:
            raise BadInput(refusal)
        return Decision(
            parameters=parameters, reason="A person decided.", expectation="", decider=self.name, seen=facts(state)
        )
