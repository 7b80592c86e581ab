"""A quote for people.

The fields of its plan: https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""

from typing import Any

from pulse.cli import output
from pulse.cli.client import answers
from pulse.domain.text import duration
from pulse.domain.text.dollars import usd

UNITS = {"VCPU": "vCPU", "MEMORY": "MiB", "GPU": "GPU"}
ESTIMATES = ("low", "likely", "high")


def show(quoted: dict[str, Any], *, verbose: bool) -> None:
    """`quoted` as `POST /jobs?dry_run=true` answers it."""
    plan = quoted.get("plan") or [{}]
    job, *after = plan
    quote = quoted.get("quote") or {}
    output.facts(
        "Quote: nothing was submitted",
        [
            ("job", _containers(job)),
            ("queue", str(job.get("jobQueue", "")).rpartition("/")[2]),
            ("resources", _resources(job)),
            ("sizing", str(quoted.get("sizing") or "")),
            ("then", "one job that puts their results together" if after else ""),
            ("cost", _cost(quote)),
            ("estimate", str(quote.get("why") or "")),
            ("prices", _prices(quote)),
            ("wait", _wait(quoted.get("expected_wait_seconds"))),
        ],
    )
    if verbose:
        output.as_json(plan)
    if refusals := quoted.get("refusals"):
        output.failed("It would be refused:")
        answers.faults(refusals)


def _cost(quote: dict[str, Any]) -> str:
    known = [(name, quote.get(f"{name}_usd")) for name in ESTIMATES]
    amounts = [f"{usd(amount)} {name}" for name, amount in known if amount is not None]
    return ", ".join(amounts) or "not known"


def _prices(quote: dict[str, Any]) -> str:
    forms = {"region": "{}", "as_of": "as of {}", "source": "{}"}
    return ", ".join(form.format(quote[name]) for name, form in forms.items() if quote.get(name))


def _containers(job: dict[str, Any]) -> str:
    size = (job.get("arrayProperties") or {}).get("size")
    name = str(job.get("jobName", ""))
    return f"{name}, {size} containers" if size else name


def _resources(job: dict[str, Any]) -> str:
    wanted = (job.get("containerOverrides") or {}).get("resourceRequirements") or []
    requirements = [f"{one.get('value')} {UNITS.get(one.get('type'), one.get('type'))}" for one in wanted]
    seconds = (job.get("timeout") or {}).get("attemptDurationSeconds")
    attempts = (job.get("retryStrategy") or {}).get("attempts")
    return ", ".join(
        [
            *requirements,
            *([f"at most {duration.in_words(seconds)} an attempt"] if seconds else []),
            *([f"{attempts} attempt{'' if attempts == 1 else 's'}"] if attempts else []),
        ]
    )


def _wait(seconds: float | None) -> str:
    return (
        "not known: too few jobs have run in this queue"
        if seconds is None
        else f"about {duration.in_words(seconds)}"
    )
