"""Checkpoints: mirrored while the training runs, restored in the next attempt."""

import os

import pytest
from data_sidecar.bucket import ATTEMPTS, Bucket
from data_sidecar.job import BETWEEN_CHECKPOINTS_SECONDS, GRACE_SECONDS

PREFIX = "checkpoints/run-1/"


@pytest.fixture
def minute(run):
    """A turn of the training after which a minute has passed."""

    def turn(do=lambda: None):
        return lambda: (do(), run.clock.skip(BETWEEN_CHECKPOINTS_SECONDS))

    return turn


@pytest.fixture
def names(monkeypatch):
    """The names of the checkpoints in the order in which they are stored."""
    uploaded = []
    upload = Bucket.upload

    def note(bucket, stream, key, content_type) -> None:
        uploaded.append(key.removeprefix(PREFIX))
        upload(bucket, stream, key, content_type)

    monkeypatch.setattr(Bucket, "upload", note)
    return uploaded


def test_only_what_has_changed_is_stored_each_minute(store, run, minute, names):
    def change() -> None:
        run.write("checkpoints/a.bin", "1234")

    def touch() -> None:
        os.utime(run.folder / "checkpoints/b/c.bin", (1, 1))

    run.go(
        minute(lambda: (run.write("checkpoints/a.bin", "1"), run.write("checkpoints/b/c.bin", "2"))),
        minute(),
        minute(change),
        minute(touch),
        run.end(3),
    )
    assert names == ["a.bin", "b/c.bin", "a.bin", "b/c.bin"]
    assert store.result(f"{PREFIX}a.bin") == b"1234"


def test_a_file_that_changes_while_it_is_stored_is_stored_again(store, run, minute, monkeypatch):
    upload = Bucket.upload

    def grow(bucket, stream, key, content_type) -> None:
        upload(bucket, stream, key, content_type)
        if key.endswith("a.bin") and store.result(key) == b"half":
            run.write("checkpoints/a.bin", "whole")

    monkeypatch.setattr(Bucket, "upload", grow)
    run.go(minute(lambda: run.write("checkpoints/a.bin", "half")), minute(), lambda: None)
    assert store.result(f"{PREFIX}a.bin") == b"whole"


def test_what_the_training_removes_is_removed_when_it_is_missing_for_the_second_minute(store, run, minute):
    seen = []

    def look() -> None:
        seen.append(store.keys(PREFIX))

    def end() -> None:
        (run.folder / "checkpoints/2.bin").unlink()
        run.end(3)()

    run.go(
        minute(lambda: [run.write(f"checkpoints/{i}.bin") for i in (1, 2, 3)]),
        minute((run.folder / "checkpoints/1.bin").unlink),
        minute(look),
        look,
        end,
    )
    assert [len(names) for names in seen] == [3, 2]
    # It writes nothing any more: what is not there now is not wanted.
    assert store.keys(PREFIX) == [f"{PREFIX}3.bin"]


def test_the_next_attempt_finds_what_was_kept_with_its_times(store, attempt, names):
    first, second = attempt(), attempt()
    first.go(lambda: first.write("checkpoints/epoch/3.bin", "model"))
    assert first.code == 143
    names.clear()
    found = {}

    def look() -> None:
        file = second.folder / "checkpoints/epoch/3.bin"
        found.update(text=file.read_text(), time=file.stat().st_mtime)

    second.go(look)
    modified = store.client.head_object(Bucket="pulse-test-results", Key=f"{PREFIX}epoch/3.bin")[
        "LastModified"
    ]
    assert found["text"] == "model"
    assert abs(found["time"] - modified.timestamp()) < 1
    assert names == []


def test_a_run_that_succeeded_keeps_no_checkpoints(store, attempt):
    first, second = attempt(), attempt()
    first.go(lambda: (first.write("checkpoints/a.bin"), first.write("checkpoints/b.bin")))
    assert len(store.keys(PREFIX)) == 2
    second.go(lambda: (second.write("checkpoints/c.bin"), second.end()()))
    assert second.code == 0
    assert store.keys("checkpoints/") == []


def test_checkpoints_that_cannot_be_removed_are_no_failure(store, run, refuse):
    refuse("DeleteObjects", 403, "AccessDenied")
    store.put(f"{PREFIX}a.bin", bucket="pulse-test-results")
    run.go(run.end())
    assert (run.code, "stored" in run.marks()) == (0, True)
    assert any("keeps its checkpoints" in line for line in run.lines)


def test_a_throttled_s3_is_asked_again_a_minute_later(store, run, minute, refuse):
    refused = refuse("PutObject", 503, "SlowDown", times=ATTEMPTS, path=PREFIX)
    seen = []
    run.go(
        minute(lambda: run.write("checkpoints/a.bin")),
        minute(lambda: seen.append(store.keys(PREFIX))),
        lambda: seen.append(store.keys(PREFIX)),
        run.end(3),
    )
    assert seen == [[], [f"{PREFIX}a.bin"]]
    assert len(refused) == ATTEMPTS
    assert any("WARNING - Checkpoints are stored later: s3://" in line for line in run.lines)


def test_what_s3_denies_ends_the_training(store, run, minute, refuse):
    refuse("PutObject", 403, "AccessDenied", path=PREFIX)
    run.go(minute(lambda: run.write("checkpoints/a.bin")))
    assert (run.code, run.failed) == (77, 77)
    # The training is at work: this container's end is what ends it, so nothing is waited for.
    assert not run.clock.stopped


@pytest.mark.parametrize("key", ["../x", "a//b", "a/./b"])
def test_hostile_checkpoints_are_refused(store, run, key):
    store.put_as_it_is(f"{PREFIX}{key}", bucket="pulse-test-results")
    run.go()
    assert (run.code, run.failed) == (65, 65)


def test_sigterm_stores_at_once_and_once_more_what_the_training_writes_then(store, run, names):
    run.go(
        lambda: (run.write("checkpoints/a.bin", "before"), run.clock.terminate()),
        lambda: (run.write("checkpoints/a.bin", "at SIGTERM"), run.write("results/log.txt")),
        run.end(143),
    )
    assert run.code == 0
    assert names == ["a.bin", "a.bin", "results/run-1/log.txt"]
    assert store.result(f"{PREFIX}a.bin") == b"at SIGTERM"
    assert "stored" in run.marks()


def test_sigterm_waits_no_longer_than_its_grace(store, run, names):
    run.go(
        lambda: (run.write("checkpoints/a.bin", "1"), run.clock.terminate()),
        lambda: (run.write("checkpoints/a.bin", "22"), run.clock.skip(GRACE_SECONDS)),
    )
    assert run.code == 143
    assert store.result(f"{PREFIX}a.bin") == b"22"
    assert "stored" not in run.marks()


def test_sigterm_after_the_end_stores_all_first(store, run):
    run.go(lambda: (run.write("results/a.txt"), run.end()(), run.clock.terminate()))
    assert run.code == 0
    assert "results/run-1/manifest.json" in store.keys("results/")


def test_links_out_of_the_folder_are_told_once(store, run, minute):
    def link() -> None:
        (run.folder / "checkpoints/passwd").symlink_to("/etc/passwd")

    run.go(minute(link), minute(), minute(), run.end(3))
    assert store.keys(PREFIX) == []
    told = [line for line in run.lines if "The checkpoint passwd is left out" in line]
    assert len(told) == 1
