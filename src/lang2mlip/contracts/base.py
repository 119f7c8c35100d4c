"""The rule for every noun: frozen, closed, and a misspelt key is an error that names the nearest right one."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lang2mlip.errors import BadInput, nearest

__all__ = ["Json", "Noun", "Seed", "check"]

Json = Any
"""A value that JSON can hold."""

Seed = Annotated[int, Field(ge=0, lt=2**31, description="random seed")]


T = TypeVar("T", bound=BaseModel)


class Noun(BaseModel):
    """A frozen record that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def check(kind: type[T], data: object, where: str) -> T:
    """`data` as a `kind`; raises BadInput with one sentence per fault, each with its place and what is allowed."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        found = sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        faults = [_sentence(kind, fault) for fault in found[:5]]
        raise BadInput(f"{where}: {'; '.join(faults)}") from error


def _sentence(kind: type[BaseModel], fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "the whole"
    if fault["type"] == "extra_forbidden":
        known = _keys_at(kind, fault["loc"][:-1])
        return f"the key {place!r} is not known.{nearest(str(fault['loc'][-1]), known)} Known here: {', '.join(known)}"
    if fault["type"] == "missing":
        return f"the key {place!r} is missing"
    if fault["type"] == "value_error":
        return f"{place}: {fault['ctx']['error']}" if fault["loc"] else str(fault["ctx"]["error"])
    return f"{place}: {fault['msg']} (got {fault.get('input')!r:.80})"


def _keys_at(kind: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The keys that the model at `path` below `kind` accepts."""
    current: Any = kind
    for part in path:
        if isinstance(part, int):
            continue
        field = current.model_fields.get(part) if hasattr(current, "model_fields") else None
        if field is None:
            return []
        current = _inner_model(field.annotation)
    return sorted(current.model_fields) if hasattr(current, "model_fields") else []


def _inner_model(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _inner_model(inner)
        if found is not None:
            return found
    return None
