from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from pulse.api import problem
from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.errors import InvalidRequest
from pulse.domain.fault import Fault, counted, shown
from pulse.domain.request.job_request import JobRequest
from pulse.domain.validation import InvalidInput, collect, convert

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def faults(raw, kind):
    with pytest.raises(InvalidInput) as caught:
        convert(raw, kind)
    return {fault.field: fault for fault in caught.value.faults}


class Told(Struct):
    addresses: tuple[Annotated[str, Meta(description="an e-mail address")], ...] = ()
    shares: tuple[Annotated[str, Meta(description="a list of shares")], ...] = ()
    names: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("field", "allowed"),
    [("addresses", "a list, each an e-mail address"), ("shares", "a list of shares"), ("names", "a list")],
)
def test_should_ask_for_a_list_when_one_item_is_given_without_its_brackets(field, allowed):
    assert faults({field: "you@example.com"}, Told)[field].allowed == allowed


def test_should_report_every_fault_with_its_path_when_the_input_is_nested():
    found = faults(
        {
            "queues": {"q": {"arn": "x", "platform": "MAINFRAME"}},
            "profiles": {"small": {"vcpus": "four", "memory_mib": 2048, "timeout_seconds": 5, "queue": "q"}},
            "request_defaults": {"profile": "small", "start_date": "2022-02-01", "end_date": "2022-01-01"},
            "triggers": [{"prefix": "elsewhere/", "profile": "small", "variables": ["a", "-b"]}],
            "tags": {"aws:owner": "x"},
            "surprise": 1,
        },
        Catalogue,
    )
    assert set(found) == {
        "queues.q.platform",
        "profiles.small.vcpus",
        "profiles.small.timeout_seconds",
        "request_defaults.end_date",
        "triggers[0].prefix",
        "triggers[0].variables[1]",
        "tags.aws:owner",
        "surprise",
    }
    assert found["profiles.small.timeout_seconds"] == Fault(
        "profiles.small.timeout_seconds", "seconds, an integer from 60 to 1209600 (14 days), or auto", "5"
    )


def test_should_name_the_fields_that_are_missing():
    found = faults({"queues": {}}, Catalogue)
    assert {"profiles", "request_defaults"} <= set(found)
    assert found["request_defaults"].found == "nothing"


def test_should_check_rules_between_fields_although_another_field_is_faulty():
    request, found = collect(
        {"start_date": "2022-02-01", "end_date": "2022-01-01", "attempts": 0}, JobRequest
    )
    assert request is not None
    assert {fault.field for fault in found} == {"attempts", "end_date"}


def test_should_not_blame_a_rule_for_a_field_that_is_faulty_itself():
    _, found = collect({"dataset": "nowhere", "dataset_version_id": "v"}, JobRequest)
    assert [fault.field for fault in found] == ["dataset"]


@pytest.mark.parametrize("raw", [None, [], "x", 1, True])
def test_should_refuse_what_is_no_object(raw):
    assert set(faults(raw, JobRequest)) == {"the whole"}


def test_should_name_an_object_where_an_object_is_missing():
    found = faults(
        {"queues": None, "profiles": {}, "request_defaults": {"profile": "p"}, "tags": None}, Catalogue
    )
    assert str(found["queues"]) == "queues: allowed is an object; found nothing"
    assert str(found["tags"]) == (
        "tags: allowed is an object with a tag key of 1 to 128 letters, digits, spaces and _.:/=+-@, "
        "not beginning with aws:; found nothing"
    )


@pytest.mark.parametrize(
    ("raw", "field", "found"),
    [
        ({"depends_on": [f"batch-{i}" for i in range(21)]}, "depends_on", "21 values"),
        ({"variables": ["a"] * 30_000}, "variables", "30,000 values"),
        ({"variables": [1] * 30_000}, "variables", "30,000 values"),
        ({"sweep": {"batch_size_days": [7] * 30_000}}, "sweep.batch_size_days", "30,000 values"),
        ({"alerts": {"kinds": ["FAILED"] * 5_000}}, "alerts.kinds", "5,000 values"),
        ({"missing_values": [0] * 21}, "missing_values", "21 values"),
    ],
)
def test_should_count_a_list_that_is_too_long_and_look_at_none_of_its_values(raw, field, found):
    (fault,) = collect(raw, JobRequest)[1]
    assert (fault.field, fault.found) == (field, found)
    assert "at most" in fault.allowed


@pytest.mark.parametrize(
    ("raw", "told", "count", "last"),
    [
        ({"variables": ["-"] * 200}, 6, 200, "… and 195 more"),
        ({"sweep": {"batch_size_days": [0] * 9_000}}, 6, 9_000, "… and 8,995 more"),
        ({"tags": {f"!{i}": "x" for i in range(8_000)}}, 21, 8_000, "… and 7,980 more"),
        ({f"x{i}": i for i in range(8_000)}, 21, 8_000, "… and 7,980 more"),
    ],
    ids=["list", "sweep", "object", "names"],
)
def test_should_tell_the_first_faults_and_how_many_more_there_are(raw, told, count, last):
    faults = collect(raw, JobRequest)[1]
    assert (len(faults), counted(faults), faults[-1].found) == (told, count, last)


def test_should_count_the_faults_of_a_message_that_lists_twenty():
    _, faults = collect({"tags": {f"!{i}": "x" for i in range(30)}, "variables": ["-"] * 200}, JobRequest)
    lines = str(InvalidRequest(faults)).splitlines()
    assert (len(lines), lines[-1]) == (22, "- and 16 more")
    assert lines[6].endswith("found … and 195 more")
    assert problem.of_error(InvalidRequest(faults)).detail == "230 values are not allowed."


def test_should_say_that_a_number_or_a_truth_in_place_of_a_text_stands_without_quotes():
    _, found = collect({"tags": {"Version": 1.5, "Final": True}, "profile": 7}, JobRequest)
    assert {fault.field: fault.found for fault in found} == {
        "tags.Version": "1.5 without quotes, which is not a text",
        "tags.Final": "true without quotes, which is not a text",
        "profile": "7 without quotes, which is not a text",
    }


MISSING = "a number, or a text of 1 to 64 printable characters"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"missing_values": [-999, -99.9, 1e20, 10**20, "NA", "-", "n. v.", "ü" * 64]}, {}),
        ({"missing_values": []}, {}),
        (
            {"missing_values": ["", "x" * 65, "a\n", "\u200b", "\u00a0", True, None, [1]]},
            {f"missing_values[{i}]": MISSING for i in range(5)} | {"missing_values": MISSING},
        ),
        (
            {"missing_values": [2**53 + 1, 10**400]},
            {f"missing_values[{i}]": "a number that a double holds exactly, or a text" for i in range(2)},
        ),
        (
            {"missing_values": -999},
            {
                "missing_values": "a list of at most 20 numbers or texts, each text of 1 to 64 printable "
                "characters"
            },
        ),
        ({"id_columns": ["store", "item", "a b", "d"]}, {}),
        ({"id_columns": []}, {"id_columns": "a list of 1 to 4 names of columns"}),
        ({"id_columns": list("abcde")}, {"id_columns": "a list of 1 to 4 names of columns"}),
        ({"id_columns": "store"}, {"id_columns": "a list of 1 to 4 names of columns"}),
        ({"id_columns": ["store", "item", "store"]}, {"id_columns[2]": "each column once"}),
    ],
)
def test_should_say_what_may_mean_an_empty_cell_and_tell_rows_apart(raw, told):
    assert {fault.field: fault.allowed for fault in collect(raw, JobRequest)[1]} == told


@given(st.dictionaries(st.sampled_from(JobRequest.__struct_encode_fields__) | st.text(), JSON))
def test_should_either_convert_or_report_whatever_comes(raw):
    request, found = collect(raw, JobRequest)
    assert request is not None
    assert all(len(fault.found) <= 80 and fault.found.isprintable() for fault in found)
    assert all(fault.field.isprintable() and len(fault.field) <= 400 for fault in found)
    if not found:
        assert convert(request.given(), JobRequest) == request


@given(st.text() | st.integers() | st.lists(st.text()) | st.binary())
def test_should_show_any_value_on_one_short_printable_line(value):
    assert len(shown(value)) <= 80
    assert shown(value).isprintable()


def test_should_show_an_endless_integer_without_writing_it_out():
    assert shown(10**5000) == "an integer of 16610 bits"
