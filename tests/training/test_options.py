"""The command line: old names and defaults, and every fault at once."""

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


def test_every_fault_is_told_at_once():
    with pytest.raises(UsageError) as caught:
        parse(
            ["--batch-size-days", "x", "--start-date", "soon", "--success-criterion", "y", "--what"],
            {"USE_DASK": "z"},
        )
    assert len(caught.value.faults) == 7


def test_a_key_of_the_results_folder_is_allowed_as_output():
    assert parse(["--s3-output-file", "results/x.json"], BUCKETS).s3_output_file == "results/x.json"
