"""Whom the policies of queues, topics, buckets and the ledger let in: nobody else."""

import pytest

from tests.infra.templates import Synthesis, rule, text

EVENTS, TOPICS = "events.amazonaws.com", "sns.amazonaws.com"
SEND = "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage"
ALARMS = (
    "sns:Publish on AlertsAlarms if StringEquals aws:SourceAccount $AccountId "
    "if ArnLike aws:SourceArn arn:$Partition:cloudwatch:$Region:$AccountId:alarm:*"
)


def from_rules(queue: str, *rules: str) -> dict[str, list[tuple[str, str]]]:
    """That rules may send to a queue and to its dead letters."""
    return {
        f"{name}Policy": [
            (EVENTS, f"{may} on {name}.Arn if ArnEquals aws:SourceArn {each}.Arn") for each in rules
        ]
        for name, may in ((f"{queue}Queue", SEND), (f"{queue}DeadLetters", "sqs:SendMessage"))
    }


ALLOWED = {
    **from_rules("SubmitJobDrops", "SubmitJobDropsObjectCreated"),
    **from_rules("OnJobEventEvents", "OnJobEventEventsQueueBlocked", "OnJobEventEventsStateChange"),
    **{
        f"{name}Policy": [(TOPICS, f"sqs:SendMessage on {name}.Arn if ArnEquals aws:SourceArn AlertsTopic")]
        for name in ("SendAlertAlertsQueue", "SendAlertAlertsDeadLetters")
    },
    "AlertsTopicPolicy": [],
    "AlertsAlarmsPolicy": [("cloudwatch.amazonaws.com", ALARMS)],
    "DataBucketPolicy": [],
    "ResultsBucketPolicy": [],
}


def allowed(synthesis: Synthesis) -> dict[str, list[tuple[str, str]]]:
    """By policy: the service that is let in, and what it may do."""
    found = {
        name: [
            (s["Principal"].get("Service", text(s["Principal"])), rule(s))
            for s in policy["PolicyDocument"]["Statement"]
            if s["Effect"] == "Allow"
        ]
        for kind in ("SQS::QueuePolicy", "SNS::TopicPolicy", "S3::BucketPolicy")
        for name, policy in synthesis.resources(kind).items()
    }
    return {name: sorted(allows) for name, allows in found.items()}


@pytest.mark.parametrize("environment", ["local", "prod.example"])
def test_a_policy_lets_in_exactly_whom_its_table_says(synthesize, environment):
    assert allowed(synthesize(environment)) == ALLOWED


def test_the_ledger_has_no_policy_of_its_own(local):
    [table] = local.resources("DynamoDB::Table").values()
    assert "ResourcePolicy" not in table
    assert not [index for index in table["GlobalSecondaryIndexes"] if "ResourcePolicy" in index]


def test_no_other_kind_of_policy_lets_anybody_in(local):
    kinds = {
        r["Type"].removeprefix("AWS::") for t in local.templates.values() for r in t["Resources"].values()
    }
    assert {kind for kind in kinds if kind.endswith(("Policy", "Permission"))} == {
        "Batch::SchedulingPolicy",
        "IAM::Policy",
        "Lambda::Permission",
        "S3::BucketPolicy",
        "SNS::TopicPolicy",
        "SQS::QueuePolicy",
    }
