"""Runs to report on, each made once."""

from __future__ import annotations

from pathlib import Path

import pytest
import report_story as story

from lang2mlip.record.view import View
from lang2mlip.report.page import render


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> View:
    """A run that went well, with a toy as reference."""
    run = story.begin(tmp_path_factory.mktemp("runs") / "copper")
    story.develop(run)
    story.finish(run, 4)
    return run.view()


@pytest.fixture(scope="session")
def page(finished: View) -> str:
    """Its page."""
    return render(finished)


@pytest.fixture
def fresh(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A run where nothing has been decided."""
    return story.begin(tmp_path / "copper")
