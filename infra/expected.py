"""`python -m infra.expected NAME` prints what environment NAME expects of its account, as JSON, for
`pulse doctor`, which holds the account against it and does not import what synthesizes.
"""

import sys

import msgspec

from infra.config.load import ConfigError, load
from infra.config.model import Config
from pulse.domain.doctor import Expected


def expected(config: Config) -> Expected:
    consumers = ("submit_job", "on_job_event", "send_alert")
    fargate = [config.compute_environments[name].max_vcpus for name in config.fargate_environments]
    return Expected(
        jobs_stack=f"{config.names.stack_prefix}Jobs",
        account=config.account,
        region=config.region,
        prices_region=config.prices.region,
        fargate_vcpus=max(fargate, default=0),
        concurrency=sum(getattr(config.functions, name).max_concurrency for name in consumers),
        queues=tuple(config.queues),
        emails=config.alerts.emails,
        secret=config.alerts.slack.webhook_secret if config.alerts.slack else "",
    )


def main() -> None:
    try:
        found = expected(load(sys.argv[1]))
    except ConfigError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
