"""The parameters of what is told: which part of it, and which page."""

from collections.abc import Iterable

from pulse.api.openapi.schemas import Schema, ecma
from pulse.domain.caller import MAX_CHARACTERS
from pulse.domain.cost import months
from pulse.domain.request.batch_limits import MAX_ARRAY_SIZE
from pulse.domain.views import log, pages, tokens


def _parameter(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _limit(what: str, default: int, most: int) -> Schema:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    return _parameter("limit", f"How many {what} a page holds at most.", schema)


_ONE = "No other filter beside it."
PAGING: dict[str, Schema] = {
    "Status": _parameter("status", f"Jobs in this state. {_ONE}", {"enum": list(pages.STATUSES)}),
    "Day": _parameter(
        "day", f"Jobs that were asked for on this day, UTC. {_ONE}", {"type": "string", "format": "date"}
    ),
    "Dataset": _parameter(
        "dataset",
        f"Jobs on this data set, by its key. {_ONE}",
        {"type": "string", "minLength": 1, "maxLength": pages.MAX_DATASET_BYTES},
    ),
    "Profile": _parameter(
        "profile",
        f"Jobs of this profile. {_ONE}",
        {"type": "string", "minLength": 1, "maxLength": pages.MAX_PROFILE_BYTES},
    ),
    "Tag": _parameter(
        "tag",
        f"Jobs that were asked for with this tag, KEY=VALUE; not those that follow an array. {_ONE}",
        {"type": "string", "pattern": ecma(pages.TAG)},
    ),
    "AskedBy": _parameter(
        "by",
        "Jobs that somebody asked for, by the ARN of a user, of a role, or of a role's session; `me`: the "
        f"caller's own. {_ONE}",
        {"type": "string", "minLength": 1, "maxLength": MAX_CHARACTERS},
    ),
    "Month": _parameter(
        "month",
        "Jobs that were asked for in this month, UTC; without, in the current one.",
        {"type": "string", "pattern": ecma(months.MONTH)},
    ),
    "By": _parameter(
        "by",
        f"What the jobs of a group have in common: {months.ALLOWED_BY}.",
        {"type": "string", "pattern": ecma(months.BY), "default": months.DEFAULT_BY},
    ),
    "Child": _parameter(
        "child",
        "The ended child of an array, by its index: what the last of its attempts logged.",
        {"type": "integer", "minimum": 0, "maximum": MAX_ARRAY_SIZE - 1},
    ),
    "Jobs": _limit("jobs", pages.DEFAULT_JOBS, pages.MAX_JOBS),
    "Lines": _limit("lines", log.DEFAULT_LINES, log.MAX_LINES),
    "Next": _parameter(
        "next",
        f"For the page that follows: {tokens.ALLOWED}.",
        {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": tokens.MAX_CHARACTERS},
    ),
}
"""By their names in the components."""


def queue_parameter(queues: Iterable[str]) -> Schema:
    """`queues`: those that there are."""
    return _parameter(
        "queue", "This job queue; without, all that Pulse submits to.", {"enum": sorted(queues)}
    )
