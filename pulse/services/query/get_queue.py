"""What waits and runs in our job queues, and how long waiting usually takes."""

from collections.abc import Mapping

from msgspec import Struct

from pulse.domain.access import Guard
from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.job.usual import Usual, usual
from pulse.domain.views import queue as queue_view
from pulse.domain.views.queue import MOST_OF_A_STATE, UNFINISHED, QueueView
from pulse.services.ports.batch import JobQueues
from pulse.services.ports.ledger import Ledger
from pulse.services.query.past_runs import MOST


class GetQueue(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    job_queues: JobQueues
    catalogue: Catalogue

    def views(self, query: Mapping[str, str], guard: Guard) -> list[QueueView]:
        """`query`: a call's parameters. Raises InvalidCall, Unavailable, Misconfigured."""
        names = queue_view.wanted(query, self.catalogue.queues)
        jobs = [job for status in UNFINISHED for job in self.ledger.unfinished(status, most=MOST_OF_A_STATE)]
        views = [
            queue_view.view(
                name, jobs, self.job_queues.snapshot(self.catalogue.queues[name].arn), self._usual(name)
            )
            for name in names
        ]
        return (
            views if guard.sees == "all" else [queue_view.seen_by(guard.may_see, one, jobs) for one in views]
        )

    def _usual(self, queue: str) -> dict[str, Usual]:
        """The usual times of the profiles that lead to this queue, from their runs in it."""
        profiles = [name for name, profile in self.catalogue.profiles.items() if profile.queue == queue]
        found = {
            name: usual([job for job in self.ledger.runs(profile=name, most=MOST) if job.queue == queue])
            for name in sorted(profiles)
        }
        return {name: known for name, known in found.items() if known}
