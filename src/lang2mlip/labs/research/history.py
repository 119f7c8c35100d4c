"""The git history of an arena: every attempt is a commit with a tag; a revert moves the branch back to the control."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from lang2mlip.errors import NotInstalled, RunFault

__all__ = ["History"]

_WHO = {
    "GIT_AUTHOR_NAME": "research", "GIT_AUTHOR_EMAIL": "research@localhost",
    "GIT_COMMITTER_NAME": "research", "GIT_COMMITTER_EMAIL": "research@localhost",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
}  # fmt: skip


class History:
    """The repository in a folder; hooks are never run, since whoever edits the arena could leave one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, message: str) -> str:
        """A new repository with all that is there; the commit."""
        self._git("init", "-q", "-b", "search")
        return self.commit(message)

    def commit(self, message: str) -> str:
        """Commit everything as it stands; the commit."""
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "--no-verify", "-m", message)
        return self._git("rev-parse", "HEAD").strip()

    def tag(self, name: str, commit: str) -> None:
        """Keep a commit reachable under a name."""
        self._git("tag", "-f", name, commit)

    def back_to(self, commit: str) -> None:
        """The branch and all files as they were at a commit; what was added since is removed."""
        self._git("reset", "-q", "--hard", commit)
        self._git("clean", "-q", "-fdx")

    def touched(self) -> list[str]:
        """Paths that differ from the last commit."""
        lines = self._git("status", "--porcelain", "--untracked-files=all").splitlines()
        return sorted(line[3:].strip('"') for line in lines)

    def diff(self, old: str, new: str = "") -> str:
        """What changed between two commits, or since one."""
        return self._git("diff", "--no-color", "--no-ext-diff", old, *([new] if new else []))

    def text(self, commit: str, path: str) -> str:
        """A file as it was at a commit. Raises RunFault where it was not there."""
        return self._git("show", f"{commit}:{path}")

    def take_out(self, commit: str, folder: str, to: Path) -> None:
        """The files of `folder` as they were at a commit, into `to`."""
        for name in self._git("ls-tree", "-r", "--name-only", commit, f"{folder}/").splitlines():
            target = to / Path(name).relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.text(commit, name), encoding="utf-8")

    def apply(self, patch: str) -> str | None:
        """Apply a patch to the files; why not, where it does not apply: then nothing has changed."""
        done = self._run("apply", "--recount", "--whitespace=nowarn", "-", stdin=patch)
        return None if done.returncode == 0 else " ".join(done.stderr.split())

    def _git(self, *words: str) -> str:
        done = self._run(*words)
        if done.returncode:
            raise RunFault(f"git {words[0]} failed in {self.folder}: {' '.join(done.stderr.split())!s:.300}.")
        return done.stdout

    def _run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = ["git", "-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", *words]
        try:
            return subprocess.run(
                command, cwd=self.folder, env={"PATH": os.environ.get("PATH", ""), **_WHO}, input=stdin, text=True,
                capture_output=True, check=False,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise NotInstalled("Auto-research keeps its attempts in git, which is not here: apt install git") from error
