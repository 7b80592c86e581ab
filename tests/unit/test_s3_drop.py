import json
from pathlib import Path

import pytest

from pulse.domain.request import drop as s3_drop
from pulse.domain.request.drop import S3Drop
from pulse.domain.s3.layout import folder_of
from pulse.domain.validation import InvalidInput
from tests.hostile_keys import DATASET_KEYS

EVENTS = Path(__file__).parent.parent / "events"


def parsed(name):
    return s3_drop.parse(json.loads((EVENTS / f"s3_object_created_{name}.json").read_text())["detail"])


def test_should_take_the_key_as_it_stands():
    assert parsed("odd_key").key == "datasets/c++ (v1)+50%25 übermut <b>&'\"`$(id).csv"


def test_should_do_without_a_time():
    assert parsed("versioned").created_at is None


def test_should_do_without_a_version():
    assert parsed("versioned").version_id.startswith("3sL4")
    assert parsed("unversioned").version_id == ""


@pytest.mark.parametrize(
    ("key", "meaning"),
    [
        ("datasets/a.csv", "dataset"),
        ("datasets/2026/", "folder"),
        ("datasets/folders/a/_SUCCESS", "dataset"),
        ("datasets/uploads/0123456789abcdef/a.csv", "upload"),
        ("datasets/uploads/_SUCCESS", "upload"),
        ("datasets/uploads/", "folder"),
        ("datasets/uploads.csv", "dataset"),
        ("requests/a.json", "request"),
        ("requests/a.JSON", "request"),
        ("requests/a.txt", "request"),
        ("requests/", "folder"),
        ("results/a.csv", "elsewhere"),
        ("Datasets/a.csv", "elsewhere"),
        ("datasets/raw_$folder$", "folder"),
        ("requests/old_$folder$", "folder"),
        ("results_$folder$", "folder"),
    ],
)
def test_should_tell_what_a_drop_asks_for(key, meaning):
    assert S3Drop(bucket="b", key=key).meaning == meaning


@pytest.mark.parametrize(
    ("key", "meaning"),
    [
        ("datasets/a/", "dataset"),
        ("requests/a.json/", "request"),
        ("a/", "elsewhere"),
        ("datasets/a_$folder$", "dataset"),
    ],
)
def test_should_take_only_an_empty_object_for_a_consoles_folder(key, meaning):
    assert S3Drop(bucket="b", key=key, size=1).meaning == meaning
    assert S3Drop(bucket="b", key=key, size=0).meaning == "folder"


def test_should_sort_sequencers_of_different_length_as_the_writes():
    writes = ["9", "0A", "10", "FFFFFFFFFFFFFFFF", "10000000000000000"]
    drops = [S3Drop(bucket="b", key="k", sequencer=sequencer) for sequencer in writes]
    assert sorted(drops, key=lambda drop: drop.ordered_sequencer) == drops


@pytest.mark.parametrize("key", DATASET_KEYS)
def test_should_keep_a_hostile_key_and_show_it_on_one_line(key):
    detail = json.loads((EVENTS / "s3_object_created_versioned.json").read_text())["detail"]
    detail["object"]["key"] = key
    drop = s3_drop.parse(detail)
    assert drop.key == key
    assert str(drop).isprintable()


@pytest.mark.parametrize(
    ("key", "folder"), [("datasets/a/b.csv", "datasets/a/"), ("datasets/a//b", "datasets/a//"), ("a", "")]
)
def test_should_know_the_folder_of_a_key(key, folder):
    assert folder_of(key) == folder


@pytest.mark.parametrize(
    "detail", [{}, {"bucket": {"name": "b"}}, {"bucket": {"name": 1}, "object": {"key": "k"}}, []]
)
def test_should_refuse_what_is_no_object_created_event(detail):
    with pytest.raises(InvalidInput, match="Object Created"):
        s3_drop.parse(detail)
