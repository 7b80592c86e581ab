from datetime import date
from decimal import Decimal

import pytest
from msgspec import json
from recursive_training.data.names import TABLE_SUFFIXES

from pulse.domain.catalogue.trigger import Trigger, matching, order_faults
from pulse.domain.request.alerts_wanted import AlertsWanted
from pulse.domain.request.job_request import JobRequest
from pulse.domain.s3.layout import is_hidden
from pulse.domain.validation import InvalidInput, collect, convert
from tests.hostile_keys import DATASET_KEYS

CSV = Trigger(suffix=".csv", profile="small")
SPARK = Trigger(prefix="datasets/folders/", on="_SUCCESS", profile="small")
LISTED = Trigger(prefix="datasets/listed/", on="manifest.json", profile="small")


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        ("datasets/a.csv", True),
        ("datasets/a/b.CSV", True),
        ("datasets/a.csv.gz", False),
        ("datasets/a/_metadata.csv", False),
        ("datasets/a/.b.csv", False),
        ("datasets/a/_temporary/0/b.csv", False),
        ("datasets/.a/b.csv", False),
        ("datasets/a_/b.c/d.csv", True),
        ("requests/a.csv", False),
    ],
)
def test_should_fit_objects_with_the_suffix_that_are_not_hidden(key, fits):
    assert CSV.matches(key, TABLE_SUFFIXES) is fits


def test_should_fit_below_a_prefix_with_a_hidden_name_and_no_folder_of_a_console():
    mine = Trigger(prefix="datasets/_mine/", suffix=".csv", profile="small")
    assert mine.matches("datasets/_mine/a.csv", TABLE_SUFFIXES)
    assert not Trigger(suffix="", profile="small").matches("datasets/a/", TABLE_SUFFIXES)


@pytest.mark.parametrize("suffix", TABLE_SUFFIXES)
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_should_fit_every_name_of_a_data_set_when_no_suffix_is_given(suffix, case):
    any_table = Trigger(profile="small")
    assert any_table.matches(f"datasets/a/market{case(suffix)}", TABLE_SUFFIXES)
    assert not any_table.matches(f"datasets/a/market{case(suffix)}x", TABLE_SUFFIXES)
    assert not any_table.matches(f"datasets/a/_market{case(suffix)}", TABLE_SUFFIXES)


@pytest.mark.parametrize(
    "key",
    [
        *("datasets/a.xlsx", "datasets/a.json", "datasets/a.gz", "datasets/a.csv.7z", "datasets/csv"),
        *("datasets/~$market.csv", "datasets/raw_$folder$", "datasets/a/"),
    ],
)
def test_should_fit_no_other_name_when_no_suffix_is_given(key):
    assert not Trigger(profile="small").matches(key, TABLE_SUFFIXES)


def test_should_fit_any_name_when_the_suffix_is_empty():
    assert Trigger(suffix="", profile="small").matches("datasets/market", TABLE_SUFFIXES)
    assert Trigger(suffix="", profile="small").matches("datasets/market.dat", TABLE_SUFFIXES)
    assert json.decode(json.encode(Trigger(suffix="", profile="small")), type=Trigger).suffix == ""


def test_should_say_what_it_fits():
    assert str(Trigger(profile="small")) == "datasets/* (a data set's name)"
    assert str(CSV) == "datasets/*.csv"
    assert str(Trigger(suffix="", profile="small")) == "datasets/*"
    assert str(SPARK) == "datasets/folders/*/_SUCCESS"


@pytest.mark.parametrize(
    ("key", "awaited"),
    [
        ("datasets/folders/a/_SUCCESS", False),
        ("datasets/folders/_SUCCESS", False),
        ("datasets/folders/a/b/_SUCCESS", False),
        ("datasets/folders/a/part-0.csv", True),
        ("datasets/folders/a/._SUCCESS.crc", True),
        ("datasets/folders/a/_success", True),
        ("datasets/folders/a/my_SUCCESS", True),
        ("datasets/folders/a/manifest.json", True),
        ("datasets/folders/_SUCCESS/part-0.csv", True),
        ("datasets/folders/a/_temporary/_SUCCESS", True),
    ],
)
def test_should_hold_back_everything_but_the_marker(key, awaited):
    assert SPARK.matches(key, TABLE_SUFFIXES)
    assert SPARK.awaits(key) is awaited


@pytest.mark.parametrize("key", DATASET_KEYS)
def test_should_ask_for_exactly_the_object_however_hostile_its_key(key):
    asked = CSV.request(key, "v1")
    assert (asked["dataset"], asked["dataset_version_id"]) == (key, "v1")
    request, faults = collect(asked, JobRequest)
    assert (request.dataset, faults) == (key, [])


@pytest.mark.parametrize(
    ("marker", "folder"),
    [
        ("datasets/folders/a/_SUCCESS", "datasets/folders/a/"),
        ("datasets/folders/_SUCCESS", "datasets/folders/"),
        ("datasets/folders/a b+c%2F\nü🚀/_SUCCESS", "datasets/folders/a b+c%2F\nü🚀/"),
        ("datasets/folders/../_SUCCESS", "datasets/folders/../"),
    ],
)
def test_should_ask_for_the_folder_of_the_marker_in_no_version(marker, folder):
    request, faults = collect(SPARK.request(marker, "v1"), JobRequest)
    assert (request.dataset, request.dataset_version_id, faults) == (folder, None, [])


def test_should_ask_for_all_data_sets_when_the_marker_lies_beside_them():
    asked = Trigger(on="_SUCCESS", profile="small").request("datasets/_SUCCESS", "v1")
    request, faults = collect(asked, JobRequest)
    assert (request.dataset, faults) == (None, [])


def test_should_ask_for_what_it_says_and_for_no_defaults_of_requests():
    told = Trigger(
        profile="big",
        variables=("spx_close",),
        missing_values=(-999, "n/a"),
        id_columns=("store",),
        start_date=date(2020, 1, 1),
        share_identifier="drops",
        batch_size_days=7,
        shards=4,
        alerts=AlertsWanted(kinds=("FAILED",)),
        max_cost_usd=Decimal("1.50"),
    )
    request, faults = collect(told.request("datasets/a.csv"), JobRequest)
    assert faults == []
    assert request == JobRequest(
        dataset="datasets/a.csv",
        profile="big",
        variables=("spx_close",),
        missing_values=(-999, "n/a"),
        id_columns=("store",),
        start_date=date(2020, 1, 1),
        end_date=None,
        share_identifier="drops",
        batch_size_days=7,
        shards=4,
        alerts=AlertsWanted(kinds=("FAILED",)),
        max_cost_usd=Decimal("1.50"),
    )
    silent, _ = collect(CSV.request("datasets/a.csv"), JobRequest)
    assert (silent.variables, silent.start_date, silent.end_date) == ((), None, None)
    assert (silent.missing_values, silent.id_columns) == (None, None)


def test_should_travel_as_json():
    told = Trigger(
        on="_SUCCESS", profile="big", missing_values=(-999, -1.5, "-"), shards=4, max_cost_usd=Decimal("1.50")
    )
    assert json.decode(json.encode(told), type=Trigger) == told


def test_should_name_all_faults_at_once():
    with pytest.raises(InvalidInput) as raised:
        convert(
            {
                "prefix": "datasets/uploads/mine/",
                "suffix": ".csv",
                "on": "_SUCCESS",
                "profile": "small",
                "start_date": "2020-02-01",
                "end_date": "2020-01-01",
                "max_cost_usd": 0,
                "shards": 1,
                "missing_values": [10**400],
                "id_columns": ["store", "store"],
            },
            Trigger,
        )
    fields = {fault.field for fault in raised.value.faults}
    assert fields == {
        *("prefix", "suffix", "end_date", "max_cost_usd", "shards", "missing_values[0]", "id_columns[1]")
    }


@pytest.mark.parametrize("on", ["_success", "done", True, None])
def test_should_say_what_it_can_wait_for(on):
    with pytest.raises(InvalidInput, match=r"on: allowed is object, or the name of a marker: _SUCCESS or"):
        convert({"profile": "small", "on": on}, Trigger)


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("datasets/folders/a/part-0.csv", SPARK),
        ("datasets/listed/a/manifest.json", LISTED),
        ("datasets/a.csv", CSV),
        ("datasets/_SUCCESS", None),
        ("datasets/manifest.json", None),
    ],
)
def test_should_take_the_first_that_fits(key, first):
    assert matching((SPARK, LISTED, CSV), key, lambda _: TABLE_SUFFIXES) == first


def test_should_find_a_marker_that_comes_too_late_in_the_configuration():
    (fault,) = order_faults((CSV, SPARK))
    assert fault.field == "triggers[1].prefix"
    assert "triggers[0]" in fault.allowed
    assert "'datasets/folders/' after 'datasets/'" in fault.found
    assert order_faults((SPARK, LISTED, CSV)) == []
    assert order_faults((CSV, Trigger(suffix=".parquet", profile="small"))) == []
    (never,) = order_faults((SPARK, Trigger(prefix="datasets/folders/", suffix=".csv", profile="small")))
    assert never.field == "triggers[1].prefix"


def test_should_see_a_hidden_name_only_where_a_whole_name_is_hidden():
    assert not is_hidden("datasets/raw_2022.csv", below="datasets/raw")
    assert not is_hidden("datasets/foreign.csv", below="datasets/foreign")
    assert is_hidden("datasets/_raw.csv", below="datasets/_")
    assert is_hidden("datasets/raw_$folder$", below="datasets/")
    assert not is_hidden("datasets/raw_$folder$.csv", below="datasets/")
    assert is_hidden("requests/~$weekly.json", below="requests/")
