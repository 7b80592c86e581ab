"""However a job is named, every route finds it: by its id, AWS Batch's id, its name, or how one begins."""

from datetime import timedelta

import pytest
from msgspec import structs

from pulse.aws.ledger.ledger import Ledger
from pulse.domain.access import Access
from pulse.domain.job.record import JobRecord
from tests.functional.api import Api
from tests.functional.conftest import START

OURS = "batch-20260302093000-0a1b2c3d"
NAME = "pulse-retrodiction-20260302093000-0a1b2c3d"
BATCH = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"
THEIRS = "77777777-0a82-49aa-ba5a-4727fcce14a8"


@pytest.fixture
def settings(settings):
    """Also jobs of other clients can be cancelled."""
    return structs.replace(settings, access=Access(changes="all"))


@pytest.fixture
def api(deployed, context) -> Api:
    return Api(context)


@pytest.fixture
def known(ledger, table):
    def write(job_id, created_at=START, **fields):
        record = JobRecord(
            job_id=job_id, created_at=created_at, **({"status": "RUNNING", "foreign": True} | fields)
        )
        assert ledger.create(record)

    write(OURS, batch_job_id=BATCH, job_name=NAME)
    write(THEIRS, batch_job_id=THEIRS, job_name="nightly-20260101")
    return write


@pytest.mark.parametrize(
    "reference", [OURS, BATCH, NAME, "4c7599ae", "batch-2026", "pulse-retrodiction-20260302"]
)
def test_should_find_a_job_by_each_of_its_names_in_every_route(api, known, batch, reference):
    assert api(f"GET /jobs/{reference}").content["job_id"] == OURS
    assert api(f"POST /jobs/{reference}/cancel").content["job_id"] == OURS
    assert batch.stopped[-1]["jobId"] == BATCH
    # It has no log yet and no request of ours: both refusals name the job that was found.
    for route in (f"GET /jobs/{reference}/logs", f"POST /jobs/{reference}/rerun"):
        status, problem, _ = api(route, {} if route.startswith("POST") else None)
        assert (status, problem["type"].rpartition(":")[2]) in {(404, "no-log"), (404, "no-request")}
        assert OURS in problem["detail"]


def test_should_find_a_foreign_job_by_its_name_though_its_date_is_another_day(api, known):
    assert api("GET /jobs/nightly-20260101").content["job_id"] == THEIRS


@pytest.fixture
def queries(monkeypatch):
    """The days that were looked through."""
    days, newest = [], Ledger.newest

    def counted(self, by, of, **more):
        days.append(of)
        return newest(self, by, of, **more)

    monkeypatch.setattr(Ledger, "newest", counted)
    return days


@pytest.mark.parametrize("prefix", ["batch", "pulse-retrodiction", "other"])
@pytest.mark.parametrize("work", ["", "-merge"])
def test_should_look_at_one_day_for_an_id_or_a_name_of_ours_that_nobody_knows(
    api, known, queries, prefix, work
):
    assert api(f"GET /jobs/{prefix}-20260302093000-ffffffff{work}").status == 404
    assert queries == ["2026-03-02"]


def test_should_find_a_job_by_its_name_at_once_on_whatever_day_it_was_asked_for(api, known, queries):
    """A drop may have waited for days before it got its id."""
    known("batch-20260309093000-0a1b2c3d", job_name="pulse-retrodiction-20260309093000-0a1b2c3d")
    found = api("GET /jobs/pulse-retrodiction-20260309093000-0a1b2c3d")
    assert found.content["job_id"] == "batch-20260309093000-0a1b2c3d"
    assert queries == []


def test_should_find_a_job_of_last_month_by_the_date_in_its_name(api, known, clock):
    clock.forward(seconds=timedelta(days=200).total_seconds())
    assert api(f"GET /jobs/{NAME}").content["job_id"] == OURS
    assert api(f"GET /jobs/{BATCH}").status == 404


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("GET /jobs/{}", None),
        ("GET /jobs/{}/logs", None),
        ("POST /jobs/{}/cancel", {}),
        ("POST /jobs/{}/rerun", {}),
    ],
)
def test_should_name_the_jobs_where_several_are_meant(api, known, batch, route, body):
    known("77777777-other", batch_job_id="77777777-other", job_name="other")
    status, problem, _ = api(route.format("77777777"), body)
    assert (status, problem["type"]) == (409, "urn:pulse:problem:ambiguous")
    assert THEIRS in problem["detail"]
    assert "77777777-other" in problem["detail"]
    assert batch.stopped == []


def test_should_take_a_full_name_before_one_that_only_begins_so(api, known):
    known("77777777", batch_job_id="x", job_name="y")
    assert api("GET /jobs/77777777").content["job_id"] == "77777777"
    known("z", batch_job_id="b", job_name="nightly")
    assert api("GET /jobs/nightly").content["job_id"] == "z"


def test_should_take_an_array_before_the_job_that_follows_it(api, known):
    known(
        "batch-20260303000000-ffffffff", batch_job_id="a", job_name="p-20260303000000-ffffffff", follower="m"
    )
    known(
        "batch-20260303000000-ffffffff-merge",
        batch_job_id="m",
        job_name="p-20260303000000-ffffffff-merge",
        follows="batch-20260303000000-ffffffff",
    )
    assert api("GET /jobs/batch-20260303").content["job_id"] == "batch-20260303000000-ffffffff"


@pytest.mark.parametrize("reference", ["4c7", "batch-20270101", "elsewhere"])
def test_should_not_find_what_is_too_short_or_not_there(api, known, reference):
    status, problem, _ = api(f"GET /jobs/{reference}")
    assert (status, problem["type"]) == (404, "urn:pulse:problem:not-found")


@pytest.mark.long
def test_should_find_a_job_among_many_and_ask_for_no_more_than_it_must(api, known, ledger):
    for number in range(230):
        known(f"many-{number:03}", batch_job_id=f"b-{number:03}", job_name="many")
    assert api("GET /jobs/b-229").content["job_id"] == "many-229"
    assert "230 jobs" in api("GET /jobs/many").content["detail"]
