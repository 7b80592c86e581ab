"""Options, files and old command lines as requests."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from recursive_training.aws_batch_submit import OPTIONS, arguments
from typer.testing import CliRunner

from pulse.cli.client import pending
from pulse.cli.options import request_file
from pulse.cli.options.groups import ManyValues, one_each, with_option_groups
from pulse.cli.options.request import RequestOptions
from pulse.cli.options.values import missing_value
from pulse.cli.views.quote import usd
from pulse.domain import validation
from pulse.domain.request.job_request import JobRequest

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EVERY_OPTION = [
    *(
        "--dataset",
        "datasets/a.csv",
        "--dataset-version-id",
        "v1",
        "--variables",
        "spx_close",
        "us_10y_yield",
    ),
    *(
        "--missing-values",
        "-999",
        "-99.5",
        "n/a",
        "null",
        "--missing-values",
        '"7"',
        "--id-columns",
        "a",
        "b c",
    ),
    *("--start-date", "2018-01-01", "--end-date", "2022-12-28", "--batch-size-days", "30", "--use-dask"),
    *(
        "--dask-threads",
        "2",
        "--success-criterion",
        "beats-baselines",
        "--model",
        "naive",
        "--season",
        "5",
        "--log-level",
        "DEBUG",
    ),
    *("--profile", "small", "--vcpus", "0.5", "--memory", "1024", "--gpus", "1", "--job-timeout", "3600"),
    *("--attempts", "2", "--job-queue", "fifo", "--share-identifier", "research", "--priority", "7"),
    *("--job-name-prefix", "mine", "--tag", "Team=research", "--tag", "Run=7"),
    *("--sweep", "batch_size_days=14,30", "--sweep", "variables=spx_close,spx_close+us_10y_yield"),
    *("--depends-on", "batch-1", "--depends-on", "batch-2:N_TO_N", "--depends-on", "SEQUENTIAL"),
    *("--alert", "FAILED", "--channel", "email", "--channel", "slack", "--expected-runtime", "600"),
    *("--max-cost", "1.50"),
]
EVERY_FIELD = {
    "dataset": "datasets/a.csv",
    "dataset_version_id": "v1",
    "variables": ["spx_close", "us_10y_yield"],
    "missing_values": [-999, -99.5, "n/a", "null", "7"],
    "id_columns": ["a", "b c"],
    "start_date": "2018-01-01",
    "end_date": "2022-12-28",
    "batch_size_days": 30,
    "use_dask": True,
    "dask_threads": 2,
    "success_criterion": "beats-baselines",
    "model": "naive",
    "season": 5,
    "log_level": "DEBUG",
    "profile": "small",
    "vcpus": 0.5,
    "memory_mib": 1024,
    "gpus": 1,
    "timeout_seconds": 3600,
    "attempts": 2,
    "queue": "fifo",
    "share_identifier": "research",
    "scheduling_priority": 7,
    "job_name_prefix": "mine",
    "tags": {"Team": "research", "Run": "7"},
    "sweep": {"batch_size_days": [14, 30], "variables": [["spx_close"], ["spx_close", "us_10y_yield"]]},
    "depends_on": ["batch-1", {"job_id": "batch-2", "type": "N_TO_N"}, {"type": "SEQUENTIAL"}],
    "alerts": {"kinds": ["FAILED"], "channels": ["email", "slack"]},
    "expected_runtime_seconds": 600,
    "max_cost_usd": "1.50",
}


def request_of(*words):
    """The request that a command line makes, or the exit code with what was told."""
    app = typer.Typer()
    made = []

    @app.command(cls=ManyValues)
    @with_option_groups
    def verb(*, options: RequestOptions) -> None:
        made.append(options.given())

    ended = CliRunner().invoke(app, words)
    return made[0] if made else (ended.exit_code, ended.output)


def test_should_make_the_field_of_every_option():
    assert request_of(*EVERY_OPTION) == EVERY_FIELD


def test_should_have_an_option_for_every_field_of_a_request_and_satisfy_it():
    request = validation.convert(EVERY_FIELD, JobRequest)

    assert {*EVERY_FIELD, "shards", "training", "parameters"} == set(JobRequest.__struct_fields__)
    assert request.max_cost_usd == Decimal("1.50")
    options = {field.name for field in fields(RequestOptions)}
    assert options - {"alert_kinds", "alert_channels"} == set(JobRequest.__struct_fields__) - {"alerts"}


def test_should_send_nothing_of_what_is_not_given():
    assert request_of() == {}
    assert request_of("--no-use-dask") == {"use_dask": False}


def test_should_size_from_the_data_where_auto_is_asked_for():
    asked = request_of("--vcpus", "auto", "--memory", "auto", "--job-timeout", "auto", "--shards", "4")

    assert asked == {"vcpus": "auto", "memory_mib": "auto", "timeout_seconds": "auto", "shards": 4}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--vcpus", "many"], "--vcpus"),
        (["--vcpus", "nan"], "--vcpus"),
        (["--memory", "1.5"], "--memory"),
        (["--max-cost", "inf"], "--max-cost"),
        (["--max-cost", "1,50"], "--max-cost"),
        (["--tag", "Team"], "--tag"),
        (["--sweep", "=1"], "--sweep"),
        (["--depends-on", "batch-1:SEQUENTIAL"], "--depends-on"),
        (["--depends-on", ":N_TO_N"], "--depends-on"),
        (["--variables", "--use-dask"], "--variables"),
        (["--variables"], "--variables"),
        (["--id-columns", "--use-dask"], "--id-columns"),
        (["--missing-values"], "--missing-values"),
        (["--missing-values", "--use-dask"], "--missing-values"),
        (["--tag", "Team=a", "--tag", "Team=b"], "Team is given twice: 'a' and 'b'"),
        (["--shards", "some"], "--shards"),
        (["stray"], "stray"),
    ],
)
def test_should_name_the_option_that_cannot_be_read(words, named):
    code, told = request_of(*words)

    assert code == 2
    assert named in told


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-999", -999),
        ("1e3", 1000.0),
        ("NA", "NA"),
        ("-", "-"),
        ("007", "007"),
        ("true", "true"),
        ("[1]", "[1]"),
        ('{"a":1,"a":2}', '{"a":1,"a":2}'),
        ('"-999"', "-999"),
        ('"', '"'),
    ],
)
def test_should_take_a_missing_value_for_a_number_only_where_it_is_one(text, value):
    assert missing_value(text) == value
    assert type(missing_value(text)) is type(value)


@given(st.text())
def test_should_take_any_text_for_a_missing_value(text):
    assert isinstance(missing_value(text), int | float | str)


@given(st.lists(st.sampled_from(["--variables=a", "--json", "a", "--variables", "b"])))
def test_should_keep_every_word_when_values_are_given_an_option_each(args):
    try:
        spread_out = list(one_each(args))
    except typer.BadParameter:
        return
    assert [word for word in spread_out if word != "--variables"] == [
        word for word in args if word != "--variables"
    ]


def test_should_merge_objects_and_replace_the_rest():
    below = {"tags": {"A": "1", "B": "2"}, "variables": ["a", "b"], "alerts": None}

    over = request_file.merged(below, {"tags": {"B": "3"}, "variables": ["c"], "alerts": {"kinds": []}})

    assert over == {"tags": {"A": "1", "B": "3"}, "variables": ["c"], "alerts": {"kinds": []}}
    assert below["tags"] == {"A": "1", "B": "2"}


def test_should_keep_a_key_for_the_same_request_until_it_is_settled_or_old(tmp_path: Path):
    file = pending.file_of("http://api/jobs", {"a": 1, "b": 2}, tmp_path / "pending")
    first = pending.take(file, NOW)

    assert pending.file_of("http://api/jobs", {"b": 2, "a": 1}, tmp_path / "pending") == file
    assert pending.file_of("http://other/jobs", {"a": 1, "b": 2}, tmp_path / "pending") != file
    later = NOW + timedelta(hours=11)
    assert (pending.take(file, later).key, pending.take(file, later).found) == (first.key, True)
    forced = pending.take(file, later, anew=True)
    assert forced.key != first.key
    assert pending.take(file, later).key == forced.key
    assert pending.take(file, later + timedelta(hours=12)).key != forced.key
    pending.settle(file)
    assert not pending.take(file, later).found


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"key": "a", "asked_at": 1}', "\x00"])
def test_should_submit_all_the_same_when_a_kept_key_cannot_be_read(tmp_path: Path, content: str):
    file = tmp_path / "pending.json"
    file.write_text(content)

    assert pending.take(file, NOW).key


def test_should_keep_keys_where_the_environment_says():
    assert pending.folder({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/pulse/pending")
    assert pending.folder({"XDG_CACHE_HOME": "relative"}) == Path.home() / ".cache/pulse/pending"


def test_should_lay_an_old_command_line_over_the_old_defaults():
    told = arguments(["--variables", "a", "b", "--vcpus=2"], {"S3_DATA_BUCKET": "mine"}, NOW)

    assert told[-3:] == ["a", "b", "--vcpus=2"]
    assert told.count("--variables") == 1
    assert "4" not in told
    assert told[told.index("--start-date") + 1] == "2022-01-01"
    assert told[told.index("--s3-data-bucket") + 1] == "mine"
    assert told[told.index("--job-details-file") + 1] == "batch_job_20260302093000.json"


def test_should_leave_the_old_defaults_out_beside_a_request_file():
    assert not set(arguments(["--request", "a.json"], {}, NOW)) & set(OPTIONS)


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("0", "$0.00"),
        ("0.00004", "under $0.0001"),
        ("0.0123", "$0.0123"),
        ("0.1", "$0.10"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_should_tell_small_amounts_with_more_digits(amount, told):
    assert usd(amount) == told


def test_should_sweep_the_parameters_of_the_training_that_is_named():
    named = request_of(
        *("--training", "churn", "--parameter", "kind=gbdt", "--parameter", "rate=0.2"),
        *("--sweep", "depth=3,6"),
    )
    assert named == {
        "training": "churn",
        "parameters": {"kind": "gbdt", "rate": 0.2},
        "sweep": {"parameters": {"depth": [3, 6]}},
    }
    twice = request_of("--training", "churn", "--parameter", "rate=1", "--parameter", "rate=2")
    assert twice[0] == 2
    assert "rate is given twice: 1 and 2" in twice[1]
