"""How the doors write: one width, hanging indents, and the same words in a terminal and in a log."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

from rich.console import Console
from rich.text import Text

__all__ = ["open_console", "paragraph", "short", "show_markdown"]

WIDEST = 100
"""Columns: longer lines are hard to read. A log has no width of its own and gets this one."""

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


def open_console(error: bool = True) -> Console:
    """A console on standard error (or output), at most as wide as people read; COLUMNS overrules it."""
    console = Console(stderr=error, highlight=False)
    if "COLUMNS" not in os.environ:
        console.width = min(console.width, WIDEST) if console.is_terminal else WIDEST
    return console


def paragraph(console: Console, lead: str, words: str, indent: int | None = None, style: str = "bold") -> None:
    """`lead` and `words`, wrapped so that all lines but the first start at column `indent` (default: after the lead).

    The lead gets the style; `**bold**` in the words is shown as bold. Nothing is read as rich markup.
    """
    inner = len(lead) if indent is None else indent
    lines = textwrap.wrap(
        lead + words,
        max(console.width, inner + 20),
        subsequent_indent=" " * inner,
        break_long_words=False,
        break_on_hyphens=False,
    )
    text = Text("\n".join(lines))
    text.stylize(style, 0, len(lead.rstrip()))
    console.print(_bold(text), soft_wrap=True)


def _bold(text: Text) -> Text:
    """`**word**` → word in bold."""
    while (found := _BOLD.search(text.plain)) is not None:
        start, end = found.span()
        inner = text[start + 2 : end - 2]
        inner.stylize("bold")
        text = Text.assemble(text[:start], inner, text[end:])
    return text


def show_markdown(console: Console, markdown: str) -> None:
    """Our own plain Markdown: a heading, bullets, paragraphs. Quotations are left out: the person just typed them."""
    blank = False
    for line in markdown.strip().splitlines():
        if line.startswith("> "):
            continue
        if not line:
            blank = True
            continue
        if blank:
            console.print()
        blank = False
        if line.startswith("# "):
            paragraph(console, "", f"**{line[2:]}**")
        elif line.startswith("- "):
            paragraph(console, "- ", line[2:])
        else:
            paragraph(console, "", line)


def short(path: Path) -> Path:
    """The path as a person here would type it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
