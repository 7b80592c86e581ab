"""GET /jobs: pages of jobs, the newest first, by one of the ledger's indexes."""

import base64
import json
from datetime import timedelta
from itertools import chain

import pytest

from pulse.domain.job.record import JobRecord
from tests.functional.api import Api
from tests.functional.conftest import START


@pytest.fixture
def api(deployed, context) -> Api:
    return Api(context)


@pytest.fixture
def known(ledger, table):
    """Writes a job that was asked for some time before the tests' present."""

    def write(job_id, *, days_ago=0, minutes_ago=0, **more):
        created_at = START - timedelta(days=days_ago, minutes=minutes_ago)
        fields = {"status": "SUCCEEDED", "profile": "small", "dataset": "datasets/a.csv"} | more
        assert ledger.create(JobRecord(job_id=job_id, created_at=created_at, **fields))

    return write


def ids(answer):
    assert answer.status == 200, answer.content
    return [job["job_id"] for job in answer.content["jobs"]]


def pages(api, **query):
    """Every page's ids, by following `next`."""
    found = []
    answer = api("GET /jobs", **query)
    while True:
        found.append(ids(answer))
        if answer.content["next"] is None:
            return found
        answer = api("GET /jobs", **query, next=answer.content["next"])


def token(**fields):
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_should_list_the_newest_first(api, known):
    for minutes in (5, 1, 9):
        known(f"m{minutes}", minutes_ago=minutes)
    assert ids(api("GET /jobs")) == ["m1", "m5", "m9"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "FAILED"}, ["b"]),
        ({"profile": "large"}, ["c"]),
        ({"dataset": "datasets/ü b.csv"}, ["d"]),
        ({"day": "2026-02-28"}, ["d"]),
        ({"day": "2020-01-01"}, []),
        ({"profile": "nobody's"}, []),
    ],
)
def test_should_list_what_a_filter_takes(api, known, query, expected):
    known("a")
    known("b", status="FAILED")
    known("c", profile="large")
    known("d", dataset="datasets/ü b.csv", days_ago=2)
    assert ids(api("GET /jobs", **query)) == expected


@pytest.mark.parametrize("query", [{}, {"profile": "small"}, {"status": "SUCCEEDED"}])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_should_tell_each_job_once_whatever_a_page_holds(api, known, query, limit):
    expected = [f"j{number}" for number in range(7)]
    for number, job_id in enumerate(expected):
        known(job_id, days_ago=number // 2 * 10, minutes_ago=number)
    found = pages(api, **query, limit=str(limit))
    assert [*chain(*found)] == expected
    assert [len(page) for page in found] == [limit] * (7 // limit) + [7 % limit] * bool(7 % limit)


def test_should_tell_apart_jobs_of_the_same_moment(api, known):
    for number in range(5):
        known(f"j{number}")
    found = pages(api, limit="2")
    assert sorted([*chain(*found)]) == [f"j{number}" for number in range(5)]


def test_should_look_no_further_back_than_31_days_without_a_filter(api, known):
    known("last", days_ago=31)
    known("older", days_ago=32)
    assert ids(api("GET /jobs")) == ["last"]
    assert ids(api("GET /jobs", profile="small")) == ["last", "older"]


def test_should_tell_a_job_without_its_story(api, known):
    known("a", status="FAILED", exit_code=137)
    [job] = api("GET /jobs").content["jobs"]
    assert (job["exit_code"], job["created_at"]) == (137, "2026-03-02T09:30:00Z")
    assert job.keys().isdisjoint({"changes", "attempts_log", "diagnosis", "links", "request"})


@pytest.mark.long
def test_should_list_the_jobs_with_a_tag_whatever_their_number(api, known):
    expected = [f"j{number}" for number in range(205)]
    for number, job_id in enumerate(expected):
        known(job_id, minutes_ago=number, tags={"Team": "a b=c", "Stage": str(number % 2)})
    known("other", tags={"Team": "a b"})
    known("none")
    found = pages(api, tag="Team=a b=c", limit="100")
    assert [len(page) for page in found] == [100, 100, 5]
    assert [*chain(*found)] == expected
    assert ids(api("GET /jobs", tag="Stage=1", limit="2")) == ["j1", "j3"]
    assert ids(api("GET /jobs", tag="Team=")) == []


def test_should_know_a_job_whose_tags_read_alike(api, known):
    known("a", tags={"a": "b=c", "a=b": "c"})
    assert ids(api("GET /jobs", tag="a=b=c")) == ["a"]


def test_should_list_an_array_by_its_tag_without_what_follows_it(api):
    tags = {"Team": "quant", "Größe": "ß"}
    array = api("POST /jobs", {"shards": 2, "tags": tags}).content
    [job] = api("GET /jobs", tag="Größe=ß").content["jobs"]
    assert (job["job_id"], job["follower"]) == (array["job_id"], array["follower"]["job_id"])
    assert job["tags"] == tags


def test_should_pass_over_a_job_that_expired_before_its_tags(api, known, table):
    for number in range(3):
        known(f"j{number}", minutes_ago=number, tags={"Team": "a"})
    table.delete_item(Key={"pk": "JOB#j1", "sk": "RECORD"})
    assert pages(api, tag="Team=a", limit="1") == [["j0"], ["j2"]]


POSITION = {"by": "day", "of": "2026-03-02", "created_at": "2026-03-02T09:30:00Z", "job_id": "a"}
PROFILE = POSITION | {"by": "profile", "of": "small"}


def test_should_go_on_from_a_token_made_as_its_own(api, known):
    """What the hostile tokens below differ from."""
    known("b", minutes_ago=1)
    assert ids(api("GET /jobs", next=token(**POSITION))) == ["b"]
    assert ids(api("GET /jobs", profile="small", next=token(**PROFILE))) == ["b"]


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ({}, ""),
        ({}, "ü"),
        ({}, "x" * 5000),
        ({}, token(**POSITION) + "="),
        ({}, token(**POSITION) + "A"),
        ({}, base64.urlsafe_b64encode(b"[" * 3000).decode()),
        ({}, base64.urlsafe_b64encode(json.dumps(POSITION).encode()).decode()),
        ({}, token(**POSITION, pk="JOB#x")),
        ({}, token(by="day")),
        ({}, token(**POSITION | {"of": "2026-03-01"})),
        ({}, token(**POSITION | {"of": "2026-03-03", "created_at": "2026-03-03T09:30:00Z"})),
        ({}, token(**POSITION | {"of": "tomorrow"})),
        ({}, token(**POSITION | {"created_at": "2026-03-02T09:30:00"})),
        ({}, token(**POSITION | {"created_at": "2026-03-02T09:30:00+02:00"})),
        ({}, token(**POSITION | {"created_at": "0001-01-01T00:00:00+23:00"})),
        ({}, token(**POSITION | {"job_id": "a#b"})),
        ({}, token(**POSITION | {"by": "pk"})),
        ({}, token(**PROFILE)),
        ({"profile": "large"}, token(**PROFILE)),
        ({"status": "FAILED"}, token(**PROFILE)),
        ({"profile": "small"}, token(**POSITION)),
        ({"tag": "a=b"}, token(**POSITION | {"by": "tag", "of": "a=c"})),
        ({"profile": "small"}, token(**PROFILE | {"created_at": 0})),
    ],
)
def test_should_refuse_a_token_that_it_did_not_give_for_this_list(api, query, value):
    status, problem, _ = api("GET /jobs", **query, next=value)
    assert (status, problem["type"]) == (400, "urn:pulse:problem:invalid-call")
    assert [error["field"] for error in problem["errors"]] == ["next"]
    assert len(problem["errors"][0]["found"]) <= 80


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"limit": "0"}, ["limit"]),
        ({"limit": "101"}, ["limit"]),
        ({"limit": "1_0"}, ["limit"]),
        ({"limit": "٣"}, ["limit"]),
        ({"status": "failed"}, ["status"]),
        ({"status": ""}, ["status"]),
        ({"day": "2026-02-30"}, ["day"]),
        ({"day": "20260302"}, ["day"]),
        ({"dataset": ""}, ["dataset"]),
        ({"dataset": "ü" * 513}, ["dataset"]),
        ({"profile": "\ud800"}, ["profile"]),
        ({"tag": "Team"}, ["tag"]),
        ({"tag": "=x"}, ["tag"]),
        ({"tag": "a=b\n"}, ["tag"]),
        ({"tag": "a=#"}, ["tag"]),
        ({"tag": "a=" + "b" * 384}, ["tag"]),
        ({"status": "FAILED", "profile": "small"}, ["profile"]),
        ({"status": "?", "day": "?", "limit": "?"}, ["status", "day", "day", "limit"]),
    ],
)
def test_should_name_every_parameter_that_is_not_allowed(api, query, fields):
    status, problem, _ = api("GET /jobs", **query)
    assert status == 400
    assert [error["field"] for error in problem["errors"]] == fields


def test_should_be_as_the_openapi_document_says(api, known):
    import jsonschema_rs  # noqa: PLC0415 - slow to load, wanted once

    known("a", status="FAILED")
    components = api("GET /openapi.json").content["components"]
    schema = {"$ref": "#/components/schemas/JobPage", "components": components}
    jsonschema_rs.Draft202012Validator(schema).validate(api("GET /jobs", limit="1").content)
