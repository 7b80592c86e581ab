"""RecordJobEvent with all that an event leads to, over ports in memory."""

from pulse.domain.job.due import Overdue
from pulse.services.alert.publish_alert import PublishAlert
from pulse.services.alert.read_holder import ReadHolder
from pulse.services.alert.read_last_lines import ReadLastLines
from pulse.services.follow.price_runs import PriceRuns
from pulse.services.follow.read_metrics import ReadMetrics
from pulse.services.follow.record_job_event import RecordJobEvent
from pulse.services.follow.watch_budget import WatchBudget
from pulse.services.follow.watch_end import WatchEnd
from pulse.services.follow.watch_overdue import WatchOverdue
from pulse.services.follow.watch_start import WatchStart
from pulse.services.query.past_runs import PastRuns
from tests.prices import PRICES
from tests.unit.claim_world import CATALOGUE


class Nothing:
    """Of what else there is: every alert went out before, no file and no log is there."""

    wanted = False

    def take(self, *_, **__):
        return "done"

    def read(self, *_, **__):
        return None

    def last(self, *_, **__):
        return []


def recorder(ledger, clock, *, deployment, publish_alert=None, jobs_of_name=lambda *_: []):
    """`publish_alert`: None for one that finds everything told."""
    told = publish_alert or PublishAlert(turns=Nothing(), topic=Nothing(), clock=clock)
    telling = {"publish_alert": told, "deployment": deployment}
    shared = {"ledger": ledger, **telling}
    overdue = WatchOverdue(**shared, schedules=Nothing(), clock=clock)
    start = WatchStart(
        **telling,
        past_runs=PastRuns(ledger=ledger),
        watch_overdue=overdue,
        overdue=Overdue(),
        likely_usd=lambda *_: None,
        clock=clock,
    )
    price_runs = PriceRuns(
        ledger=ledger, instances=Nothing(), prices=PRICES, catalogue=CATALOGUE, clock=clock
    )
    end = WatchEnd(
        **shared,
        read_metrics=ReadMetrics(objects=Nothing(), results_bucket="results"),
        read_last_lines=ReadLastLines(logs=Nothing(), log_group="jobs"),
        read_holder=ReadHolder(ledger=ledger, objects=Nothing(), results_bucket="results"),
        watch_budget=WatchBudget(**shared, budget_usd=None, percents=()),
        watch_overdue=overdue,
        reruns=Nothing(),
        catalogue=CATALOGUE,
        price_runs=price_runs,
        clock=clock,
    )
    return RecordJobEvent(
        ledger=ledger,
        jobs_of_name=jobs_of_name,
        watch_start=start,
        watch_end=end,
        queues={queue.arn: name for name, queue in CATALOGUE.queues.items()},
        price_runs=price_runs,
        clock=clock,
    )
