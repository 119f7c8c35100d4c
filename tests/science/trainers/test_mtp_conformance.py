"""MTP does what every family must."""

from typing import ClassVar

from conformance import TrainerConformance


class TestMTP(TrainerConformance):
    family: ClassVar[str] = "mtp"
    quick: ClassVar[dict[str, object]] = {"level": 6, "cutoff_A": 5.0, "max_iterations": 5, "time_limit_s": 60.0}
