"""What further labels are worth is told by models side by side on the same labels, not by how wild these are."""

import pytest
from world import errors

import tiny
from lang2mlip.contracts import GroupState, Learnt, State, StructureRecord, StructureRequest
from lang2mlip.decide.curriculum import stuck
from lang2mlip.decide.prospects import prospect

TARGET = 0.05


def rounds(power, wildness, scatter=(1.0, 1.0, 1.0)):
    """Rounds of 20 labels, so many times as wild; models of half of the labels and of the last two meet them."""
    fresh, learnt = [], []
    for number, wild in enumerate(wildness, start=1):
        known = sorted({20 * n for n in (number // 2, number - 1, number) if n})
        met = [errors(wild * 5.0 * n**-power * scatter[n // 20 % 3], 20) for n in known]
        learnt.append(tuple(Learnt(labels=n, errors=one) for n, one in zip(known, met, strict=True)))
        fresh.append(met[-1])
    return GroupState(group="bulk", structures=1, labels=20 * (len(fresh) + 1), fresh=tuple(fresh),
                      learnt=tuple(learnt), held_K=99.0)  # fmt: skip


def alone(group):
    """The same group as it was known before models were compared."""
    return group.model_copy(update={"learnt": ((),) * len(group.fresh)})


def of(group):
    request = StructureRequest(name="bulk-1", builder="bulk", group="bulk", role="train")
    record = StructureRecord(id="1", request=request, formula="Ar60", n_atoms=60, periodic=True, file="m", line="")
    return State(task=tiny.task(elements=["Ar"]), structures=(record,), groups={"bulk": group})


def test_wilder_picks_are_no_sign_that_labels_do_not_help():
    group = rounds(power=0.5, wildness=(1.0, 1.5, 2.0, 2.5))
    assert stuck(of(alone(group)), "bulk")  # each round's own error grows
    assert not stuck(of(group), "bulk")
    found = prospect(group, TARGET)
    assert found.power == pytest.approx(0.5)
    factor = (group.fresh[-1].force_relative / TARGET) ** 2
    assert found.labels == pytest.approx(100 * (factor - 1), rel=0.02)


def test_tamer_picks_are_no_sign_that_they_do():
    group = rounds(power=0.02, wildness=(3.5, 3.0, 2.5, 2.0, 1.5, 1.0))
    assert not stuck(of(alone(group)), "bulk")
    assert stuck(of(group), "bulk") and prospect(group, TARGET).labels is None


def test_the_slope_is_shared_by_rounds_of_unlike_scale():
    group = rounds(power=0.4, wildness=(1.0, 4.0, 0.7, 2.0), scatter=(1.0, 1.1, 0.95))
    assert prospect(group, TARGET).power == pytest.approx(0.4, abs=0.1)


def test_few_labels_more_are_no_proof_that_they_do_not_help():
    flat = rounds(power=0.0, wildness=(1.0,) * 6)
    assert stuck(of(flat), "bulk")
    few = [tuple(one.model_copy(update={"labels": 40 + one.labels // 20}) for one in models) for models in flat.learnt]
    assert not stuck(of(flat.model_copy(update={"learnt": tuple(few)})), "bulk")  # 41 to 46 labels


def test_one_comparison_alone_says_too_little():
    group = rounds(power=0.9, wildness=(1.0, 1.0))
    assert prospect(group, TARGET).power == 0.5
    same = group.model_copy(update={"learnt": tuple((one, one) for (*_, one) in group.learnt)})
    assert prospect(same, TARGET).power == 0.5  # models that knew the same labels are no comparison
