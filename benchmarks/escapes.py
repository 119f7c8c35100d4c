"""Attempts to get out of the sandbox, and whether anything outside was reached: used by safety.py and by the tests."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import socket
import stat
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from lang2mlip.compute.sandbox import Level, run_confined

ATTEMPTS: dict[str, str] = yaml.safe_load(Path(__file__).with_name("escapes.yaml").read_text(encoding="utf-8"))
CANARY = "canary-7f3a9c"
"""Stands in every file, environment and memory that must not be seen."""

PRELUDE = """
import ctypes, json, os, pwd, resource, socket, struct, subprocess, sys, time
A = json.loads(sys.argv[1]); LIBC = ctypes.CDLL(None, use_errno=True)
"""
LIMIT_S = 3.0
PLACES = (Path("/tmp/sandbox-escape"), Path("/dev/shm/sandbox-escape"), Path(sys.prefix, "sandbox-escape.pth"))


@dataclass
class Outside:
    """What lies outside of a sandbox, and whether it was touched: files, sockets, a process."""

    place: Path
    reached: list[str] = field(default_factory=list)
    mark: str = "86399.0"
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Outside:
        self.outside = self.place / "outside"
        self.outside.mkdir(parents=True)
        (self.outside / "untouched").write_text("as it was")
        (self.place / "secret").write_text(CANARY)
        self.unix, self.abstract = str(self.place / "socket"), f"escape-{os.getpid()}-{time.time_ns()}"
        self.mark = f"{86000 + os.getpid() % 400}.{time.time_ns() % 10**6}"
        self._listen()
        self._left_open = os.open(self.place / "secret", os.O_RDONLY)
        os.set_inheritable(self._left_open, True)
        environment = {"SECRET_KEY": CANARY, "PATH": os.environ["PATH"]}
        self.victim = subprocess.Popen(["sleep", "600"], env=environment, cwd=self.place)
        self._before = self._state()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # or the thread that waits on it would keep it open
            one.close()
        os.close(self._left_open)
        self.victim.kill()
        self.victim.wait()
        for file in PLACES:
            file.unlink(missing_ok=True)

    def told(self, level: Level) -> dict[str, object]:
        """What an attempt knows of it."""
        return {
            "secret": str(self.place / "secret"), "outside": str(self.outside), "victim": self.victim.pid,
            "port": self.port, "udp": self.udp, "unix": self.unix, "abstract": self.abstract, "mark": self.mark,
            "canary": CANARY, "prefix": sys.prefix, "level": level,
        }  # fmt: skip

    def breaches(self, output: str, folder: Path) -> list[str]:
        """What an attempt got out of it."""
        found = ["it saw what it must not see"] if CANARY in output else []
        found += ["files outside were changed"] if self._state() != self._before else []
        found += ["another process was ended or changed"] if self.victim.poll() is not None else []
        found += [f"a socket was reached: {word}" for word in self.reached]
        found += ["a process lives on"] if _running(self.mark) else []
        found += [f"{file} was written" for file in PLACES if file.exists()]
        return found + _left(folder)

    def _listen(self) -> None:
        tcp = socket.create_server(("127.0.0.1", 0))
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagram.bind(("127.0.0.1", 0))
        self.port, self.udp = tcp.getsockname()[1], datagram.getsockname()[1]
        self._open = [tcp, datagram]
        for name in (self.unix, "\0" + self.abstract):
            one = socket.socket(socket.AF_UNIX)
            one.bind(name)
            one.listen()
            self._open.append(one)
        for one in self._open:
            threading.Thread(target=self._wait, args=(one,), daemon=True).start()

    def _wait(self, one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            word = one.recv(9) if one.type == socket.SOCK_DGRAM else one.accept()[0].recv(9)
            self.reached.append(repr(word))

    def _state(self) -> object:
        files = [
            (path, *(getattr(path.lstat(), f"st_{name}") for name in ("mode", "uid", "size", "mtime", "nlink")))
            for path in sorted(self.place.rglob("*"))
            if "job" not in path.relative_to(self.place).parts
        ]
        pid = self.victim.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE) if self.victim.poll() is None else None
        kind = (os.getpriority(os.PRIO_PROCESS, pid), os.sched_getaffinity(pid)) if limits else None
        kept = self.outside / "untouched"
        return files, limits, kind, os.listxattr(kept) if kept.exists() else None, socket.gethostname()


def attempt(code: str, level: Level, place: Path) -> list[str]:
    """Run one attempt on a level, in a new folder below `place`; the breaches, none where it was held."""
    with Outside(place) as outside:
        folder = place / "job"
        folder.mkdir()
        command = [sys.executable, "-c", PRELUDE + code, json.dumps(outside.told(level))]
        done = run_confined(command, folder, timeout_s=LIMIT_S, memory_MB=2048, level=level)
        time.sleep(0.05)  # a process that lives on, or a word on a socket, shows
        return outside.breaches(done.output, folder)


def _running(mark: str) -> bool:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if words[0] == b"sleep" and mark.encode() in words:
                return True
    return False


def _left(folder: Path) -> list[str]:
    """What lies in the folder that would make a reader outside do something else than read."""
    found = []
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and not path.resolve().is_relative_to(folder):
            found.append(f"{path.name} leads out")
        elif not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
            found.append(f"{path.name} is no plain file")
        elif mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(mode):
            found.append(f"{path.name} runs with the rights of its owner")
    return found
