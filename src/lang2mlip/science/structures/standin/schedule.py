"""What happens to a structure in the stand-in: stages, one after another."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lang2mlip.contracts.base import Noun

__all__ = ["Quench", "Schedule", "Stage", "brought_together", "melt_quench", "settle"]

MASS_SHIFTED_STEP_FS = 2.0
"""Hydrogen weighs 4 amu in the stand-in (averages over positions do not depend on masses), so steps can be longer."""


_SET = 0.25
"""Temperature at which a melt has set, over that of the melt."""


class Stage(Noun):
    """One stage."""

    kind: Literal["minimise", "capped", "nvt", "npt"] = Field(
        description="minimise: to a near minimum; capped: no atom moves more than 0.05 Å a step; nvt: cell fixed; npt"
    )
    ps: float = Field(default=0.0, ge=0, description="length, ps")
    temperature_K: tuple[float, float] = Field(default=(300.0, 300.0), description="at the start and at the end, K")
    pressure_GPa: float = Field(default=1e-4, description="npt: target pressure, GPa")
    squeeze: float = Field(
        default=1.0, gt=0.2, lt=3, description="capped: volume, or height between walls, at the end over the start"
    )
    axes: Literal["iso", "z"] = Field(default="iso", description="npt: all lengths together, or the height alone")


class Schedule(Noun):
    """Stages in order."""

    stages: tuple[Stage, ...] = Field(min_length=1)
    step_fs: float = Field(default=MASS_SHIFTED_STEP_FS, gt=0, le=3, description="time step, fs")
    walls: bool = Field(default=False, description="soft walls at the bottom and top of a cell not periodic along z")

    def after(self, first: Schedule) -> Schedule:
        """The stages of `first`, then these."""
        return self.model_copy(update={"stages": (*first.stages, *self.stages)})

    def summary(self) -> str:
        """The MD stages in a few words."""
        parts = [
            f"{one.ps:g} ps {one.kind} {one.temperature_K[0]:g}-{one.temperature_K[1]:g} K"
            for one in self.stages
            if one.ps
        ]
        return ", ".join(parts) or "minimised"


def settle(ps: float, temperature_K: float = 300.0, axes: Literal["iso", "z", "none"] = "iso") -> Schedule:
    """For a packed liquid: minimise, capped, hot and back at constant volume, `ps` of NPT, minimise."""
    hot = max(500.0, 1.5 * temperature_K)
    last = {"temperature_K": (temperature_K, temperature_K), "ps": ps}
    closing = Stage(kind="nvt", **last) if axes == "none" else Stage(kind="npt", axes=axes, **last)
    return Schedule(
        stages=(
            Stage(kind="minimise"),
            Stage(kind="capped", ps=min(1.0, 0.1 * ps + 0.3), temperature_K=(temperature_K, temperature_K)),
            Stage(kind="nvt", ps=0.15 * ps, temperature_K=(hot, hot)),
            Stage(kind="nvt", ps=0.05 * ps, temperature_K=(hot, temperature_K)),
            closing,
            Stage(kind="minimise"),
        )
    )


def brought_together(temperature_K: float, squeeze: float, pace: float = 1.0) -> Schedule:
    """For molecules put at random: minimise, then hot and capped to `squeeze` of the volume, rest, minimise.

    5 ps of MD, times `pace`.
    """
    hot = max(500.0, 1.5 * temperature_K)
    return Schedule(
        stages=(
            Stage(kind="minimise"),
            Stage(kind="capped", ps=3.0 * pace, temperature_K=(hot, hot), squeeze=squeeze),
            Stage(kind="nvt", ps=2.0 * pace, temperature_K=(hot, temperature_K)),
            Stage(kind="minimise"),
        )
    )


class Quench(Noun):
    """From the melt to a glass."""

    melt_K: float = Field(gt=0, description="temperature of the melt, K")
    quench_ps: float = Field(ge=0, description="time in the melt and on the way down, ps")
    anneal_K: float = Field(gt=0, description="temperature at the end, K")
    anneal_ps: float = Field(ge=0, description="time at that temperature, ps")


def melt_quench(wish: Quench, squeeze: float, free: bool) -> Schedule:
    """Minimise, melt while the volume goes to `squeeze` of the start, cool, anneal, minimise.

    `free`: the end of the cooling and the annealing at constant pressure; else at constant volume. While hot, the
    volume is kept: at no pressure a melt would boil, and its bubbles would freeze in.
    """
    hot, cold, cooling = wish.melt_K, wish.anneal_K, 0.7 * wish.quench_ps
    half = max(cold, _SET * hot)
    last = {"kind": "npt" if free else "nvt"}
    return Schedule(
        stages=(
            Stage(kind="minimise"),
            Stage(kind="capped", ps=0.1 * wish.quench_ps + 0.5, temperature_K=(hot, hot), squeeze=squeeze),
            Stage(kind="nvt", ps=0.2 * wish.quench_ps, temperature_K=(hot, hot)),
            Stage(kind="nvt", ps=0.4 * cooling, temperature_K=(hot, half)),
            Stage(ps=0.6 * cooling, temperature_K=(half, cold), **last),
            Stage(ps=wish.anneal_ps, temperature_K=(cold, cold), **last),
            Stage(kind="minimise"),
        )
    )
