"""The manual of LAMMPS where the person has it: found, cut into passages, indexed once in their own cache."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from lang2mlip.errors import BadInput
from lang2mlip.labs.knowledge.passages import Passage
from lang2mlip.labs.knowledge.terms import terms
from lang2mlip.record.labels import cache_folder

__all__ = ["find_manual", "in_manual"]

VARIABLE = "LANG2MLIP_LAMMPS_MANUAL"
_PLACES = ("/usr/share/doc/lammps-doc/html", "/usr/share/doc/lammps/html", "/usr/share/lammps/doc/html")
_ENDINGS = (".html", ".rst", ".md", ".txt")
_LONGEST = 1200
_SKIPPED = frozenset({"script", "style", "nav", "footer", "header"})
_CANDIDATES = 30


def find_manual(named: Path | None = None) -> Path | None:
    """The folder named, else that in $LANG2MLIP_LAMMPS_MANUAL, else a usual place; None where there is none.

    Raises BadInput for a named folder that holds no pages.
    """
    own = named or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if own is not None:
        if not own.is_dir() or next(_pages(own), None) is None:
            raise BadInput(f"{own} holds no pages of a manual; name the folder with its .html, .rst or .txt files.")
        return own
    return next((Path(place) for place in _PLACES if Path(place).is_dir()), None)


def in_manual(question: str, folder: Path) -> list[Passage]:
    """Passages of the manual that share words with a question, best first."""
    wanted = " OR ".join(f'"{word}"' for word in dict.fromkeys(terms(question)))
    if not wanted:
        return []
    sql = "SELECT title, body, place FROM passage WHERE passage MATCH ? ORDER BY bm25(passage, 3.0, 0.0, 1.0) LIMIT ?"
    with sqlite3.connect(_index(folder)) as base:
        rows = base.execute(sql, (wanted, _CANDIDATES)).fetchall()
    base.close()
    return [
        Passage(
            key=f"manual:{place}",
            kind="manual",
            title=title,
            text=body,
            source=f"LAMMPS manual on this machine, {place}",
        )
        for title, body, place in rows
    ]


def _pages(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if file.suffix in _ENDINGS and file.is_file())


def _index(folder: Path) -> Path:
    """The database of this folder's pages as they are now; made on first use, by a name that it then has whole."""
    pages = list(_pages(folder))
    state = "".join(f"{file}:{file.stat().st_mtime_ns}:{file.stat().st_size};" for file in pages)
    place = cache_folder() / "manuals"
    file = place / f"{hashlib.sha256(state.encode()).hexdigest()[:20]}.db"
    if file.is_file():
        return file
    place.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(f".{os.getpid()}.part")
    half.unlink(missing_ok=True)
    base = sqlite3.connect(half)
    base.execute("CREATE VIRTUAL TABLE passage USING fts5(title, body UNINDEXED, stems, place UNINDEXED)")
    rows = ((title, text, " ".join(terms(text)), str(page.relative_to(folder)))
            for page in pages for title, text in _cut(page))  # fmt: skip
    base.executemany("INSERT INTO passage VALUES (?, ?, ?, ?)", rows)
    base.commit()
    base.close()
    shutil.move(half, file)
    return file


def _cut(page: Path) -> Iterator[tuple[str, str]]:
    """(title of the page, text) of pieces of a page, cut between paragraphs."""
    raw = page.read_text(encoding="utf-8", errors="replace")
    text = _plain(raw) if page.suffix == ".html" else raw
    paragraphs = [" ".join(one.split()) for one in re.split(r"\n\s*\n", text)]
    paragraphs = [one for one in paragraphs if re.search(r"[A-Za-z]{3}", one)]
    title = paragraphs[0][:120] if paragraphs else page.stem
    kept = ""
    for one in paragraphs[1:]:
        if kept and len(kept) + len(one) > _LONGEST:
            yield title, kept
            kept = ""
        kept = f"{kept} {one}".strip()[: 2 * _LONGEST]
    if kept:
        yield title, kept


def _plain(page: str) -> str:
    reader = _Text()
    reader.feed(page)
    return "".join(reader.pieces)


class _Text(HTMLParser):
    """The words of a page, a blank line at each block."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._skipping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Skip what is no text; a block begins a paragraph."""
        self._skipping += tag in _SKIPPED
        if tag in ("p", "h1", "h2", "h3", "li", "pre", "dt", "dd", "tr", "section"):
            self.pieces.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        """The end of what is skipped."""
        self._skipping -= tag in _SKIPPED and self._skipping > 0

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._skipping:
            self.pieces.append(data)
