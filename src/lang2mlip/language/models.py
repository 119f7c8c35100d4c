"""Open a language model by name. Keys come from the environment alone and are never logged.

openai:NAME      OPENAI_API_KEY, OPENAI_BASE_URL (any endpoint that speaks chat completions)
anthropic:NAME   ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL
ollama:NAME      OLLAMA_BASE_URL (http://localhost:11434/v1 unless set)
vllm:NAME        VLLM_BASE_URL (http://localhost:8000/v1 unless set), VLLM_API_KEY where the server wants one
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from lang2mlip.contracts.base import Noun
from lang2mlip.errors import BadInput, NotInstalled, UnknownName

if TYPE_CHECKING:
    from pydantic_ai.models import Model

__all__ = ["Limits", "configured", "open_model", "split_name"]

_NO_KEY = "no-key-needed"
"""What goes on the wire to a local server that asks for no key; the client libraries refuse an empty one."""


class Limits(Noun):
    """How long, how often and how much a model may be asked."""

    timeout_s: float = Field(default=120.0, gt=0, description="longest wait for one attempt at a request, s")
    retries: int = Field(default=2, ge=0, description="further attempts after 429, 5xx or a lost connection")
    attempts: int = Field(default=3, ge=1, description="answers of the model that may be refused before it is given up")
    requests: int = Field(default=16, ge=1, description="requests in one conversation, tool calls included")
    max_output_tokens: int = Field(default=8000, ge=64, description="longest single reply, tokens")
    output: Literal["tool", "native", "prompted"] = Field(
        default="tool",
        description="how a typed answer is asked for: as a tool call, by the endpoint's JSON schema, or in the prompt",
    )


def configured(model: str | None = None) -> str | None:
    """The name of the model to use: `model`, else LANG2MLIP_MODEL, else None: no model is configured."""
    return model or os.environ.get("LANG2MLIP_MODEL") or None


def split_name(name: str) -> tuple[str, str]:
    """`anthropic:claude-x` → ("anthropic", "claude-x"). Raises BadInput or UnknownName."""
    provider, colon, model = name.partition(":")
    if not colon or not model:
        raise BadInput(
            f"The model {name!r} must be given as PROVIDER:NAME, with one of the providers {', '.join(_OPENERS)}."
        )
    if provider not in _OPENERS:
        raise UnknownName.of("model provider", provider, _OPENERS)
    return provider, model


def open_model(name: str) -> Model:
    """The model called PROVIDER:NAME. No request is made yet. Raises BadInput, UnknownName or NotInstalled."""
    provider, model = split_name(name)
    if importlib.util.find_spec("pydantic_ai") is None:
        raise NotInstalled("A language model needs pydantic-ai. Get it with: pip install 'lang2mlip[llm]'")
    try:
        return _OPENERS[provider](model)
    except ImportError as error:
        raise NotInstalled(
            f"The provider {provider!r} needs a client library that is missing here ({error.name}). "
            "Get it with: pip install 'lang2mlip[llm]'"
        ) from error


def _openai(model: str) -> Model:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    base_url = os.environ.get("OPENAI_BASE_URL")
    return OpenAIChatModel(model, provider=OpenAIProvider(base_url=base_url, api_key=_key("OPENAI_API_KEY", base_url)))


def _anthropic(model: str) -> Model:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    base_url = os.environ.get("ANTHROPIC_BASE_URL")
    provider = AnthropicProvider(base_url=base_url, api_key=_key("ANTHROPIC_API_KEY", base_url))
    return AnthropicModel(model, provider=provider)


def _ollama(model: str) -> Model:
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.providers.ollama import OllamaProvider

    base_url = os.environ.get("OLLAMA_BASE_URL") or "http://localhost:11434/v1"
    return OllamaModel(model, provider=OllamaProvider(base_url=base_url))


def _vllm(model: str) -> Model:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.vllm import VLLMProvider

    base_url = os.environ.get("VLLM_BASE_URL") or "http://localhost:8000/v1"
    provider = VLLMProvider(base_url=base_url, api_key=_key("VLLM_API_KEY", base_url))
    return OpenAIChatModel(model, provider=provider)


def _key(variable: str, base_url: str | None) -> str:
    """The key in `variable`; an own endpoint may do without one. Raises BadInput."""
    key = os.environ.get(variable)
    if key:
        return key
    if base_url:
        return _NO_KEY
    raise BadInput(f"The environment variable {variable} is not set, and the model provider asks for a key: set it.")


_OPENERS: dict[str, Callable[[str], Model]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "ollama": _ollama,
    "vllm": _vllm,
}
