"""What S3 and the disk refuse: the exit code, the sentence, and what is told to the training's container."""

import errno
import json
from io import BytesIO

import pytest
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody
from data_sidecar.bucket import Bucket, StoredObject

SET = "datasets/churn.csv"
_URI = "s3://pulse-test-data/datasets/churn.csv"


def test_a_missing_data_set_ends_the_training_with_66(store, run):
    run.go(PULSE_DATASET=SET)
    assert (run.code, run.failed) == (66, 66)
    assert run.why == f"{_URI}: S3 answered 404 (Not Found). Check the bucket, the key and the version.\n"
    assert "ready" not in run.marks()
    assert run.lines[-1].endswith(f" - ERROR - {run.why.strip()}")


@pytest.mark.parametrize(
    "env",
    [
        {"PULSE_DATASET": "datasets/none/"},
        {"PULSE_DATASET": "datasets/hidden/"},
        {"PULSE_DATASET": SET, "S3_DATA_BUCKET": "no-such-bucket"},
        {"PULSE_DATASET": f"{SET}/", "S3_DATA_BUCKET": "no-such-bucket"},
    ],
)
def test_nothing_to_read_is_66(store, run, env):
    store.put("datasets/hidden/_SUCCESS")
    run.go(**env)
    assert (run.code, run.failed) == (66, 66)


def test_a_version_that_is_not_there_is_66(store, run):
    store.put(SET)
    run.go(PULSE_DATASET=SET, PULSE_DATASET_VERSION_ID="3f1c0f0a-0000-0000-0000-000000000000")
    assert (run.code, run.failed) == (66, 66)


def test_a_missing_object_that_s3_denies_is_66(store, run, refuse):
    """S3 answers so to whoever may list a prefix only."""
    refuse("HeadObject", 403, "AccessDenied")
    run.go(PULSE_DATASET=SET)
    assert (run.code, run.failed) == (66, 66)
    assert run.why == f"{_URI}: there is no such object. Check the bucket and the key.\n"


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("HeadObject", "s3:GetObject on arn:aws:s3:::pulse-test-data/datasets/churn.csv"),
        ("GetObject", "s3:GetObject on arn:aws:s3:::pulse-test-results/results/run-1/claim.json"),
        ("ListObjectsV2", "s3:ListBucket on arn:aws:s3:::pulse-test-results"),
        ("PutObject", "s3:PutObject on arn:aws:s3:::pulse-test-results/results/run-1/claim.json"),
    ],
)
def test_what_s3_denies_is_77_and_says_which_action(store, run, refuse, operation, action):
    store.put(SET)
    if operation == "GetObject":
        store.put("results/run-1/claim.json", bucket="pulse-test-results")
    refuse(operation, 403, "AccessDenied")
    run.go(PULSE_DATASET=SET)
    assert (run.code, run.failed) == (77, 77)
    assert f"Allow {action} to the job's role." in run.why


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject", "PutObject", "ListObjectsV2"])
@pytest.mark.parametrize("answer", [(503, "SlowDown"), (500, "InternalError"), (503, "503")])
def test_an_s3_that_stays_throttled_is_75(store, run, refuse, operation, answer):
    store.put(SET)
    refused = refuse(operation, *answer)
    run.go(run.end(), PULSE_DATASET=SET)
    assert (run.code, run.failed) == (75, 75)
    assert run.why.endswith("Run the job again.\n")
    assert len(refused) >= 8


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject", "PutObject", "ListObjectsV2"])
def test_an_s3_that_is_throttled_for_a_while_is_waited_for(store, run, refuse, operation):
    store.put(SET)
    refused = refuse(operation, 503, "SlowDown", times=7)
    run.go(lambda: (run.write("results/a.txt"), run.end()()), PULSE_DATASET=SET)
    assert run.code == 0
    assert len(refused) == 7
    assert store.result("results/run-1/a.txt") == b"x"


def test_a_download_that_is_cut_short_is_asked_for_again_and_then_75(store, run, monkeypatch):
    store.put(SET, "0123456789")
    cut = []

    def read(body: StreamingBody, _size: int | None = None) -> bytes:
        cut.append(body)
        raise IncompleteReadError(actual_bytes=4, expected_bytes=10)

    claimed = StreamingBody.read

    def only_data(body: StreamingBody, amt: int | None = None) -> bytes:
        return read(body) if amt and amt > 100_000 else claimed(body, amt)

    monkeypatch.setattr(StreamingBody, "read", only_data)
    run.go(PULSE_DATASET=SET)
    assert (run.code, run.failed) == (75, 75)
    assert f"{_URI}: S3 is out of reach, or its answer was cut short" in run.why
    assert len(cut) == 5
    assert not (run.folder / "data/churn.csv").exists()


def test_an_object_that_shrinks_before_it_is_read_is_no_data_set(store, run, monkeypatch):
    store.client.create_bucket(Bucket="without-versions")
    store.put(SET, "0123456789", bucket="without-versions")
    look_up = Bucket.look_up

    def shrink(bucket: Bucket, key: str, version_id: str | None = None) -> StoredObject:
        found = look_up(bucket, key, version_id)
        store.put(SET, "01234"[: found.size // 2], bucket="without-versions")
        return found

    monkeypatch.setattr(Bucket, "look_up", shrink)
    run.go(PULSE_DATASET=SET, S3_DATA_BUCKET="without-versions")
    assert (run.code, run.failed) == (75, 75)
    assert run.why == f"s3://without-versions/{SET}: 2 of its 5 bytes came. Run the job again.\n"
    assert not (run.folder / "data/churn.csv").exists()


def test_an_endpoint_that_is_nowhere_is_75(run, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    run.go(PULSE_DATASET=SET)
    assert (run.code, run.failed) == (75, 75)


def test_no_credentials_are_77(store, run, monkeypatch):
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _session: None)
    run.go(PULSE_DATASET=SET)
    assert (run.code, run.failed) == (77, 77)
    assert "Give the job a role." in run.why


@pytest.fixture
def full(monkeypatch):
    """Lets writing to the data set's file fail as a disk does."""

    class Full(BytesIO):
        def write(self, _payload: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def open_(file, mode="r", *arguments, **options):
        return Full() if "data" in file.parts and mode == "wb" else opened(file, mode, *arguments, **options)

    opened = type(json and __import__("pathlib").Path()).open
    monkeypatch.setattr("pathlib.Path.open", open_)


def test_a_disk_that_is_full_is_74(store, run, full):
    store.put(SET, "0123456789")
    run.go(PULSE_DATASET=SET)
    assert (run.code, run.failed) == (74, 74)
    assert run.why == (
        f"There is no room for {_URI} on the job's disk. Give the job more ephemeral storage, or less data.\n"
    )


def test_a_data_set_that_is_larger_than_the_disk_is_not_begun(store, run, refuse, monkeypatch):
    store.put(SET, "0123456789")
    monkeypatch.setattr(
        "data_sidecar.downloads.shutil.disk_usage", lambda _folder: type("Usage", (), {"free": 9})
    )
    run.go(PULSE_DATASET=SET)
    assert (run.code, run.failed) == (74, 74)
    assert "no room for Data set datasets/churn.csv (10 bytes)" in run.why


def test_a_volume_on_which_nothing_can_be_written_is_74(store, run):
    (run.folder / "data").write_text("a file, where the folder is to be")
    run.go(PULSE_DATASET=SET)
    assert (run.code, run.failed) == (74, 74)


@pytest.mark.parametrize("key", ["datasets/a/../../x", "datasets/a//etc/passwd", f"datasets/a/{'x' * 256}"])
@pytest.mark.parametrize("as_folder", [True, False])
def test_a_hostile_key_is_refused_in_words(store, run, key, as_folder):
    store.put_as_it_is(key)
    run.go(PULSE_DATASET="datasets/a/" if as_folder else key)
    assert (run.code, run.failed) == (65, 65)
    assert key in run.why
    assert list((run.folder / "data").iterdir()) == []


def test_a_sentence_forges_no_second_line(store, run):
    run.go(PULSE_DATASET="datasets/a\nb\u202e.csv")
    assert run.failed == 66
    assert run.why.strip().isprintable()
    assert all(line.isprintable() for line in run.lines)


def test_results_that_cannot_be_stored_end_a_training_that_succeeded(store, run, refuse):
    run.go(
        lambda: (
            run.write("results/a.txt"),
            run.write("checkpoints/b.bin"),
            store.client.delete_object(Bucket="pulse-test-results", Key="results/run-1/claim.json"),
            store.client.delete_bucket(Bucket="pulse-test-results"),
            run.end()(),
        )
    )
    assert (run.code, run.failed) == (73, 73)
    assert "s3://pulse-test-results/results/run-1/a.txt: S3 answered NoSuchBucket" in run.why
    assert "stored" not in run.marks()


def test_the_exit_code_of_a_training_that_failed_stands_whatever_s3_says(store, run, refuse):
    run.go(
        lambda: (
            run.write("results/a.txt"),
            store.client.delete_object(Bucket="pulse-test-results", Key="results/run-1/claim.json"),
            store.client.delete_bucket(Bucket="pulse-test-results"),
            run.end(3)(),
        )
    )
    assert run.code == 0
    assert {"ended", "stored"} <= run.marks()
    assert "The training has ended with 3, and what it left is not stored: " in run.lines[-1]
