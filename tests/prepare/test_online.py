"""The Materials Project at the wire: a local server with its protocol. Without a key nothing is asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ase.io import read

from lang2mlip.contracts import Component, PotentialSpec, ReferenceSpec, Task
from lang2mlip.errors import BadInput
from lang2mlip.prepare.online import with_crystals
from lang2mlip.prepare.plan import plan


def entry(name, above, a, occupancy=1):
    sites = [
        {"species": [{"element": "Sc", "occu": occupancy}], "abc": [0.0, 0.0, 0.0]},
        {"species": [{"element": "As", "occu": 1}], "abc": [0.5, 0.5, 0.5]},
    ]
    lattice = {"matrix": [[0.0, a / 2, a / 2], [a / 2, 0.0, a / 2], [a / 2, a / 2, 0.0]]}
    structure = {"lattice": lattice, "sites": sites}
    return {"material_id": name, "structure": structure, "energy_above_hull": above, "symmetry": {"symbol": "Fm-3m"}}


class Project(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("X-API-KEY")))
        known = self.headers.get("X-API-KEY") == "right"
        body = json.dumps({"data": self.server.entries} if known else {"message": "no"}).encode()
        self.send_response(200 if known else 403)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture
def project():
    server = HTTPServer(("127.0.0.1", 0), Project)
    server.asked, server.entries = [], [entry("mp-2", 0.2, 5.6), entry("mp-1", 0.0, 5.48), entry("mp-0", 0.0, 5.4, 0.5)]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.address = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()


def task(*components):
    return Task(
        prompt="test",
        goal="test",
        components=components,
        elements=("As", "Sc"),
        temperature_K=(300.0, 600.0),
        properties=("lattice",),
        reference=ReferenceSpec(name="emt"),
        potential=PotentialSpec(family="mtp"),
    )


STRANGE = Component(name="scandium arsenide", formula="ScAs", phases=("crystal",))


def test_the_most_stable_ordered_entry_becomes_the_structure_file(project, tmp_path, monkeypatch):
    monkeypatch.setenv("MP_API_KEY", "right")
    known = Component(name="copper", formula="Cu", phases=("crystal",))
    made = with_crystals(task(STRANGE, known), tmp_path, project.address)
    assert made.components[1] == known
    crystal = read(made.components[0].file)
    assert crystal.cell.volume == pytest.approx(5.48**3 / 4) and crystal.pbc.all()
    assert made.assumptions[-1].value == "mp-1" and "0 meV/atom above the hull" in made.assumptions[-1].why
    assert len(project.asked) == 1 and "formula=AsSc" in project.asked[0][0]
    assert {request.builder for request in plan(made).requests} == {"bulk"}


def test_the_key_goes_to_the_server_alone(project, tmp_path, monkeypatch):
    monkeypatch.setenv("MP_API_KEY", "right")
    made = with_crystals(task(STRANGE), tmp_path, project.address)
    assert project.asked[0][1] == "right" and "right" not in project.asked[0][0]
    assert "right" not in made.model_dump_json()
    assert not any("right" in file.read_text() for file in tmp_path.iterdir())


def test_without_a_key_nothing_is_asked(project, tmp_path, monkeypatch):
    monkeypatch.delenv("MP_API_KEY", raising=False)
    assert with_crystals(task(STRANGE), tmp_path, project.address) == task(STRANGE)
    assert not project.asked


def test_a_refused_key_and_a_silent_server_are_one_sentence(project, tmp_path, monkeypatch):
    monkeypatch.setenv("MP_API_KEY", "wrong")
    with pytest.raises(BadInput, match="refused the request .403.; check MP_API_KEY"):
        with_crystals(task(STRANGE), tmp_path, project.address)
    with pytest.raises(BadInput, match="give a structure file for ScAs"):
        with_crystals(task(STRANGE), tmp_path, "http://127.0.0.1:9")
