"""What is frozen: SHA-256 of every file that no strategy, agent or accident may change, and a sealed copy of them."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from lang2mlip.errors import RunFault

__all__ = ["changed", "digest", "hashes", "read_manifest", "restore", "seal"]

MANIFEST = "manifest.json"
SEALED = "sealed.tar.xz"


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hashes(place: Path, folders: Iterable[str]) -> dict[str, str]:
    """Path below `place` → SHA-256 of every file in those folders."""
    files = sorted(path for name in folders for path in (place / name).rglob("*") if path.is_file())
    return {str(path.relative_to(place)): digest(path) for path in files}


def seal(place: Path, folders: Iterable[str]) -> str:
    """Write the manifest and the sealed copy of those folders; the SHA-256 of the copy, for the journal."""
    found = hashes(place, folders)
    (place / MANIFEST).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name in (MANIFEST, *found):
            archive.add(place / name, arcname=name)
    (place / SEALED).write_bytes(lzma.compress(whole.getvalue()))
    return digest(place / SEALED)


def read_manifest(place: Path) -> dict[str, str]:
    """The manifest. Raises RunFault where it is missing or damaged."""
    try:
        found: dict[str, str] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFault(f"{place / MANIFEST} cannot be read ({error}); make the arena again.") from error
    return found


def changed(place: Path, manifest: Mapping[str, str], folders: Iterable[str]) -> list[str]:
    """What differs from the manifest, a phrase each: changed, missing or added files."""
    now = hashes(place, folders)
    words = [f"{name} was added" for name in sorted(set(now) - set(manifest))]
    for name, known in manifest.items():
        if name not in now:
            words.append(f"{name} is missing")
        elif now[name] != known:
            words.append(f"{name} was changed")
    return words


def restore(place: Path, folders: Iterable[str], sealed: str) -> None:
    """Bring every frozen file back from the sealed copy. Raises RunFault when that copy is not the one of `sealed`."""
    copy = place / SEALED
    if not copy.is_file() or digest(copy) != sealed:
        raise RunFault(f"{copy} is not the copy that was made with the arena; make the arena again.")
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(copy.read_bytes()))) as archive:
        known = set(archive.getnames())
        for name in set(hashes(place, folders)) - known:
            (place / name).unlink()
        archive.extractall(place, filter="data")
