"""What a model wrote runs here or not at all: bubblewrap with no network, a read-only system, one writable folder."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lang2mlip.errors import NotInstalled, PartFailed

__all__ = ["Confined", "available", "run_confined"]

_SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")


@dataclass(frozen=True)
class Confined:
    """How a confined command ended. `timed_out` is never a success."""

    status: int
    output: str
    timed_out: bool


def available() -> bool:
    """Whether bubblewrap is here and may make a namespace."""
    tool = shutil.which("bwrap")
    if tool is None:
        return False
    probe = [tool, "--unshare-all", "--ro-bind", "/", "/", "/bin/true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def run_confined(
    command: Sequence[str],
    folder: Path,
    *,
    timeout_s: float = 60.0,
    memory_MB: int = 4096,
    readable: Sequence[Path] = (),
) -> Confined:
    """Run `command` in `folder`, the only place it can write. Raises NotInstalled where no sandbox can be made.

    It sees /usr and this Python read-only, an empty /tmp, no home, no network, no other process, a clean environment;
    and what `readable` names, read-only.
    """
    if not available():
        raise NotInstalled("No sandbox here, so nothing a model wrote is run. Get one with: apt install bubblewrap")
    try:
        done = subprocess.run(
            _arguments(command, folder, readable),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            preexec_fn=lambda: _limit(timeout_s, memory_MB),
        )
    except subprocess.TimeoutExpired as error:
        return Confined(-9, _text(error.stdout) + _text(error.stderr), True)
    except OSError as error:
        raise PartFailed(f"The sandbox could not start {command[0]!r}: {error}.") from error
    return Confined(done.returncode, done.stdout + done.stderr, False)


def _arguments(command: Sequence[str], folder: Path, more: Sequence[Path] = ()) -> list[str]:
    readable = [*_SYSTEM, sys.prefix, sys.base_prefix, *map(str, more)]
    binds = [part for path in dict.fromkeys(readable) if Path(path).exists() for part in ("--ro-bind", path, path)]
    return [
        "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
        "--setenv", "PATH", f"{sys.prefix}/bin:/usr/bin:/bin",
        "--setenv", "HOME", "/job", "--setenv", "LANG", "C.UTF-8",
        "--tmpfs", "/tmp", *binds, "--proc", "/proc", "--dev", "/dev",
        "--bind", str(folder.resolve()), "/job", "--chdir", "/job", *command,
    ]  # fmt: skip


def _limit(timeout_s: float, memory_MB: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_MB << 20, memory_MB << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (int(timeout_s) + 1, int(timeout_s) + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _text(output: str | bytes | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""
