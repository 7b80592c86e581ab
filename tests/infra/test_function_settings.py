"""What the functions are told of the stacks and of the configuration, each only what it reads."""

import json
from decimal import Decimal

from msgspec.structs import replace
from recursive_training.data.names import TABLE_SUFFIXES

from infra.config.load import load
from pulse.domain.catalogue.trigger import matching
from pulse.domain.training.definition import DescribedTrainings
from pulse.settings import Settings
from tests.infra.templates import FAIR, FIFO, INSTANCES, ON_DEMAND, text


def test_functions_are_told_what_the_stacks_made(local):
    environment = local.resources("Lambda::Function")["SubmitJobUseCaseFunction"]["Environment"]["Variables"]
    assert text(environment["PULSE_LEDGER_TABLE"]) == "LedgerTable"
    assert text(environment["PULSE_DATA_BUCKET"]) == "DataBucket"
    assert text(environment["PULSE_RESULTS_BUCKET"]) == "ResultsBucket"
    assert text(environment["PULSE_JOB_DEFINITION"]) == "FargateDefinition"
    assert text(environment["PULSE_ALERTS_TOPIC"]) == "AlertsTopic"
    assert text(environment["PULSE_LOG_GROUP"]) == "TrainingLogs"
    assert "PULSE_SLACK_WEBHOOK_SECRET" not in environment, "only send_alert posts"
    posting = local.resources("Lambda::Function")["SendAlertUseCaseFunction"]["Environment"]["Variables"]
    assert posting["PULSE_SLACK_WEBHOOK_SECRET"] == "pulse/slack-webhook"
    queues = json.loads(text(environment["PULSE_QUEUES"]))
    assert queues == {
        "pulse-retrodiction-job-queue": {
            "arn": f"{FIFO}.JobQueueArn",
            "max_vcpus": 16,
            "spot": True,
            "on_demand_queue": "pulse-retrodiction-on-demand-queue",
        },
        "pulse-retrodiction-on-demand-queue": {"arn": f"{ON_DEMAND}.JobQueueArn", "max_vcpus": 16},
        "pulse-retrodiction-fair-queue": {
            "arn": f"{FAIR}.JobQueueArn",
            "fair_share": True,
            "max_vcpus": 16,
            "spot": True,
        },
        "pulse-retrodiction-instance-queue": {
            "arn": f"{INSTANCES}.JobQueueArn",
            "platform": "EC2",
            "max_vcpus": 8,
            "max_memory_mib": 15565,  # of the larger type's 16384
            "spot": True,
            "instance_types": ["m5.large", "m5.xlarge"],
            "job_definition": "Ec2Definition",
        },
    }


def test_only_what_takes_drops_is_told_which_names_data_sets_have(local):
    told = {
        name: function["Environment"]["Variables"].get("PULSE_TABLE_SUFFIXES")
        for name, function in local.resources("Lambda::Function").items()
    }
    assert tuple(json.loads(told.pop("SubmitJobUseCaseFunction"))) == TABLE_SUFFIXES
    assert set(told.values()) == {None}


def test_every_name_that_the_training_reads_starts_a_job_with_the_default_triggers(local):
    variables = local.resources("Lambda::Function")["SubmitJobUseCaseFunction"]["Environment"]["Variables"]
    catalogue = Settings.from_env({name: text(value) for name, value in variables.items()}).catalogue(
        DescribedTrainings()
    )
    for suffix in TABLE_SUFFIXES:
        for key in (f"datasets/a{suffix}", f"datasets/b/A{suffix.upper()}"):
            found = matching(catalogue.triggers, key, catalogue.suffixes_of)
            assert found is not None
            assert (found.profile, found.on) == ("default", "object")
    for key in ("datasets/a.xlsx", "datasets/~$a.csv", "datasets/_a.csv", "datasets/a.json"):
        assert matching(catalogue.triggers, key, catalogue.suffixes_of) is None


def test_functions_are_told_the_prices_and_the_months_budget(synthesize):
    function = synthesize("everything").resources("Lambda::Function")["SubmitJobUseCaseFunction"]
    settings = Settings.from_env({k: text(v) for k, v in function["Environment"]["Variables"].items()})
    prices = load().prices
    in_use = {name: prices.ec2[name] for name in ("g5.xlarge", "g5.2xlarge")}
    assert settings.prices == replace(prices, ec2=in_use)
    assert settings.monthly_budget_usd == Decimal(250)
    assert settings.ephemeral_gib == 60
    assert settings.cpu_architecture == "X86_64"


def test_only_what_follows_and_reconciles_jobs_is_told_of_the_queue_of_submissions(local):
    told = {
        name: text(function["Environment"]["Variables"].get("PULSE_RERUNS_QUEUE", ""))
        for name, function in local.resources("Lambda::Function").items()
    }
    assert told.pop("OnJobEventUseCaseFunction") == "SubmitJobDropsQueue"
    assert told.pop("ReconcileJobsUseCaseFunction") == "SubmitJobDropsQueue"
    assert set(told.values()) == {""}


def test_what_reconciles_is_told_of_the_queue_of_job_events_and_how_patient_to_be(local, production):
    for synthesis, patience in ((local, 5), (production, None)):
        functions = synthesis.resources("Lambda::Function")
        told = {n: f["Environment"]["Variables"].get("PULSE_JOB_EVENTS_QUEUE") for n, f in functions.items()}
        assert text(told.pop("ReconcileJobsUseCaseFunction")) == "OnJobEventEventsQueue"
        assert set(told.values()) == {None}
        variables = functions["ReconcileJobsUseCaseFunction"]["Environment"]["Variables"]
        found = json.loads(text(variables.get("PULSE_PATIENCE", "{}")))
        assert found.get("late_seconds") == patience


def test_only_what_follows_jobs_may_schedule_and_is_told_where(local):
    told = {
        name: text(function["Environment"]["Variables"].get("PULSE_OVERDUE_SCHEDULES", ""))
        for name, function in local.resources("Lambda::Function").items()
    }
    [group] = local.full("Scheduler::ScheduleGroup").values()
    assert json.loads(told.pop("OnJobEventUseCaseFunction")) == {
        "group": group["Properties"]["Name"],
        "queue_arn": "OnJobEventEventsQueue.Arn",
        "dead_letters_arn": "OnJobEventEventsDeadLetters.Arn",
        "role_arn": "OnJobEventOverdueRole.Arn",
    }
    assert set(told.values()) == {""}
    assert group["DeletionPolicy"] == "Delete"


def test_the_functions_are_told_when_somebody_shall_hear_of_a_job(synthesize):
    function = synthesize("everything").resources("Lambda::Function")["OnJobEventUseCaseFunction"]
    settings = Settings.from_env({k: text(v) for k, v in function["Environment"]["Variables"].items()})
    assert settings.watch.overdue.margin_percent == 25
    assert settings.watch.dwell("UNDETERMINED").total_seconds() == 7200
    assert settings.watch.dwell("ACTION_REQUIRED").total_seconds() == 0
    assert settings.budget_alert_percents == (60, 90)


def test_the_functions_understand_what_they_are_told(local):
    for function in local.resources("Lambda::Function").values():
        environment = {name: text(value) for name, value in function["Environment"]["Variables"].items()}
        settings = Settings.from_env(environment)
        assert settings.profiles["default"].memory_mib == 2048
        assert not settings.catalogue(DescribedTrainings()).faults()


def test_a_queue_gives_as_much_as_its_largest_environment(production):
    function = production.resources("Lambda::Function")["SubmitJobUseCaseFunction"]
    queues = json.loads(text(function["Environment"]["Variables"]["PULSE_QUEUES"]))
    assert {name: queue["max_vcpus"] for name, queue in queues.items()} == {
        "pulse-retrodiction-job-queue": 256,
        "pulse-retrodiction-on-demand-queue": 128,
        "pulse-retrodiction-fair-queue": 256,
        "pulse-retrodiction-instance-queue": 64,
    }


def test_powertools_is_told_by_the_environment_only_what_the_code_leaves_open(local):
    for name, function in local.resources("Lambda::Function").items():
        told = {key for key in function["Environment"]["Variables"] if key.startswith("POWERTOOLS_")}
        assert told == {"POWERTOOLS_LOG_LEVEL", "POWERTOOLS_METRICS_NAMESPACE"}, name
