"""The alert when a dropped object became no job: REJECTED."""

from pulse.domain.alerts.alert import HEADLINE_CHARACTERS, REASON_CHARACTERS, SEVERITIES, Alert, Link, facts
from pulse.domain.console import Console
from pulse.domain.fault import cut
from pulse.domain.request.drop import S3Drop
from pulse.domain.s3.layout import s3_uri
from pulse.domain.text.redaction import redacted, redacted_lines


def drop_alert(drop: S3Drop, console: Console, *, reason: str, next_step: str) -> Alert:
    """`reason` may have several lines, one a fault."""
    folder = drop.key.rpartition("/")[0] + "/"
    return Alert(
        kind="REJECTED",
        severity=SEVERITIES["REJECTED"],
        about=str(drop),
        headline=redacted(f"No job for {drop.key}", HEADLINE_CHARACTERS),
        reason=cut("\n".join(redacted_lines(reason.splitlines())), REASON_CHARACTERS),
        next_step=next_step,
        facts=facts(
            [
                ("Object", s3_uri(drop.bucket, drop.key)),
                ("Version", drop.version_id),
                ("Size", f"{drop.size} bytes"),
            ]
        ),
        links=(Link("Folder", console.s3_prefix(drop.bucket, folder)),),
        cause="rejected",
    )
