from datetime import date

import pytest

from pulse.domain import training_command as training
from pulse.domain.job_request import JobRequest
from pulse.domain.validation import convert


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (30, 2, None, None)),
        ({"batch_size_days": 7, "variables": [], "end_date": "2020-01-31"}, (7, 0, None, date(2020, 1, 31))),
        (
            {"sweep": {"batch_size_days": [30, 7], "start_date": ["2020-01-01", "2019-01-01"]}},
            (7, 2, date(2019, 1, 1), None),
        ),
        ({"sweep": {"variables": [["a"], ["a", "b", "c"]]}}, (30, 3, None, None)),
        ({"sweep": {"variables": [["a"], []]}}, (30, 0, None, None)),
    ],
)
def test_should_size_for_the_container_with_most_to_do(catalogue, asked, expected):
    assert training.longest(convert(asked, JobRequest), catalogue) == expected


def test_should_hand_the_grid_to_the_container_in_the_order_of_its_options(catalogue):
    request = convert({"sweep": {"end_date": ["2020-01-31"], "batch_size_days": [7, 30]}}, JobRequest)
    assert training.child_options(request) == ['--sweep={"batch_size_days":[7,30],"end_date":["2020-01-31"]}']
