"""What `pulse doctor` makes of what an account has: each verdict with what to do."""

import pytest
from msgspec import structs

from pulse.domain import doctor as checks
from pulse.domain.doctor import Expected, QueueState

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
        (checks.credentials(EXPECTED, "111122223333", "arn"), "ok", ""),
        (checks.credentials(structs.replace(EXPECTED, account=None), "4", "arn"), "ok", ""),
        (checks.credentials(EXPECTED, "444455556666", "arn"), "failed", "AWS_PROFILE"),
        (checks.region(EXPECTED, "us-east-1"), "ok", ""),
        (checks.region(EXPECTED, "eu-west-1"), "failed", "AWS_REGION=us-east-1"),
        (checks.region(ABROAD, "eu-west-1"), "warning", "--refresh-prices --region eu-west-1"),
        (checks.bootstrap("28", "1", "us-east-1"), "ok", ""),
        (checks.bootstrap(None, "1", "us-east-1"), "failed", "cdk bootstrap aws://1/us-east-1"),
        (checks.fargate_quota(EXPECTED, 64, what="Fargate vCPU"), "ok", ""),
        (checks.fargate_quota(EXPECTED, 6, what="Fargate vCPU"), "warning", "max_vcpus"),
        (checks.concurrency(EXPECTED, 1000), "ok", ""),
        (checks.concurrency(EXPECTED, 10), "warning", "Service Quotas"),
        (checks.recipients(EXPECTED, EXPECTED.emails, topic="alerts to"), "ok", ""),
        (checks.recipients(EXPECTED, ["a@example.com"], topic="alerts to"), "failed", "Open the link"),
        (checks.recipients(structs.replace(EXPECTED, emails=()), [], topic="t"), "warning", "alerts.emails"),
        (checks.secret(EXPECTED, is_there=True), "ok", ""),
        (checks.secret(EXPECTED, is_there=False), "failed", "create-secret --name pulse/slack-webhook"),
        (checks.queue("fifo", VALID), "ok", ""),
        (checks.queue("fifo", None), "failed", "Deploy"),
        (checks.queue("fifo", structs.replace(VALID, is_usable=False)), "failed", "Repair"),
        (checks.queue("fifo", structs.replace(VALID, environments={"spot": "INVALID"})), "failed", "Repair"),
        (checks.dead_letters("job events", 0), "ok", ""),
        (checks.dead_letters("job events", 3), "failed", "pulse queue redrive"),
    ],
)
def test_should_say_what_to_do_about_whatever_is_not_well(finding, verdict, words):
    assert finding.verdict == verdict
    assert words in finding.next_step
    assert bool(finding.next_step) is (verdict != "ok")


def test_should_name_the_recipients_that_have_not_confirmed():
    assert "b@example.com" in checks.recipients(EXPECTED, ["a@example.com"], topic="alerts to").found
