"""Every role of the three stacks, statement by statement: nothing may be added or removed unseen."""

from tests.infra.templates import FAIR, FIFO, INSTANCES, ON_DEMAND, Synthesis, rule, text

IMAGES = "arn:$Partition:ecr:$Region:$AccountId:repository/cdk-hnb659fds-container-assets-$AccountId-$Region"
JOBS = "arn:$Partition:batch:$Region:$AccountId:job/*"
REVISIONS = " ".join(
    f"arn:$Partition:batch:$Region:$AccountId:job-definition/{name}:*"
    for name in ("pulse-retrodiction-training-ec2", "pulse-retrodiction-training")
)
QUEUES = " ".join(f"{queue}.JobQueueArn" for queue in (FAIR, INSTANCES, FIFO, ON_DEMAND))
WEBHOOK = "arn:$Partition:secretsmanager:$Region:$AccountId:secret:pulse/slack-webhook-??????"
SCHEDULES = (
    "arn:$Partition:scheduler:$Region:$AccountId:schedule/PulseJobs-OnJobEvent-Overdue-Group-34ED68BD/*"
)
TAKE = (
    "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ReceiveMessage"
)
EXPECTED = {
    "TrainingJobRole": (
        "ecs-tasks.amazonaws.com",
        [
            (
                "not s3:PutObject on "
                "ResultsBucket.Arn/results/*/claim.json ResultsBucket.Arn/results/*/manifest.json "
                "if Null s3:if-none-match true"
            ),
            "s3:GetObject s3:GetObjectVersion on DataBucket.Arn/datasets/*",
            "s3:GetObject s3:PutObject on ResultsBucket.Arn/checkpoints/* ResultsBucket.Arn/results/*",
            "s3:ListBucket on DataBucket.Arn if StringLike s3:prefix datasets/*",
        ],
    ),
    "TrainingExecutionRole": (
        "ecs-tasks.amazonaws.com",
        [
            f"ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer on {IMAGES}",
            "ecr:GetAuthorizationToken on *",
            "logs:CreateLogStream logs:PutLogEvents on TrainingLogs.Arn",
        ],
    ),
    "SubmitJobUseCaseRole": (
        "lambda.amazonaws.com",
        [
            "batch:ListJobs on *",
            f"batch:SubmitJob on {QUEUES} {REVISIONS}",
            f"batch:TagResource on {REVISIONS} {JOBS}",
            "dynamodb:GetItem dynamodb:PutItem dynamodb:UpdateItem on LedgerTable.Arn",
            (
                "dynamodb:Query on LedgerTable.Arn/index/by_dataset LedgerTable.Arn/index/by_day "
                "LedgerTable.Arn/index/by_profile"
            ),
            "logs:CreateLogStream logs:PutLogEvents on SubmitJobUseCaseLogs.Arn",
            "s3:GetObject s3:GetObjectVersion on DataBucket.Arn/datasets/* DataBucket.Arn/requests/*",
            "s3:ListBucket on DataBucket.Arn",
            "sns:Publish on AlertsTopic",
            f"{TAKE} on SubmitJobDropsQueue.Arn",
        ],
    ),
    "CancelJobUseCaseRole": (
        "lambda.amazonaws.com",
        [
            "batch:DescribeJobs on *",
            f"batch:TerminateJob on {JOBS}",
            "dynamodb:GetItem on LedgerTable.Arn",
            "dynamodb:Query on LedgerTable.Arn/index/by_day",
            "logs:CreateLogStream logs:PutLogEvents on CancelJobUseCaseLogs.Arn",
        ],
    ),
    "GetJobUseCaseRole": (
        "lambda.amazonaws.com",
        [
            f"batch:GetJobQueueSnapshot on {QUEUES}",
            "dynamodb:BatchGetItem dynamodb:GetItem dynamodb:Query on LedgerTable.Arn",
            (
                "dynamodb:Query on LedgerTable.Arn/index/by_dataset LedgerTable.Arn/index/by_day "
                "LedgerTable.Arn/index/by_profile LedgerTable.Arn/index/by_status"
            ),
            "logs:CreateLogStream logs:PutLogEvents on GetJobUseCaseLogs.Arn",
            "logs:GetLogEvents on TrainingLogs.Arn",
        ],
    ),
    "OnJobEventUseCaseRole": (
        "lambda.amazonaws.com",
        [
            "batch:ListJobs ec2:DescribeInstances ec2:DescribeSpotPriceHistory on *",
            "dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on LedgerTable.Arn",
            "dynamodb:Query on LedgerTable.Arn/index/by_dataset LedgerTable.Arn/index/by_profile",
            "ecs:DescribeContainerInstances on arn:$Partition:ecs:$Region:$AccountId:container-instance/*",
            (
                "iam:PassRole on OnJobEventOverdueRole.Arn "
                "if StringEquals iam:PassedToService scheduler.amazonaws.com"
            ),
            "logs:CreateLogStream logs:PutLogEvents on OnJobEventUseCaseLogs.Arn",
            "logs:GetLogEvents on TrainingLogs.Arn",
            (
                "s3:GetObject on ResultsBucket.Arn/results/*/claim.json "
                "ResultsBucket.Arn/results/*/manifest.json ResultsBucket.Arn/results/*/metrics.json"
            ),
            f"scheduler:CreateSchedule scheduler:DeleteSchedule on {SCHEDULES}",
            "sns:Publish on AlertsTopic",
            f"{TAKE} on OnJobEventEventsQueue.Arn",
            "sqs:SendMessage on SubmitJobDropsQueue.Arn",
        ],
    ),
    "EnvironmentsinstancesInstanceProfileRole": ("ec2.amazonaws.com", []),
    "OnJobEventOverdueRole": (
        "scheduler.amazonaws.com",
        ["sqs:SendMessage on OnJobEventEventsDeadLetters.Arn OnJobEventEventsQueue.Arn"],
    ),
    "ReconcileJobsUseCaseRole": (
        "lambda.amazonaws.com",
        [
            "batch:DescribeJobs on *",
            "dynamodb:GetItem dynamodb:Query on LedgerTable.Arn",
            "dynamodb:Query on LedgerTable.Arn/index/by_status",
            "logs:CreateLogStream logs:PutLogEvents on ReconcileJobsUseCaseLogs.Arn",
            "sqs:SendMessage on OnJobEventEventsQueue.Arn SubmitJobDropsQueue.Arn",
        ],
    ),
    "SendAlertUseCaseRole": (
        "lambda.amazonaws.com",
        [
            "logs:CreateLogStream logs:PutLogEvents on SendAlertUseCaseLogs.Arn",
            f"secretsmanager:GetSecretValue on {WEBHOOK}",
            f"{TAKE} on SendAlertAlertsQueue.Arn",
        ],
    ),
}


MANAGED = {
    "EnvironmentsinstancesInstanceProfileRole": [
        "arn:$Partition:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
    ]
}


def statements(synthesis: Synthesis, role: str) -> list[str]:
    """The role's statements as `action action on resource resource if condition`, sorted. What is
    denied begins with `not`.
    """
    lines = []
    for policy in synthesis.resources("IAM::Policy").values():
        if role not in [text(attached) for attached in policy["Roles"]]:
            continue
        for statement in policy["PolicyDocument"]["Statement"]:
            assert set(statement) - {"Condition"} == {"Action", "Effect", "Resource"}, statement
            denied = "not " if statement["Effect"] == "Deny" else ""
            lines.append(denied + rule(statement))
    return sorted(lines)


def test_the_roles_of_the_stacks_are_these_and_no_others(local):
    assert set(local.resources("IAM::Role")) == set(EXPECTED)


def test_each_role_may_do_exactly_what_its_table_says(local):
    found = {role: statements(local, role) for role in EXPECTED}
    assert found == {role: lines for role, (_, lines) in EXPECTED.items()}


def test_each_role_is_assumed_by_one_service_and_only_that_of_instances_has_a_managed_policy(local):
    for name, role in local.resources("IAM::Role").items():
        principal, _ = EXPECTED[name]
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": principal}, name
        assert [text(arn) for arn in role.get("ManagedPolicyArns", [])] == MANAGED.get(name, []), name
        assert "Policies" not in role, name


def test_every_policy_belongs_to_one_of_the_roles(local):
    assert len(local.resources("IAM::Policy")) == len(EXPECTED) - len(MANAGED)
    assert not local.resources("IAM::ManagedPolicy")


def test_production_grants_the_same(local, production):
    assert {role: statements(production, role) for role in EXPECTED} == {
        role: statements(local, role) for role in EXPECTED
    }


def test_each_function_runs_with_its_own_role(local):
    roles = {name: text(f["Role"]) for name, f in local.resources("Lambda::Function").items()}
    assert roles == {
        "SubmitJobUseCaseFunction": "SubmitJobUseCaseRole.Arn",
        "CancelJobUseCaseFunction": "CancelJobUseCaseRole.Arn",
        "GetJobUseCaseFunction": "GetJobUseCaseRole.Arn",
        "OnJobEventUseCaseFunction": "OnJobEventUseCaseRole.Arn",
        "ReconcileJobsUseCaseFunction": "ReconcileJobsUseCaseRole.Arn",
        "SendAlertUseCaseFunction": "SendAlertUseCaseRole.Arn",
    }


def test_without_instances_nobody_may_look_at_any(synthesize):
    default = synthesize("default")
    assert set(default.resources("IAM::Role")) == EXPECTED.keys() - MANAGED.keys() - {"SendAlertUseCaseRole"}
    assert not [
        line for line in statements(default, "OnJobEventUseCaseRole") if "ec2:" in line or "ecs:" in line
    ]
    assert not [line for line in statements(default, "SubmitJobUseCaseRole") if "-ec2" in line]
