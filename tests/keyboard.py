"""The command line at a terminal of its own, with somebody who types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time

from tiny import COMMAND

CTRL_C, CTRL_D = b"\x03", b"\x04"
LONGEST_S = 180


def typed(folder, *command, keys=(), editor="true"):
    """Run the command at a terminal, typing each of `keys` when it waits for an answer; (exit code, what was shown)."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb", "EDITOR": editor, "OMP_NUM_THREADS": "1"}
    for name in ("VISUAL", "LANG2MLIP_MODEL"):
        environment.pop(name, None)
    process = subprocess.Popen(
        [COMMAND, *command], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment,
        start_new_session=True, preexec_fn=_own_terminal,
    )  # fmt: skip
    os.close(theirs)
    shown, left, until = b"", list(keys), time.monotonic() + LONGEST_S
    while process.poll() is None or select.select([ours], [], [], 0)[0]:
        if time.monotonic() > until:
            process.kill()
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        if left and b"[return:" in shown.rpartition(b"\x00")[2]:
            shown += b"\x00"
            os.write(ours, left.pop(0))
    os.close(ours)
    return process.wait(), shown.replace(b"\x00", b"").decode(errors="replace")


def _own_terminal():
    """Make the terminal on standard input the one of this process, so that Ctrl-C reaches it and is heard."""
    import fcntl
    import signal
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what a shell starts in the background ignores it
