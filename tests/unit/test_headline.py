import pytest

from pulse.domain.training.headline import HeadlineMetric, headline, in_words
from pulse.domain.training.metrics import TrainingMetrics, VariableMetrics


def metrics(**variables):
    found = {
        name: VariableMetrics(trust=trust, skill_vs_persistence=skill)
        for name, (trust, skill) in variables.items()
    }
    return TrainingMetrics(variables=found)


def test_is_the_mean_of_the_variables():
    found = headline(metrics(price=(0.5, 0.1), volume=(0.75, 0.25)), None)
    assert [(one.name, one.value, one.before) for one in found] == [
        ("trust", 0.625, None),
        ("skill", pytest.approx(0.175), None),
    ]


def test_compares_with_a_run_of_the_same_variables_only():
    now = metrics(price=(0.5, 0.1))
    assert [one.before for one in headline(now, metrics(price=(0.25, 0.2)))] == [0.25, 0.2]
    assert [one.before for one in headline(now, metrics(price=(0.25, 0.2), volume=(1, 1)))] == [None, None]


def test_leaves_out_a_mean_of_which_a_part_is_not_known():
    assert [one.name for one in headline(metrics(price=(0.5, None), volume=(1.0, 0.5)), None)] == ["trust"]
    assert headline(TrainingMetrics(), None) == ()


@pytest.mark.parametrize(
    ("metric", "shown"),
    [
        (HeadlineMetric(name="trust", value=0.716), "trust 0.72"),
        (HeadlineMetric(name="skill", value=0.1), "skill +0.10"),
        (HeadlineMetric(name="skill", value=-0.001, before=-0.002), "skill +0.00 (+0.00)"),
        (HeadlineMetric(name="skill", value=-774.0, before=0.5), "skill -774.00 (-774.50)"),
        (HeadlineMetric(name="skill", value=-1e99), "skill -1e+99"),
    ],
)
def test_reads_as_a_person_would_write_it(metric, shown):
    assert in_words([metric, metric]) == f"{shown}, {shown}"
