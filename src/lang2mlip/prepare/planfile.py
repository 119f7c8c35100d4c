"""plan.yaml: the structures of a run, written so that a person can read and edit them, and read back."""

from __future__ import annotations

from pathlib import Path

import yaml

from lang2mlip.contracts import Plan, check
from lang2mlip.errors import BadInput

__all__ = ["plan_from_file", "plan_text"]

_HEAD = """# The structures of this run. Edit them before the first action, then: lang2mlip run NAME
# role: train may enter the data, validation is held out, test is frozen and never seen by a decision.
"""


def plan_text(plan: Plan) -> str:
    """The plan as commented YAML: a request a paragraph, what is default left out."""
    body = {"requests": [request.model_dump(mode="json", exclude_defaults=True) for request in plan.requests]}
    text: str = yaml.safe_dump(
        body | ({"remarks": list(plan.remarks)} if plan.remarks else {}), sort_keys=False, allow_unicode=True, width=116
    )
    return _HEAD + text.replace("\n- name:", "\n\n- name:")


def plan_from_file(file: Path) -> Plan:
    """The plan in a YAML file. Raises BadInput naming the file and what is wrong in it."""
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The plan {file} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise BadInput(f"The plan {file} is no sound YAML: {' '.join(str(error).split())}.") from error
    plan = check(Plan, data, f"The plan {file}")
    for number, request in enumerate(plan.requests):
        for what, word in (("name", request.name), ("group", request.group)):
            if not _file_name(word):
                raise BadInput(
                    f"The plan {file}: {word[:40]!r} cannot be the {what} of structure {number}: files bear it."
                )
    names = [request.name for request in plan.requests]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise BadInput(f"The plan {file} {'has ' + ', '.join(twice) + ' twice' if twice else 'has no structures'}.")
    return plan


def _file_name(word: str) -> bool:
    """Whether files below the run folder, and none elsewhere, can bear this name."""
    return 0 < len(word) <= 150 and word.isprintable() and ".." not in word and word[0] not in "/~."
