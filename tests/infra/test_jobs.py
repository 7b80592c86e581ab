"""PulseJobs: what calls the functions, what becomes of what they cannot handle, and who is told."""

import json
from decimal import Decimal

import pytest

from infra.config import load
from pulse.settings import Settings
from tests.functional.api import ROUTES
from tests.infra.templates import STACKS, text

FIFO, FAIR = "Queuespulseretrodictionjobqueue.JobQueueArn", "Queuespulseretrodictionfairqueue.JobQueueArn"
QUEUES = {
    # queue: (dead-letter queue, function, its timeout in seconds, at most so many at once)
    "SubmitJobDropsQueue": ("SubmitJobDropsDeadLetters", "SubmitJobUseCaseFunction", 28, 5),
    "OnJobEventEventsQueue": ("OnJobEventEventsDeadLetters", "OnJobEventUseCaseFunction", 30, 10),
    "SendAlertAlertsQueue": ("SendAlertAlertsDeadLetters", "SendAlertUseCaseFunction", 30, 2),
}
FUNCTIONS = ("SubmitJob", "CancelJob", "GetJob", "OnJobEvent", "ReconcileJobs", "SendAlert")
LOGS = {f"{name}UseCaseLogs" for name in FUNCTIONS}
DEAD_LETTERS = {dead for dead, *_ in QUEUES.values()}


def test_the_queues_are_these(local):
    assert set(local.resources("SQS::Queue")) == set(QUEUES) | DEAD_LETTERS


def test_every_queue_is_encrypted_and_takes_tls_only(local):
    for name, queue in local.resources("SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True, name
        policy = local.resources("SQS::QueuePolicy")[f"{name}Policy"]["PolicyDocument"]["Statement"]
        [deny] = [s for s in policy if s["Effect"] == "Deny"]
        assert deny["Action"] == "sqs:*"
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert deny["Principal"] == {"AWS": "*"}


@pytest.mark.parametrize("name", QUEUES)
def test_what_fails_five_times_is_a_dead_letter_kept_for_two_weeks(local, name):
    queue, (dead, _, timeout, _) = local.resources("SQS::Queue")[name], QUEUES[name]
    assert text(queue["RedrivePolicy"]["deadLetterTargetArn"]) == f"{dead}.Arn"
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queue["VisibilityTimeout"] == 6 * timeout
    assert local.resources("SQS::Queue")[dead]["MessageRetentionPeriod"] == 14 * 86400


@pytest.mark.parametrize("name", QUEUES)
def test_a_function_takes_batches_and_gives_back_only_what_failed(local, name):
    _, function, timeout, at_once = QUEUES[name]
    [mapping] = [
        m
        for m in local.resources("Lambda::EventSourceMapping").values()
        if text(m["EventSourceArn"]) == f"{name}.Arn"
    ]
    assert text(mapping["FunctionName"]) == function
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": at_once}
    assert local.resources("Lambda::Function")[function]["Timeout"] == timeout


@pytest.mark.parametrize("dead", sorted(DEAD_LETTERS))
def test_a_dead_letter_raises_an_alarm(local, dead):
    alarm = local.resources("CloudWatch::Alarm")[f"{dead}Alarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert [(d["Name"], text(d["Value"])) for d in alarm["Dimensions"]] == [
        ("QueueName", f"{dead}.QueueName")
    ]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 60, 1)
    assert [text(action) for action in alarm["AlarmActions"]] == ["AlertsAlarms"]
    assert "pulse queue redrive" in alarm["AlarmDescription"]


def test_topics_take_tls_only_and_only_that_of_alarms_takes_alarms(local):
    allowed = []
    for name in ("AlertsTopic", "AlertsAlarms"):
        statements = local.resources("SNS::TopicPolicy")[f"{name}Policy"]["PolicyDocument"]["Statement"]
        [deny] = [s for s in statements if s["Effect"] == "Deny"]
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert text(deny["Resource"]) == name
        allowed += [s for s in statements if s["Effect"] == "Allow"]
    [allow] = allowed
    assert text(allow["Resource"]) == "AlertsAlarms"
    assert allow["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allow["Action"] == "sns:Publish"
    assert text(allow["Condition"]["StringEquals"]["aws:SourceAccount"]) == "$AccountId"
    assert text(allow["Condition"]["ArnLike"]["aws:SourceArn"]) == (
        "arn:$Partition:cloudwatch:$Region:$AccountId:alarm:*"
    )


RULES = {
    "SubmitJobDropsObjectCreated": (
        "SubmitJobDropsQueue",
        {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": ["DataBucket"]},
                "object": {"key": [{"prefix": "datasets/"}, {"prefix": "requests/"}]},
            },
        },
    ),
    "OnJobEventEventsStateChange": (
        "OnJobEventEventsQueue",
        {
            "source": ["aws.batch"],
            "detail-type": ["Batch Job State Change"],
            "detail": {
                "jobQueue": [
                    FIFO,
                    FAIR,
                ]
            },
        },
    ),
    "OnJobEventEventsQueueBlocked": (
        "OnJobEventEventsQueue",
        {
            "source": ["aws.batch"],
            "detail-type": ["Batch Job Queue Blocked"],
            "resources": [
                FIFO,
                FAIR,
            ],
        },
    ),
}


def plain(pattern):
    """An event pattern with its references as readable names."""
    match pattern:
        case {"Fn::GetStackOutput": _}:
            return text(pattern)
        case dict():
            return {key: plain(value) for key, value in pattern.items()}
        case list():
            return [plain(value) for value in pattern]
    return pattern


def test_rules_match_our_bucket_and_our_queues_and_nothing_else(local):
    rules = local.resources("Events::Rule")
    assert "EventPattern" not in rules.pop("ReconcileJobsClock")
    assert {name: plain(rule["EventPattern"]) for name, rule in rules.items()} == {
        name: pattern for name, (_, pattern) in RULES.items()
    }
    assert {rule["State"] for rule in rules.values()} == {"ENABLED"}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_delivers_to_its_queue_or_after_a_day_to_the_dead_letters(local, name):
    queue, _ = RULES[name]
    dead, *_ = QUEUES[queue]
    [target] = local.resources("Events::Rule")[name]["Targets"]
    assert text(target["Arn"]) == f"{queue}.Arn"
    assert text(target["DeadLetterConfig"]["Arn"]) == f"{dead}.Arn"
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    for each in (queue, dead):
        policy = local.resources("SQS::QueuePolicy")[f"{each}Policy"]["PolicyDocument"]["Statement"]
        senders = [
            text(s["Condition"]["ArnEquals"]["aws:SourceArn"])
            for s in policy
            if s["Effect"] == "Allow" and s["Principal"] == {"Service": "events.amazonaws.com"}
        ]
        assert f"{name}.Arn" in senders, each


def test_the_api_takes_signed_requests_only_throttled_and_logged(local):
    routes = local.resources("ApiGatewayV2::Route").values()
    assert {route["AuthorizationType"] for route in routes} == {"AWS_IAM"}
    [stage] = local.resources("ApiGatewayV2::Stage").values()
    assert stage["StageName"] == "$default"
    assert stage["AutoDeploy"] is True
    assert stage["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 10}
    assert text(stage["AccessLogSettings"]["DestinationArn"]) == "HttpApiAccessLogs.Arn"
    assert json.loads(stage["AccessLogSettings"]["Format"])["caller"] == "$context.identity.userArn"


def test_each_route_leads_to_its_function_which_the_api_may_call(local):
    functions = {
        text({"Ref": name}): text(integration["IntegrationUri"]).removesuffix("UseCaseFunction.Arn")
        for name, integration in local.resources("ApiGatewayV2::Integration").items()
    }
    routes = {
        route["RouteKey"]: functions[text(route["Target"]).removeprefix("integrations/")]
        for route in local.resources("ApiGatewayV2::Route").values()
    }
    assert routes == {
        "POST /jobs": "SubmitJob",
        "POST /jobs/{id}/rerun": "SubmitJob",
        "POST /jobs/{id}/cancel": "CancelJob",
        "GET /jobs": "GetJob",
        "GET /jobs/{id}": "GetJob",
        "GET /jobs/{id}/logs": "GetJob",
        "GET /queue": "GetJob",
        "GET /costs": "GetJob",
        "GET /openapi.json": "GetJob",
        "$default": "GetJob",
    }
    permissions = [
        permission
        for permission in local.resources("Lambda::Permission").values()
        if text(permission["FunctionName"]) != "ReconcileJobsUseCaseFunction.Arn"
    ]
    assert {p["Principal"] for p in permissions} == {"apigateway.amazonaws.com"}
    called = {
        (text(p["FunctionName"]).removesuffix("UseCaseFunction.Arn"), text(p["SourceArn"]).partition("/")[2])
        for p in permissions
    }
    assert called == {
        ("SubmitJob", "*/*/jobs"),
        ("SubmitJob", "*/*/jobs/{id}/rerun"),
        ("CancelJob", "*/*/jobs/{id}/cancel"),
        ("GetJob", "*/*/jobs"),
        ("GetJob", "*/*/jobs/{id}"),
        ("GetJob", "*/*/jobs/{id}/logs"),
        ("GetJob", "*/*/queue"),
        ("GetJob", "*/*/costs"),
        ("GetJob", "*/*/openapi.json"),
        ("GetJob", "*/*"),
    }


def test_the_routes_are_those_that_the_functions_are_tested_with(local):
    handlers = {
        name.removesuffix("UseCaseFunction"): function["Handler"]
        for name, function in local.resources("Lambda::Function").items()
    }
    tested = {route: f"{handler.__module__}.{handler.__name__}" for route, handler in ROUTES.items()}
    keys = {route["RouteKey"] for route in local.resources("ApiGatewayV2::Route").values()}
    assert keys == tested.keys()
    assert set(tested.values()) <= set(handlers.values())


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


def test_alerts_reach_people_by_mail_and_slack_by_queue(local):
    subscriptions = local.resources("SNS::Subscription").values()
    assert {s["Protocol"] for s in subscriptions} == {"email", "sqs"}
    mails = {text(s["TopicArn"]): s for s in subscriptions if s["Protocol"] == "email"}
    assert {mail["Endpoint"] for mail in mails.values()} == {"you@example.com"}
    assert mails["AlertsTopic"]["FilterPolicy"] == {"skip_email": [{"exists": False}]}
    # SNS holds back what has no attributes at all from whoever filters, and alarms have none.
    assert "FilterPolicy" not in mails["AlertsAlarms"]
    [slack] = [s for s in subscriptions if s["Protocol"] == "sqs"]
    assert text(slack["Endpoint"]) == "SendAlertAlertsQueue.Arn"
    assert slack["RawMessageDelivery"] is True
    assert text(slack["TopicArn"]) == "AlertsTopic"
    assert slack["FilterPolicy"] == {"skip_slack": [{"exists": False}]}
    assert text(slack["RedrivePolicy"]["deadLetterTargetArn"]) == "SendAlertAlertsDeadLetters.Arn"
    for each in ("SendAlertAlertsQueue", "SendAlertAlertsDeadLetters"):
        policy = local.resources("SQS::QueuePolicy")[f"{each}Policy"]["PolicyDocument"]["Statement"]
        [allow] = [s for s in policy if s["Effect"] == "Allow"]
        assert allow["Principal"] == {"Service": "sns.amazonaws.com"}
        assert text(allow["Condition"]["ArnEquals"]["aws:SourceArn"]) == "AlertsTopic"


def test_without_slack_there_is_no_function_for_it(synthesize):
    isolated = synthesize("isolated")
    assert set(isolated.resources("Lambda::Function")) == {
        f"{name}UseCaseFunction" for name in FUNCTIONS if name != "SendAlert"
    }
    function = isolated.resources("Lambda::Function")["OnJobEventUseCaseFunction"]
    environment = function["Environment"]["Variables"]
    assert "PULSE_SLACK_WEBHOOK_SECRET" not in environment


def test_amazon_q_hears_the_topic_and_may_do_nothing(synthesize):
    [channel] = synthesize("everything").resources("Chatbot::SlackChannelConfiguration").values()
    assert (channel["SlackWorkspaceId"], channel["SlackChannelId"]) == ("T0123456789", "C0123456789")
    assert [text(topic) for topic in channel["SnsTopicArns"]] == ["AlertsTopic", "AlertsAlarms"]
    assert [text(policy) for policy in channel["GuardrailPolicies"]] == [
        "arn:$Partition:iam::aws:policy/AWSDenyAll"
    ]


def test_functions_are_told_what_the_stacks_made(local):
    environment = local.resources("Lambda::Function")["SubmitJobUseCaseFunction"]["Environment"]["Variables"]
    assert text(environment["PULSE_LEDGER_TABLE"]) == "LedgerTable"
    assert text(environment["PULSE_DATA_BUCKET"]) == "DataBucket"
    assert text(environment["PULSE_RESULTS_BUCKET"]) == "ResultsBucket"
    assert text(environment["PULSE_JOB_DEFINITION"]) == "TrainingDefinition"
    assert text(environment["PULSE_ALERTS_TOPIC"]) == "AlertsTopic"
    assert text(environment["PULSE_LOG_GROUP"]) == "TrainingLogs"
    assert environment["PULSE_SLACK_WEBHOOK_SECRET"] == "pulse/slack-webhook"
    queues = json.loads(text(environment["PULSE_QUEUES"]))
    assert queues == {
        "pulse-retrodiction-job-queue": {"arn": FIFO, "max_vcpus": 16, "spot": True},
        "pulse-retrodiction-fair-queue": {
            "arn": FAIR,
            "fair_share": True,
            "max_vcpus": 16,
            "spot": True,
        },
    }


def test_functions_are_told_the_prices_and_the_months_budget(synthesize):
    function = synthesize("everything").resources("Lambda::Function")["SubmitJobUseCaseFunction"]
    settings = Settings.from_env({k: text(v) for k, v in function["Environment"]["Variables"].items()})
    assert settings.prices == load().prices
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


def test_only_schedules_of_the_group_assume_the_role_that_sends_them(local):
    [trust] = local.resources("IAM::Role")["OnJobEventOverdueRole"]["AssumeRolePolicyDocument"]["Statement"]
    condition = {key: text(value) for key, value in trust["Condition"]["StringEquals"].items()}
    assert condition == {"aws:SourceAccount": "$AccountId", "aws:SourceArn": "OnJobEventOverdueGroup.Arn"}


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
        assert not settings.catalogue.faults()


def test_a_queue_of_instances_names_its_own_definition(synthesize):
    function = synthesize("everything").resources("Lambda::Function")["SubmitJobUseCaseFunction"]
    queue = json.loads(text(function["Environment"]["Variables"]["PULSE_QUEUES"]))[
        "pulse-retrodiction-gpu-queue"
    ]
    assert queue == {
        "arn": "Queuespulseretrodictiongpuqueue.JobQueueArn",
        "platform": "EC2",
        "max_vcpus": 32,
        "spot": True,
        "job_definition": "TrainingEc2Definition",
    }


def test_a_queue_gives_as_much_as_its_largest_environment(production):
    function = production.resources("Lambda::Function")["SubmitJobUseCaseFunction"]
    queues = json.loads(text(function["Environment"]["Variables"]["PULSE_QUEUES"]))
    assert {name: queue["max_vcpus"] for name, queue in queues.items()} == {
        "pulse-retrodiction-job-queue": 256,
        "pulse-retrodiction-fair-queue": 256,
    }


def test_a_changed_definition_changes_this_stacks_template(synthesize):
    """Its ARN is read from the other stack at deploy, and the CDK skips a template that is the same."""
    before = synthesize("local").resources("Lambda::Function")["SubmitJobUseCaseFunction"]["Description"]
    after = synthesize("longer", "profiles: {default: {timeout_seconds: 7200}}")
    assert after.resources("Lambda::Function")["SubmitJobUseCaseFunction"]["Description"] != before


def test_another_bucket_name_changes_all_three_templates(synthesize):
    """The two that read it would be skipped if they stayed the same, and keep the bucket of before."""
    before, after = (
        synthesize(f"bucket-{name}", f"buckets: {{data: {{name: pulse-{name}}}}}") for name in ("one", "two")
    )
    same = [stack for stack in STACKS if before.templates[stack] == after.templates[stack]]
    assert same == []


def test_powertools_is_told_by_the_environment_only_what_the_code_leaves_open(local):
    for name, function in local.resources("Lambda::Function").items():
        told = {key for key in function["Environment"]["Variables"] if key.startswith("POWERTOOLS_")}
        assert told == {"POWERTOOLS_LOG_LEVEL"}, name


def test_synth_warns_when_nobody_hears_of_alarms(synthesize):
    warning = "Annotation::Pulse:NobodyIsTold at PulseJobs/Alerts"
    assert warning in synthesize("isolated").findings
    assert warning not in synthesize("local").findings


def test_clients_find_what_they_need_in_the_outputs(local):
    outputs = {name: text(o["Value"]) for name, o in local.templates["PulseJobs"]["Outputs"].items()}
    assert outputs == {
        "ApiUrl": "HttpApi.ApiEndpoint",
        "DataBucket": "DataBucket",
        "ResultsBucket": "ResultsBucket",
        "JobQueue": "pulse-retrodiction-job-queue",
        "FairShareQueue": "pulse-retrodiction-fair-queue",
        "JobDefinition": "TrainingDefinition",
        "LedgerTable": "LedgerTable",
        "AlertsTopic": "AlertsTopic",
        "DropsDeadLetters": "SubmitJobDropsDeadLetters.Arn",
        "EventsDeadLetters": "OnJobEventEventsDeadLetters.Arn",
        "AlertsDeadLetters": "SendAlertAlertsDeadLetters.Arn",
    }


def test_dead_letters_of_a_channel_that_is_not_there_are_no_output(synthesize):
    outputs = synthesize("isolated").templates["PulseJobs"]["Outputs"]
    assert "AlertsDeadLetters" not in outputs
    assert "EventsDeadLetters" in outputs
