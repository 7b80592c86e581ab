"""Where one-time schedules send, and with which role."""

from msgspec import Struct


class ScheduleTarget(Struct, frozen=True, kw_only=True):
    """The group of the schedules by its name; the ARNs of the queue that they send to, of its dead-letter
    queue, and of the role with which they do.
    """

    group: str
    queue_arn: str
    dead_letters_arn: str
    role_arn: str
