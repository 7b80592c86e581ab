"""The command line: old names and defaults, and every fault at once."""

import json
import time
from datetime import UTC, date, datetime

import pytest
from recursive_training.errors import UsageError
from recursive_training.options import parse

BUCKETS = {"S3_DATA_BUCKET": "data", "S3_RESULTS_BUCKET": "results"}


def test_defaults_are_the_old_containers():
    options = parse([], BUCKETS, now=datetime(2022, 3, 4, 5, 6, 7, tzinfo=UTC))
    assert options.job_id == "local-20220304050607"
    assert (options.variables, options.batch_size_days) == ((), 30)
    assert (options.start_date, options.end_date) == (None, None)
    assert (options.s3_data_bucket, options.s3_data_prefix) == ("data", "datasets/")
    assert (options.s3_results_bucket, options.results_folder) == ("results", f"results/{options.job_id}/")
    assert (options.use_dask, options.dask_threads, options.max_workers) == (False, 2, 1)
    assert (options.aws_region, options.log_level) == ("us-east-1", "INFO")


def test_the_old_command_is_understood():
    options = parse(
        [
            "--variables",
            "spx_close",
            "us_10y_yield",
            "--batch-size-days",
            "60",
            "--start-date",
            "2022-01-01",
            "--end-date",
            "2022-06-30",
            "--s3-data-bucket",
            "pulse-data",
            "--s3-results-bucket",
            "pulse-results",
            "--use-dask",
        ],
        {"DASK_THREADS": "4", "PULSE_JOB_ID": "batch-20220101000000-0123abcd"},
    )
    assert options.variables == ("spx_close", "us_10y_yield")
    assert (options.batch_size_days, options.use_dask, options.dask_threads) == (60, True, 4)
    assert (options.start_date, options.end_date) == (date(2022, 1, 1), date(2022, 6, 30))
    assert (options.s3_data_bucket, options.s3_results_bucket) == ("pulse-data", "pulse-results")
    assert options.job_id == "batch-20220101000000-0123abcd"


def test_options_win_over_the_environment():
    env = BUCKETS | {"DASK_THREADS": "4", "AWS_REGION": "eu-west-1", "USE_DASK": "TRUE"}
    options = parse(["--dask-threads", "8", "--aws-region", "us-west-2", "--s3-data-bucket", "other"], env)
    assert (options.dask_threads, options.aws_region, options.s3_data_bucket) == (8, "us-west-2", "other")
    assert options.use_dask


def test_the_batch_job_id_names_a_run_that_nobody_named():
    assert parse([], BUCKETS | {"AWS_BATCH_JOB_ID": "0a1b:7"}).job_id == "0a1b:7"


@pytest.mark.parametrize(
    ("argv", "env", "said"),
    [
        (["--batch-size-days", "0"], {}, "--batch-size-days must be a whole number from 1 to 3650, not '0'"),
        (["--batch-size-days", "1.5"], {}, "--batch-size-days"),
        (["--start-date", "2022-02-30"], {}, "--start-date must be a day that exists, as YYYY-MM-DD"),
        (["--start-date", "2022-02-02", "--end-date", "2022-02-01"], {}, "--end-date 2022-02-01 is before"),
        (["--s3-data-bucket", "Bad_Bucket"], {}, "--s3-data-bucket must be a bucket name"),
        (["--dataset-version-id", "v1"], {}, "--dataset-version-id needs --dataset-key"),
        (["--model", "naive,prophet"], {}, "--model must be auto, or names joined by commas: naive, drift"),
        (["--model", ""], {}, "--model must be auto"),
        (["--season", "0"], {}, "--season (auto, or observations) must be a whole number from 1 to 10000"),
        (["--season", "weekly"], {}, "--season (auto, or observations) must be"),
        (["--success-criterion", "magic"], {}, "must be one of beats-persistence, beats-baselines"),
        (["--max-workers", "many"], {}, "--max-workers must be a whole number"),
        (["--s3-output-file", "elsewhere/m.json"], {}, "--s3-output-file must be a key under results/"),
        (["--aws-region", "mars"], {}, "--aws-region"),
        (["--frobnicate"], {}, "'--frobnicate' is no option"),
        (["--end-date"], {}, "Argument --end-date: expected one argument"),
        ([], {"USE_DASK": "perhaps"}, "USE_DASK must be true or false, not 'perhaps'"),
        ([], {"DASK_THREADS": "-1"}, "DASK_THREADS"),
        ([], {"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of DEBUG, INFO"),
        ([], {"PULSE_JOB_ID": "../up"}, "PULSE_JOB_ID must be"),
        ([], {"S3_RESULTS_BUCKET": ""}, "--s3-results-bucket is missing. Give it, or set S3_RESULTS_BUCKET."),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(argv, env, said):
    with pytest.raises(UsageError) as caught:
        parse(argv, BUCKETS | env)
    assert len(caught.value.faults) == 1
    assert said in caught.value.faults[0]


INDEX = {"AWS_BATCH_JOB_ARRAY_INDEX": "1"}


@pytest.mark.parametrize(
    ("argv", "env", "said"),
    [
        (["--shards", "1"], INDEX, "--shards must be a whole number from 2 to 10000, not '1'"),
        (["--shards", "10001"], INDEX, "--shards must be"),
        (["--shards", "x"], INDEX, "--shards must be"),
        (
            ["--shards", "3"],
            {},
            "AWS_BATCH_JOB_ARRAY_INDEX (AWS Batch sets it for each child of an array job) ",
        ),
        (
            ["--shards", "3"],
            {"AWS_BATCH_JOB_ARRAY_INDEX": "3"},
            "must be a whole number from 0 to 2, not '3'",
        ),
        (["--merge-shards", "3"], {}, "--results-of is for --merge-shards and --summarize-sweep"),
        (["--results-of", "x"], {}, "--results-of is for --merge-shards and --summarize-sweep"),
        (["--shards", "3", "--results-of", "x"], INDEX, "--results-of is for"),
        (["--merge-shards", "3", "--results-of", "../up"], {}, "--results-of must be 1 to 128 letters"),
        (["--shards", "3", "--sweep", '{"batch_size_days": [1, 2]}'], INDEX, "--shards and --sweep exclude"),
        (
            ["--sweep", "[]"],
            INDEX,
            "--sweep must be a JSON object, lists of values by option (batch_size_days,",
        ),
        (["--sweep", "{"], INDEX, "--sweep must be a JSON object"),
        (["--sweep", "[" * 100_000], INDEX, "--sweep must be a JSON object"),
        (["--sweep", '{"use_dask": [true]}'], INDEX, "--sweep: an option must be one of batch_size_days"),
        (
            ["--sweep", '{"batch_size_days": 30}'],
            INDEX,
            "batch_size_days must be a list of at least one value",
        ),
        (
            ["--sweep", '{"batch_size_days": []}'],
            INDEX,
            "batch_size_days must be a list of at least one value",
        ),
        (
            ["--sweep", '{"batch_size_days": [1, "2"]}'],
            INDEX,
            "batch_size_days must be a whole number from 1",
        ),
        (["--sweep", '{"batch_size_days": [1, true]}'], INDEX, "whole number from 1 to 3650, not 'true'"),
        (["--sweep", '{"start_date": ["2020-01-01", null]}'], INDEX, "start_date must be a day that exists"),
        (["--sweep", '{"variables": [["a"], "b"]}'], INDEX, "variables must be a list of names, not 'b'"),
        (
            ["--sweep", '{"success_criterion": ["a", "within-interval"]}'],
            INDEX,
            "must be one of beats-persis",
        ),
        (["--sweep", '{"batch_size_days": [30]}'], INDEX, "2 to 10000 combinations, not '1 combinations'"),
        (
            ["--sweep", '{"start_date": ["2020-01-01", "2021-01-01"]}', "--end-date", "2020-06-30"],
            INDEX,
            "--end-date 2020-06-30 is before --start-date 2021-01-01",
        ),
        (["--dataset-key", "datasets/a/", "--dataset-version-id", "v"], {}, "which object's version it is"),
    ],
)
def test_a_wrong_part_of_an_array_is_named_with_what_is_allowed(argv, env, said):
    with pytest.raises(UsageError) as caught:
        parse(argv, BUCKETS | env)
    assert len(caught.value.faults) == 1
    assert said in caught.value.faults[0]


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        ({"batch_size_days": [1] * 30_000}, "not '30000 combinations'"),
        ({"start_date": ["2020-01-01"] * 9_000, "end_date": ["2020-02-01"] * 9_000}, "not '81000000 combin"),
    ],
)
def test_a_sweep_of_far_too_many_values_is_refused_at_once(sweep, said):
    began = time.perf_counter()
    with pytest.raises(UsageError) as caught:
        parse(["--sweep", json.dumps(sweep)], BUCKETS | INDEX)
    assert time.perf_counter() - began < 5
    (fault,) = caught.value.faults
    assert "--sweep must be a grid of at most 10000 combinations" in fault
    assert said in fault


def test_of_many_wrong_values_of_a_sweep_a_handful_is_told_and_how_many_more():
    with pytest.raises(UsageError) as caught:
        parse(["--sweep", json.dumps({"batch_size_days": [0] * 9_000})], BUCKETS | INDEX)
    assert len(caught.value.faults) == 6
    assert caught.value.faults[-1] == "--sweep batch_size_days: and 8995 more."


def test_every_fault_of_a_sweep_is_told_at_once():
    with pytest.raises(UsageError) as caught:
        parse(
            ["--sweep", '{"batch_size_days": [0, "x"], "end_date": ["soon"], "what": [1]}'], BUCKETS | INDEX
        )
    assert len(caught.value.faults) == 4


def test_a_child_has_the_options_of_its_combination():
    sweep = '{"batch_size_days": [30, 60], "start_date": ["2020-01-01", "2021-01-01"], "variables": [["a"]]}'
    argv = ["--sweep", sweep, "--batch-size-days", "7", "--end-date", "2022-01-01"]
    chosen = [parse(argv, BUCKETS | {"AWS_BATCH_JOB_ARRAY_INDEX": str(index)}) for index in range(4)]
    assert [(options.batch_size_days, options.start_date.year) for options in chosen] == [
        (30, 2020),
        (30, 2021),
        (60, 2020),
        (60, 2021),
    ]
    assert {options.variables for options in chosen} == {("a",)}
    assert chosen[3].results_folder.endswith("/sweep/3/")


def test_every_fault_is_told_at_once():
    with pytest.raises(UsageError) as caught:
        parse(
            ["--batch-size-days", "x", "--start-date", "soon", "--success-criterion", "y", "--what"],
            {"USE_DASK": "z"},
        )
    assert len(caught.value.faults) == 7


def test_a_key_of_the_results_folder_is_allowed_as_output():
    assert parse(["--s3-output-file", "results/x.json"], BUCKETS).s3_output_file == "results/x.json"


def test_models_and_season_are_left_to_the_training_unless_named():
    options = parse([], BUCKETS)
    assert (options.choice.models, options.choice.season) == ((), None)
    named = parse(["--model", "naive,direct-ridge,naive", "--season", "12"], BUCKETS)
    assert (named.choice.models, named.choice.season) == (("naive", "direct-ridge"), 12)


def test_models_and_seasons_can_be_swept():
    swept = '{"model": ["auto", "naive,drift"], "season": ["auto", 7]}'
    last = parse(["--sweep", swept], BUCKETS | {"AWS_BATCH_JOB_ARRAY_INDEX": "3"})
    assert (last.model, last.season) == (("naive", "drift"), 7)
    first = parse(["--sweep", swept], BUCKETS | {"AWS_BATCH_JOB_ARRAY_INDEX": "0"})
    assert (first.model, first.season) == ((), None)
