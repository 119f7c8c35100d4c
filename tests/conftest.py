"""What all tests share: a label cache of their own, and one tiny run, developed once and looked at by many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import tiny


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No test reads or fills the person's own label cache."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["LANG2MLIP_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tiny.Developed:
    """A run from words to its end, through the real command line; look, do not touch."""
    return tiny.develop_from_words(tmp_path_factory.mktemp("finished"))
