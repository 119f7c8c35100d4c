"""One typed conversation with a model: a question goes out, a checked answer of a known type comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from lang2mlip.errors import ModelTrouble
from lang2mlip.language.models import Limits, open_model
from lang2mlip.language.quoting import RULE
from lang2mlip.language.recording import Around, Player, Recorder
from lang2mlip.language.transcript import Transcript, recorded_replies, scrub

if TYPE_CHECKING:
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model
    from pydantic_ai.settings import ModelSettings

__all__ = ["Answer", "Form", "Query", "Speaker"]


@dataclass(frozen=True)
class Form:
    """One shape that an answer may take: the model sees it as a tool called `name`."""

    name: str
    kind: type[BaseModel]
    line: str


@dataclass(frozen=True)
class Query:
    """What a model is asked, and what counts as an answer."""

    label: str
    """Which conversation this is, e.g. `step-0003 decide`; the transcript is replayed by it."""
    instructions: str
    """The system prompt; the rule about quoted data is added to it."""
    message: str
    forms: tuple[Form, ...]
    tools: tuple[Callable[..., str], ...] = ()
    """Read-only functions; name, docstring and signature are what the model sees."""
    check: Callable[[Any], str | None] = field(default=lambda answer: None)
    """Why a well-formed answer is refused, or None; the model sees the reason and may answer again."""


@dataclass(frozen=True)
class Answer:
    """What came back, what it cost, and what was refused on the way."""

    value: Any
    tokens: int
    remarks: tuple[str, ...]
    """What was refused and why, and how many answers were malformed."""


class Speaker:
    """A model that can be asked questions. Counts every token, also those of conversations that failed."""

    def __init__(
        self, name: str, model: Callable[[], Model], around: Callable[[str], Around], limits: Limits | None = None
    ) -> None:
        """`around` makes what stands around the conversation of a label. Use `live` or `replay` instead of this."""
        self.name = name
        self.limits = limits or Limits()
        self.tokens = 0
        self._model = model
        self._around = around

    @classmethod
    def live(cls, name: str, folder: Path | None = None, limits: Limits | None = None) -> Speaker:
        """A speaker over the model PROVIDER:NAME, recording into `folder`. Raises BadInput or NotInstalled."""
        model = open_model(name)
        transcript = Transcript(folder) if folder else None
        return cls(name, lambda: model, lambda label: Recorder(label, name, transcript), limits)

    @classmethod
    def replay(cls, folder: Path, limits: Limits | None = None) -> Speaker:
        """A speaker that gives the replies recorded in `folder` again: no request, no cost. Raises RunFault."""
        replies = recorded_replies(folder)
        return cls("replay", _nobody, lambda label: Player(label, replies.get(label, [])), limits)

    def ask(self, query: Query, tokens_left: int | None = None) -> Answer:
        """The model's answer to `query`, checked. Raises ModelTrouble with one sentence when there is none.

        `tokens_left` bounds the conversation: it is not begun at zero, and ends at the reply that passes the bound.
        """
        if tokens_left is not None and tokens_left <= 0:
            raise ModelTrouble(f"The token budget is used up, so {self.name} was not asked; raise --max-tokens.")
        around, refusals = self._around(query.label), list[str]()
        agent = self._agent(query, around, refusals)
        try:
            value = _wait(self._converse(agent, query.message, tokens_left, refusals))
        finally:
            self.tokens += around.tokens
        malformed = around.returned - len(refusals)
        remarks = [f"refused: {reason}" for reason in refusals]
        return Answer(value, around.tokens, (*remarks, *([f"{malformed} malformed"] if malformed > 0 else [])))

    async def _converse(
        self, agent: Agent[None, Any], message: str, tokens_left: int | None, refusals: Sequence[str]
    ) -> Any:
        from pydantic_ai.exceptions import AgentRunError, UserError
        from pydantic_ai.usage import UsageLimits

        limits = UsageLimits(request_limit=self.limits.requests, total_tokens_limit=tokens_left)
        try:
            # Entering the agent opens its connections in this event loop and closes them with it.
            async with agent:
                result = await agent.run(message, usage_limits=limits)
        except (AgentRunError, UserError) as error:
            raise ModelTrouble(self._trouble(error, refusals)) from error
        return result.output

    def _agent(self, query: Query, around: Around, refusals: list[str]) -> Agent[None, Any]:
        from pydantic_ai import Agent, ModelRetry
        from pydantic_ai.capabilities import Hooks

        agent: Agent[None, Any] = Agent(
            self._model(),
            deps_type=type(None),
            output_type=self._output(query.forms),
            instructions=f"{query.instructions.rstrip()}\n\n{RULE}",
            model_settings=self._settings(),
            retries={"tools": self.limits.attempts, "output": self.limits.attempts - 1},
            tools=query.tools,
            capabilities=[Hooks[None](model_request=around.request)],
        )

        @agent.output_validator
        def check(value: Any) -> Any:
            reason = query.check(value)
            if reason is None:
                return value
            refusals.append(reason)
            raise ModelRetry(f"Refused: {reason} Answer again with something that is possible.")

        return agent

    def _output(self, forms: Sequence[Form]) -> Any:
        from pydantic_ai import NativeOutput, PromptedOutput, ToolOutput

        if self.limits.output == "native":
            return NativeOutput([form.kind for form in forms])
        if self.limits.output == "prompted":
            return PromptedOutput([form.kind for form in forms])
        return [ToolOutput(form.kind, name=form.name, description=form.line, strict=False) for form in forms]

    def _settings(self) -> ModelSettings:
        from pydantic_ai.settings import ModelSettings

        limits = self.limits
        return ModelSettings(
            timeout=limits.timeout_s,
            max_retries=limits.retries,
            # All attempts and the pauses between them, which the client libraries keep to 8 s each.
            request_timeout=(limits.timeout_s + 8.0) * (1 + limits.retries),
            max_tokens=limits.max_output_tokens,
        )

    def _trouble(self, error: Exception, refusals: Sequence[str]) -> str:
        """What happened, in one sentence that holds no key and no page of JSON."""
        from pydantic_ai import exceptions as kinds

        if isinstance(error, kinds.UsageLimitExceeded):
            return f"The conversation with {self.name} was cut off: {_short(error)}."
        if isinstance(error, kinds.UnexpectedModelBehavior):
            last = f"; the last was refused because: {refusals[-1]}" if refusals else "."
            return f"{self.name} gave no usable answer ({_short(error)}){last}"
        if isinstance(error, kinds.ModelTimeoutError | kinds.ModelRequestTimeout):
            return (
                f"{self.name} did not answer within {self.limits.timeout_s:g} s; check the endpoint or allow more time."
            )
        if isinstance(error, kinds.ModelHTTPError):
            return (
                f"{self.name} answered with HTTP {error.status_code}: {_short(error)}; check the endpoint and its key."
            )
        return f"{self.name} could not be reached: {_short(error)}; check that the endpoint runs and its address."


def _short(error: Exception) -> str:
    """The first words of an error, without keys; of an HTTP error, what the server said."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else None
    said = inner.get("message") if isinstance(inner, dict) else None
    text = " ".join(scrub(str(said or error)).split())
    text = text.split(" Consider raising the limit")[0].split(" For further information")[0].rstrip(".")
    return text if len(text) <= 200 else text[:199] + "…"


def _nobody() -> Model:
    """What stands where a model would, when every reply comes from a transcript."""
    from pydantic_ai.models.function import AgentInfo, FunctionModel

    def silent(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        raise ModelTrouble("A replay asks no model; this is a fault of the program, please report it.")

    return FunctionModel(silent, model_name="replay")


def _wait(conversation: Coroutine[Any, Any, Any]) -> Any:
    """Run a conversation to its end, also from inside a server that has an event loop of its own."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(conversation)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, conversation).result()
