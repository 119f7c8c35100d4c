"""Is a torch file with a pickled model plain? It is read without running anything, and what it would run is looked at.

A pickled model names classes, holds the text of generated functions (torch.fx) and compiled ones (TorchScript). Each
name, statement and call must be one that such models need; anything else, and the file is not opened at all.
"""

from __future__ import annotations

import ast
import io
import pickle
import re
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

from lang2mlip.errors import BadInput

__all__ = ["refuse_programs"]

_CLASSES = re.compile(
    r"(e3nn\.(o3|nn|math)\.[\w.]+|mace\.modules\.\w+|torch\.nn\.modules\.\w+|torch\.nn\.parameter) [A-Za-z_]\w*"
    r"|torch\.nn\.functional (silu|tanh|relu|gelu|softplus|sigmoid)|torch (tanh|relu|sigmoid|Size|Tensor|device|abs)"
    r"|torch (\w+Storage|u?int\d+|float\d+|bfloat16|bool|complex\d+)|torch\._utils _rebuild_(parameter|tensor_v2)"
    r"|torch\.fx\._symbolic_trace Tracer|collections (OrderedDict|defaultdict)"
    r"|torch\.fx\.graph_module reduce_graph_module|_codecs encode|(__builtin__|builtins) (set|slice|complex|frozenset)"
    r"|numpy(\._?core)?(\.(multiarray|numeric))? (_reconstruct|ndarray|dtype|scalar)"
)
"""`module name` of what may be named: parts of networks, containers and tensors."""

_IMPORTS = frozenset(
    {
        "", "NoneType = type(None)", "from math import inf", "from math import nan", "from torch import device",
        "import torch", "import torch.fx", "import torch.fx._pytree as fx_pytree",
        "import torch.utils._pytree as pytree",
    }
)  # fmt: skip
"""Lines that torch.fx itself writes above each function."""

_NODES = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.AnnAssign, ast.Return, ast.Expr, ast.Name,
    ast.Attribute, ast.Call, ast.keyword, ast.Constant, ast.Subscript, ast.Slice, ast.Tuple, ast.List, ast.BinOp,
    ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context, ast.Delete,
)  # fmt: skip
_CALLED = frozenset(
    {
        "torch", "functional", "nn", "Tensor", "forward", "shape", "size", "dim", "dtype", "device", "slice", "_assert",
        "cat", "empty", "zeros", "ones", "zeros_like", "ones_like", "new_zeros", "new_empty", "stack", "einsum",
        "clone", "tensordot", "sum", "sqrt", "mul", "add", "sub", "div", "matmul", "broadcast_tensors", "broadcast_to",
        "reshape", "permute", "narrow", "expand", "index_select", "unsqueeze", "squeeze", "view", "transpose", "t",
        "contiguous", "flatten", "index_add", "scatter_add", "sin", "cos", "pow", "exp", "norm", "silu", "tanh",
    }
)  # fmt: skip
"""Attributes and functions that generated functions use."""

_SCRIPTED = re.compile(r"\b(from_file|save|load\w*|classes|exec|open)\b|\bops\.(?!prim\b|aten\b)")
"""What TorchScript could reach files with."""


class _Inert:
    """Stands for whatever a pickle makes: takes everything and does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, *_: Any, **__: Any) -> _Inert:
        return _Inert()

    def __setstate__(self, _: Any) -> None:
        pass

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def append(self, _: Any) -> None:
        """As a list would."""

    def extend(self, _: Any) -> None:
        """As a list would."""

    def add(self, _: Any) -> None:
        """As a set would."""


class _Reader(pickle.Unpickler):
    """Reads a pickle into inert objects; collects texts of functions. Raises BadInput at a name that is not plain."""

    def __init__(self, stream: bytes, file: Path) -> None:
        super().__init__(io.BytesIO(stream))
        self.file, self.texts, self.scripts = file, list[tuple[str, str]](), list[bytes]()

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name."""
        if not _CLASSES.fullmatch(f"{module} {name}"):
            raise _refused(self.file, f"it asks for {module}.{name}")
        if name == "reduce_graph_module":
            return self._graph
        if name == "encode":
            return self._encode
        return OrderedDict if name in ("OrderedDict", "defaultdict") else _Inert

    def persistent_load(self, _: Any) -> _Inert:
        """A tensor's storage."""
        return _Inert()

    def _graph(self, *arguments: Any) -> _Inert:
        body, head = arguments[0], arguments[1] if len(arguments) > 1 else ""
        self.texts.append((str(head), str(body.get("_code", "")) if isinstance(body, dict) else "?"))
        return _Inert()

    def _encode(self, text: str, *_: Any) -> bytes:
        made = text.encode("latin1")
        if made[:2] == b"PK":
            self.scripts.append(made)
        return made


def refuse_programs(file: Path) -> None:
    """Raises BadInput where opening the file would run anything but the plain mathematics of a network."""
    try:
        for stream in _pickles(file):
            reader = _Reader(stream, file)
            reader.load()
            for head, text in reader.texts:
                _check_text(file, head, text)
            for script in reader.scripts:
                _check_script(file, script)
    except (zipfile.BadZipFile, OSError) as error:
        raise BadInput(f"{file} is not a torch file: {error}; give the .model file that MACE wrote.") from error
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError, MemoryError) as error:
        raise _refused(file, f"its pickle is broken ({error})") from error


def _pickles(file: Path) -> list[bytes]:
    """Every pickle in the file; two readers of the archive could not find different ones."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        low = [name.lower() for name in names]
        if len(set(low)) != len(low):
            raise _refused(file, "two of its parts have one name")
        if any(name.endswith("constants.pkl") for name in low):
            raise _refused(file, "it is a compiled model, and a plain one is needed")
        streams = [archive.read(name) for name in names if name.lower().endswith("data.pkl")]
    if not streams:
        raise _refused(file, "it holds no model")
    return streams


def _check_text(file: Path, head: str, text: str) -> None:
    """A generated function, and the imports above it."""
    strange = [line for line in head.splitlines() if line.strip() not in _IMPORTS]
    if strange:
        raise _refused(file, f"its functions import {strange[0].strip()!r}")
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise _refused(file, "the text of a function is broken") from error
    if [type(node) for node in tree.body] != [ast.FunctionDef]:
        raise _refused(file, "it has statements outside of functions")
    why = next((why for why in map(_strange, ast.walk(tree)) if why), None)
    if why:
        raise _refused(file, f"a function in it {why}")


def _strange(node: ast.AST) -> str | None:
    """What a plain function would not have."""
    if not isinstance(node, _NODES):
        return f"has a {type(node).__name__}"
    if isinstance(node, ast.Attribute) and node.attr not in _CALLED:
        return f"uses .{node.attr}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id not in _CALLED:
        return f"calls {node.func.id}()"
    if isinstance(node, ast.Name) and node.id.startswith("__"):
        return f"uses {node.id}"
    if isinstance(node, ast.FunctionDef) and (node.decorator_list or node.name != "forward"):
        return f"is called {node.name}"
    return None


def _check_script(file: Path, script: bytes) -> None:
    """A compiled function: its source lies in the archive."""
    with zipfile.ZipFile(io.BytesIO(script)) as archive:
        for name in archive.namelist():
            found = _SCRIPTED.search(archive.read(name).decode("latin1")) if name.endswith(".py") else None
            if found:
                raise _refused(file, f"a compiled function in it uses {found.group()}")


def _refused(file: Path, why: str) -> BadInput:
    return BadInput(f"{file} is not a plain model: {why}. It was not opened, because a torch file can run programs.")
