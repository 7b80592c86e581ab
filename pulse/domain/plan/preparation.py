"""Preparation: what has to be known about a request before it can be planned, and what it may cost."""

from typing import TYPE_CHECKING

from msgspec import Struct

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.cost.budget import Reservation
from pulse.domain.fault import Fault
from pulse.domain.plan.job_plan import requested_resources
from pulse.domain.request.job_request import JobRequest
from pulse.domain.request.resources import Resources

if TYPE_CHECKING:
    from pulse.domain.cost.quote import Quote


class Preparation(Struct, frozen=True, kw_only=True):
    """`depends_on` is SubmitJob's own, without jobs that have ended well. `over_limit`: why it costs too
    much. `reservation`: what a month's budget must still hold when the job is claimed.
    """

    resources: Resources
    depends_on: tuple[dict[str, str], ...] = ()
    quote: "Quote | None" = None
    over_limit: tuple[Fault, ...] = ()
    reservation: Reservation | None = None


def needs_lookups(request: JobRequest, catalogue: Catalogue) -> bool:
    """Whether something outside the request decides about it: data, earlier runs, other jobs."""
    profile = catalogue.profiles[catalogue.profile_of(request)]
    return requested_resources(request, profile).is_auto or any(
        wanted.job_id for wanted in request.dependencies
    )
