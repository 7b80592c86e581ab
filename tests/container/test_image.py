"""The training image, really built and run as AWS Batch on Fargate runs it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localaws import instance
from localaws.instance import Instance
from tests.container.buildah import available
from tests.container.engines import CannotRunHere, Ended, Engine, Job
from tests.infra.templates import ROOT, Synthesis, synthesize

pytestmark = pytest.mark.container
DATA, RESULTS, KEY = "container-data", "container-results", "datasets/market_daily.csv"
TRAINING = ("--dataset-key", KEY, "--start-date", "2021-01-01")
AS_WANTED = """
set -x
test "$(id -u)" = 10001 && test "$(stat -c %a /tmp)" = 1777 && touch /tmp/x && ! touch /x && ! touch /app/x \
&& test ! -e "$HOME" && echo as-wanted
"""
Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = available()
    if isinstance(found, str):
        pytest.skip(found)
    yield found
    found.close()


@pytest.fixture(scope="module")
def synthesis(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    return synthesize("local", ROOT / "config", tmp_path_factory.mktemp("assembly"))


@pytest.fixture(scope="module")
def aws(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """S3 on loopback, with the sample in it."""
    root = tmp_path_factory.mktemp("localaws")
    started = instance.up(root)
    s3 = started.client("s3")
    for bucket in (DATA, RESULTS):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=DATA, Key=KEY, Body=(ROOT / "samples" / "market_daily.csv").read_bytes())
    yield started
    instance.down(root)


@pytest.fixture(scope="module")
def run(engine: Engine, synthesis: Synthesis, aws: Instance) -> Run:
    """`run(job_id, option, …)` runs the definition's command; `shell` another one."""
    try:
        engine.build(_context(synthesis.folder))
    except CannotRunHere as error:
        pytest.skip(str(error))
    container = next(
        definition["ContainerProperties"]
        for definition in synthesis.resources("Batch::JobDefinition").values()
        if definition["JobDefinitionName"] == "pulse-retrodiction-training"
    )
    fixed = {each["Name"]: each["Value"] for each in container["Environment"]}
    account = {name: value for name, value in aws.environment().items() if name.startswith("AWS_")}

    def run_job(job_id: str, *options: str, shell: str = "", stop_after: str = "", **variables: str) -> Ended:
        environment = {
            **{name: value for name, value in fixed.items() if isinstance(value, str)},
            **account,
            "S3_DATA_BUCKET": DATA,
            "S3_RESULTS_BUCKET": RESULTS,
            "PULSE_JOB_ID": job_id,
            "AWS_BATCH_JOB_ID": f"aws-{job_id}",
            "AWS_BATCH_JOB_ATTEMPT": "1",
            **variables,
        }
        command = ["sh", "-c", shell] if shell else [*container["Command"], *options]
        return engine.run(Job(container, environment, command, stop_after))

    return run_job


def _context(assembly: Path) -> Path:
    """The folder that the CDK stages for the build."""
    [folder] = [each for each in assembly.glob("asset.*") if (each / "Dockerfile").exists()]
    return folder


def test_it_runs_as_its_user_on_a_read_only_root_with_a_place_for_files(run):
    ended = run("shell", shell=AS_WANTED)
    assert "as-wanted" in ended.output, ended.output


def test_it_says_what_it_can_be_asked_for(run):
    ended = run("help", "--help")
    assert (ended.code, "rank the combinations" in ended.output) == (0, True)


def test_a_whole_run_writes_its_results_and_a_duplicate_does_nothing(run, aws):
    ended = run("batch-1", *TRAINING, "--variables", "spx_close")
    assert ended.code == 0, ended.output
    written = aws.client("s3").list_objects_v2(Bucket=RESULTS, Prefix="results/batch-1/")["Contents"]
    assert {"results/batch-1/metrics.json", "results/batch-1/manifest.json"} <= {
        one["Key"] for one in written
    }
    again = run("batch-1", *TRAINING, AWS_BATCH_JOB_ID="another")
    assert again.code == 76, again.output


def test_a_missing_data_set_has_its_exit_code(run):
    ended = run("batch-2", "--dataset-key", "datasets/nothing.csv")
    assert ended.code == 66, ended.output


def test_dask_runs_in_processes(run):
    ended = run("batch-3", *TRAINING, "--use-dask", "--max-workers", "2", "--dask-threads", "1")
    assert ended.code == 0, ended.output


def test_shards_are_merged(run):
    for index in ("0", "1"):
        child = {"AWS_BATCH_JOB_ID": f"array:{index}", "AWS_BATCH_JOB_ARRAY_INDEX": index}
        ended = run("batch-4", *TRAINING, "--shards=2", **child)
        assert ended.code == 0, ended.output
    merged = run(
        "batch-4-merge", *TRAINING, "--merge-shards=2", "--results-of=batch-4", AWS_BATCH_JOB_ID="merge"
    )
    assert merged.code == 0, merged.output


def test_sigterm_to_the_first_process_ends_it_with_143(run):
    ended = run("batch-5", "--dataset-key", KEY, "--batch-size-days", "1", stop_after="rows")
    assert ended.code == 143, ended.output
