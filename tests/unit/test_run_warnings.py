"""What a run says must be read first: bounded, without secrets, and never a reason to lose its metrics."""

import json

import pytest

from pulse.domain.training import metrics as training_metrics
from pulse.domain.training import warnings as run_warnings
from pulse.domain.training.metrics import VariableMetrics

PRICE = (
    "price: -999 stands 24 times far outside of everything else (1.2 to 50.3): if it means missing, submit "
    "again with missing_values: [-999]."
)
NOT_SHOWN = "not text and not shown here: read the report."


def parsed(warnings, **more):
    written = {"variables": {"price": {"trust": 0.7}}, "left_out": ["12 rows had no timestamp."]} | more
    return training_metrics.parse(json.dumps(written | {"warnings": warnings}).encode())


def test_should_keep_a_warning_as_it_is():
    metrics = parsed([PRICE])
    assert (metrics.warnings, metrics.warnings_count) == ((PRICE,), 1)
    assert metrics.left_out == ("12 rows had no timestamp.",)


@pytest.mark.parametrize("written", [{}, {"warnings": None}, {"warnings": []}])
def test_should_have_no_warnings_where_a_run_has_none(written):
    metrics = training_metrics.parse(json.dumps(written).encode())
    assert (metrics.warnings, metrics.warnings_count) == ((), 0)


def test_should_keep_twenty_warnings_and_say_how_many_there_are():
    metrics = parsed([f"{number}: {PRICE}" for number in range(37)])
    assert metrics.warnings == tuple(f"{number}: {PRICE}" for number in range(20))
    assert metrics.warnings_count == 37


def test_should_cut_a_long_warning():
    (warning,) = parsed(["bad " * 5000]).warnings
    assert (len(warning), warning[-5:]) == (400, " bad…")


def test_should_show_what_is_not_printable_as_an_escape():
    (warning,) = parsed(["price\r\n\u202e\u001b[31m: bad\u0000"]).warnings
    assert warning == r"price\r\n\u202e\x1b[31m: bad\x00"


def test_should_take_secrets_out_of_warnings():
    key = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEowIBAAKCAQEA", "-----END RSA PRIVATE KEY-----"]
    metrics = parsed(
        ["AWS_SECRET_ACCESS_KEY=hunter2 in price", "bad " * 97 + "password=hunter2", *key, PRICE]
    )
    assert metrics.warnings[0] == "AWS_SECRET_ACCESS_KEY=[redacted] in price"
    assert metrics.warnings[-1] == PRICE
    assert not any(secret in str(metrics.warnings) for secret in ("hunter2", "MIIEow"))


@pytest.mark.parametrize(
    ("written", "shown", "count"),
    [
        ("price is bad", (run_warnings._NO_LIST,), 1),
        ({"price": "is bad"}, (run_warnings._NO_LIST,), 1),
        (7, (run_warnings._NO_LIST,), 1),
        ([None], (f"Of `warnings` in its metrics.json 1 entry is {NOT_SHOWN}",), 1),
        (
            [PRICE, 7, ["a"], " \n"],
            (PRICE, f"Of `warnings` in its metrics.json 3 entries are {NOT_SHOWN}"),
            2,
        ),
    ],
)
def test_should_say_that_warnings_are_malformed_and_keep_the_metrics(written, shown, count):
    metrics = parsed(written)
    assert (metrics.warnings, metrics.warnings_count) == (shown, count)
    assert metrics.variables == {"price": VariableMetrics(trust=0.7)}


def test_should_keep_room_for_the_note_among_many_warnings():
    metrics = parsed([PRICE] * 30 + [7])
    assert len(metrics.warnings) == 20
    assert metrics.warnings[-1].endswith(NOT_SHOWN)
    assert metrics.warnings_count == 31


def test_should_count_warnings_itself():
    assert parsed([PRICE], warnings_count=99).warnings_count == 1


@pytest.mark.parametrize("body", [b"[]", b'{"variables": 7}', b'{"warnings": ["a"', b'{"warnings": "\xff"}'])
def test_should_know_no_metrics_in_another_shape(body):
    assert training_metrics.parse(body) is None


def test_should_count_and_list_in_words():
    assert [run_warnings.counted(count) for count in (0, 1, 2)] == ["", "1 warning", "2 warnings"]
    assert run_warnings.listed(("a", "b", "c"), 3, 3) == ["a", "b", "c"]
    assert run_warnings.listed(("a", "b", "c"), 40, 2) == ["a", "b", "and 38 more in the report"]
    assert run_warnings.listed((), 0) == []
