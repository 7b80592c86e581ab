"""What `pulse doctor` makes of what an account has: each verdict with what to do."""

import pytest
from msgspec import structs

from pulse.domain.demo import checkup
from pulse.domain.demo.checkup import Expected, QueueState

EXPECTED = Expected(
    jobs_stack="PulseJobs",
    account="111122223333",
    region="us-east-1",
    prices_region="us-east-1",
    fargate_vcpus=64,
    concurrency=17,
    queues=("fifo",),
    emails=("a@example.com", "b@example.com"),
    secret="pulse/slack-webhook",
)
ABROAD = structs.replace(EXPECTED, region=None)
VALID = QueueState(is_usable=True, status="VALID, ENABLED")


@pytest.mark.parametrize(
    ("finding", "verdict", "words"),
    [
        (checkup.credentials(EXPECTED, "111122223333", "arn"), "ok", ""),
        (checkup.credentials(structs.replace(EXPECTED, account=None), "4", "arn"), "ok", ""),
        (checkup.credentials(EXPECTED, "444455556666", "arn"), "failed", "AWS_PROFILE"),
        (checkup.region(EXPECTED, "us-east-1"), "ok", ""),
        (checkup.region(EXPECTED, "eu-west-1"), "failed", "AWS_REGION=us-east-1"),
        (checkup.region(ABROAD, "eu-west-1"), "warning", "--refresh-prices --region eu-west-1"),
        (checkup.bootstrap("28", "1", "us-east-1"), "ok", ""),
        (checkup.bootstrap(None, "1", "us-east-1"), "failed", "cdk bootstrap aws://1/us-east-1"),
        (checkup.fargate_quota(EXPECTED, 64, what="Fargate vCPU"), "ok", ""),
        (checkup.fargate_quota(EXPECTED, 6, what="Fargate vCPU"), "warning", "max_vcpus"),
        (checkup.concurrency(EXPECTED, 1000), "ok", ""),
        (checkup.concurrency(EXPECTED, 10), "warning", "Service Quotas"),
        (checkup.recipients(EXPECTED, EXPECTED.emails, topic="alerts to"), "ok", ""),
        (checkup.recipients(EXPECTED, ["a@example.com"], topic="alerts to"), "failed", "Open the link"),
        (checkup.recipients(structs.replace(EXPECTED, emails=()), [], topic="t"), "warning", "alerts.emails"),
        (checkup.secret(EXPECTED, is_there=True), "ok", ""),
        (checkup.secret(EXPECTED, is_there=False), "failed", "create-secret --name pulse/slack-webhook"),
        (checkup.queue("fifo", VALID), "ok", ""),
        (checkup.queue("fifo", None), "failed", "Deploy"),
        (checkup.queue("fifo", structs.replace(VALID, is_usable=False)), "failed", "Repair"),
        (checkup.queue("fifo", structs.replace(VALID, environments={"spot": "INVALID"})), "failed", "Repair"),
        (checkup.dead_letters("job events", 0), "ok", ""),
        (checkup.dead_letters("job events", 3), "failed", "pulse queue redrive"),
    ],
)
def test_should_say_what_to_do_about_whatever_is_not_well(finding, verdict, words):
    assert finding.verdict == verdict
    assert words in finding.next_step
    assert bool(finding.next_step) is (verdict != "ok")


def test_should_name_the_recipients_that_have_not_confirmed():
    assert "b@example.com" in checkup.recipients(EXPECTED, ["a@example.com"], topic="alerts to").found
