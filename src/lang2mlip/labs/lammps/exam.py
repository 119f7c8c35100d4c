"""Question papers of others: the public MD-EvalBench layout, and any folder of JSON tasks.

MD-EvalBench (MDAgent2, arXiv:2601.02075) has MD_Benchmark/LANGUAGE/QA_Eval/*.jsonl with questions (one choice, several,
a blank, or open) and Code_Eval/*.json with requests for scripts; its answers are written in base64. None of it is part
of this project. Open questions are left out: only a judge could mark them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput

__all__ = ["Exam", "Question", "Request", "read_exam"]

_HOME = "MD_Benchmark"
_CODED = "BASE64:"
_WORDS = ("question", "task", "prompt", "instruction", "input", "words", "description", "problem")
_ANSWERS = ("answer", "answer_text", "answers", "correct", "label", "gold")
_SCRIPTS = ("standrd_code", "standard_code", "script", "code", "solution", "output", "reference")
_LISTS = ("questions", "tasks", "data", "items", "examples")
_LARGEST_MB = 64


class Question(Noun):
    """A question with an answer that a program can check."""

    name: str = Field(description="file and id")
    words: str
    options: dict[str, str] = Field(default_factory=dict, description="letter → text; empty for a blank to be filled")
    answer: tuple[str, ...] = Field(description="the letters that are right; of a blank its text")
    tags: tuple[str, ...] = ()
    difficulty: str = ""

    @property
    def kind(self) -> Literal["one", "several", "blank"]:
        """How it is to be answered."""
        if not self.options:
            return "blank"
        return "one" if len(self.answer) == 1 else "several"

    def right(self, given: tuple[str, ...]) -> bool:
        """All the right letters and no other; a blank by its words, marks and case aside."""
        if self.options:
            return {one.strip().upper() for one in given} == set(self.answer)
        return _folded(" ".join(given)) in {_folded(one) for one in self.answer}


class Request(Noun):
    """A simulation in words; the script that others wrote for it is an example, not the truth."""

    name: str
    words: str
    script: str = ""


class Exam(Noun):
    """What was found."""

    questions: tuple[Question, ...] = ()
    requests: tuple[Request, ...] = ()
    left_out: tuple[str, ...] = Field(default=(), description="entries that could not be used, each with its reason")


def read_exam(place: Path, language: str = "EN") -> Exam:
    """The questions and requests of a file, a folder or a copy of MD-EvalBench (of which one language is read).

    Raises BadInput where nothing is found; an entry that cannot be used is left out and named.
    """
    root = _root(place, language)
    files = [root] if root.is_file() else sorted([*root.rglob("*.json"), *root.rglob("*.jsonl")])
    found: list[Question | Request] = []
    left_out: list[str] = []
    for file in files:
        for name, entry in _entries(file, left_out):
            made = _made(name, entry)
            if isinstance(made, str):
                left_out.append(f"{name}: {made}")
            else:
                found.append(made)
    if not found:
        why = f" The first reason: {left_out[0]}." if left_out else ""
        raise BadInput(f"{place} holds no questions and no requests in JSON.{why}")
    questions = tuple(one for one in found if isinstance(one, Question))
    return Exam(questions=questions, requests=tuple(one for one in found if isinstance(one, Request)),
                left_out=tuple(left_out))  # fmt: skip


def _root(place: Path, language: str) -> Path:
    if not place.exists():
        raise BadInput(f"{place} is not there; name a JSON file, a folder of such, or a copy of MD-EvalBench.")
    for home in (place / _HOME, place):
        if (home / language).is_dir() and any((home / language).rglob("*.json*")):
            return home / language
        if home.name == _HOME and home.is_dir():
            known = sorted(one.name for one in home.iterdir() if one.is_dir())
            raise BadInput(f"{home} has no language {language!r}; it has {', '.join(known) or 'none'}.")
    return place


def _entries(file: Path, left_out: list[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(name, entry) of each record of a file; what cannot be read is named in `left_out`."""
    if file.stat().st_size > _LARGEST_MB * 1_000_000:
        left_out.append(f"{file.name}: larger than {_LARGEST_MB} MB")
        return
    try:
        text = file.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if line.strip()]
        told = [json.loads(line) for line in lines] if file.suffix == ".jsonl" else json.loads(text)
    except (OSError, ValueError) as error:
        left_out.append(f"{file.name}: no JSON ({error})")
        return
    if isinstance(told, dict):
        told = next((told[key] for key in _LISTS if isinstance(told.get(key), list)), [told])
    for number, entry in enumerate(told if isinstance(told, list) else [], 1):
        if isinstance(entry, dict):
            yield f"{file.name}:{entry.get('id', number)}", entry


def _made(name: str, entry: Mapping[str, Any]) -> Question | Request | str:
    """What the entry is; a reason where it is nothing that can be used."""
    if "open" in str(entry.get("type", "")).lower():
        return "an open question, which only a judge could mark"
    words = next((entry[key].strip() for key in _WORDS if isinstance(entry.get(key), str)), "")
    if not words:
        return f"it has none of the fields {', '.join(_WORDS)}"
    try:
        answers = (_decoded(entry[key]) for key in _ANSWERS if entry.get(key) is not None)
        answer = next((one for one in answers if one not in ("", [])), None)
        script = next((_decoded(entry[key]) for key in _SCRIPTS if entry.get(key) is not None), None)
    except ValueError as error:
        return f"its answer cannot be decoded ({error})"
    options = _options(entry.get("options") or entry.get("choices"))
    if answer is None:
        return f"it has options and no answer ({', '.join(_ANSWERS)})" if options else _request(name, words, script)
    right = _letters(answer, options) if options else tuple(str(one) for one in _listed(answer))
    if not right or (options and not set(right) <= set(options)):
        return f"its answer {answer!r:.60} is none of its options"
    tags = tuple(str(one) for one in _listed(entry.get("tags") or ()))
    return Question(name=name, words=words, options=options, answer=right, tags=tags,
                    difficulty=str(entry.get("difficulty") or ""))  # fmt: skip


def _request(name: str, words: str, script: object) -> Request:
    return Request(name=name, words=words, script=script if isinstance(script, str) else "")


def _decoded(value: Any) -> Any:
    """The value behind `BASE64:`. Raises ValueError."""
    if not isinstance(value, str) or not value.startswith(_CODED):
        return value
    return json.loads(base64.b64decode(value.removeprefix(_CODED), validate=True).decode("utf-8"))


def _options(told: Any) -> dict[str, str]:
    """Letter → text, of a mapping or a list."""
    if isinstance(told, dict):
        return {str(key).strip().upper(): str(text) for key, text in told.items()}
    return {chr(ord("A") + n): str(text) for n, text in enumerate(told)} if isinstance(told, list) else {}


def _letters(answer: Any, options: Mapping[str, str]) -> tuple[str, ...]:
    """The letters of an answer, given as letters, as places from 0 or as the text of an option."""
    letters = []
    for one in _listed(answer):
        if isinstance(one, int) and not isinstance(one, bool):
            letters += list(options)[one : one + 1]
        elif one in options.values():
            letters += [key for key, text in options.items() if text == one]
        else:
            letters += [part for part in str(one).upper().replace(",", " ").split()] or []
    joined = [letter for part in letters for letter in ([part] if part in options else part)]
    return tuple(sorted(set(joined)))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _folded(text: str) -> str:
    return " ".join(
        "".join(letter if letter.isalnum() or letter in "/_*.-" else " " for letter in text.lower()).split()
    )
