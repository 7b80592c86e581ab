"""The file that the replaced script wrote: which job was submitted, for the scripts that read it."""

import json
from pathlib import Path
from typing import Any

from pulse.cli import output
from pulse.domain.fault import printable


def content(job: dict[str, Any]) -> dict[str, Any]:
    """`job_id` is AWS Batch's, as it always was there; Pulse's own is `pulse_job_id`."""
    return {
        "job_id": job.get("batch_job_id"),
        "job_name": job.get("job_name"),
        "submission_time": job.get("created_at"),
        "pulse_job_id": job.get("job_id"),
        "results": job.get("results"),
    } | ({"follower": job["follower"]} if job.get("follower") else {})


def write(file: Path, job: dict[str, Any]) -> None:
    """Exits with FAILED when the file cannot be written; the job runs, and the message holds the content."""
    text = json.dumps(content(job), indent=2) + "\n"
    try:
        file.write_text(text)
    except OSError as error:
        raise output.failed(
            f"The job was submitted, but {printable(str(file))} cannot be written ({error.strerror}). "
            f"It would hold:\n{text}"
        ) from error
    output.messages.print(f"Job details: {printable(str(file))}", markup=False)
