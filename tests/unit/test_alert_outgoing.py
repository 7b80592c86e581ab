"""What goes out of an alert: nothing that looks like a secret, in any text of any rendering."""

import typing

import msgspec
import pytest
from msgspec import structs

from pulse.api.answers import jobs, queues
from pulse.aws.sns import message
from pulse.domain.alerts.alert import Alert, Command, Fact, Link
from pulse.domain.alerts.job_ended import job_alert
from pulse.domain.alerts.outgoing import without_secrets
from pulse.domain.alerts.rejected import drop_alert
from pulse.domain.alerts.renderings.slack import message as slack_message
from pulse.domain.request.drop import S3Drop
from pulse.domain.text.redaction import MARKER
from pulse.domain.training import metrics as training_metrics
from pulse.domain.views import queue
from pulse.domain.views.pages import Page
from pulse.domain.views.queue import QueueView, Waiting
from pulse.services.alert.publish_alert import PublishAlert
from tests.unit.alert_cases import DEPLOYMENT, NOW, alerts, ended, metrics, submitted

HUNTER = "hunter2"
TEXT = f"before password={HUNTER} and postgres://pulse:{HUNTER}@db/x after"
ADDRESS = f"https://console.aws.amazon.com/s3/object/b?prefix=a%2Fpassword%3D{HUNTER}"
_VALUES = {
    str: TEXT,
    int: 1,
    tuple[str, ...]: (TEXT,) * 3,
    tuple[tuple[str, ...], ...]: ((TEXT, "x"), (TEXT, "y")),
    tuple[Fact, ...]: (Fact("Data set", TEXT),),
    tuple[Link, ...]: (Link("Folder", ADDRESS), Link("Job", "https://console.aws.amazon.com/batch")),
    tuple[Command, ...]: (Command("Run it again", TEXT),),
}


class Outbox:
    """Takes every turn, and keeps what is published."""

    def __init__(self):
        self.published = []

    def take(self, *_args, **_options):
        return "mine"

    def sent(self, *_args, **_options):
        pass

    def publish(self, alert):
        self.published.append(alert)


def published(alert: Alert) -> Alert:
    outbox = Outbox()
    PublishAlert(turns=outbox, topic=outbox, clock=lambda: NOW).once("subject", alert.kind, lambda: alert)
    return outbox.published[0]


def full_of_secrets() -> Alert:
    """An alert with a secret in each of its texts, also in those that it may get one day."""
    hints = typing.get_type_hints(Alert)
    known = {"kind": "FAILED", "severity": "error", "muted": (), "warnings_count": 3}
    return Alert(**{name: known.get(name, _VALUES.get(kind)) for name, kind in hints.items()})


def test_should_publish_no_secret_in_any_rendering():
    alert = published(full_of_secrets())
    sent = str(message(alert)) + str(slack_message(alert))
    assert HUNTER not in sent
    assert MARKER in sent
    assert all("before" in str(getattr(alert, name)) for name in ("reason", "headline", "log", "facts"))


def test_should_leave_out_a_link_that_holds_a_secret_only():
    assert [link.label for link in published(full_of_secrets()).links] == ["Job"]


@pytest.mark.parametrize("kind", alerts())
def test_should_publish_an_alert_without_secrets_as_it_is(kind):
    alert = alerts()[kind]
    assert without_secrets(alert) == alert


def test_should_cut_a_sentence_only_when_its_secrets_are_out():
    key = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
    many = [f"{'price ' * 29}{key}, line 7.", *["12 rows."] * 30]
    found = training_metrics.parse(msgspec.json.encode({"variables": {}, "left_out": many}))
    alert = job_alert(ended(submitted(), "succeeded"), DEPLOYMENT, found)
    assert "wJalr" not in alert.left_out[0]
    assert alert.left_out[-1] == "and 11 more"


def test_should_answer_no_secret_in_a_reason():
    record = structs.replace(submitted(), reason=TEXT, status_reason=TEXT, blocked_reason=TEXT)
    assert HUNTER not in str(jobs.page(Page((record,), None)))
    waiting = Waiting(position=1, place=queue.QueuePosition("4c7599ae", NOW), job=record)
    view = QueueView(name="q", counts={}, front=(waiting,), in_use=(), usual={})
    assert HUNTER not in str(queues.queues([view]))


def test_should_take_secrets_out_of_names():
    record = structs.replace(submitted(f"password={HUNTER}.csv"), compared_to="")
    drop = S3Drop(bucket="b", key=f"requests/token={HUNTER}.json", version_id="v1", size=1)
    rejected = drop_alert(drop, DEPLOYMENT.console, reason=f"found '{TEXT}'", next_step="Correct it.")
    for alert in (job_alert(ended(record, "succeeded"), DEPLOYMENT, metrics("a", "b")), published(rejected)):
        assert HUNTER not in str(message(alert))
