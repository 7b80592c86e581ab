import json
from pathlib import Path

import pytest
from msgspec import structs

from pulse.domain import s3_drop
from pulse.domain.s3_drop import S3Drop
from pulse.domain.validation import InvalidInput

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
        ("requests/a.json", "request"),
        ("requests/a.JSON", "request"),
        ("requests/a.txt", "request"),
        ("requests/", "folder"),
        ("results/a.csv", "elsewhere"),
        ("Datasets/a.csv", "elsewhere"),
    ],
)
def test_should_tell_what_a_drop_asks_for(key, meaning):
    assert S3Drop(bucket="b", key=key).meaning == meaning


def test_should_sort_sequencers_of_different_length_as_the_writes():
    writes = ["9", "0A", "10", "FFFFFFFFFFFFFFFF", "10000000000000000"]
    drops = [S3Drop(bucket="b", key="k", sequencer=sequencer) for sequencer in writes]
    assert sorted(drops, key=lambda drop: drop.ordered_sequencer) == drops


def test_should_show_itself_on_one_line():
    drop = structs.replace(parsed("versioned"), key="datasets/a\n\x1b[31m\u202eb")
    assert str(drop).isprintable()


@pytest.mark.parametrize(
    "detail", [{}, {"bucket": {"name": "b"}}, {"bucket": {"name": 1}, "object": {"key": "k"}}, []]
)
def test_should_refuse_what_is_no_object_created_event(detail):
    with pytest.raises(InvalidInput, match="Object Created"):
        s3_drop.parse(detail)
