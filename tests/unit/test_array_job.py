import time

import pytest

from pulse.domain.request.arrays import Sweep
from pulse.domain.request.job_request import JobRequest
from pulse.domain.validation import collect


def test_should_name_each_value_that_was_given_before():
    faults = Sweep(batch_size_days=(7, 30, 7), variables=(("a",), ("b", "a"), ("a",))).faults()
    assert [(fault.field, fault.found) for fault in faults] == [
        ("batch_size_days[2]", "7"),
        ("variables[2]", "['a']"),
    ]
    assert {fault.allowed for fault in faults} == {"each value once"}


def test_should_refuse_ten_thousand_equal_values_at_once_with_a_handful_of_faults():
    began = time.perf_counter()
    faults = collect({"sweep": {"batch_size_days": [7] * 10_000}}, JobRequest)[1]
    assert time.perf_counter() - began < 2
    assert [fault.field for fault in faults] == [
        *(f"sweep.batch_size_days[{i}]" for i in range(1, 6)),
        "sweep.batch_size_days",
    ]
    assert faults[-1].found == "… and 9,994 more"


@pytest.mark.parametrize(("count", "size"), [(101, "10,100"), (10_000, "1,000,000")])
def test_should_tell_only_the_number_of_combinations_when_there_are_too_many(count, size):
    raw = {"sweep": {"batch_size_days": [7] * count, "success_criterion": ["beats-persistence"] * 100}}
    (fault,) = collect(raw, JobRequest)[1]
    assert (fault.field, fault.found) == ("sweep", size.replace(",", ""))
