"""The queues between the events and the functions, their dead letters, and the rules that fill them."""

import pytest

from tests.infra.templates import FAIR, FIFO, INSTANCES, ON_DEMAND, text

QUEUES = {
    # queue: (dead-letter queue, function, its timeout in seconds, at most so many at once)
    "SubmitJobDropsQueue": ("SubmitJobDropsDeadLetters", "SubmitJobUseCaseFunction", 28, 5),
    "OnJobEventEventsQueue": ("OnJobEventEventsDeadLetters", "OnJobEventUseCaseFunction", 30, 10),
    "SendAlertAlertsQueue": ("SendAlertAlertsDeadLetters", "SendAlertUseCaseFunction", 30, 2),
}

DEAD_LETTERS = {dead for dead, *_ in QUEUES.values()}


def test_the_queues_are_these(local):
    assert set(local.resources("SQS::Queue")) == set(QUEUES) | DEAD_LETTERS


def test_every_queue_is_encrypted_and_takes_tls_only(local):
    for name, queue in local.resources("SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True, name
        policy = local.resources("SQS::QueuePolicy")[f"{name}Policy"]["PolicyDocument"]["Statement"]
        [deny] = [s for s in policy if s["Effect"] == "Deny"]
        assert deny["Action"] == "sqs:*"
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert deny["Principal"] == {"AWS": "*"}


@pytest.mark.parametrize("name", QUEUES)
def test_what_fails_five_times_is_a_dead_letter(local, name):
    queue, (dead, _, timeout, _) = local.resources("SQS::Queue")[name], QUEUES[name]
    assert text(queue["RedrivePolicy"]["deadLetterTargetArn"]) == f"{dead}.Arn"
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queue["VisibilityTimeout"] == 6 * timeout


def test_an_event_waits_four_days_for_its_function_and_two_weeks_among_the_dead_letters(local):
    days = {
        name: queue["MessageRetentionPeriod"] / 86400 for name, queue in local.resources("SQS::Queue").items()
    }
    assert days == dict.fromkeys(QUEUES, 4) | dict.fromkeys(DEAD_LETTERS, 14)


@pytest.mark.parametrize("name", QUEUES)
def test_a_function_takes_batches_and_gives_back_only_what_failed(local, name):
    _, function, timeout, at_once = QUEUES[name]
    [mapping] = [
        m
        for m in local.resources("Lambda::EventSourceMapping").values()
        if text(m["EventSourceArn"]) == f"{name}.Arn"
    ]
    assert text(mapping["FunctionName"]) == function
    assert mapping["BatchSize"] == 5
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": at_once}
    assert local.resources("Lambda::Function")[function]["Timeout"] == timeout


ARNS = [f"{queue}.JobQueueArn" for queue in (FIFO, FAIR, ON_DEMAND, INSTANCES)]
RULES = {
    "SubmitJobDropsObjectCreated": (
        "SubmitJobDropsQueue",
        {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": ["DataBucket"]},
                "object": {"key": [{"prefix": "datasets/"}, {"prefix": "requests/"}]},
            },
        },
    ),
    "OnJobEventEventsStateChange": (
        "OnJobEventEventsQueue",
        {
            "source": ["aws.batch"],
            "detail-type": ["Batch Job State Change"],
            "detail": {
                "jobQueue": ARNS,
            },
        },
    ),
    "OnJobEventEventsQueueBlocked": (
        "OnJobEventEventsQueue",
        {
            "source": ["aws.batch"],
            "detail-type": ["Batch Job Queue Blocked"],
            "resources": ARNS,
        },
    ),
}


def plain(pattern):
    """An event pattern with its references as readable names."""
    match pattern:
        case {"Fn::Join": _} | {"Fn::GetAtt": _}:
            return text(pattern)
        case dict():
            return {key: plain(value) for key, value in pattern.items()}
        case list():
            return [plain(value) for value in pattern]
    return pattern


def test_rules_match_our_bucket_and_our_queues_and_nothing_else(local):
    rules = local.resources("Events::Rule")
    assert "EventPattern" not in rules.pop("ReconcileJobsClock")
    assert {name: plain(rule["EventPattern"]) for name, rule in rules.items()} == {
        name: pattern for name, (_, pattern) in RULES.items()
    }
    assert {rule["State"] for rule in rules.values()} == {"ENABLED"}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_delivers_to_its_queue_or_after_a_day_to_the_dead_letters(local, name):
    queue, _ = RULES[name]
    dead, *_ = QUEUES[queue]
    [target] = local.resources("Events::Rule")[name]["Targets"]
    assert text(target["Arn"]) == f"{queue}.Arn"
    assert text(target["DeadLetterConfig"]["Arn"]) == f"{dead}.Arn"
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
