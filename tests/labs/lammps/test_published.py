"""Potentials of the NIST repository through its own package: from a library in its format, files from a server."""

import json
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lang2mlip.errors import BadInput, PartFailed, UnsupportedElement
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.potential import named
from lang2mlip.science.reference.lammps_formats import locate

pytest.importorskip("potentials")

FILE = "Cu_mishin1.eam.alloy"
ID = "2001--Own-A--Cu--LAMMPS--ipr1"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, *words):
        """Nothing."""


@pytest.fixture
def served(tmp_path):
    """(folder that is served, its address)."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def library(tmp_path, served, monkeypatch):
    """A function that puts a record, in the repository's format, into the library of the package."""
    folder = tmp_path / "library"
    (folder / "potential_LAMMPS").mkdir(parents=True)
    monkeypatch.setenv("LANG2MLIP_POTENTIALS", str(folder))

    def put(name=ID, **changed):
        link = {"URL": f"{served[1]}/{FILE}", "link-text": FILE}
        record = {
            "key": "a", "id": name,
            "potential": {"key": "b", "id": "2001--Own-A--Cu", "doi": "10.1103/PhysRevB.63.224106"},
            "units": "metal", "atom_style": "atomic", "atom": {"symbol": "Cu", "element": "Cu", "mass": 63.546},
            "pair_style": {"type": "eam/alloy"}, "pair_coeff": {"term": [{"file": FILE}, {"symbols": True}]},
            "artifact": {"web-link": link},
        } | changed  # fmt: skip
        text = json.dumps({"potential-LAMMPS": record})
        (folder / "potential_LAMMPS" / f"{name}.json").write_text(text, encoding="utf-8")
        return folder

    return put


def test_a_potential_named_by_its_id_is_fetched_once_and_runs_with_its_citation_and_checksum(library, served, tmp_path):
    place = library()
    shutil.copyfile(locate(FILE), served[0] / FILE)
    made = simulate("lattice constant of copper", Settings(f"nist:{ID}", tmp_path / "out"))
    assert made.value("lattice_parameter") == pytest.approx(3.615, abs=1e-3)
    assert "10.1103/PhysRevB.63.224106" in made.potential.source
    assert "2001--Own-A--Cu" in made.potential.reason and FILE in made.potential.sha256
    (served[0] / FILE).unlink()
    assert named(f"nist:{ID}", ["Cu"]).files == (place / "potential_LAMMPS" / ID / FILE,)


def test_a_file_that_cannot_be_had_and_an_element_that_is_lacking_are_named(library, served):
    library()
    with pytest.raises(PartFailed, match=FILE):
        named(f"nist:{ID}", ["Cu"])
    shutil.copyfile(locate(FILE), served[0] / FILE)
    with pytest.raises(UnsupportedElement, match="no Ni"):
        named(f"nist:{ID}", ["Ni"])


def test_without_a_network_an_id_that_is_not_in_the_library_says_what_to_do(library, monkeypatch):
    library()
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(PartFailed, match="cannot be reached.*--potential FILE"):
        named("nist:1999--Unknown", ["Cu"])


def test_what_its_authors_have_replaced_is_said_and_what_needs_charges_is_refused(library, served):
    shutil.copyfile(locate(FILE), served[0] / FILE)
    library("old", status="superseded")
    assert "superseded" in named("nist:old", ["Cu"]).remarks[0]
    library("charged", atom_style="charge")
    with pytest.raises(BadInput, match="atom_style charge"):
        named("nist:charged", ["Cu"])


def test_a_model_of_openkim_is_sent_to_its_own_word():
    with pytest.raises(BadInput, match="--potential kim:EAM_Own_Cu__MO_012345678901_000"):
        named("nist:EAM_Own_Cu__MO_012345678901_000", ["Cu"])
