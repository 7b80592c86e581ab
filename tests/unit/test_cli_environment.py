"""Where `--env NAME` leads: what is read of an environment's configuration."""

import pytest

from pulse.cli.client.environment import Environment, read_environment
from pulse.domain.errors import Misconfigured

TOPIC = "arn:aws:sns:eu-west-1:111122223333:alerts"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "default.yaml").write_text(
        "account: null\nregion: eu-west-1\nnames:\n  stack_prefix: Pulse\n"
    )
    (tmp_path / "prices.yaml").write_text("region: us-east-1\n")
    (tmp_path / "prod.yaml").write_text('account: "111122223333"\nnames:\n  stack_prefix: Prod\n')
    (tmp_path / "test.yaml").write_text("")
    return tmp_path


def test_should_read_the_environment_over_the_default(folder):
    found = read_environment("prod", folder)
    assert found == Environment(stack_prefix="Prod", region="eu-west-1", account="111122223333")
    assert found.connection == {"stack_prefix": "Prod", "aws_region": "eu-west-1"}


def test_should_name_the_stacks_of_one_of_several_environments(folder):
    (folder / "prod.yaml").write_text("names:\n  environment: staging\n")
    assert read_environment("prod", folder).stack_prefix == "PulseStaging"


def test_should_take_the_default_where_the_environment_says_nothing(folder):
    assert read_environment("test", folder) == Environment(stack_prefix="Pulse", region="eu-west-1")


@pytest.mark.parametrize("name", ["default", "prices", "other", "../prod", ""])
def test_should_refuse_what_is_no_environment_and_name_those_there_are(folder, name):
    with pytest.raises(Misconfigured, match=r"There are: prod, test\."):
        read_environment(name, folder)


def test_should_refuse_credentials_of_another_account(folder):
    prod = read_environment("prod", folder)
    prod.check_account(TOPIC)
    with pytest.raises(Misconfigured, match="these credentials are of 999999999999"):
        prod.check_account(TOPIC.replace("111122223333", "999999999999"))
    read_environment("test", folder).check_account(TOPIC)


def test_should_say_which_file_is_no_yaml(folder):
    (folder / "prod.yaml").write_text("a: [")
    with pytest.raises(Misconfigured, match=r"prod\.yaml cannot be read"):
        read_environment("prod", folder)


def test_should_know_the_environments_of_this_project():
    assert read_environment("local").stack_prefix == "Pulse"
