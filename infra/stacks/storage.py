"""What must outlive everything else: the data bucket, the results bucket, the ledger of jobs, the role that
deploys them.
"""

import aws_cdk as cdk
from constructs import Construct

from infra.config.model import Config
from infra.constructs.access_logs import AccessLogs
from infra.constructs.deploy_role import DeployRole
from infra.constructs.ledger import Ledger
from infra.constructs.secure_bucket import SecureBucket
from pulse.domain.s3.layout import CHECKPOINTS


class StorageStack(cdk.Stack):
    def __init__(self, scope: Construct, id_: str, *, config: Config, env: cdk.Environment) -> None:
        super().__init__(scope, id_, env=env, description="Pulse: buckets and the ledger of jobs")
        buckets = config.buckets
        days = buckets.access_log_days
        logs = AccessLogs(self, "AccessLogs", days=days).bucket if days is not None else None
        self.data_bucket = SecureBucket(self, "Data", config=buckets.data, logs=logs, events=True).bucket
        self.results_bucket = SecureBucket(
            self, "Results", config=buckets.results, logs=logs, passing=CHECKPOINTS
        ).bucket
        self.ledger = Ledger(self, "Ledger", config=config.ledger).table
        if config.deployment.github:
            DeployRole(self, "DeployRole", config=config.deployment.github)
