"""What the demo shows of a run's metrics, on a terminal of 80 columns."""

from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from pulse.cli.demo import view
from pulse.cli.demo.job import Job
from pulse.domain.demo.record import Event, SentAlert

SCORES = {
    "trust": 0.529,
    "mase": 4.054,
    "mae": 102.874,
    "rmse": 1164.988,
    "coverage": 0.889,
    "skill_vs_persistence": -0.024,
    "skill_vs_seasonal_naive": None,
}
METRICS = {
    "period": {"start": "1990-01-02", "end": "2022-12-28"},
    "windows": 397,
    "runtime_seconds": 4.2,
    "peak_memory_mib": 207,
}


HEADINGS = ["variable", "trust", "mase", "mae", "rmse", "coverage", "persistence", "naive"]
NUMBERS = ["0.529", "4.054", "102.874", "1164.988", "0.889", "-0.024", "–"]


def lines(*variables: str) -> list[str]:
    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        console.print(view._metrics(METRICS | {"variables": dict.fromkeys(variables, SCORES)}))
    return captured.get().splitlines()


def test_every_heading_name_and_number_is_whole():
    _, _, _, headings, _, *rows = lines("spx_close", "nasdaq_close")
    assert headings.split() == HEADINGS
    assert [row.split() for row in rows] == [["spx_close", *NUMBERS], ["nasdaq_close", *NUMBERS]]


def test_a_long_name_is_folded_and_its_numbers_are_whole():
    name = "the_closing_price_of_an_index_of_indices"
    _, _, _, _, _, first, *more = lines(name)
    begin, *numbers = first.split()
    assert (begin + "".join(map(str.strip, more)), numbers) == (name, NUMBERS)


def test_warnings_stand_before_the_table_and_what_was_left_out_after_it(monkeypatch):
    console = Console(width=80, color_system=None, soft_wrap=True)
    monkeypatch.setattr(view, "console", console)
    job = Job("drop", datetime(2026, 3, 2, tzinfo=UTC), job_id="batch-1")
    job.metrics = METRICS | {
        "variables": {"price": SCORES},
        "warnings": ["[red]price\x1b[31m: -999 stands 24 times."],
        "left_out": ["12 rows had no timestamp."],
    }
    with console.capture() as captured:
        view.results(job, "s3://results/batch-1/")
    shown = captured.get().splitlines()
    assert shown[2] == r"  read this first: [red]price\x1b[31m: -999 stands 24 times."
    assert shown[3].startswith("397 windows")
    assert shown[-1] == "  left out: 12 rows had no timestamp."


@pytest.mark.parametrize(
    ("messages", "rows"),
    [
        (("email", "slack"), ["end → e-mail", "end → Slack", "asked → both alerts"]),
        ((), ["end → alert", "asked → alert"]),
    ],
)
def test_hops_reach_as_far_as_somebody_can_say(monkeypatch, messages, rows):
    console = Console(width=80, color_system=None)
    monkeypatch.setattr(view, "console", console)
    asked = datetime(2026, 3, 2, tzinfo=UTC)
    job = Job("drop", asked, alerts=[SentAlert(asked + timedelta(seconds=9), {}, {})])
    detail = {"status": "SUCCEEDED", "stoppedAt": (asked + timedelta(seconds=7)).timestamp() * 1000}
    job.events = [Event(asked, {"detail": detail})]
    job.messages = {name: {"received_at": (asked + timedelta(seconds=9)).isoformat()} for name in messages}
    with console.capture() as captured:
        view.hops([job])
    shown = captured.get().splitlines()[-len(rows) :]
    assert [line.split("│")[0].strip() for line in shown] == rows
    assert shown[0].endswith("2.00 s ")
    assert shown[-1].endswith("9.00 s ")
