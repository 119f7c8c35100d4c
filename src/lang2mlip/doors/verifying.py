"""Is a run whole, and can it be made so: `verify` and `repair`."""

from __future__ import annotations

from pathlib import Path

from lang2mlip.doors.farewell import write_pages
from lang2mlip.doors.preparing import passages
from lang2mlip.doors.terminal import open_console, paragraph, short
from lang2mlip.doors.wire import runs_folder
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.record.repair import repair
from lang2mlip.record.run import Run
from lang2mlip.record.verify import verify
from lang2mlip.report.gallery import write_gallery

__all__ = ["tell_repair", "tell_verify"]


def tell_verify(name: str, out: Path | None) -> int:
    """Check a run and tell what was found; 0 when it is whole, 3 when not. Raises BadInput where there is no run."""
    console, folder = open_console(error=False), _folder(name, out)
    seen = verify(folder)
    for finding in seen.findings:
        lead = "Damaged: " if finding.needed else "Lost, not needed: "
        paragraph(console, lead, f"{finding}.", 2)
    looked = f"{seen.events} events, {seen.files} files and {seen.frames} frames were checked"
    if seen.unsealed:
        looked += f"; {seen.unsealed} files have no checksum, as they were written by an older version"
    if not seen.findings:
        paragraph(console, f"{folder.name} is whole: ", f"{looked}.", 2)
        return 0
    paragraph(console, f"{folder.name} is damaged: ", f"{looked}. Mend it with: lang2mlip repair {name}", 2)
    return 3


def tell_repair(name: str, out: Path | None) -> int:
    """Repair a run, write its pages again, and tell what was lost; 0 when it can go on."""
    console, folder = open_console(error=False), _folder(name, out)
    done = repair(folder)
    for sentence in done.said:
        paragraph(console, "- ", sentence)
    run = Run(folder)
    for page in _pages(run):
        paragraph(console, "Written again: ", f"{short(page)}")
    if not done.said:
        paragraph(console, f"{run.name} was whole: ", "nothing had to be mended.", 2)
        return 0
    last = f"What was taken out lies in {short(done.aside)}. " if done.aside else ""
    paragraph(console, f"{run.name} is mended. ", f"{last}Go on with: lang2mlip resume {name}", 2)
    return 0


def _pages(run: Run) -> list[Path]:
    """Report and gallery, as far as there is something to show."""
    if not run.prepared():
        return []
    task = run.state.task
    return [write_pages(run), write_gallery(run.state.structures, run.folder, task.prompt, passages(run.folder))]


def _folder(name: str, out: Path | None) -> Path:
    """Where the run is; it may be too damaged to be opened. Raises BadInput, which names the nearest."""
    for folder in (Path(name), runs_folder(out) / name):
        if (folder / "run.db").is_file():
            return folder.resolve()
    known = [path.parent.name for path in runs_folder(out).glob("*/run.db")]
    if known:
        raise UnknownName.of("run", name, known)
    raise BadInput(f"There is no run in {runs_folder(out) / name}; say where runs are with --out.")
