"""The `gap_fit` program of the quippy wheel: its input files, its command line, its progress and its failures."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers
from ase.io import write

from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.padding import padded
from lang2mlip.science.trainers.gap.settings import GAPSettings
from lang2mlip.science.trainers.labels import Label

__all__ = ["arguments", "run", "soap", "write_data"]

DONE = re.compile(r"Finished sparse covariance matrix calculation of coordinate (\d+)")


def write_data(labels: Sequence[Label], settings: GAPSettings, file: Path) -> None:
    """The training set in QUIP's form. Sigmas are absolute there, so they grow with √n_atoms here as `gap_fit` does."""
    rows = []
    for label in labels:
        atoms = padded(label.atoms, settings.cutoff_A).copy()
        group = str(label.atoms.info.get("group", ""))
        sigmas = settings.group_sigmas.get(group, settings.sigmas)
        loose = 1.0 / np.sqrt(label.weight)
        size = np.sqrt(len(atoms))
        atoms.info = {
            "energy_ref": label.energy,
            "energy_sigma": sigmas.energy_eV * size * loose,
            "force_sigma": sigmas.force_eV_A * loose,
            "virial_sigma": sigmas.virial_eV * size * loose,
        }
        if label.virial is not None:
            atoms.info["virial_ref"] = label.virial
        atoms.arrays = {key: atoms.arrays[key] for key in ("numbers", "positions")}
        atoms.new_array("forces_ref", label.forces)
        atoms.calc = None
        rows.append(atoms)
    write(file, rows, format="extxyz")


def soap(element: str, elements: Sequence[str], settings: GAPSettings, nested: bool = False) -> str:
    """QUIP's name of the environment descriptor of one element; a list inside a list needs its braces twice."""
    species = "{" + " ".join(str(atomic_numbers[other]) for other in elements) + "}"
    species = "{" + species + "}" if nested else species
    return (
        f"soap cutoff={settings.cutoff_A} cutoff_transition_width={settings.switch_A} n_max={settings.soap_n_max} "
        f"l_max={settings.soap_l_max} atom_sigma={settings.soap_width_A} n_Z=1 Z={atomic_numbers[element]} "
        f"n_species={len(elements)} species_Z={species}"
    )


def arguments(labels: Sequence[Label], e0: dict[str, float], settings: GAPSettings) -> list[str]:
    """The kernels and the base energies, with no more sparse points than the data can give."""
    elements = list(e0)
    kernels = []
    for one, two in combinations_with_replacement(elements, 2):
        kernels.append(
            f"distance_2b cutoff={settings.cutoff_A} cutoff_transition_width={settings.switch_A} "
            f"Z1={atomic_numbers[one]} Z2={atomic_numbers[two]} covariance_type=ard_se "
            f"theta_uniform={settings.pair_width_A} delta={settings.pair_delta_eV} "
            f"sparse_method=uniform n_sparse={settings.pair_sparse} add_species=F"
        )
    for element in elements:
        seen = sum(int(np.count_nonzero(label.atoms.symbols == element)) for label in labels)
        kernels.append(
            f"{soap(element, elements, settings, nested=True)} zeta={settings.soap_zeta} covariance_type=dot_product "
            f"delta={settings.soap_delta_eV} sparse_method=cur_points n_sparse={min(settings.soap_sparse, seen)} "
            "add_species=F"
        )
    base = ":".join(f"{element}:{energy:.12g}" for element, energy in e0.items())
    return [f"gap={{{' : '.join(kernels)}}}", f"e0={{{base}}}"]


def run(folder: Path, options: Sequence[str], limit_s: float | None, progress: Progress) -> None:
    """Run `gap_fit` in `folder`, its output in fit.log. Raises PartFailed with its last words, or at the time limit."""
    package = importlib.util.find_spec("quippy")
    if package is None or not package.submodule_search_locations:
        raise PartFailed("The program gap_fit was not found; install it with: pip install 'lang2mlip[gap]'.")
    program = Path(package.submodule_search_locations[0]) / "gap_fit"
    kernels = max(1, sum(option.count("sparse_method=") for option in options))
    with (
        open(folder / "fit.log", "w") as log,
        subprocess.Popen(
            [program, *options], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        late = threading.Event()
        watch = threading.Timer(limit_s or threading.TIMEOUT_MAX, _stop, (process, late))
        watch.daemon = True
        watch.start()
        told_all = False
        try:
            for line in _useful(process.stdout or ()):
                log.write(line)
                done = DONE.search(line)
                if done:
                    progress(min(0.9, int(done.group(1)) / kernels), f"kernel {done.group(1)} of {kernels}")
            told_all = True
        finally:
            watch.cancel()
            if not told_all:
                process.kill()
    _judge(process.returncode, late.is_set(), limit_s, folder)


def _stop(process: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    process.kill()


def _useful(lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    for line in lines:
        if "FoX" not in line:
            yield line


def _judge(code: int, late: bool, limit_s: float | None, folder: Path) -> None:
    if late:
        raise PartFailed(f"The GAP fit was not done after {limit_s:g} s; take fewer sparse points, or more time.")
    log = (folder / "fit.log").read_text().split("\n")
    if code != 0 or not (folder / "gap.xml").exists():
        abort = [line for line in log if "ABORT" in line or "error" in line.lower()] or [line for line in log if line]
        raise PartFailed(
            f"gap_fit stopped with code {code}: {' '.join(abort[-3:]).strip()} (see {folder / 'fit.log'})."
        )
