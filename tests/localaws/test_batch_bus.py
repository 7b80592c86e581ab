"""Events that are lost, doubled, late and out of order, by choice."""

import asyncio
import json

import pytest

from localaws.batch.scheduling.bus import Bus, Losses
from tests.localaws.batch_world import SCOPE, ListeningAws


def entry(number):
    detail = {"jobId": str(number), "status": "RUNNING"}
    return {"DetailType": "Batch Job State Change", "Detail": json.dumps(detail)}


def arrived(losses, events=1000):
    """The ids of the events in the order of arrival, and the bus."""

    async def play():
        aws = ListeningAws()
        bus = Bus(aws)
        bus.lose(losses)
        for number in range(events):
            bus.publish(SCOPE, entry(number))
        at_once = len(aws.events)
        await asyncio.sleep(losses.delay_seconds + losses.shuffle_seconds + 0.1)
        return [int(event["Detail"]["jobId"]) for event in aws.events], at_once, bus

    return asyncio.run(play())


def test_without_losses_every_event_arrives_once_at_once_and_in_order():
    found, at_once, bus = arrived(Losses())
    assert found == list(range(1000))
    assert at_once == 1000
    assert (bus.tally.sent, bus.tally.doubled, bus.tally.dropped) == (1000, 0, [])


def test_one_in_five_is_lost_and_told_one_in_five_of_the_others_comes_twice():
    found, _, bus = arrived(Losses(drop=0.2, double=0.2, seed=7))
    lost = {int(one["jobId"]) for one in bus.tally.dropped}
    assert 150 < len(lost) < 250
    assert lost == set(range(1000)) - set(found)
    assert bus.tally.dropped[0]["status"] == "RUNNING"
    assert 110 < bus.tally.doubled < 210
    assert len(found) == bus.tally.sent == 1000 - len(lost) + bus.tally.doubled


def test_the_same_seed_loses_the_same_events_and_another_seed_others():
    chosen = [arrived(Losses(drop=0.2, seed=seed))[0] for seed in (7, 7, 8)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_shuffled_events_all_arrive_but_not_in_order():
    found, at_once, _ = arrived(Losses(shuffle_seconds=0.2, seed=1), events=100)
    assert at_once == 0
    assert sorted(found) == list(range(100))
    assert found != sorted(found)


def test_delayed_events_keep_their_order():
    found, at_once, _ = arrived(Losses(delay_seconds=0.1), events=20)
    assert (at_once, found) == (0, list(range(20)))


@pytest.mark.parametrize("losses", [Losses(), Losses(delay_seconds=0.01)])
def test_a_target_that_breaks_holds_up_nothing(losses):
    class Broken(ListeningAws):
        def publish(self, scope, entry):
            if entry["Detail"].startswith('{"jobId": "0"'):
                raise RuntimeError("a target broke")
            super().publish(scope, entry)

    async def play():
        aws = Broken()
        bus = Bus(aws)
        bus.lose(losses)
        for number in range(3):
            bus.publish(SCOPE, entry(number))
        await asyncio.sleep(0.1)
        return [event["Detail"]["jobId"] for event in aws.events]

    assert asyncio.run(play()) == ["1", "2"]
