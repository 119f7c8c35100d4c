"""The numbers behind the page: unions of errors, the honest learning curve, the ledger, what may be claimed."""

from __future__ import annotations

import re

import numpy as np
import pytest
import report_story as story

from lang2mlip.contracts import Cost, End, Evaluate, Gate, Train
from lang2mlip.record import ledger
from lang2mlip.record.run import Run
from lang2mlip.record.view import View
from lang2mlip.report import figures, tables
from lang2mlip.report.evidence import combined, gather, learning_points
from lang2mlip.report.headline import key_figures
from lang2mlip.report.validity import validity
from lang2mlip.report.words import duration, limit, number, several


def test_errors_of_groups_combine_to_the_errors_of_their_union() -> None:
    parts = [story.comparison(group) for group in story.GROUPS]
    union = story.Comparison(
        np.concatenate([part.energy for part in parts]),
        np.concatenate([part.forces for part in parts]),
        sum(part.frames for part in parts),
        sum(part.atoms for part in parts),
    )
    found = combined(part.errors() for part in parts)
    assert found is not None
    apart = {"by_element_meV_A", "by_element_rms_meV_A"}
    assert found.model_dump(exclude=apart) == pytest.approx(union.errors().model_dump(exclude=apart))


def test_no_frames_have_no_error() -> None:
    assert combined([]) is None


def test_the_learning_curve_places_each_score_at_what_the_old_model_had_cost(finished: View) -> None:
    fresh = [point for point in learning_points(finished.steps()) if point.kind == "fresh"]
    assert [point.labels for point in fresh] == [60, 105, 150]
    assert [point.calls for point in fresh] == [720, 765, 810]
    expected = [story.comparison("melt", 2, 50 + n).errors(4.0 / n).force_rmse_meV_A for n in (1, 2, 3)]
    assert [point.errors["melt"].force_rmse_meV_A for point in fresh] == pytest.approx(expected)


def test_the_ledger_table_adds_up_to_the_state(finished: View) -> None:
    rows = ledger.rows(finished)
    table = tables.cost_table(finished.state, [row.cost for row in rows if row.step == 0], finished.steps())
    calls = {row[0].text: row[2].text for row in table.rows}
    parts = [int(text) for name, text in calls.items() if name not in ("development in all", _TEST)]
    assert sum(parts) == finished.state.cost.calls == int(calls["development in all"])
    assert calls[_TEST] == "60"


_TEST = "frozen test set, charged apart"


def test_the_frozen_test_set_is_what_counts_where_there_is_one(finished: View) -> None:
    evidence = gather(finished)
    assert evidence.evaluation is not None and evidence.evaluation.on == "test"
    assert evidence.configurations == "the frozen test set"
    assert evidence.properties and evidence.stability  # of the same model's full evaluation
    assert set(evidence.curves) == {"parity", "eos", "rdf", "msd"}


def test_figures_of_an_older_model_are_never_shown_without_saying_so(fresh: Run) -> None:
    story.take(fresh, Train(), "fit", model=story.model(1, 60))
    story.take(fresh, Evaluate(), "measure", evaluation=story.evaluation(fresh, 1))
    story.take(fresh, Train(), "fit again", model=story.model(2, 105))
    evidence = gather(fresh.view())
    assert evidence.model is not None and evidence.model.id == "m1"
    assert "m2 came later and was not judged" in " ".join(evidence.faults)


def test_a_newer_model_that_was_judged_and_did_worse_is_not_called_unjudged(fresh: Run) -> None:
    for which in (1, 2):
        story.take(fresh, Train(), "fit", model=story.model(which, 60 * which))
        judged = story.evaluation(fresh, which)
        story.take(fresh, Evaluate(depth="full"), "measure", evaluation=judged)
    frozen = story.evaluation(fresh, 1, on="test")
    story.take(fresh, End(outcome="budget"), "the first was better", evaluation=frozen)
    assert "m2 came later and fewer gates held for it" in " ".join(gather(fresh.view()).faults)


def test_what_was_measured_and_good_may_be_used_and_nothing_else(finished: View) -> None:
    limits = validity(finished.state, gather(finished))
    may, may_not = " ".join(limits.may), " ".join(limits.may_not)
    assert "melt: force error" in may and "up to 1500 K" in may
    assert "demonstration only" in may_not
    assert "Asked for but not measured: elastic and vacancy." in may_not


def test_before_any_evaluation_nothing_counts_as_measured(fresh: Run) -> None:
    view = fresh.view()
    limits = validity(view.state, gather(view))
    assert limits.may == ("Nothing yet: no group has been shown to be within the goals.",)
    assert "Asked for but not measured: lattice, elastic, rdf, msd, vacancy and dynamics." in limits.may_not


def test_a_group_whose_md_failed_may_not_be_used(fresh: Run) -> None:
    story.take(fresh, Train(), "fit", model=story.model(1, 60))
    runs = (*story.stability(5, 5, 900.0), *story.stability(4, 5, 1500.0))
    story.take(fresh, Evaluate(depth="full"), "measure", evaluation=story.evaluation(fresh, 1, stability=runs))
    view = fresh.view()
    limits = validity(view.state, gather(view))
    melt = next(one for one in limits.groups if one.group == "melt")
    assert melt.status == "fail" and melt.hottest_K == 900.0
    assert "melt: MD failed at 1500 K." in limits.may_not
    assert not any(line.startswith("melt:") for line in limits.may)
    tile = next(one for one in key_figures(view.state, gather(view)) if one.label == "Healthy MD runs")
    assert (tile.value, tile.kind) == ("9 of 10", "fail")


def test_too_few_long_runs_are_no_proof_of_stability(fresh: Run) -> None:
    story.take(fresh, Train(), "fit", model=story.model(1, 60))
    story.take(fresh, Evaluate(), "measure", evaluation=story.evaluation(fresh, 1, stability=story.stability(3, 3)))
    view = fresh.view()
    tile = next(one for one in key_figures(view.state, gather(view)) if one.label == "Healthy MD runs")
    assert (tile.value, tile.kind) == ("3 of 3", "open")


def test_a_group_without_unseen_configurations_counts_as_untested(fresh: Run) -> None:
    story.take(fresh, Train(), "fit", model=story.model(1, 60))
    only = {"bulk": story.comparison("bulk").errors()}
    story.take(fresh, Evaluate(), "measure", evaluation=story.evaluation(fresh, 1, errors=only))
    view = fresh.view()
    limits = validity(view.state, gather(view))
    assert "Never tested on unseen configurations: surface-111 and melt." in limits.may_not


def test_a_missed_gate_is_a_limit_of_use(fresh: Run) -> None:
    story.take(fresh, Train(), "fit", model=story.model(1, 60))
    gates = (
        Gate(name="energy_rmse", value=7.1, limit=5.0, unit="meV/atom", passed=False),
        Gate(name="force_relative", value=0.09, limit=0.06, unit="", passed=False, group="bulk"),
    )
    story.take(fresh, Evaluate(), "measure", evaluation=story.evaluation(fresh, 1, gates=gates))
    view = fresh.view()
    limits = validity(view.state, gather(view))
    assert "Goal missed: energy rmse 7.10 meV/atom (limit 5 meV/atom)." in limits.may_not
    assert next(one for one in limits.groups if one.group == "bulk").status == "fail"


def test_a_parity_plot_states_the_error_of_its_own_points() -> None:
    one = story.comparison("bulk")
    drawing = figures.parity(one.forces.tolist(), "forces")
    assert drawing is not None and f"RMSE {one.errors().force_rmse_meV_A:.3g} meV/Å" in drawing


def test_nothing_to_draw_gives_no_figure() -> None:
    assert figures.parity([], "energy") is None
    assert figures.eos({}, "bulk") is None
    assert figures.curves({"reference": {"t_ps": [], "msd_A2": []}}, "msd", "bulk") is None
    assert figures.learning({"fresh labels": [(60.0, 0.0)]}, "labels", "error") is None
    assert figures.cost([("1", (0.0, 0.0, 0.0))]) is None


def test_costs_are_free_only_where_nothing_was_spent(fresh: Run) -> None:
    assert fresh.state.cost == Cost(calls=12, reference_s=0.3, wall_s=2.0)
    table = tables.cost_table(fresh.state, [fresh.state.cost], ())
    assert [row[0].text for row in table.rows] == ["prepare", "development in all"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (3.14159, "3.14"), (-0.012345, "−0.0123"), (1234.5, "1234"), (61000.0, "61\u202f000")]
    + [(float("nan"), "–"), (None, "–"), (2.5e-6, "2.50×10⁻⁶")],
)
def test_numbers_carry_three_figures(value: float | None, text: str) -> None:
    assert number(value) == text


def test_limits_durations_and_lists_read_as_people_write_them() -> None:
    assert [limit(30.0), limit(0.30), limit(1500.0)] == ["30", "0.3", "1500"]
    assert [duration(0.44), duration(45), duration(200), duration(3900)] == [
        "0.44 s",
        "45 s",
        "3 min 20 s",
        "1 h 05 min",
    ]
    assert [several([]), several(["a"]), several(["a", "b", "c"])] == ["", "a", "a, b and c"]


@pytest.mark.parametrize(("middle", "step"), [(-3.5, 0.01), (-77.5, 0.001), (-4212.3456, 0.001), (-1e4, 300.0)])
def test_the_label_of_the_energy_axis_is_whole_however_long_the_ticks_are(middle: float, step: float) -> None:
    drawing = figures.parity([(middle + step * n, middle + step * n) for n in range(9)], "energy")
    assert drawing is not None
    place = re.search(r"rotate\(-90 (-?[\d.]+) [^>]*>potential \(eV/atom\)", drawing)
    assert place is not None and float(place.group(1)) >= 6.0  # its capitals reach six points to the left of its foot


def test_the_energy_of_a_free_atom_is_not_promised_where_the_fit_chooses_it(finished: View) -> None:
    gathered = gather(finished)
    assert gathered.model is not None and gathered.model.family == "mtp"
    assert any("atomisation" in sentence for sentence in validity(finished.state, gathered).may_not)
