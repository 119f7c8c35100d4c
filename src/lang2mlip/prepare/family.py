"""Which potential family suits a task, by the cited rules of data/families."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from typing import Any, Literal

from lang2mlip import catalogue
from lang2mlip.contracts import PotentialSpec
from lang2mlip.data import table
from lang2mlip.errors import BadInput

__all__ = ["Hardware", "Use", "choose_family", "hardware_here", "installed_families"]

Hardware = Literal["cpu", "gpu"]
Use = Literal["crystal", "molecule", "mixed"]


def choose_family(
    elements: Collection[str], n_labels_budget: int | None, hardware: Hardware, installed: Collection[str], use: Use
) -> PotentialSpec:
    """The family for these elements, label budget (None: no limit), hardware and use, with its reason.

    The family's own trainer sizes it to the data at each fit. Raises BadInput when no rule's family is installed.
    """
    passed_over: list[str] = []
    for rule in table("families").values():
        facts = {"elements": len(elements), "labels": n_labels_budget, "hardware": hardware, "use": use}
        if not _holds(rule, facts):
            continue
        if rule["family"] in installed:
            missing = f" ({', '.join(passed_over)} would suit too, but is not installed.)" if passed_over else ""
            reason = (
                f"{len(elements)} element{'s' * (len(elements) != 1)}, {hardware}: {rule['why']}. [{rule['source']}]"
            )
            return PotentialSpec(family=rule["family"], reason=reason + missing)
        passed_over += [rule["family"]] if rule["family"] not in passed_over else []
    raise BadInput(f"No potential family that suits is installed; install one of: {', '.join(passed_over)}.")


def _holds(rule: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    labels = facts["labels"]
    return (
        rule.get("min_elements", 0) <= facts["elements"] <= rule.get("max_elements", 118)
        and ("max_labels" not in rule or (labels is not None and labels <= rule["max_labels"]))
        and rule.get("hardware", facts["hardware"]) == facts["hardware"]
        and rule.get("use", facts["use"]) == facts["use"]
    )


def installed_families() -> list[str]:
    """Names of the potential families whose packages are here."""
    return [part.name for part in catalogue.parts("potential") if part.installed]


def hardware_here() -> Hardware:
    """`gpu` when the driver's tool of a GPU is on the path. No heavy package is imported to find out."""
    return "gpu" if shutil.which("nvidia-smi") else "cpu"
