"""The id of a job on the command line."""

from typing import Annotated

import typer

from pulse.domain.fault import shown
from pulse.domain.job.ids import usable_as_job_id


def _checked(text: str) -> str:
    if not usable_as_job_id(text):
        raise typer.BadParameter(f"the id of a job, such as batch-20260302093000-0a1b2c3d, not {shown(text)}")
    return text


JobId = Annotated[
    str,
    typer.Argument(
        metavar="JOB_ID",
        help="The job's id, its AWS Batch id, its name, or a unique beginning of one.",
        parser=_checked,
    ),
]
OtherJobId = Annotated[
    str, typer.Argument(metavar="JOB_ID", help="The job to compare it with.", parser=_checked)
]
