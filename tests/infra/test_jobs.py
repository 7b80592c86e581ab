"""PulseJobs: its functions and their logs, the clock, and what other stacks and clients see of it."""

import json
import re

from tests.infra.templates import FUNCTIONS, STACKS, text

LOGS = {f"{name}UseCaseLogs" for name in FUNCTIONS}


def test_functions_are_what_the_configuration_says(local):
    for name, function in local.resources("Lambda::Function").items():
        assert function["Runtime"] == "python3.13", name
        assert function["Architectures"] == ["arm64"], name
        assert "TracingConfig" not in function, name
    handlers = {f["Handler"] for f in local.resources("Lambda::Function").values()}
    assert handlers == {
        f"lambdas.{use_case}.handler"
        for use_case in (
            *("submit_job", "cancel_job", "get_job"),
            *("on_job_event", "reconcile_jobs", "send_alert"),
        )
    }


def test_functions_share_one_archive(local):
    assert len({json.dumps(f["Code"]) for f in local.resources("Lambda::Function").values()}) == 1


def test_every_log_group_of_a_function_or_the_api_is_kept_as_configured(local, production):
    for synthesis, days in ((local, 30), (production, 90)):
        groups = synthesis.resources("Logs::LogGroup")
        assert {n: g["RetentionInDays"] for n, g in groups.items() if n != "TrainingLogs"} == dict.fromkeys(
            (*LOGS, "HttpApiAccessLogs"), days
        )
    used = {text(f["LoggingConfig"]["LogGroup"]) for f in local.resources("Lambda::Function").values()}
    assert used == LOGS


def test_the_ledger_is_compared_with_aws_batch_every_few_minutes(local, production):
    for synthesis, every in ((local, "rate(1 minute)"), (production, "rate(5 minutes)")):
        clock = synthesis.resources("Events::Rule")["ReconcileJobsClock"]
        assert (clock["ScheduleExpression"], clock["State"]) == (every, "ENABLED")
        [target] = clock["Targets"]
        assert text(target["Arn"]) == "ReconcileJobsUseCaseFunction.Arn"
        assert target["RetryPolicy"] == {"MaximumRetryAttempts": 0}
        [permission] = [
            each
            for each in synthesis.resources("Lambda::Permission").values()
            if text(each["FunctionName"]) == "ReconcileJobsUseCaseFunction.Arn"
        ]
        assert permission["Principal"] == "events.amazonaws.com"
        assert text(permission["SourceArn"]) == "ReconcileJobsClock.Arn"


def test_only_schedules_of_the_group_assume_the_role_that_sends_them(local):
    [trust] = local.resources("IAM::Role")["OnJobEventOverdueRole"]["AssumeRolePolicyDocument"]["Statement"]
    condition = {key: text(value) for key, value in trust["Condition"]["StringEquals"].items()}
    assert condition == {"aws:SourceAccount": "$AccountId", "aws:SourceArn": "OnJobEventOverdueGroup.Arn"}


def test_a_changed_definition_changes_this_stacks_template(synthesize):
    """Its ARN is read from the other stack at deploy, and the CDK skips a template that is the same."""
    before, after = (
        read(synthesis)["ElsewhereReadFargateDefinition"]
        for synthesis in (
            synthesize("local"),
            synthesize("longer", "profiles: {default: {timeout_seconds: 7200}}"),
        )
    )
    assert before["Value"] == after["Value"]
    assert before["Description"] != after["Description"]


def read(synthesis):
    return synthesis.resources("SSM::Parameter")


def test_each_output_of_another_stack_is_read_once_by_the_parameter_of_its_name(synthesize):
    """CloudFormation looks an output up wherever it stands, and is throttled from some dozens on."""
    everything = synthesize("everything")
    outputs = {
        name: re.sub(r"[0-9A-F]{8}", "", parameter["Value"]["Fn::GetStackOutput"]["OutputName"])
        for name, parameter in read(everything).items()
    }
    assert outputs == {
        "ReadDataBucket": "PublishOutputRefDataBucket",
        "ReadResultsBucket": "PublishOutputRefResultsBucket",
        "ElsewhereReadDataBucket": "PublishOutputRefDataBucket",
        "ElsewhereReadResultsBucket": "PublishOutputRefResultsBucket",
        "ElsewhereReadLedgerTable": "PublishOutputRefLedgerTable",
        "ElsewhereReadTrainingLogs": "PublishOutputRefTrainingLogs",
        "ElsewhereReadFargateDefinition": "PublishOutputRefTrainingDefinition",
        "ElsewhereReadEc2Definition": "PublishOutputRefTrainingEc2Definition",
        "ElsewhereReadFargateEnvironment": "PublishOutputRefEnvironmentsfargate",
        "ElsewhereReadFargateSpotEnvironment": "PublishOutputRefEnvironmentsfargatespot",
    }
    assert json.dumps(everything.templates).count("Fn::GetStackOutput") == len(outputs)


def test_another_bucket_name_changes_all_three_templates(synthesize):
    """The two that read it would be skipped if they stayed the same, and keep the bucket of before."""
    before, after = (
        synthesize(f"bucket-{name}", f"buckets: {{data: {{name: pulse-{name}}}}}") for name in ("one", "two")
    )
    same = [stack for stack in STACKS if before.templates[stack] == after.templates[stack]]
    assert same == []


def test_clients_find_what_they_need_in_the_outputs(local):
    outputs = {name: text(o["Value"]) for name, o in local.templates["PulseJobs"]["Outputs"].items()}
    assert outputs == {
        "ApiUrl": "HttpApi.ApiEndpoint",
        "DataBucket": "DataBucket",
        "ResultsBucket": "ResultsBucket",
        "JobQueue": "pulse-retrodiction-job-queue",
        "FairShareQueue": "pulse-retrodiction-fair-queue",
        "JobDefinition": "FargateDefinition",
        "LedgerTable": "LedgerTable",
        "AlertsTopic": "AlertsTopic",
        "AlarmsTopic": "AlertsAlarms",
        "DropsDeadLetters": "SubmitJobDropsDeadLetters.Arn",
        "EventsDeadLetters": "OnJobEventEventsDeadLetters.Arn",
        "AlertsDeadLetters": "SendAlertAlertsDeadLetters.Arn",
    }
