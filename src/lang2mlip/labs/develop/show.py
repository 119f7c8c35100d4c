"""The results as a table per system and one figure: error against reference calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["draw", "ratios", "summary"]

Row = dict[str, Any]

_COLUMNS = (
    "arm", "seeds", "calls to target", "after opening", "core-s to target", "last error", "worst group", "area", "MD",
)  # fmt: skip  # fmt: skip


def summary(told: dict[str, Any]) -> list[Table]:
    """A table per system: every arm's seeds side by side; a run that never got there counts as its budget, with a >."""
    from rich.table import Table

    tables = []
    for name, facts in told["systems"].items():
        rows = [row for row in told["rows"] if row["system"] == name]
        if not rows:
            continue
        title = (
            f"{name} ({facts['half'].replace('_', ' ')}): floor {facts['floor']['force_meV_A']:.1f}, "
            f"target {facts['target_force_meV_A']:.1f} meV/Å"
        )
        table = Table(title=title, title_justify="left")
        for column in _COLUMNS:
            table.add_column(column, justify="left" if column == "arm" else "right")
        for arm in sorted({row["arm"] for row in rows}, key=lambda arm: (_middle(_of(rows, arm), "area"), arm)):
            table.add_row(*_line(arm, _of(rows, arm)))
        tables.append(table)
    return tables


def ratios(told: dict[str, Any], arm: str = "rules", others: Sequence[str] = ("fixed", "random", "trust-band")) -> Row:
    """Per system: median calls to target of `arm` over those of the best fixed arm; None where neither got there."""
    found: Row = {}
    for name in told["systems"]:
        rows = [row for row in told["rows"] if row["system"] == name]
        mine = _of(rows, arm)
        theirs = [_middle_calls(_of(rows, other)) for other in others if _of(rows, other)]
        reached = any(row["calls_to_target"] is not None for row in rows)
        found[name] = round(_middle_calls(mine) / min(theirs), 3) if mine and theirs and reached else None
    return found


def draw(told: dict[str, Any], file: Path) -> Path:
    """Force error on the test set against reference calls, a panel per system, a line per run."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [name for name in told["systems"] if any(row["system"] == name for row in told["rows"])]
    wide = min(3, len(names))
    high = -(-len(names) // wide)
    picture = Figure(figsize=(4.2 * wide, 3.4 * high), layout="constrained")
    FigureCanvasAgg(picture)
    every = sorted({row["arm"] for row in told["rows"]})
    for number, name in enumerate(names, start=1):
        axes = picture.add_subplot(high, wide, number)
        for row in (row for row in told["rows"] if row["system"] == name):
            place = every.index(row["arm"])
            calls = [point["calls"] for point in row["curve"]]
            errors = [point["force_meV_A"] for point in row["curve"]]
            axes.plot(calls, errors, marker=".", color=f"C{place}", label=row["arm"], alpha=0.75, linewidth=1.2)
        axes.axhline(told["systems"][name]["target_force_meV_A"], color="0.3", linestyle="--", linewidth=0.9)
        axes.axhline(told["systems"][name]["floor"]["force_meV_A"], color="0.7", linestyle=":", linewidth=0.9)
        axes.set(yscale="log", title=name, xlabel="reference calls", ylabel="force RMSE, meV/Å")
        handles, labels = axes.get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        axes.legend(once.values(), once.keys(), fontsize=7)
    picture.savefig(file)
    return file


def _of(rows: Sequence[Row], arm: str) -> list[Row]:
    return [row for row in rows if row["arm"] == arm]


def _line(arm: str, rows: Sequence[Row]) -> list[str]:
    calls = [f"{r['calls_to_target']}" if r["calls_to_target"] is not None else f">{_budget(r)}" for r in rows]
    times = [
        f"{r['core_s_to_target']:.0f}" if r["core_s_to_target"] is not None else f">{r['core_s']:.0f}" for r in rows
    ]
    lasts = [row["curve"][-1] for row in rows]
    survived = [row["survival"] for row in rows if row["survival"] is not None]
    return [
        arm,
        str(len(rows)),
        " ".join(calls),
        " ".join(_after_opening(row) for row in rows),
        " ".join(times),
        " ".join(f"{one['force_meV_A']:.1f}" for one in lasts),
        " ".join(f"{one['worst_relative']:.3f}" for one in lasts),
        " ".join(f"{row['area']:.2f}" for row in rows),
        f"{sum(survived) / len(survived):.0%}" if survived else "none",
    ]


def _after_opening(row: Row) -> str:
    """Without the calls up to the first model, which all arms with the same opening have in common."""
    reached = row["calls_to_target"]
    return f"{reached - row['opening_calls']}" if reached is not None else f">{_budget(row) - row['opening_calls']}"


def _budget(row: Row) -> int:
    return int(row["budget"]["max_calls"])


def _middle(rows: Sequence[Row], key: str) -> float:
    return float(median(row[key] for row in rows))


def _middle_calls(rows: Sequence[Row]) -> float:
    """The median; a run that never got there counts as its whole budget."""
    return float(median(_budget(row) if row["calls_to_target"] is None else row["calls_to_target"] for row in rows))
