"""What stands around every request to a model: it is metered and written down, or answered from a transcript."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydantic_ai import RunContext
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import ModelRequestContext

    from lang2mlip.language.transcript import Transcript

__all__ = ["Around", "Player", "Recorder"]

_RETURNED_TEXT = ("retry-feedback", "system-prompt")
"""Kinds of parts that answer a reply in plain words where a tool call was due."""


class Around(Protocol):
    """Stands around the requests of one conversation, and knows what they cost."""

    tokens: int
    returned: int
    """Answers that went back to the model as malformed, unknown or refused."""

    async def request(
        self,
        ctx: RunContext[Any],
        *,
        request_context: ModelRequestContext,
        handler: Callable[[ModelRequestContext], Awaitable[ModelResponse]],
    ) -> ModelResponse:
        """The reply to one request."""
        ...


class Recorder:
    """Passes requests on; meters replies as they arrive, so that a failed conversation is paid for too."""

    def __init__(self, label: str, model: str, transcript: Transcript | None) -> None:
        self.tokens = 0
        self.returned = 0
        self._place = {"label": label, "model": model}
        self._transcript = transcript
        self._turn = 0
        self._seen = 0

    async def request(
        self,
        ctx: RunContext[Any],
        *,
        request_context: ModelRequestContext,
        handler: Callable[[ModelRequestContext], Awaitable[ModelResponse]],
    ) -> ModelResponse:
        """The model's reply; a failure is written down too. Raises what the model raises."""
        from pydantic_ai.exceptions import AgentRunError, UnexpectedModelBehavior

        # Only what is new since the last turn: the earlier messages stand in the lines above.
        new = list(request_context.messages[self._seen :])
        self.returned += returned(new) if self._turn else 0
        try:
            reply = await handler(request_context)
        except AgentRunError as error:
            self._write(new, {"error": f"{type(error).__name__}: {error}"})
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A client library stumbles so over JSON that is valid but no reply of its protocol.
            self._write(new, {"error": f"{type(error).__name__}: {error}"})
            raise UnexpectedModelBehavior("the reply does not follow the protocol of the provider") from error
        self.tokens += reply.usage.total_tokens
        self._write(new, {"reply": _plain([reply])[0], "tokens": reply.usage.total_tokens})
        self._seen += len(new)
        return reply

    def _write(self, new: Sequence[ModelMessage], outcome: dict[str, Any]) -> None:
        if self._transcript is not None:
            self._transcript.write({**self._place, "turn": self._turn, "request": _plain(new), **outcome})
        self._turn += 1


class Player:
    """Answers with recorded replies, in order, without asking anybody and at no cost."""

    def __init__(self, label: str, replies: Sequence[dict[str, Any]]) -> None:
        self.tokens = 0
        self.returned = 0
        self._label = label
        self._replies = list(replies)
        self._seen = 0

    async def request(
        self,
        ctx: RunContext[Any],
        *,
        request_context: ModelRequestContext,
        handler: Callable[[ModelRequestContext], Awaitable[ModelResponse]],
    ) -> ModelResponse:
        """The next recorded reply, its usage set to nothing. Raises UnexpectedModelBehavior when there is none."""
        from pydantic_ai.exceptions import UnexpectedModelBehavior
        from pydantic_ai.messages import ModelMessagesTypeAdapter, ModelResponse
        from pydantic_ai.usage import RequestUsage

        new = request_context.messages[self._seen :]
        self.returned += returned(new) if self._seen else 0
        self._seen += len(new)
        if not self._replies:
            raise UnexpectedModelBehavior(f"the transcript holds no further reply for {self._label!r}")
        (reply,) = ModelMessagesTypeAdapter.validate_python([self._replies.pop(0)])
        if not isinstance(reply, ModelResponse):
            raise UnexpectedModelBehavior(f"the transcript holds no reply, but a {reply.kind}, for {self._label!r}")
        reply.usage = RequestUsage()
        return reply


def returned(new: Sequence[ModelMessage]) -> int:
    """How many answers the messages of a further turn return to the model."""
    parts = [part for message in new if message.kind == "request" for part in message.parts]
    return sum(getattr(part, "outcome", None) == "retried" or part.part_kind in _RETURNED_TEXT for part in parts)


def _plain(messages: Sequence[ModelMessage]) -> list[dict[str, Any]]:
    from pydantic_ai.messages import ModelMessagesTypeAdapter

    dumped: list[dict[str, Any]] = ModelMessagesTypeAdapter.dump_python(list(messages), mode="json")
    return dumped
