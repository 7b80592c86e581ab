"""The checks of `pulse doctor`: whether an account has what an environment expects, and what to do if not."""

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct

Verdict = Literal["ok", "warning", "failed", "not known"]


class Expected(Struct, frozen=True, kw_only=True):
    """`concurrency`: how many invocations the queues may run at once. `account`, `region`: None for those of
    the credentials. `secret`: the name of the Slack webhook's; empty: none.
    """

    jobs_stack: str
    account: str | None
    region: str | None
    prices_region: str
    fargate_vcpus: int
    concurrency: int
    queues: tuple[str, ...]
    emails: tuple[str, ...]
    secret: str


class Finding(Struct, frozen=True):
    """`next_step` is empty where all is well."""

    what: str
    verdict: Verdict
    found: str
    next_step: str = ""


class QueueState(Struct, frozen=True):
    """`environments`: what AWS Batch says of each that is not VALID and ENABLED, by name."""

    is_usable: bool
    status: str
    environments: Mapping[str, str] = {}


def credentials(expected: Expected, account: str, arn: str) -> Finding:
    if expected.account in (None, account):
        return Finding("credentials", "ok", arn)
    text = f"{arn}, but the configuration names account {expected.account}"
    return Finding("credentials", "failed", text, "Use credentials of that account (AWS_PROFILE).")


def region(expected: Expected, found: str) -> Finding:
    if expected.region not in (None, found):
        text = f"{found}, but the configuration names {expected.region}"
        return Finding("region", "failed", text, f"Set AWS_REGION={expected.region}.")
    if found != expected.prices_region:
        step = f"pulse cost --refresh-prices --region {found}, then deploy."
        return Finding("region", "warning", f"{found}; prices are of {expected.prices_region}", step)
    return Finding("region", "ok", found)


def bootstrap(version: str | None, account: str, region_name: str) -> Finding:
    if version:
        return Finding("CDK bootstrap", "ok", f"version {version}")
    return Finding("CDK bootstrap", "failed", "not there", f"npx cdk bootstrap aws://{account}/{region_name}")


def fargate_quota(expected: Expected, quota: float, *, what: str) -> Finding:
    """New accounts begin with a few vCPUs: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html"""
    text = f"{quota:g} vCPU, max_vcpus is {expected.fargate_vcpus}"
    if quota >= expected.fargate_vcpus:
        return Finding(what, "ok", text)
    step = "Ask for more (Service Quotas, AWS Fargate), or lower max_vcpus: jobs beyond it fail to start."
    return Finding(what, "warning", text, step)


def concurrency(expected: Expected, quota: int) -> Finding:
    """Half of it is left to the API and to whatever else runs in the account."""
    text = f"{quota} at once, queues may take {expected.concurrency}"
    if quota >= 2 * expected.concurrency:
        return Finding("Lambda concurrency", "ok", text)
    step = "Ask for more (Service Quotas, AWS Lambda, Concurrent executions): new accounts have few."
    return Finding("Lambda concurrency", "warning", text, step)


def recipients(expected: Expected, confirmed: Collection[str], *, topic: str) -> Finding:
    """`confirmed`: the addresses with a confirmed subscription to the topic."""
    waiting = [address for address in expected.emails if address not in confirmed]
    if not expected.emails:
        return Finding(topic, "warning", "nobody", "Set alerts.emails in the configuration and deploy it.")
    if not waiting:
        return Finding(topic, "ok", f"{len(expected.emails)} confirmed")
    step = "Open the link in AWS's e-mail; after three days, remove and add the address again."
    return Finding(topic, "failed", f"not confirmed: {', '.join(waiting)}", step)


def secret(expected: Expected, *, is_there: bool) -> Finding:
    if is_there:
        return Finding("Slack webhook", "ok", expected.secret)
    step = f"aws secretsmanager create-secret --name {expected.secret} --secret-string URL"
    return Finding("Slack webhook", "failed", f"no secret {expected.secret} with a value", step)


def queue(name: str, state: QueueState | None) -> Finding:
    what = f"queue {name}"
    if state is None:
        return Finding(what, "failed", "not there", "Deploy this environment.")
    faulty = "; ".join(f"{each}: {why}" for each, why in state.environments.items())
    if state.is_usable and not faulty:
        return Finding(what, "ok", state.status)
    step = "Repair what the reason names in AWS Batch, most often a deleted role, subnet or security group."
    return Finding(what, "failed", f"{state.status} {faulty}".strip(), step)


def dead_letters(holds: str, waiting: int) -> Finding:
    what = f"dead letters: {holds}"
    if not waiting:
        return Finding(what, "ok", "none")
    step = "Read one, repair the cause, then pulse queue redrive."
    return Finding(what, "failed", f"{waiting} wait", step)
