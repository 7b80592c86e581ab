"""Alerts before a job's end, and of the month's budget, by real causes: each arrives once in each channel."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from localaws import faults
from tests.local.deployment import Deployment, pulse_job_id, sample, until

pytestmark = pytest.mark.local
KINDS = ["SUBMITTED", "BLOCKED", "STARTED", "OVERDUE", "SUCCEEDED"]
BLOCKED = {"how": "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE", "job": "story-*"}


def told(pulse: Deployment, about: str) -> dict[str, Counter[str]]:
    """How often each kind of alert came, by channel."""
    kinds = (*KINDS, "FAILED", "BUDGET")
    counts: dict[str, Counter[str]] = {"email": Counter(), "slack": Counter()}
    for message in pulse.messages(about):
        words = message["subject"] if message["channel"] == "email" else json.dumps(message)
        counts[message["channel"]][next(kind for kind in kinds if kind in words)] += 1
    return counts


def schedules(pulse: Deployment, job_id: str) -> list[str]:
    found = pulse.found.client("scheduler").list_schedules(NamePrefix=job_id)["Schedules"]
    return [schedule["Name"] for schedule in found]


def test_should_tell_the_whole_story_of_a_job_each_thing_once(pulse: Deployment):
    pulse.drop("datasets/story.csv", sample(8000))
    request = {
        "dataset": "datasets/story.csv",
        "batch_size_days": 10,
        "job_name_prefix": "story",
        "expected_runtime_seconds": 1,
        "alerts": {"kinds": ["SUBMITTED", "STARTED", "SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED"]},
    }

    with faults.injected(pulse.found.pages_url, jobs=[BLOCKED]):
        job_id = pulse.post(request).json()["job_id"]
        until(lambda: told(pulse, job_id)["email"]["BLOCKED"], "the alert that it is blocked")
        assert pulse.get(job_id)["status"] == "RUNNABLE"
    assert pulse.ended(job_id, 90)["status"] == "SUCCEEDED"
    for channel in ("email", "slack"):
        until(lambda channel=channel: told(pulse, job_id)[channel]["SUCCEEDED"], f"the end by {channel}")

    assert told(pulse, job_id) == {"email": Counter(KINDS), "slack": Counter(KINDS)}
    until(lambda: not schedules(pulse, job_id), "the end of its schedule")
    blocked = next(m for m in pulse.messages(job_id, "email") if "BLOCKED" in m["subject"])
    assert "max_vcpus" in blocked["text"]


def test_should_say_nothing_of_a_job_that_ends_in_time(pulse: Deployment):
    pulse.drop("datasets/in-time.csv", sample(500))

    job_id = pulse.post({"dataset": "datasets/in-time.csv", "expected_runtime_seconds": 600}).json()["job_id"]

    assert pulse.ended(job_id)["status"] == "SUCCEEDED"
    pulse.message(job_id, "slack")
    assert told(pulse, job_id)["email"] == Counter(["SUCCEEDED"])
    until(lambda: not schedules(pulse, job_id), "the end of its schedule")


def test_should_tell_once_that_the_month_passes_a_share_of_its_budget(pulse: Deployment):
    version = pulse.drop("datasets/dear.csv", sample(500))
    pulse.message(pulse_job_id(pulse.job_of_drop(version)), "slack")
    cost_usd = cost_of_a_job(pulse, "before")
    month = pulse.api.call("GET", "/costs").json()
    # So that the cost of another such job is the one that passes half of it.
    budget_usd = 2 * (Decimal(str(month["spent_usd"])) + cost_usd / 2)
    about = f"budget of {month['month']}"

    with pulse.told("OnJobEvent", PULSE_MONTHLY_BUDGET_USD=f'"{budget_usd}"'):
        for run in ("that passes it", "and another"):
            cost_of_a_job(pulse, run)
        until(lambda: told(pulse, about)["slack"]["BUDGET"], "the alert of the budget")

    assert told(pulse, about)["email"]["BUDGET"] == 1


def cost_of_a_job(pulse: Deployment, name: str) -> Decimal:
    """US dollars, once the alert of its end has arrived."""
    posted = pulse.post({"dataset": "datasets/dear.csv", "tags": {"Run": name}}).json()
    ended = pulse.ended(posted["job_id"])
    pulse.message(posted["job_id"], "slack")
    return Decimal(str(ended["cost_usd"]))
