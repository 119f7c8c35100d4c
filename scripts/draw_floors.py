"""Draw docs/floors.svg from the imports of the code: rooms on their floors, an arrow where one imports another.

Run with `make docs`. A test fails when the picture is not what the code says. Imports of the ground (catalogue, data,
contracts, errors, units) are not drawn: every floor stands on it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "lang2mlip"
PICTURE = ROOT / "docs" / "floors.svg"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("doors",),
    ("labs",),
    ("loop",),
    ("prepare", "act", "report"),
    ("decide",),
    ("language", "record", "compute", "science"),
    ("catalogue", "data"),
    ("contracts",),
    ("errors", "units"),
)
"""From the roof to the ground; tests/test_architecture.py holds the code to the same floors."""

GROUND = {"catalogue", "data", "contracts", "errors", "units"}
WIDTH, BOX, GAP, MARGIN = 1080, (104, 30), 66, 20
SCIENCE_LEFT = 420
ALONE = {"doors": 0.5, "labs": 0.8, "loop": 0.36, "decide": 0.3, "contracts": 0.5}
"""Where a room stands that has its floor to itself, as a share of the width: aside of the arrows that pass by."""


@dataclass(frozen=True)
class Box:
    """A room on the page: its centre and its size."""

    x: float
    y: float
    width: float = BOX[0]
    height: float = BOX[1]


def room(parts: tuple[str, ...]) -> str:
    """('science', 'atoms', 'md') → 'science/atoms'; ('record', 'run') → 'record'."""
    return "/".join(parts[:2]) if parts[0] == "science" and len(parts) > 1 else parts[0]


def rooms() -> list[str]:
    """Every room that has code in it, in alphabetical order."""
    found = set()
    for file in SOURCE.rglob("*.py"):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        if parts != ("__init__",) and parts != ("science", "__init__"):
            found.add(room(parts))
    return sorted(found)


def imported(file: Path) -> Iterator[str]:
    """The rooms that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lang2mlip."):
            yield room(tuple((node.module or "").split(".")[1:]))


def edges() -> list[tuple[str, str]]:
    """(importing room, imported room), the ground left out, in alphabetical order."""
    found = set()
    for file in SOURCE.rglob("*.py"):
        here = room(file.relative_to(SOURCE).with_suffix("").parts)
        found |= {(here, there) for there in imported(file) if here != "__init__" and there != here}
    return sorted(edge for edge in found if not set(edge) & GROUND)


def places(known: list[str]) -> tuple[dict[str, Box], Box, float]:
    """Where each room is drawn, the frame around science, and the height of the page."""
    boxes, y = {}, MARGIN + BOX[1] / 2
    frame = Box(0, 0)
    for floor in FLOORS:
        here = [name for name in floor if name in known]
        if "science" in floor:
            boxes |= _row([name for name in here if name != "science"], y + 40, 0, SCIENCE_LEFT)
            inside = [name for name in known if name.startswith("science/") and name != "science/atoms"]
            half = (len(inside) + 1) // 2
            boxes |= _row(inside[:half], y + 14, SCIENCE_LEFT, WIDTH)
            boxes |= _row(inside[half:], y + 56, SCIENCE_LEFT, WIDTH)
            boxes |= _row(["science/atoms"], y + 106, SCIENCE_LEFT, WIDTH)
            frame = Box((SCIENCE_LEFT + WIDTH) / 2, y + 56, WIDTH - SCIENCE_LEFT - 12, 152)
            y += 118
        else:
            boxes |= _row(here, y, 0, WIDTH)
        y += 40 if set(floor) <= GROUND else GAP
    return boxes, frame, y - 40 + BOX[1] / 2 + MARGIN


def _row(names: list[str], y: float, left: float, right: float) -> dict[str, Box]:
    if len(names) == 1 and names[0] in ALONE:
        return {names[0]: Box(left + ALONE[names[0]] * (right - left), y)}
    pitch = (right - left) / max(1, len(names))
    width = min(BOX[0], pitch - 8)
    return {name: Box(left + pitch * (n + 0.5), y, width) for n, name in enumerate(names)}


def _arrow(start: Box, end: Box) -> str:
    down = end.y >= start.y
    x1, y1 = start.x, start.y + (start.height if down else -start.height) / 2
    x2, y2 = end.x, end.y - (end.height if down else -end.height) / 2
    bend = (y2 - y1) * 0.5
    return f'<path d="M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"/>'


def _drawn(name: str, box: Box) -> str:
    words = escape(name.removeprefix("science/"))
    left, top = box.x - box.width / 2, box.y - box.height / 2
    kind = ' class="ground"' if name in GROUND else ""
    return (
        f'<rect{kind} x="{left:.0f}" y="{top:.0f}" width="{box.width:.0f}" height="{box.height}" rx="6"/>'
        f'<text x="{box.x:.0f}" y="{box.y + 4.5:.0f}">{words}</text>'
    )


_STYLE = """svg{background:#fff}rect{fill:#eef3fb;stroke:#3b5b92}rect.ground{fill:#f3f1ea;stroke:#8a7f62}
rect.frame{fill:#f8fafd;stroke:#b8c6de}path{fill:none;stroke:#3b5b92;stroke-opacity:.38;marker-end:url(#tip)}
text{font:13px system-ui,sans-serif;text-anchor:middle;fill:#1c2430}text.small{font-size:12px;fill:#5a6474}"""


def picture() -> str:
    """The SVG."""
    known = rooms()
    boxes, frame, height = places(known)
    unknown = [name for name in known if name not in boxes and name != "science"]
    if unknown:
        raise SystemExit(f"{', '.join(unknown)} stand on no floor; add them to FLOORS in {Path(__file__).name}.")
    left, top = frame.x - frame.width / 2, frame.y - frame.height / 2
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}" role="img">',
        "<title>The floors of lang2mlip, drawn from its imports</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" style="fill:#3b5b92;stroke:none;marker-end:none"/></marker></defs>',
        f'<rect class="frame" x="{left:.0f}" y="{top:.0f}" width="{frame.width:.0f}" height="{frame.height}" rx="8"/>',
        f'<text class="small" x="{left + 34:.0f}" y="{top + frame.height - 10:.0f}">science</text>',
        *(_arrow(boxes[a], boxes[b]) for a, b in edges() if a in boxes and b in boxes),
        *(_drawn(name, box) for name, box in boxes.items()),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(picture(), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)} drawn: {len(rooms())} rooms, {len(edges())} arrows")


if __name__ == "__main__":
    main()
