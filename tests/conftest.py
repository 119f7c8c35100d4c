"""What all tests share: a label cache of their own, and one tiny run, developed once and looked at by many."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import tiny
from lang2mlip.language.scripted import Reply, ScriptedModel


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


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch):
    """Open a scripted server and point every client at it."""

    @contextmanager
    def opened(script: Sequence[Reply], key: str = "scripted-key") -> Iterator[ScriptedModel]:
        with ScriptedModel(script) as model:
            for variable, value in model.environment(key).items():
                monkeypatch.setenv(variable, value)
            yield model

    return opened
