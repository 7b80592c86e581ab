"""The simulation's S3, and the training's claim over it."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from recursive_training.data import s3 as training_s3
from recursive_training.errors import AlreadyClaimedError, TrainingError
from recursive_training.steps.claim import claim

from pulse.aws.s3 import Objects
from pulse.domain.errors import Unavailable
from pulse.domain.request import drop as s3_drop
from tests.simulation.kernel import START, Kernel
from tests.simulation.s3 import S3
from tests.simulation.s3_bucket import Bucket

EVENT = Path(__file__).parent.parent / "events" / "s3_object_created_versioned.json"
KINDS = ("throttled", "refused", "failed", "unsent", "lost", "late", "doubled", "died after", "slow")
RATES = dict.fromkeys(KINDS, 0.04)


READS = {
    "whole": lambda objects: objects.read("pulse-data", "a.json", limit_bytes=100),
    "a part": lambda objects: objects.read_range("pulse-data", "a.json", "bytes=0-7"),
}


@pytest.fixture
def kernel():
    return Kernel(7, {})


@pytest.fixture
def events():
    return []


@pytest.fixture
def bucket(kernel, events):
    return Bucket(kernel, "pulse-data", versioned=True, on_created=events.append)


@pytest.fixture
def s3(kernel, bucket):
    return S3(kernel, [bucket])


def test_should_tell_of_a_new_object_as_eventbridge_does(kernel, bucket, s3, events):
    kernel.faulty = False
    answer = s3.put_object(Bucket="pulse-data", Key="datasets/a (1)+ü.csv", Body=b"123")
    kernel.run(60)
    [event] = events
    recorded = json.loads(EVENT.read_text())
    assert event.keys() == recorded.keys()
    assert event["detail"].keys() == recorded["detail"].keys()
    assert event["detail"]["object"].keys() == recorded["detail"]["object"].keys()
    drop = s3_drop.parse(event["detail"], time=START)
    assert (drop.key, drop.version_id) == ("datasets/a (1)+ü.csv", answer["VersionId"])
    assert event["detail"]["object"]["etag"] == answer["ETag"].strip('"')


def test_should_tell_of_every_object_late_in_another_order_and_sometimes_twice(kernel, bucket, events):
    for number in range(1000):
        bucket.put(f"datasets/{number:04}", b"")
    kernel.run(1000)
    keys = [event["detail"]["object"]["key"] for event in events]
    assert len(set(keys)) == 1000
    assert keys != sorted(keys)
    assert 1000 < len(keys) < 1030
    assert len({event["id"] for event in events}) == 1000


def test_should_number_the_writes_of_a_key_in_their_order(kernel, bucket, events):
    for _ in range(20):
        bucket.put("a", b"")
    kernel.run(1000)
    order = {
        event["detail"]["object"]["version-id"]: event["detail"]["object"]["sequencer"] for event in events
    }
    written = [version.id for version in bucket._versions["a"]]
    assert sorted(written, key=order.__getitem__) == written


def test_should_hand_out_an_object_in_pieces(s3):
    s3.put_object(Bucket="pulse-data", Key="a", Body=b"0123456789")
    body = s3.get_object(Bucket="pulse-data", Key="a")["Body"]
    assert (body.read(4), body.read()) == (b"0123", b"456789")


def test_should_describe_an_object_without_reading_it(s3):
    put = s3.put_object(Bucket="pulse-data", Key="a", Body=b"0123456789")
    head = s3.head_object(Bucket="pulse-data", Key="a")
    assert (head["ContentLength"], head["VersionId"], head["ETag"]) == (10, put["VersionId"], put["ETag"])
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="pulse-data", Key="none")


def test_should_refuse_a_conditional_write_over_an_object(s3):
    s3.put_object(Bucket="pulse-data", Key="a", Body=b"", IfNoneMatch="*")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="pulse-data", Key="a", Body=b"", IfNoneMatch="*")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412


def claims(seed, monkeypatch):
    """How ten jobs that claim one run at once fare, and who holds it then."""
    kernel = Kernel(seed, RATES)
    results = Bucket(kernel, "results")
    client = S3(kernel, [results])
    monkeypatch.setattr(training_s3.time, "sleep", kernel.sleep)
    ended = {}

    def start(number):
        job = SimpleNamespace(
            aws_batch_job_id=f"aws-{number}", results_folder="results/run-1/", job_id="run-1"
        )
        kernel.start(
            f"job {number}",
            lambda: claim(training_s3.Bucket(client, "results"), job, START),
            lambda one: ended.setdefault(f"aws-{number}", one),
            after=kernel.chance("starts", number) / 5,
        )

    for number in range(10):
        start(number)
    kernel.run(1000)
    held = results.get("results/run-1/claim.json")
    return ended, held and json.loads(held.body)["aws_batch_job_id"], kernel


def test_should_let_one_job_have_a_run_however_many_claim_it(monkeypatch):
    conflicts = winners = 0
    for seed in range(60):
        ended, holder, _ = claims(seed, monkeypatch)
        assert len(ended) == 10
        working = {job for job, one in ended.items() if one.error is None and not one.has_died}
        assert working <= {holder}
        winners += len(working)
        for one in ended.values():
            assert one.error is None or isinstance(one.error, TrainingError)
            conflicts += "ConditionalRequestConflict" in str(one.error)
        assert any(isinstance(one.error, AlreadyClaimedError) for one in ended.values())
    assert winners > 30


def test_should_meet_conflicts_of_writes_on_their_way():
    kernel = Kernel(1, {})
    s3 = S3(kernel, [Bucket(kernel, "results")])
    ended = []
    for number in range(40):
        kernel.start(
            f"job {number}",
            lambda number=number: s3.put_object(
                Bucket="results", Key=f"a{number // 2}", Body=b"", IfNoneMatch="*"
            ),
            ended.append,
        )
    kernel.run(10)
    codes = [one.error.response["Error"]["Code"] if one.error else "" for one in ended]
    assert set(codes) == {"", "PreconditionFailed", "ConditionalRequestConflict"}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_an_answer_that_is_cut_short_is_no_answer(read):
    kernel = Kernel(7, {"cut short": 1.0})
    bucket = Bucket(kernel, "pulse-data", versioned=True)
    bucket.put("a.json", b'{"a": 1, "b": 2}')
    objects = Objects(lambda: S3(kernel, [bucket]))
    ended = []
    kernel.start("reads", lambda: read(objects), ended.append)
    kernel.run(10.0)
    assert isinstance(ended[0].error, Unavailable)
    assert [fault.kind for fault in kernel.happened] == ["cut short"]
    kernel.faulty = False
    kernel.start("reads again", lambda: read(objects), ended.append)
    kernel.run(20.0)
    assert ended[1].answer
