"""What the server's environment sets of Batch."""

import pytest

from localaws import instance
from localaws.batch import _number
from localaws.errors import StartFailed
from tests.localaws.batch_live import Stage


def test_listing_lags_by_the_seconds_that_are_set_and_submission_has_no_limit(
    tmp_path, monkeypatch, eventually
):
    monkeypatch.setenv("LOCALAWS_BATCH_LIST_LAG_SECONDS", "1.5")
    monkeypatch.setenv("LOCALAWS_BATCH_SUBMITS_PER_SECOND", "0")
    stage = Stage(instance.up(tmp_path))
    try:
        stage.definition()
        members = {"jobName": "late", "jobQueue": "queue", "jobDefinition": "definition"}
        jobs = [stage.batch.submit_job(**members)["jobId"] for _ in range(120)]
        filters = [{"name": "JOB_NAME", "values": ["late"]}]

        def listed():
            return stage.batch.list_jobs(jobQueue="queue", filters=filters, maxResults=100)["jobSummaryList"]

        assert jobs[-1] not in {job["jobId"] for job in listed()}
        assert eventually(lambda: listed() and listed()[0]["jobId"] == jobs[-1])
    finally:
        instance.down(tmp_path)


@pytest.mark.parametrize("text", ["fast", "-1", "nan", "inf"])
def test_a_setting_that_is_no_number_is_named(monkeypatch, text):
    monkeypatch.setenv("LOCALAWS_BATCH_SUBMITS_PER_SECOND", text)
    with pytest.raises(SystemExit, match=f"LOCALAWS_BATCH_SUBMITS_PER_SECOND must be .* '{text}'"):
        _number("LOCALAWS_BATCH_SUBMITS_PER_SECOND")


def test_the_server_does_not_start_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCALAWS_BATCH_LIST_LAG_SECONDS", "soon")
    with pytest.raises(StartFailed, match="LOCALAWS_BATCH_LIST_LAG_SECONDS must be a number"):
        instance.up(tmp_path)
