"""A damaged run is found out, and mended as far as that can be proven; what is lost is said and nothing is invented."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

import tiny
from lang2mlip.errors import RunFault
from lang2mlip.record.log import COPY, copied
from lang2mlip.record.migrations import FORMAT
from lang2mlip.record.repair import repair
from lang2mlip.record.run import Run
from lang2mlip.record.verify import verify

V1 = Path(__file__).parent / "folders" / "v1"


@pytest.fixture
def run(finished, tmp_path):
    """A copy of the finished run, to be damaged."""
    return Path(shutil.copytree(finished.place / "runs" / tiny.NAME, tmp_path / "runs" / tiny.NAME))


def change(folder: Path, sql: str, *values: object) -> None:
    db = sqlite3.connect(folder / "run.db")
    db.execute(sql, values)
    db.commit()
    db.close()


def event(folder: Path, tag: str, step: int) -> int:
    """Number of an event."""
    db = sqlite3.connect(folder / "run.db")
    rows = db.execute("SELECT seq, body FROM events").fetchall()
    db.close()
    return next(n for n, body in rows if (told := json.loads(body))["tag"] == tag and told.get("step") == step)


def test_a_run_as_it_was_left_is_whole_and_every_file_has_a_checksum(run):
    seen = verify(run)
    assert seen.findings == () and seen.unsealed == 0
    assert seen.events > 20 and seen.files > 15 and seen.frames > 50


def test_every_damaged_file_is_found_and_named(run):
    state = Run(run).state
    broken = [state.data[0].file, state.structures[0].file, f"{state.model.folder}/active.npz"]
    for file in broken:
        (run / file).write_bytes((run / file).read_bytes()[:-7])
    (run / state.data[1].file).unlink()
    assert {finding.where for finding in verify(run).findings} == {*broken, state.data[1].file}


def test_a_truncated_data_file_is_put_aside_and_the_step_that_made_it_is_done_again(run):
    before = Run(run)
    file, step = before.state.data[1].file, int(before.state.data[1].id[:4])
    (run / file).write_bytes((run / file).read_bytes()[:-100])
    done = repair(run)
    after = Run(run)
    assert (done.aside / file).exists() and not (run / file).exists()
    assert after.state.step == step - 1 and after.unfinished().action == "select"
    assert any("is done again" in sentence for sentence in done.said) and verify(run).findings == ()
    assert (done.aside / "run.db").exists() and file in after.view().remarks[-1]
    assert after.view().events[:-1] == before.view().events[: len(after.view().events) - 1]


def test_a_repaired_run_ends_as_the_whole_one_did_and_pays_for_no_label_again(finished, run, own_cache):
    def paid():
        db = sqlite3.connect(own_cache / "labels.sqlite")
        return db.execute("SELECT count(*) FROM labels").fetchone()[0]

    before = paid()
    (run / Run(run).state.data[1].file).unlink()
    repair(run)
    status, said = tiny.lang2mlip(run.parents[1], "resume", tiny.NAME)
    again = Run(run)
    assert status == finished.status, said
    assert tiny.outcome(again)["labels"] == tiny.outcome(finished.run)["labels"]
    assert tiny.outcome(again)["calls"] == tiny.outcome(finished.run)["calls"]
    assert paid() == before > 0
    assert verify(run).findings == ()


def test_an_old_model_that_is_lost_stops_nothing(run):
    first = Run(run).state.models[0].folder
    shutil.rmtree(run / first)
    assert not any(finding.needed for finding in verify(run).findings)
    done = repair(run)
    assert done.aside is None and any(f"{first}/" in sentence for sentence in done.said)
    assert Run(run).state.ended and verify(run).findings == ()


def test_a_lost_result_is_proven_from_its_job_folder(run):
    (run / COPY).unlink()
    before, seq = Run(run).view().events, event(run, "finished", 3)
    change(run, "UPDATE events SET body = 'x' || body WHERE seq = ?", seq)
    with pytest.raises(RunFault, match=f"event {seq} was changed"):
        Run(run)
    done = repair(run)
    assert any(f"Event {seq} was lost and is proven" in sentence for sentence in done.said)
    assert Run(run).view().events[:-1] == before


def test_a_lost_row_is_proven_by_the_checksum_behind_it(run):
    (run / COPY).unlink()
    before, seq = Run(run).view().events, event(run, "decided", 4)
    change(run, "DELETE FROM events WHERE seq = ?", seq)
    assert verify(run).salvaged.proven == (seq,)
    repair(run)
    assert Run(run).view().events[:-1] == before


def test_what_cannot_be_proven_is_taken_out_with_all_behind_it(run):
    (run / COPY).unlink()
    seq = event(run, "finished", 3)
    change(run, "UPDATE events SET body = 'x' WHERE seq = ?", seq)
    job = next((run / "jobs").glob("0003-*"))
    told = json.loads((job / "result.json").read_text())
    (job / "result.json").write_text(json.dumps(told | {"summary": "better than it was"}))
    done = repair(run)
    after = Run(run)
    assert after.state.step == 2 and after.unfinished() is not None and not after.state.ended
    assert any("events are taken out" in sentence for sentence in done.said)
    assert (done.aside / "jobs" / "0004-sample").is_dir() and not (run / "jobs" / "0004-sample").exists()


def test_a_damaged_page_costs_the_events_on_it_and_no_others(run):
    (run / COPY).unlink()
    db = run / "run.db"
    raw = bytearray(db.read_bytes())
    raw[9 * 4096 : 10 * 4096] = b"\xff" * 4096
    db.write_bytes(raw)
    assert any("SQLite's own check" in str(finding) for finding in verify(run).findings)
    repair(run)
    assert verify(run).findings == () and Run(run).state.task.elements == ("Ar",)


@pytest.mark.parametrize("first", [0, 3, 9])
def test_with_the_copy_of_the_log_a_damaged_page_costs_nothing(run, first):
    before, db = Run(run).view().events, run / "run.db"
    raw = bytearray(db.read_bytes())
    raw[first * 4096 : (first + 1) * 4096] = b"\xff" * 4096
    db.write_bytes(raw)
    assert verify(run).findings
    repair(run)
    assert Run(run).view().events[:-1] == before
    assert verify(run).findings == () and len(list(copied(run))) == len(before) + 1


def test_a_copy_that_was_changed_proves_nothing(run):
    (run / COPY).write_text((run / COPY).read_text().replace("Lennard", "Leonard"))
    (run / "run.db").write_bytes(b"nothing" * 1000)
    with pytest.raises(RunFault, match="No event of .* can be read"):
        repair(run)


def test_a_log_that_is_gone_is_said_and_nothing_is_made_up(run):
    (run / COPY).unlink()
    (run / "run.db").write_bytes(b"nothing" * 1000)
    with pytest.raises(RunFault, match=r"No event of .* can be read.*lang2mlip run .*task\.yaml"):
        repair(run)
    assert (run / "run.db").read_bytes() == b"nothing" * 1000


def test_a_whole_run_is_left_as_it_is_and_its_pages_are_written_again(run):
    log = (run / "run.db").read_bytes()
    (run / "report" / "index.html").unlink()
    (run / "gallery.html").unlink()
    (status, said), (checked, words) = tiny.batch(run.parents[1], [("repair", tiny.NAME), ("verify", tiny.NAME)])
    assert status == checked == 0 and "was whole" in said and "is whole" in words
    assert (run / "report" / "index.html").exists() and (run / "gallery.html").exists()
    assert (run / "run.db").read_bytes() == log


@pytest.fixture
def old(tmp_path):
    """A run that the first format wrote, slimmed to what a finished run needs."""
    return Path(shutil.copytree(V1, tmp_path / "runs" / "old"))


def test_a_run_of_the_first_format_opens_shows_its_status_and_reports(old):
    answers = tiny.batch(old.parents[1], [("status", "old"), ("report", "old"), ("verify", "old")])
    assert [status for status, _ in answers] == [0, 0, 3]
    assert "step 10, ended" in answers[0][1] and (old / "report" / "index.html").exists()
    assert "Lost, not needed: jobs/0004-sample/pool.extxyz" in answers[2][1] and "older version" in answers[2][1]
    assert sqlite3.connect(old / "run.db").execute("PRAGMA user_version").fetchone() == (FORMAT,)


def test_a_run_of_the_first_format_goes_on_and_its_new_events_have_checksums(old):
    change(old, "DELETE FROM events WHERE seq > ?", event(old, "decided", 10))
    shutil.rmtree(old / "jobs" / "0010-end")
    status, said = tiny.lang2mlip(old.parents[1], "resume", "old")
    run = Run(old)
    assert status == 0 and run.state.ended, said
    assert run.view().events[-1].artefacts or run.view().events[-1].result.artefacts


def test_a_newer_format_is_refused_in_a_sentence(old):
    change(old, f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(RunFault, match=rf"has format {FORMAT + 1}, and this lang2mlip knows {FORMAT} at most"):
        Run(old)
    status, said = tiny.batch(old.parents[1], [("status", "old")])[0]
    assert status == 2 and "install a newer one" in said
