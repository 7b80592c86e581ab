"""Fair-share queues: whose job is next, what stays reserved, and which policies are refused."""

import asyncio
import time

import pytest

from localaws.batch.calls import policies, queue_snapshot
from localaws.batch.errors import ClientException
from localaws.batch.memory.usage import Usage
from localaws.batch.scheduling import lifecycle, placement
from localaws.batch.scheduling.fairshare import reserved, weight
from localaws.batch.scheduling.retries import Outcome
from tests.localaws.batch_world import region_with_queue, waiting


def policy(*shares, decay=0, reservation=0):
    found = [{"shareIdentifier": name, "weightFactor": factor} for name, factor in shares]
    return {"shareDistribution": found, "shareDecaySeconds": decay, "computeReservation": reservation}


def turns(region, now_ms=0):
    return [job.id for job in placement.ordered(region, region.queues["queue"], now_ms)]


def job(region, name, share, priority=1, **members):
    return waiting(region, name, shareIdentifier=share, schedulingPriorityOverride=priority, **members)


def test_shares_take_turns_by_what_they_use_and_weigh():
    shares = [{"shareIdentifier": "heavy", "weightFactor": 4.0}]
    region = region_with_queue(vcpus=16, fairshare={"shareDistribution": shares})
    for number in range(3):
        waiting(region, f"h{number}", shareIdentifier="heavy", schedulingPriorityOverride=1)
    for number in range(3):
        waiting(region, f"l{number}", shareIdentifier="light", schedulingPriorityOverride=number)
    assert turns(region) == ["h0", "l2", "l1", "l0", "h1", "h2"]


def test_an_eighth_of_the_weight_gets_eight_times_the_vcpus():
    region = region_with_queue(fairshare=policy(("light", 0.125)))
    for number in range(20):
        job(region, f"plain{number}", "plain")
        job(region, f"light{number}", "light")
    first = turns(region)[:18]
    assert sum(name.startswith("light") for name in first) == 16


def test_a_higher_priority_goes_first_within_its_share_only():
    region = region_with_queue(fairshare=policy())
    job(region, "a-low", "a", 0)
    job(region, "b-low", "b", 1)
    job(region, "a-high", "a", 9999)
    assert turns(region) == ["b-low", "a-high", "a-low"]


def test_the_weight_of_a_prefix_counts_for_all_shares_that_start_with_it():
    shares = policy(("team*", 4.0), ("other", 2.0))
    assert [weight(shares, one) for one in ("team", "teamA", "other", "others")] == [4.0, 4.0, 2.0, 1.0]


def test_recent_usage_counts_and_fades():
    region = region_with_queue(fairshare=policy(decay=600))
    spent = job(region, "spent", "a")
    done = Outcome(0, "-", stopped_at_ms=1_000_000, started_at_ms=400_000)
    placement.count_usage(region, spent, done)
    lifecycle.finish(region.jobs["spent"], "SUCCEEDED", "", 0)
    for number in range(2):
        job(region, f"a{number}", "a")
    for number in range(2):
        job(region, f"b{number}", "b")
    assert turns(region, 1_000_000) == ["b0", "a0", "b1", "a1"]


def test_usage_that_is_forgotten_leaves_its_share_inactive():
    usage = Usage()
    usage.add("a", 600.0, 0, policy())
    assert usage.faded("a", 0, policy()) == 600.0
    assert usage.faded("a", 600_000, policy()) == pytest.approx(600 / 2.718281828)
    assert usage.faded("a", 600_000, policy(decay=6000)) > 500
    assert usage.shares(599_000, policy()) == {"a"}
    assert usage.shares(601_000, policy()) == set()


@pytest.mark.parametrize(
    ("reservation", "active", "expected"),
    [(50, 1, 0.5), (50, 2, 0.25), (50, 3, 0.125), (25, 3, 0.015625), (0, 1, 0.0)],
)
def test_the_reservation_is_the_ratio_of_the_documentation(reservation, active, expected):
    assert reserved(policy(reservation=reservation), active) == expected


def test_one_share_leaves_the_reservation_free_and_a_second_one_takes_of_it():
    region = region_with_queue(vcpus=8, fairshare=policy(reservation=50))
    for number in range(8):
        job(region, f"a{number}", "a")
    assert len(placement.choose(region, 0)) == 4
    job(region, "b0", "b")
    chosen = [found.share for found, _ in placement.choose(region, 0)]
    assert (len(chosen), chosen.count("b")) == (6, 1)


def test_a_reservation_never_holds_up_an_idle_queue():
    region = region_with_queue(vcpus=4, fairshare=policy(reservation=99))
    waiting(region, "big", vcpus="4", memory="8192", shareIdentifier="a", schedulingPriorityOverride=1)
    assert len(placement.choose(region, 0)) == 1


def test_the_501st_active_share_is_refused_until_another_ends():
    region = region_with_queue(fairshare=policy())
    for number in range(500):
        job(region, f"j{number}", f"s{number}")
    with pytest.raises(ClientException, match="no more than 500 share identifiers"):
        job(region, "late", "s500")
    job(region, "known", "s7")
    lifecycle.finish(region.jobs["j499"], "SUCCEEDED", "", 0)
    job(region, "late", "s500")


def test_a_policy_in_use_stays():
    region = region_with_queue(fairshare={})
    [arn] = region.policies
    with pytest.raises(ClientException, match="existing JobQueue relationship"):
        policies.delete(region, {"arn": arn})
    assert policies.describe(region, {"arns": [arn]})["schedulingPolicies"][0]["fairsharePolicy"] == {
        "shareDecaySeconds": 0,
        "computeReservation": 0,
        "shareDistribution": [],
    }


@pytest.mark.parametrize(
    ("fairshare", "words"),
    [
        (policy(decay=604_801), "shareDecaySeconds must be between 0 and 604800, found 604801"),
        (policy(reservation=100), "computeReservation must be between 0 and 99, found 100"),
        (policy(("a", 0.00001)), "weightFactor must be between 0.0001 and 999.9999"),
        (policy(("a", 1000)), "weightFactor must be between"),
        (policy(("a-b", 1)), "letters and digits"),
        (policy(("UserA*", 1), ("UserA1", 2)), "UserA\\* and UserA1 overlap"),
        (policy(("UserA*", 1), ("UserAB*", 2)), "overlap"),
        (policy(("a", 1), ("a", 2)), "share identifier a is there twice"),
        (policy(*((f"s{number}", 1) for number in range(501))), "at most 500 shares, found 501"),
    ],
)
def test_a_policy_that_aws_refuses_is_refused(fairshare, words):
    with pytest.raises(ClientException, match=words):
        policies.create(region_with_queue(), {"name": "policy", "fairsharePolicy": fairshare})


def test_an_update_that_names_no_policy_changes_nothing():
    region = region_with_queue(fairshare=policy(("a", 2.0)))
    [arn] = region.policies
    policies.update(region, {"arn": arn})
    assert region.policies[arn]["fairsharePolicy"]["shareDistribution"] == [
        {"shareIdentifier": "a", "weightFactor": 2.0}
    ]


def test_the_front_of_the_queue_is_in_the_order_of_the_starts():
    region = region_with_queue(fairshare=policy(("heavy", 4.0)))
    for number, share in enumerate(["heavy", "heavy", "light"]):
        job(region, f"{share}{number}", share).runnable_ms = 100 + number
    region.departures[region.queues["queue"]["jobQueueArn"]] = 101
    found = queue_snapshot.snapshot(region, {"jobQueue": "queue"}, 500)
    front = [
        (one["jobArn"].rpartition("/")[2], one["earliestTimeAtPosition"])
        for one in found["frontOfQueue"]["jobs"]
    ]
    assert front == [("heavy0", 101), ("light2", 102), ("heavy1", 101)]
    region.jobs["light2"].status = "RUNNING"
    utilization = queue_snapshot.snapshot(region, {"jobQueue": "queue"}, 500)["queueUtilization"]
    assert utilization["totalCapacityUsage"] == [{"capacityUnit": "VCPU", "quantity": 1.0}]
    assert utilization["fairshareUtilization"]["activeShareCount"] == 1


def test_shares_take_turns_with_real_processes(play):
    async def scenario(world):
        fair = region_with_queue(vcpus=1, fairshare=policy(("urgent", 0.25)))
        world.region.policies.update(fair.policies)
        world.region.queues["queue"]["schedulingPolicyArn"] = next(iter(fair.policies))
        members = {"schedulingPriorityOverride": 1}
        first = world.submit("import time; time.sleep(0.5)", shareIdentifier="a", **members)
        await world.until(first, "RUNNING")
        rest = {
            name: world.submit("pass", shareIdentifier=share, jobName=name, **members)
            for name, share in (("a1", "a"), ("a2", "a"), ("u1", "urgent"), ("b1", "b"))
        }
        for one in rest.values():
            await world.until(one)
        started = sorted(rest, key=lambda name: rest[name].detail["startedAt"])
        assert started.index("u1") < started.index("a1") < started.index("a2")
        assert started.index("b1") < started.index("a1")
        now = int(time.time() * 1000)
        usage = world.region.usage[first.queue_arn]
        assert usage.shares(now, policy()) == {"a", "b", "urgent"}
        await asyncio.sleep(0)

    play(scenario, vcpus=1)
