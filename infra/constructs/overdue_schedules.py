"""One-time schedules that send on_job_event the jobs that should have ended: their group, and the role
with which EventBridge Scheduler puts them into the function's own queue.
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.constructs.acknowledge import acknowledge_wildcards
from infra.constructs.event_queue import EventQueue
from infra.constructs.use_case_function import UseCaseFunction
from pulse.domain.schedule_target import ScheduleTarget

_SCHEDULER = "scheduler.amazonaws.com"


class OverdueSchedules(Construct):
    def __init__(self, scope: Construct, id_: str, *, events: EventQueue) -> None:
        super().__init__(scope, id_)
        # With its schedules: what they would tell of is the functions', which are gone too.
        self._group = scheduler.ScheduleGroup(self, "Group", removal_policy=cdk.RemovalPolicy.DESTROY)
        # Whoever else may pass the role has other schedules assume it in vain:
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        conditions = {
            "StringEquals": {
                "aws:SourceAccount": cdk.Stack.of(self).account,
                "aws:SourceArn": self._group.schedule_group_arn,
            }
        }
        self._role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(_SCHEDULER, conditions=conditions),
            description="What schedules of overdue jobs may do",
        )
        queues = [events.queue.queue_arn, events.dead_letters.queue_arn]
        self._role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=queues))
        self.target = ScheduleTarget(
            group=self._group.schedule_group_name,
            queue_arn=events.queue.queue_arn,
            dead_letters_arn=events.dead_letters.queue_arn,
            role_arn=self._role.role_arn,
        )

    def allow(self, use_case: UseCaseFunction) -> None:
        """Setting schedules of this group, with its role, and deleting them."""
        in_group = f"{self._group.schedule_group_name}/*"
        schedules = cdk.Stack.of(self).format_arn(
            service="scheduler", resource="schedule", resource_name=in_group
        )
        use_case.allow(["scheduler:CreateSchedule", "scheduler:DeleteSchedule"], schedules)
        use_case.role.add_to_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self._role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": _SCHEDULER}},
            )
        )
        acknowledge_wildcards(use_case.role, {in_group: "A schedule is named after its job."})
