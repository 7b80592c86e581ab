"""JobRequests dropped under `requests/`, through submit_job's real entry point."""

import json
from decimal import Decimal

import pytest
from botocore.exceptions import ReadTimeoutError
from msgspec import structs

from lambdas import submit_job
from tests.hostile_keys import DATASET_KEYS

pytestmark = pytest.mark.usefixtures("deployed")


@pytest.fixture
def dropped(event, s3):
    """The event of an object that is in the bucket."""

    def put(body, key="requests/weekly.json"):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        version = s3.put_object(Bucket="pulse-data", Key=key, Body=raw)["VersionId"]
        request = event("s3_object_created_request")
        request["detail"]["object"] |= {"key": key, "size": len(raw), "version-id": version}
        return request

    return put


@pytest.fixture
def drop(sqs_event, context):
    return lambda *events: submit_job.handler(sqs_event(*events), context)


def test_should_submit_the_request_in_a_dropped_file(drop, dropped, batch):
    drop(dropped({"variables": ["wti_spot"], "start_date": "2020-01-01", "tags": {"Owner": "desk 7"}}))
    (submitted,) = batch.requests
    assert submitted["containerOverrides"]["command"][3:5] == ["--variables", "wti_spot"]
    assert submitted["tags"] == {"Project": "Pulse", "CreatedBy": "pulse", "Owner": "desk 7"}


def test_should_read_a_request_that_begins_with_a_byte_order_mark(drop, dropped, batch):
    drop(dropped(b'\xef\xbb\xbf{"variables": ["wti_spot"]}'))
    assert batch.requests[0]["containerOverrides"]["command"][3:5] == ["--variables", "wti_spot"]


def test_should_read_the_version_that_was_dropped(drop, dropped, batch):
    first, second = dropped({"variables": ["first"]}), dropped({"variables": ["second"]})
    drop(second, first, second, first)
    assert [request["containerOverrides"]["command"][4] for request in batch.requests] == ["second", "first"]


@pytest.mark.parametrize("key", DATASET_KEYS)
def test_should_read_a_request_whatever_its_key(drop, dropped, batch, failed, key):
    name = key.removeprefix("datasets/")[:500]
    assert failed(drop(dropped({"dataset": key}, f"requests/{name}.json"))) == []
    command = batch.requests[0]["containerOverrides"]["command"]
    assert command[command.index("--dataset-key") + 1] == key


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_should_read_a_request_in_another_unicode_encoding(drop, dropped, batch, encoding):
    drop(dropped('{"variables": ["wti_spot"]}'.encode(encoding)))
    assert batch.requests[0]["containerOverrides"]["command"][3:5] == ["--variables", "wti_spot"]


def test_should_say_to_the_training_how_the_data_is_to_be_read(drop, dropped, batch):
    drop(dropped({"variables": [], "missing_values": [-999, "n/a"], "id_columns": ["store", "item"]}))
    command = batch.requests[0]["containerOverrides"]["command"]
    assert command[3:7] == ['--missing-values=[-999,"n/a"]', "--id-columns", "store", "item"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"vcpus": 3, "attempts": 99, "colour": 1}', ["vcpus:", "attempts:", "colour:"]),
        (
            json.dumps(
                {
                    "shards": 1,
                    "sweep": {"batch_size_days": [7, 7]},
                    "depends_on": ["no/id"],
                    "alerts": {"kinds": ["REJECTED"], "channels": ["pager"]},
                    "expected_runtime_seconds": 0,
                    "max_cost_usd": "-1",
                    "vcpus": "plenty",
                    "profile": "huge",
                }
            ).encode(),
            [
                *("shards:", "sweep.batch_size_days[1]:", "depends_on[0]:"),
                *("alerts.kinds[0]:", "alerts.channels[0]:", "expected_runtime_seconds:", "max_cost_usd:"),
                *("vcpus:", "profile:"),
            ],
        ),
        (b"{not json", ["not JSON: line 1, column 2: Expecting property name"]),
        (b'{"profile": "small",\n "attempts": 2', ["not JSON: line 2, column 15: Expecting ',' delimiter"]),
        (b'{"attempts": 1e999}', ["not JSON: Number out of range."]),
        (b'{\n"tags": {"Team": "caf\xe9"}}', ["not JSON: line 2 is not UTF-8 text", "save it in UTF-8"]),
        ("{}".encode("utf-16") + b"\x00", ["not JSON: it is text in UTF-16 up to byte 7: save it in UTF-8"]),
        (b"\xff\xfe", ["The file is empty."]),
        (
            b'{"profile": "small",\n"tags": {"Team": "a", "Team": "b"},\n"profile": "large"}',
            [
                "The job request is not valid:",
                "tags.Team: allowed is each field once; found 'a' and then 'b' on line 2",
                "profile: allowed is each field once; found 'small' on line 1 and 'large' on line 3",
            ],
        ),
        (b"[" * 50_000, ["not JSON: it has more than 100 levels"]),
        *(
            (
                b'{"dataset": ' + b"[" * levels + b"]" * levels + b"}",
                ["not JSON: it has more than 100 levels"],
            )
            for levels in (101, 500, 980)
        ),
        (b"[1]", ["the whole"]),
        (b"", ["The file is empty."]),
        (b"\xef\xbb\xbf \r\n", ["The file is empty."]),
        (b" " * 70_000, ["At most 65536 bytes"]),
    ],
)
def test_should_alert_rejected_with_every_reason_when_a_request_is_unusable(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, dropped, batch, alerts, failed, body, told
):
    assert failed(drop(dropped(body))) == []
    (alert,) = alerts()
    assert (alert["kind"], alert["severity"]) == ("REJECTED", "warning")
    assert "requests/weekly.json" in alert["headline"]
    assert [words for words in told if words not in alert["reason"]] == [], alert["reason"]
    assert batch.requests == []


def test_should_alert_rejected_when_the_request_is_gone(drop, event, alerts):
    gone = event("s3_object_created_request")
    del gone["detail"]["object"]["version-id"]
    drop(gone)
    assert "deleted" in alerts()[0]["reason"]


@pytest.mark.parametrize(
    ("asked", "size", "follower"),
    [
        ({"shards": 4}, 4, "--merge-shards=4"),
        (
            {"sweep": {"batch_size_days": [7, 30], "success_criterion": ["beats-baselines"]}},
            2,
            "--summarize-sweep=",
        ),
    ],
)
def test_should_submit_an_array_and_its_follower(drop, dropped, batch, failed, asked, size, follower):  # noqa: PLR0913, PLR0917 - fixtures and parameters
    request = dropped(asked)
    assert failed(drop(request, request)) == []
    children, last = batch.requests
    assert children["arrayProperties"] == {"size": size}
    assert last["dependsOn"] == [{"jobId": "aws-1"}]
    assert last["containerOverrides"]["command"][-2].startswith(follower)


def test_should_size_what_is_auto_from_the_data(drop, dropped, batch, s3, failed):
    lines = "".join(f"2020-01-{day:02},{day}.5\n" for day in range(1, 29))
    s3.put_object(Bucket="pulse-data", Key="datasets/small.csv", Body="timestamp,a\n" + lines)
    auto = {"vcpus": "auto", "memory_mib": "auto", "timeout_seconds": "auto"}
    assert failed(drop(dropped({"dataset": "datasets/small.csv", **auto}))) == []
    (request,) = batch.requests
    given = {pair["type"]: pair["value"] for pair in request["containerOverrides"]["resourceRequirements"]}
    assert given.keys() == {"VCPU", "MEMORY"}
    assert request["timeout"]["attemptDurationSeconds"] >= 60


def test_should_alert_rejected_with_the_way_out_when_the_job_may_cost_too_much(
    drop, dropped, batch, alerts, failed
):
    expensive = dropped({"max_cost_usd": 0.01})
    assert failed(drop(expensive, expensive)) == []
    (alert,) = alerts()
    assert "max_cost_usd" in alert["reason"]
    assert "raise what is named: max_cost_usd" in alert["next_step"]
    assert batch.requests == []


def test_should_refuse_what_the_months_budget_does_not_hold_and_repeat_what_it_held(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, dropped, batch, alerts, failed, monkeypatch, settings
):
    told = structs.replace(settings, monthly_budget_usd=Decimal("0.20"))  # 0.144 at most for one job
    for name, value in told.to_env().items():
        monkeypatch.setenv(name, value)
    first, second = dropped({}), dropped({"variables": ["wti_spot"]})
    assert failed(drop(first, second, first)) == []
    assert len(batch.requests) == 1
    (alert,) = alerts()
    assert "budget" in alert["reason"]
    assert "monthly budget" in alert["next_step"]


def test_should_wait_for_a_job_that_another_drop_led_to(drop, dropped, batch, alerts, failed):
    drop(dropped({}))
    first = environment(batch.requests[0])["PULSE_JOB_ID"]
    assert failed(drop(dropped({"depends_on": [first]}))) == []
    assert batch.requests[1]["dependsOn"] == [{"jobId": "aws-1"}]
    assert failed(drop(dropped({"depends_on": ["batch-unknown", first]}))) == []
    assert "depends_on[0]" in alerts()[0]["reason"]


def test_should_be_delivered_again_while_the_job_it_waits_for_is_being_submitted(
    drop, dropped, batch, alerts, failed
):
    batch.answers = [ReadTimeoutError(endpoint_url="https://batch")]
    drop(dropped({}))
    first = environment(batch.requests[0])["PULSE_JOB_ID"]
    waiting = dropped({"depends_on": [first]})
    assert failed(drop(waiting)) == ["message-0"]
    assert alerts() == []


def environment(request):
    return {pair["name"]: pair["value"] for pair in request["containerOverrides"]["environment"]}
