"""A language model that follows a script: a local server that speaks two real protocols, for tests and trials.

It serves OpenAI's chat completions and Anthropic's messages, so the real client libraries talk to it over a socket.
Each request takes the next entry of the script and is kept with its headers.

    with ScriptedModel([Call("decide", {...}), Fault(429), Text("…")]) as model:
        OPENAI_BASE_URL=model.openai_url, ANTHROPIC_BASE_URL=model.anthropic_url
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

__all__ = ["Call", "Fault", "Garbage", "Reply", "Request", "ScriptedModel", "Slow", "Text", "Truncated"]


@dataclass(frozen=True)
class Text:
    """A reply in plain words."""

    text: str


@dataclass(frozen=True)
class Call:
    """A reply that calls a tool; a typed answer is a call too. `arguments` may be broken JSON, as a string."""

    tool: str
    arguments: Mapping[str, Any] | str


@dataclass(frozen=True)
class Fault:
    """An HTTP error. `retry_after_ms` is what the server asks the client to wait."""

    status: int
    message: str = "scripted fault"
    retry_after_ms: int = 1


@dataclass(frozen=True)
class Garbage:
    """HTTP 200 with a body that is no reply of the protocol."""

    body: str = "<html>Bad gateway</html>"
    content_type: str = "text/html"


@dataclass(frozen=True)
class Truncated:
    """A proper reply of which only the first half arrives."""

    reply: Text | Call


@dataclass(frozen=True)
class Slow:
    """A reply that comes late."""

    seconds: float
    reply: Text | Call


Reply = Text | Call | Fault | Garbage | Truncated | Slow


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """Everything that the model was shown, as JSON."""
        return json.dumps(self.body, ensure_ascii=False)


@dataclass
class ScriptedModel:
    """The server. Entering it opens a free local port; leaving it closes it."""

    script: Sequence[Reply]
    tokens: tuple[int, int] = (100, 20)
    """Tokens that each reply claims to have read and written."""
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> ScriptedModel:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def openai_url(self) -> str:
        """For OPENAI_BASE_URL, OLLAMA_BASE_URL and VLLM_BASE_URL."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """For ANTHROPIC_BASE_URL."""
        return self.url

    def environment(self, key: str = "scripted-key") -> dict[str, str]:
        """The variables that send every provider's client to this server."""
        chat = {f"{provider}_BASE_URL": self.openai_url for provider in ("OPENAI", "OLLAMA", "VLLM")}
        keys = {f"{provider}_API_KEY": key for provider in ("OPENAI", "OLLAMA", "VLLM", "ANTHROPIC")}
        return {**chat, **keys, "ANTHROPIC_BASE_URL": self.anthropic_url}

    def take(self, request: Request) -> Reply:
        """Keep the request and give the next entry of the script; past its end, an error that is not retried."""
        with self._lock:
            self.requests.append(request)
            turn = len(self.requests) - 1
        return self.script[turn] if turn < len(self.script) else Fault(400, "the script has no further reply")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, model: ScriptedModel) -> None:
        self.model = model
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        reply = self.server.model.take(Request(self.path, dict(self.headers.items()), body))
        try:
            if isinstance(reply, Slow):
                time.sleep(reply.seconds)
                reply = reply.reply
            self._answer(reply, body)
        except (BrokenPipeError, ConnectionResetError):
            # A client that gave up waiting is part of the script.
            self.close_connection = True

    def _answer(self, reply: Text | Call | Fault | Garbage | Truncated, body: dict[str, Any]) -> None:
        if isinstance(reply, Fault):
            error = {"type": "error", "error": {"type": "scripted", "message": reply.message}}
            self._send(reply.status, json.dumps(error), {"retry-after-ms": str(reply.retry_after_ms)})
        elif isinstance(reply, Garbage):
            self._send(200, reply.body, {"Content-Type": reply.content_type})
        else:
            inner = reply.reply if isinstance(reply, Truncated) else reply
            speak = _anthropic if self.path.endswith("/messages") else _openai
            model = self.server.model
            spoken = speak(inner, str(body.get("model", "scripted")), model.tokens, len(model.requests))
            self._send(200, json.dumps(spoken), {}, cut=isinstance(reply, Truncated))

    def _send(self, status: int, text: str, headers: Mapping[str, str], cut: bool = False) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = cut

    def log_message(self, format: str, *values: Any) -> None:
        """Say nothing: requests are kept, not printed."""


def _openai(reply: Text | Call, model: str, tokens: tuple[int, int], number: int) -> dict[str, Any]:
    """A reply as OpenAI's chat completions give it."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text if isinstance(reply, Text) else None}
    if isinstance(reply, Call):
        call = {"name": reply.tool, "arguments": _arguments(reply)}
        message["tool_calls"] = [{"id": f"call_{number}", "type": "function", "function": call}]
    finish = "tool_calls" if isinstance(reply, Call) else "stop"
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)},
    }


def _anthropic(reply: Text | Call, model: str, tokens: tuple[int, int], number: int) -> dict[str, Any]:
    """A reply as Anthropic's messages give it. Their tool input is JSON already, so a broken one is sent as it is."""
    if isinstance(reply, Text):
        content: dict[str, Any] = {"type": "text", "text": reply.text}
    else:
        given = reply.arguments
        content = {
            "type": "tool_use",
            "id": f"toolu_{number}",
            "name": reply.tool,
            "input": {"broken": given} if isinstance(given, str) else dict(given),
        }
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [content],
        "stop_reason": "tool_use" if isinstance(reply, Call) else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": tokens[0], "output_tokens": tokens[1]},
    }


def _arguments(call: Call) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
