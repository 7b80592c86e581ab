"""What can go wrong, as exceptions.

PulseError
├── Refused                     the input will never do; the same again is refused again
│   ├── InvalidRequest          faults, all at once
│   ├── InvalidCall             not JSON, an unknown value of a query parameter
│   ├── OverLimit               the quote passes max_cost_usd or the monthly budget
│   ├── NotFound                no job of that id
│   ├── Ambiguous               several jobs are named so
│   ├── NotAllowed              the job is not the caller's to cancel
│   ├── NoLog                   the job has no log that could be read
│   ├── NoRequest               the job's request is not known, so it cannot be submitted again
│   ├── HasEnded                the job has ended, so it cannot be cancelled
│   ├── NotSubmitted            AWS Batch never took the job, so it cannot be cancelled
│   ├── TooLarge                more than a request can be
│   ├── InvalidIdempotencyKey
│   ├── IdempotencyConflict     the key was used for another request
│   ├── Forgotten               asked for so long ago that AWS Batch may have forgotten the job
│   └── RefusedByBatch          AWS Batch itself said no (ClientException)
├── TryAgain                    nothing is wrong with the input; `retry_after_seconds` says when
│   ├── InFlight                another call is working on the same request
│   ├── NotAccepted             throttled or not reached: AWS Batch has surely not taken the job
│   ├── NotYetSubmitted         the job that is to be cancelled or waited for is being submitted itself
│   ├── OutcomeUnknown          the answer was lost: AWS Batch may or may not have taken the job
│   ├── NotDelivered            an alert could not be handed over
│   │   └── RetryLater          it may be tried again after so many seconds
│   └── Unavailable             an AWS service failed in passing
└── Misconfigured               neither the input nor the moment: a permission or a resource is missing
"""

from collections.abc import Iterable, Sequence

from pulse.domain.fault import Fault, listed, shown

_JOBS_SHOWN = 5


class PulseError(Exception):
    """The message is for people: what happened, to what, why, what to do."""


class Refused(PulseError):
    pass


class InvalidRequest(Refused):
    """Raised when a JobRequest has `faults`."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("The job request is not valid:\n" + listed(self.faults))


class InvalidCall(Refused):
    """Raised when an HTTP call cannot be read: its body, a query parameter."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("The call cannot be read:\n" + listed(self.faults))


class OverLimit(Refused):
    """Raised when the highest cost of a quote passes what the request or the month's budget allows."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("The job may cost more than is allowed:\n" + listed(self.faults))


class NotFound(Refused):
    """Raised when the ledger has no job of an id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"There is no job {shown(job_id)} in the ledger. Check the id; records expire. By another name "
            "than its id, a job is found for a month."
        )


class Ambiguous(Refused):
    """Raised when a job is named by what several are called, or begin with."""

    def __init__(self, reference: str, job_ids: Sequence[str]) -> None:
        some = ", ".join(job_ids[:_JOBS_SHOWN])
        more = f" and {len(job_ids) - _JOBS_SHOWN} more" if len(job_ids) > _JOBS_SHOWN else ""
        super().__init__(f"{shown(reference)} names {len(job_ids)} jobs: {some}{more}. Give the id of one.")


class NotAllowed(Refused):
    """Raised when a caller may not cancel a job. `reach`: which ones it may."""

    def __init__(self, job_id: str, reach: str) -> None:
        whose = {"own": "jobs that you asked for", "pulse": "jobs that were asked for through Pulse"}
        super().__init__(
            f"Job {job_id} is not yours to cancel: you may cancel {whose.get(reach, reach)} only. Ask "
            "whoever asked for it, or somebody whom `access` in the configuration lets change all jobs."
        )


class NoLog(Refused):
    """Raised when a job has no log that could be read."""

    def __init__(self, job_id: str, why: str) -> None:
        super().__init__(f"Job {job_id} has no log here: {why}")


class NoRequest(Refused):
    """Raised when a job that shall be submitted again is one that another client submitted."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"Job {job_id} was submitted to AWS Batch by another client, so its request is not known here. "
            "Submit it again as it was submitted, or ask for a new job."
        )


class HasEnded(Refused):
    """Raised when a job that shall be cancelled has ended already."""

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"Job {job_id} is {status} already: there is nothing to cancel.")


class NotSubmitted(Refused):
    """Raised when a job that shall be cancelled was never taken by AWS Batch. `why`: what refused it."""

    def __init__(self, job_id: str, why: str) -> None:
        super().__init__(f"Job {job_id} was never submitted: there is nothing to cancel. {why}")


class Forgotten(Refused):
    """Raised when a claim was never settled and AWS Batch may have run and forgotten its job."""

    def __init__(self, job_id: str, job_name: str) -> None:
        super().__init__(
            f"Job {job_id} ({job_name}) was claimed days ago and nothing says whether AWS Batch took it. "
            "Look for its results; if there are none, ask for it again as a new request."
        )


class TooLarge(Refused):
    """Raised when a body or an object has more bytes than are read."""

    def __init__(self, found_bytes: int, allowed_bytes: int) -> None:
        super().__init__(f"At most {allowed_bytes} bytes are read; found {found_bytes}.")


class InvalidIdempotencyKey(Refused):
    """Raised when the header is neither a quoted string nor a bare word of printable ASCII."""

    def __init__(self, header: str) -> None:
        allowed = "1 to 255 printable ASCII characters, quoted or without spaces and quotes"
        self.faults = (Fault("Idempotency-Key", allowed, shown(header)),)
        super().__init__(str(self.faults[0]))


class IdempotencyConflict(Refused):
    """Raised when an Idempotency-Key comes again with another payload."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"This Idempotency-Key belongs to job {job_id}, which was asked for with another payload. "
            "Send the same payload for the same job, or another key for another job."
        )


class RefusedBefore(Refused):
    """Raised when a request was refused for good; the message is the reason of then."""


class RefusedByBatch(Refused):
    """Raised when AWS Batch answers ClientException: nothing was submitted, the same is refused again."""

    def __init__(self, message: str) -> None:
        super().__init__(f"AWS Batch refused the job: {shown(message, 500)}")


class TryAgain(PulseError):
    retry_after_seconds = 5


class InFlight(TryAgain):
    """Raised when the same request is being submitted, or its outcome is not settled yet."""

    def __init__(self, job_id: str, retry_after_seconds: int) -> None:
        self.retry_after_seconds = max(1, retry_after_seconds)
        super().__init__(f"The same request is being submitted as job {job_id}. Ask again for its outcome.")


class NotAccepted(TryAgain):
    """Raised when AWS Batch has surely not taken the job: throttled, or the connection was never made."""

    retry_after_seconds = 1

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"AWS Batch did not take the job: {shown(reason, 300)}. Nothing was submitted; try again."
        )


class NotYetSubmitted(TryAgain):
    """Raised when a job shall be cancelled or waited for whose own submission is not settled."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"Job {job_id} is still being submitted. Try again.")


class OutcomeUnknown(TryAgain):
    """Raised when AWS Batch may have taken the job although no answer with a job id came back."""

    def __init__(self, reason: str, retry_after_seconds: int = 60) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(
            f"The answer of AWS Batch was lost ({shown(reason, 300)}): whether the job runs is unknown yet. "
            "Ask again with the same Idempotency-Key, or without one with the same body: no second job is "
            "submitted. After force=true look for the job first: each such call is another one."
        )


class NotDelivered(TryAgain):
    """Raised when a receiver of alerts answers with an error. Never holds the receiver's address."""

    def __init__(self, message: str, retry_after_seconds: int = 5) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class RetryLater(NotDelivered):
    """Raised when a receiver of alerts says how long to wait, and that is longer than the caller can; while
    another call is at the same alert; and when more will be known of what it tells.
    """


class Unavailable(TryAgain):
    """Raised when an AWS service fails in a way that passes: throttling, a time-out, a 5xx."""


class Misconfigured(PulseError):
    """Raised when AWS denies a call or does not know a resource: no retry helps until it is repaired."""
