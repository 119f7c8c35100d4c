"""Two models around the real one: one that writes every exchange down, one that gives recorded replies again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic_ai.exceptions import AgentRunError, UnexpectedModelBehavior
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelRequest, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from lang2mlip.language.transcript import Transcript

__all__ = ["Meter", "Recording", "Replaying"]


_RETURNED_TEXT = ("retry-feedback", "system-prompt")
"""Kinds of parts that answer a reply in plain words where a tool call was due."""


@dataclass
class Meter:
    """Tokens and replies of one conversation, counted as they arrive, so that a failed one is paid for too."""

    tokens: int = 0
    returned: int = 0
    """Answers that went back to the model as malformed, unknown or refused."""

    def add(self, usage: RequestUsage) -> None:
        """Count one reply."""
        self.tokens += usage.total_tokens

    def look(self, new: Sequence[ModelMessage]) -> None:
        """Count what the messages of a further turn return to the model."""
        parts = [part for message in new if isinstance(message, ModelRequest) for part in message.parts]
        self.returned += sum(
            getattr(part, "outcome", None) == "retried" or part.part_kind in _RETURNED_TEXT for part in parts
        )


@dataclass(init=False)
class Recording(WrapperModel):
    """A model whose every exchange is metered and, with a transcript, written down."""

    conversation: str
    meter: Meter
    transcript: Transcript | None

    def __init__(self, wrapped: Model, conversation: str, meter: Meter, transcript: Transcript | None) -> None:
        super().__init__(wrapped)
        self.conversation, self.meter, self.transcript = conversation, meter, transcript
        self._turn = 0
        self._written = 0

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The wrapped model's reply, after it was metered and written down; a failure is written down too."""
        if self._turn:
            self.meter.look(messages[self._written :])
        try:
            reply = await self.wrapped.request(messages, model_settings, model_request_parameters)
        except AgentRunError as error:
            self._write(messages, {"error": f"{type(error).__name__}: {error}"})
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A client library stumbles so over JSON that is valid but no reply of its protocol.
            self._write(messages, {"error": f"{type(error).__name__}: {error}"})
            raise UnexpectedModelBehavior("the reply does not follow the protocol of the provider") from error
        self.meter.add(reply.usage)
        self._write(messages, {"reply": _plain([reply])[0], "tokens": reply.usage.total_tokens})
        return reply

    def _write(self, messages: list[ModelMessage], outcome: dict[str, Any]) -> None:
        """Only the messages that are new since the last turn: the earlier ones stand in the lines above."""
        if self.transcript is not None:
            place = {"label": self.conversation, "turn": self._turn, "model": f"{self.system}:{self.model_name}"}
            self.transcript.write({**place, "request": _plain(messages[self._written :]), **outcome})
        self._turn += 1
        self._written = len(messages)


@dataclass(init=False)
class Replaying(Model):
    """A model that answers with recorded replies, in order, at no cost."""

    conversation: str
    replies: list[dict[str, Any]] = field(repr=False)

    def __init__(self, conversation: str, replies: Sequence[dict[str, Any]]) -> None:
        super().__init__()
        self.conversation, self.replies = conversation, list(replies)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The next recorded reply with its usage set to nothing. Raises UnexpectedModelBehavior when there is none."""
        if not self.replies:
            raise UnexpectedModelBehavior(f"the transcript holds no further reply for {self.conversation!r}")
        (reply,) = ModelMessagesTypeAdapter.validate_python([self.replies.pop(0)])
        assert isinstance(reply, ModelResponse)
        reply.usage = RequestUsage()
        return reply

    @property
    def model_name(self) -> str:
        """What stands for the model's name."""
        return "replay"

    @property
    def system(self) -> str:
        """What stands for the provider's name."""
        return "transcript"


def _plain(messages: Sequence[ModelMessage]) -> list[dict[str, Any]]:
    dumped: list[dict[str, Any]] = ModelMessagesTypeAdapter.dump_python(list(messages), mode="json")
    return dumped
