"""The CDK entry: reads one environment's configuration (`-c env=NAME`) and composes its stacks.

No AWS call, no git call: it synthesizes with no account, no network (`make setup` has fetched the functions'
dependencies) and no Docker.
"""

import sys

import aws_cdk as cdk

from infra.config.load import ConfigError, load
from infra.lambda_code import DependenciesUnavailable
from infra.stacks.application import compose


def main() -> None:
    app = cdk.App()
    try:
        compose(app, load(app.node.try_get_context("env")))
    except (ConfigError, DependenciesUnavailable) as error:
        sys.exit(str(error))  # to stderr, exit code 1
    app.synth()


if __name__ == "__main__":
    main()
