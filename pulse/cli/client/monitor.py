"""A job as the API tells it, and the job whose end decides how it ended."""

from pulse.aws.client.signed_api import SignedApi
from pulse.cli.client import answers, calls
from pulse.cli.client.answers import Json
from pulse.cli.exit_codes import ExitCode

STYLES = {"SUCCEEDED": "bold green", "FAILED": "bold red", "RUNNING": "cyan"}


def get(api: SignedApi, job_id: str) -> Json:
    """The job as the ledger knows it. Exits with NOT_FOUND, REFUSED or FAILED when the API does not tell."""
    return answers.content(calls.call(api, "GET", f"/jobs/{job_id}"), as_json=False)


def decides(job: Json) -> str:
    """The id of the job that decides how `job` ends: behind an array that ended well, the one that puts its
    results together; else its own.
    """
    follower = job.get("follower") if job.get("status") == "SUCCEEDED" else ""
    return str(follower or job["job_id"])


def deciding(api: SignedApi, job: Json) -> Json:
    """The job that decides how `job` ends, as it is. Exits as `get` does."""
    job_id = decides(job)
    return job if job_id == job["job_id"] else get(api, job_id)


def exit_code(job: Json) -> ExitCode:
    return ExitCode.JOB_FAILED if job.get("status") == "FAILED" else ExitCode.DONE
