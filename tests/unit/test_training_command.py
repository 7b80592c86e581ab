from datetime import date

import pytest
from msgspec.structs import replace
from recursive_training import options

from pulse.domain.plan import command as training
from pulse.domain.request.job_request import JobRequest
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


def test_should_send_nothing_of_how_to_read_the_data_where_nothing_is_asked_for(catalogue, site):
    command = training.command(JobRequest(), catalogue, site)
    assert command == [
        *training.COMMAND,
        *("--variables", "spx_close", "us_10y_yield", "--batch-size-days", "30"),
        *("--s3-data-bucket", "data", "--s3-results-bucket", "results"),
    ]
    assert training.command(JobRequest(missing_values=()), catalogue, site) == command


def test_should_say_which_values_are_missing_and_which_columns_tell_rows_apart(catalogue, site):
    asked = {"missing_values": [-999, -99.5, "NA", 'a "b", ü', "--x"], "id_columns": ["store", "item no"]}
    command = training.command(convert(asked, JobRequest), catalogue, site)
    assert command[3:12] == [
        *("--variables", "spx_close", "us_10y_yield"),
        '--missing-values=[-999,-99.5,"NA","a \\"b\\", ü","--x"]',
        *("--id-columns", "store", "item no"),
        *("--batch-size-days", "30"),
    ]


def test_should_be_understood_by_the_training(catalogue, site):
    asked = {
        "variables": ["a"],
        "missing_values": [-999, 'x "y", ü', "--z"],
        "id_columns": ["store", "item no"],
    }
    told = options.parse(training.command(convert(asked, JobRequest), catalogue, site)[3:], {})
    assert set(told.missing_values) == {-999.0, 'x "y", ü', "--z"}
    assert (told.variables, told.id_columns) == (("a",), ("store", "item no"))


def test_should_take_the_missing_values_of_the_configuration_where_a_request_says_nothing(catalogue, site):
    defaults = replace(catalogue.request_defaults, missing_values=(-999,))
    configured = replace(catalogue, request_defaults=defaults)
    assert "--missing-values=[-999]" in training.command(JobRequest(), configured, site)
    assert '--missing-values=["x"]' in training.command(JobRequest(missing_values=("x",)), configured, site)
    silent = training.command(JobRequest(missing_values=()), configured, site)
    assert not any(word.startswith("--missing-values") for word in silent)
