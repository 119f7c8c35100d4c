"""What the doctor asks of a potential family: a fit to a few frames and the laws of mechanics."""

import pytest

from lang2mlip.act.probe import potential
from lang2mlip.catalogue import find
from lang2mlip.doors import doctor


@pytest.mark.parametrize("family", ["mtp", "snap"])
def test_a_family_with_and_without_a_time_limit_passes(family, tmp_path):
    part = find("potential", family)
    if not part.installed:
        pytest.skip(part.install)
    told = potential(doctor._potential(part, tmp_path), tmp_path, lambda *words: None)
    assert told["passed"] and "checks hold" in told["line"]
