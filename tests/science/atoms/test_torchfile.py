"""Files from outside never run anything: pickles, torch files, archives, tables, structure files, settings."""

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

import tiny
from lang2mlip.errors import BadInput, Lang2mlipError
from lang2mlip.science.atoms.torchfile import refuse_programs
from lang2mlip.science.reference.spec import open_reference, parse


class Evil:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def model(file: Path, *streams: bytes, names=("archive/data.pkl", "archive/DATA.pkl")) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name, stream in zip(names, streams, strict=False):
            archive.writestr(name, stream)
    return file


def call(module: str, name: str, argument: str) -> bytes:
    """A pickle that calls module.name(argument)."""
    return f"c{module}\n{name}\n(V{argument}\ntR.".encode()


def graph(code: str, head: str = "import torch") -> bytes:
    """A pickle of a function that torch.fx is to make from its text."""
    start = b"\x80\x02ctorch.fx.graph_module\nreduce_graph_module\n"
    body = pickle.dumps({"_code": code}, 2)[2:-1] + pickle.dumps(head, 2)[2:-1]
    return start + b"(" + body + b"tR."


GOOD = "def forward(self, x : torch.Tensor):\n    y = torch.functional.einsum('ab->a', x);  x = None\n    return y"


def test_a_plain_function_may_be_in_a_model(tmp_path):
    refuse_programs(model(tmp_path / "good.model", graph(GOOD)))


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (call("os", "system", "touch harm"), "asks for os.system"),
        (call("torch.hub", "load", "x"), "asks for torch.hub.load"),
        (call("torch", "load", "x"), "asks for torch.load"),
        (call("torch.nn.modules.container", "sys.modules", "x"), "asks for torch.nn.modules.container.sys.modules"),
        (call("builtins", "eval", "1"), "asks for builtins.eval"),
        (call("torch.serialization", "_get_layout", "x"), "asks for torch.serialization"),
        (graph("import os\n" + GOOD), "statements outside of functions"),
        (graph("def forward(self, x):\n    import os\n    return x"), "has a Import"),
        (graph("def forward(self, x):\n    return torch.load('f')"), "uses .load"),
        (graph("def forward(self, x):\n    return x.numpy().tofile('f')"), r"uses \.(tofile|numpy)"),
        (graph("def forward(self, x = open('f', 'w')):\n    return x"), r"calls open\(\)"),
        (graph("def forward(self, x):\n    return (lambda: x)()"), "has a Lambda"),
        (graph("def forward(self, x):\n    return x.__class__"), "uses .__class__"),
        (graph("@torch.no_grad()\ndef forward(self, x):\n    return x"), "uses .no_grad|is called"),
        (graph(GOOD, "import os"), "its functions import 'import os'"),
        (b"", "its pickle is broken"),
    ],
)
def test_a_torch_file_that_would_run_something_else_is_not_opened(tmp_path, stream, why):
    with pytest.raises(BadInput, match=why) as caught:
        refuse_programs(model(tmp_path / "evil.model", stream))
    assert "evil.model" in str(caught.value)


def test_an_archive_that_two_readers_could_read_differently_is_not_opened(tmp_path):
    with pytest.raises(BadInput, match="two of its parts have one name"):
        refuse_programs(model(tmp_path / "evil.model", graph(GOOD), call("os", "system", "x")))


def test_a_reference_and_a_foundation_model_are_looked_at_first(tmp_path):
    pytest.importorskip("mace")
    file = model(tmp_path / "evil.model", pickle.dumps(Evil(tmp_path / "harm")))
    from lang2mlip.science.trainers.mace.model import from_file

    with pytest.raises(BadInput, match="is not a plain model: it asks for posix.mkdir"):
        from_file(file)
    with pytest.raises(BadInput, match="is not a plain model"):
        open_reference(parse(f"mace:{file}")).calculator().inner()
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("path", ["os.mkdir", "subprocess.Popen", "builtins.eval", "os.system"])
def test_a_path_to_a_calculator_calls_nothing_else(tmp_path, path):
    spec = parse("ase:ase.calculators.emt.EMT").model_copy(update={"settings": {"path": path, "arguments": {}}})
    with pytest.raises(BadInput, match="is not an ASE calculator class, so it is not called"):
        open_reference(spec).calculator()


def test_files_of_every_kind_that_hold_a_pickle_are_refused_and_run_nothing(tmp_path):
    """As structures of a prompt and as labelled data, through the command line."""
    (tmp_path / "deep" / "set.000").mkdir(parents=True)
    evil = pickle.dumps(Evil(tmp_path / "harm"))
    array = io.BytesIO()
    np.save(array, np.array([Evil(tmp_path / "harm")], dtype=object), allow_pickle=True)
    (tmp_path / "deep" / "type.raw").write_text("0\n")
    for name in ("box", "coord", "energy", "force"):
        (tmp_path / "deep" / "set.000" / f"{name}.npy").write_bytes(array.getvalue())
    kinds = ("traj", "pckl", "pkl", "bundle", "json", "db", "cif", "extxyz", "xyz", "gpw", "npz", "py", "vasp")
    for kind in kinds:
        (tmp_path / f"evil.{kind}").write_bytes(evil)
    (tmp_path / "evil.yaml").write_text(f"!!python/object/apply:os.mkdir ['{tmp_path / 'harm'}']\n")
    (tmp_path / "OUTCAR").write_bytes(evil)
    (tmp_path / "task.yaml").write_text(yaml.safe_dump(tiny.task().model_dump(mode="json")))
    structures = [("converge", f"evil.{kind}", "--reference", "lj") for kind in kinds]
    structures += [("prepare", "argon from ./evil.traj", "--yes", "--reference", "lj")]
    data = [("run", "task.yaml", "--data", name) for name in ("deep", "OUTCAR", "evil.extxyz", "evil.traj")]
    answers = tiny.batch(tmp_path, [*structures, *data, ("run", "evil.yaml")])
    assert {status for status, _ in answers} == {2}, answers
    assert not (tmp_path / "harm").exists()


def test_a_run_folder_from_outside_runs_nothing_when_it_is_verified(tmp_path):
    from lang2mlip.record.events import Created
    from lang2mlip.record.run import Run
    from lang2mlip.record.verify import verify

    run = Run.create(tmp_path / "run", Created(task=tiny.task()))
    (run.folder / "run.db").write_bytes(pickle.dumps(Evil(tmp_path / "harm")))
    assert verify(run.folder).findings
    with pytest.raises(Lang2mlipError):
        Run(run.folder)
    assert not (tmp_path / "harm").exists()
