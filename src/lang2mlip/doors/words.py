"""Words → Task at the terminal: a conversation that can be left after every turn and taken up again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lang2mlip.contracts import Task
from lang2mlip.doors.terminal import open_console, paragraph, short, show_markdown
from lang2mlip.errors import BadInput, ModelTrouble
from lang2mlip.language.speaker import Speaker
from lang2mlip.prepare.dialogue import Dialogue, Turn
from lang2mlip.prepare.task import Options
from lang2mlip.record.run import write_text

__all__ = ["Agreed", "put_away", "saved_talk", "talk_over"]

console = open_console()

_SAVED = "dialogue.json"


@dataclass(frozen=True)
class Agreed:
    """A task, and what belongs beside it in the run folder: file name → text."""

    task: Task
    texts: Mapping[str, str]


def saved_talk(folder: Path) -> bool:
    """A conversation was begun in this folder and is not a run yet."""
    return (folder / _SAVED).exists() and not (folder / "run.db").exists()


def talk_over(prompt: str, folder: Path, yes: bool, model: str | None, options: Options) -> Agreed:
    """The task that the person and the program agree on. Raises BadInput when the words cannot become a task.

    The conversation is saved in `folder` after every turn; one that lies there is taken up. `yes`, or no terminal,
    takes every default.
    """
    if not prompt.strip():
        raise BadInput('The prompt is empty. Name a substance, its phases and a temperature: lang2mlip run "…"')
    speaker = _speaker(model)
    if saved_talk(folder):
        talk = Dialogue.load((folder / _SAVED).read_text(encoding="utf-8"), speaker)
    else:
        talk = Dialogue.start(prompt, options, speaker)
    if yes or not sys.stdin.isatty():
        task = talk.finish()
        if talk.trouble:
            paragraph(console, "! ", talk.trouble, style="yellow")
    else:
        _converse(talk, folder)
        task = talk.task
    return Agreed(task, {"dialogue.md": talk.dialogue, "summary.md": talk.summary})


def put_away(folder: Path) -> None:
    """Remove a conversation that has become a run."""
    if saved_talk(folder):
        shutil.rmtree(folder)


def _speaker(model: str | None) -> Speaker | None:
    name = model or os.environ.get("LANG2MLIP_MODEL")
    if not name:
        return None
    try:
        return Speaker.live(name)
    except ModelTrouble as error:
        paragraph(console, "! ", f"{error} Going on with the built-in reader.", style="yellow")
        return None


def _converse(talk: Dialogue, folder: Path) -> None:
    """Turn after turn; Ctrl-C or Ctrl-D leaves, and nothing is lost."""
    try:
        while not talk.turn.done:
            _save(talk, folder)
            _show(talk.turn)
            line = sys.stdin.readline()
            if not line:
                raise KeyboardInterrupt
            talk.reply(line.strip())
        _save(talk, folder)
        _show(talk.turn)
    except KeyboardInterrupt:
        console.print()
        paragraph(console, "", f"Left. Nothing is lost; go on with: lang2mlip prepare {_name(folder)}")
        raise SystemExit(130) from None


def _name(folder: Path) -> str:
    """What to type to go on: the name alone where runs are looked for there."""
    return folder.name if folder.parent.resolve() == Path("runs").resolve() else str(short(folder))


def _save(talk: Dialogue, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"The folder {folder} cannot be made: {error.strerror}. Choose another with --out.") from error
    write_text(folder / _SAVED, talk.state())
    write_text(folder / "dialogue.md", talk.dialogue)


def _show(turn: Turn) -> None:
    """The message, then the questions with their numbers and defaults."""
    if turn.message:
        show_markdown(console, turn.message)
        console.print()
    for number, one in enumerate(turn.questions, 1):
        lead = f"{number}. " if len(turn.questions) > 1 else ""
        why = f" ({one.why})" if one.why and one.default else ""
        default = f" [return: {one.default}{why}]" if one.default else ""
        paragraph(console, lead, f"**{one.text}**{default}", 3)
