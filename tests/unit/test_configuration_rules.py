"""What synth and CloudFormation would let through and AWS Batch would refuse much later."""

import msgspec
import pytest
from recursive_training.data.names import TABLE_SUFFIXES

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.catalogue.retry_policy import RetryPolicy
from pulse.domain.catalogue.trigger import Trigger, matching
from pulse.domain.request.profile import Profile
from pulse.domain.request.resources import FARGATE_MEMORY_MIB, resource_faults
from pulse.domain.validation import collect
from pulse.settings import Settings
from tests.prices import PRICES


def fields(raw, kind):
    return {fault.field for fault in collect(raw, kind)[1]}


@pytest.mark.parametrize(
    ("vcpus", "memory_mib", "wrong"),
    [
        (0.25, 512, set()),
        (0.25, 4096, {"memory_mib"}),
        (1, 2048, set()),
        (1, 2049, {"memory_mib"}),
        (4, 30720, set()),
        (4, 31744, {"memory_mib"}),
        (8, 20480, set()),
        (8, 17408, {"memory_mib"}),
        (16, 122880, set()),
        (3, 8192, {"vcpus"}),
        (32, 65536, {"vcpus"}),
    ],
)
def test_should_allow_only_the_pairs_that_fargate_has(vcpus, memory_mib, wrong):
    assert {fault.field for fault in resource_faults(vcpus=vcpus, memory_mib=memory_mib)} == wrong


def test_should_name_the_sizes_that_go_with_the_vcpus():
    (fault,) = resource_faults(vcpus=8, memory_mib=1, at="profiles.large")
    assert str(fault) == (
        "profiles.large.memory_mib: allowed is 16384 to 61440 in steps of 4096 MiB with 8 vCPU on Fargate; "
        "found 1 MiB with 8 vCPU"
    )


def test_should_know_the_table_as_aws_publishes_it():
    assert {vcpus: (sizes[0], sizes[-1], len(sizes)) for vcpus, sizes in FARGATE_MEMORY_MIB.items()} == {
        0.25: (512, 2048, 3),
        0.5: (1024, 4096, 4),
        1: (2048, 8192, 7),
        2: (4096, 16384, 13),
        4: (8192, 30720, 23),
        8: (16384, 61440, 12),
        16: (32768, 122880, 12),
    }


def test_should_take_gpus_on_instances_only():
    assert not resource_faults(vcpus=4, memory_mib=15000, gpus=1, platform="EC2")
    assert [f.field for f in resource_faults(vcpus=4, memory_mib=16384, gpus=1)] == ["gpus"]
    assert [f.field for f in resource_faults(vcpus=0.5, memory_mib=1024, platform="EC2")] == ["vcpus"]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, set()),
        ({"attempts": 10, "timeout_seconds": 60}, set()),
        ({"attempts": 11}, {"attempts"}),
        ({"attempts": 0}, {"attempts"}),
        ({"timeout_seconds": 59}, {"timeout_seconds"}),
        ({"timeout_seconds": 1_209_601}, {"timeout_seconds"}),
        ({"timeout_seconds": 60.5}, {"timeout_seconds"}),
        ({"queue": "a queue"}, {"queue"}),
    ],
)
def test_should_hold_a_profile_to_the_limits_of_aws_batch(change, wrong):
    profile = {"vcpus": 1, "memory_mib": 2048, "timeout_seconds": 3600, "queue": "q", "attempts": 3}
    assert fields(profile | change, Profile) == wrong


@pytest.mark.parametrize(
    ("rule", "fine"),
    [
        ({"action": "RETRY", "on_status_reason": "Host EC2*"}, True),
        ({"action": "EXIT", "on_reason": "*"}, True),
        ({"action": "RETRY", "on_exit_code": "75"}, True),
        ({"action": "RETRY", "on_exit_code": "7*"}, True),
        ({"action": "RETRY", "on_exit_code": 75}, False),
        ({"action": "RETRY", "on_exit_code": "-1"}, False),
        ({"action": "RETRY", "on_status_reason": "*EC2"}, False),
        ({"action": "RETRY", "on_status_reason": "Host * EC2"}, False),
        ({"action": "RETRY", "on_reason": ""}, False),
        ({"action": "RETRY", "on_reason": "x" * 513}, False),
        ({"action": "RETRY"}, False),
        ({"action": "retry", "on_reason": "*"}, False),
    ],
)
def test_should_allow_a_glob_only_to_end_in_a_star(rule, fine):
    assert (fields({"rules": [rule]}, RetryPolicy) == set()) is fine


def test_should_allow_at_most_five_retry_rules():
    rule = {"action": "EXIT", "on_reason": "*"}
    assert fields({"rules": [rule] * 5}, RetryPolicy) == set()
    assert fields({"rules": [rule] * 6}, RetryPolicy) == {"rules"}


def test_should_compile_the_default_policy_to_the_rules_that_work():
    assert RetryPolicy().strategy(3) == {
        "attempts": 3,
        "evaluateOnExit": [
            {"action": "RETRY", "onExitCode": "75"},
            {
                "action": "EXIT",
                "onStatusReason": "Essential container in task exited*",
                "onExitCode": "*",
            },
            {"action": "EXIT", "onStatusReason": "OutOfMemoryError*"},
            {"action": "EXIT", "onReason": "Cannot*"},
            {"action": "EXIT", "onStatusReason": "ResourceInitializationError*"},
        ],
    }


def test_should_check_that_names_exist_and_resources_fit_their_queue(catalogue):
    raw = msgspec.to_builtins(catalogue)
    raw["profiles"]["small"]["queue"] = "missing"
    raw["profiles"]["gpu"]["queue"] = "fifo"
    raw["request_defaults"]["profile"] = "nobody"
    raw["triggers"][0]["profile"] = "nobody"
    assert fields(raw, Catalogue) == {
        "profiles.small.queue",
        "profiles.gpu.gpus",
        "profiles.gpu.memory_mib",
        "request_defaults.profile",
        "triggers[0].profile",
    }


def test_should_refuse_a_profile_that_its_queue_can_never_run(catalogue):
    raw = msgspec.to_builtins(catalogue)
    raw["queues"]["gpu"]["max_vcpus"] = 2
    assert fields(raw, Catalogue) == {"profiles.gpu.vcpus"}


@pytest.mark.parametrize(
    ("queue", "share", "wrong"),
    [
        ("fair", None, {"triggers[0].share_identifier"}),
        ("fair", "drops", set()),
        ("fifo", "drops", {"triggers[0].share_identifier"}),
        ("fifo", None, set()),
    ],
)
def test_should_refuse_a_trigger_whose_queue_would_refuse_every_drop(catalogue, queue, share, wrong):
    raw = msgspec.to_builtins(catalogue)
    raw["profiles"]["small"]["queue"] = queue
    raw["triggers"][0]["share_identifier"] = share
    assert fields(raw, Catalogue) == wrong


def test_should_take_the_first_trigger_that_fits():
    wide = Trigger(suffix=".csv", profile="small")
    narrow = Trigger(prefix="datasets/big/", suffix=".csv", profile="large")
    assert matching([narrow, wide], "datasets/big/x.csv", lambda _: TABLE_SUFFIXES) is narrow
    assert matching([narrow, wide], "datasets/x.CSV", lambda _: TABLE_SUFFIXES) is wide
    assert matching([narrow, wide], "datasets/x.parquet", lambda _: TABLE_SUFFIXES) is None
    assert matching([], "datasets/x.csv", lambda _: TABLE_SUFFIXES) is None


def settings(**change):
    profile = Profile(vcpus=1, memory_mib=2048, timeout_seconds=60, queue="q")
    values = {
        "ledger_table": "${Token[TOKEN.12]}",
        "data_bucket": "d",
        "results_bucket": "r",
        "job_definition": "arn:d:1",
        "queues": {"q": {"arn": "${Token[TOKEN.13]}"}},
        "profiles": {"small": msgspec.to_builtins(profile)},
        "request_defaults": {"profile": "small"},
        "alerts_topic": "arn:t",
        "prices": msgspec.to_builtins(PRICES),
    }
    return msgspec.convert(values | change, Settings)


def test_should_come_back_from_the_environment_as_it_went():
    told = settings(tags={"Project": "Pülse"}, slack_hosts=["127.0.0.1"], idempotency_window_seconds=0)
    assert Settings.from_env(told.to_env() | {"PATH": "/bin"}) == told
    assert told.to_env()["PULSE_LEDGER_TABLE"] == "${Token[TOKEN.12]}"


def test_should_name_every_variable_that_is_missing_or_faulty():
    env = settings().to_env() | {"PULSE_QUEUES": "{", "PULSE_LEDGER_RETENTION_DAYS": "7"}
    del env["PULSE_DATA_BUCKET"]
    with pytest.raises(ValueError, match="not valid") as caught:
        Settings.from_env(env)
    assert {fault.field for fault in caught.value.faults} == {
        *("PULSE_QUEUES", "PULSE_LEDGER_RETENTION_DAYS", "PULSE_DATA_BUCKET")
    }


def test_should_refuse_an_environment_that_lambda_does_not_take():
    with pytest.raises(ValueError, match=r"at most 4096 bytes.*most of them in PULSE_TAGS"):
        settings(tags={f"key{i}": "v" * 100 for i in range(40)}).to_env()


def test_should_count_what_a_token_will_become():
    few = {f"q{i}": {"arn": f"${{Token[TOKEN.{i}]}}"} for i in range(10)}
    many = {f"q{i}": {"arn": f"${{Token[TOKEN.{i}]}}"} for i in range(40)}
    assert len(settings(queues=few).to_env()["PULSE_QUEUES"]) < 1000
    with pytest.raises(ValueError, match="most of them in PULSE_QUEUES"):
        settings(queues=many).to_env()
