"""Trainings that a training.yaml describes: what is said of mistakes, and what is deployed for each."""

import json
import shutil

import pytest
from msgspec.structs import replace

from infra.config.load import FOLDER, ConfigError, load
from infra.config.trainings import read_trainings
from infra.lambda_code import build_for
from pulse.domain.training.definition import Training
from pulse.domain.validation import convert
from pulse.settings import TRAININGS_FILE
from tests.infra.templates import ROOT

HERE = "tests/infra/trainings"
EC2 = "compute_environments: {gpu: {type: SPOT, max_vcpus: 8, instance_types: [m5.large]}}"


@pytest.fixture(scope="module")
def described(synthesize):
    return synthesize("described", f"training_folders: [{HERE}]\n{EC2}\n")


@pytest.fixture
def told(tmp_path):
    """The lines of the message for a training.yaml of this text, in a project that has nothing else."""
    shutil.copytree(FOLDER, tmp_path / "config")
    folder = tmp_path / "trainings" / "churn"
    folder.mkdir(parents=True)

    def of(text: str, environment: str = "") -> list[str]:
        (folder / "training.yaml").write_text(text)
        (tmp_path / "config" / "mine.yaml").write_text(environment)
        with pytest.raises(ConfigError) as raised:
            load("mine", tmp_path / "config", tmp_path)
        return str(raised.value).splitlines()[1:]

    of.folder = folder
    return of


def test_tells_all_mistakes_of_a_file_at_once_with_their_lines(told):
    lines = told(
        "name: churns\ncommand: [python, '{rat}']\nprofile: huge\nexit_codes:\n  300: {cause: x}\n"
        "parameters: {rate: {type: number, default: 0.1}}\n"
    )
    assert [line.partition(": allowed")[0] for line in lines] == [
        "- churn/training.yaml:5: trainings.churn.exit_codes.300",
        "- churn/training.yaml:2: trainings.churn.command[1]",
        "- churn/training.yaml:3: trainings.churn.profile",
        "- churn/training.yaml:1: trainings.churn.name",
        "- churn/training.yaml:1: trainings.churn.image",
    ]
    assert lines[1].endswith("a placeholder that is one of rate, data, results, checkpoints; found '{rat}'")


def test_tells_no_consequence_of_a_parameter_that_cannot_be_read(told):
    lines = told("name: churn\ncommand: ['{rate}']\nparameters: {rate: {type: number, default: a}}\n")
    assert [line.partition(": allowed")[0] for line in lines] == [
        "- churn/training.yaml:3: trainings.churn.parameters.rate.default",
        "- churn/training.yaml:1: trainings.churn.image",
    ]


def test_tells_what_a_trigger_asks_of_a_training_that_does_not_take_it(told):
    (told.folder / "Dockerfile").write_text("FROM scratch\n")
    environment = (
        "triggers:\n  - {prefix: datasets/churn/, profile: default, training: churn, variables: [a]}\n"
        "  - {prefix: datasets/, profile: default, training: chrun}\n"
    )
    assert [line.partition(": allowed")[0] for line in told("name: churn\ncommand: [x]\n", environment)] == [
        "- config/mine.yaml:2: triggers[0].variables",
        "- config/mine.yaml:3: triggers[1].training",
    ]


def test_takes_an_image_by_its_digest_from_an_environment(told, tmp_path):
    image = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/churn@sha256:{'0a' * 32}"
    other = f"trainings: {{other: {{name: other, image: '{image}', command: [x]}}}}\n"
    (told.folder / "training.yaml").write_text("name: churn\ncommand: [x]\n")
    (told.folder / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "config" / "mine.yaml").write_text(other)
    assert set(load("mine", tmp_path / "config", tmp_path).trainings) == {"churn", "other"}
    assert (
        "image: allowed is . for the Dockerfile"
        in told("name: churn\nimage: churn:latest\ncommand: [x]\n")[0]
    )


def test_runs_beside_a_container_that_moves_its_data(described):
    definitions = described.resources("Batch::JobDefinition")
    mine = next(d for d in definitions.values() if d["JobDefinitionName"] == "pulse-training-churn")
    (task,) = mine["EcsProperties"]["TaskProperties"]
    main, data = task["Containers"]
    assert (main["Name"], data["Name"]) == ("main", "data")
    assert main["Essential"]
    assert data["Essential"]
    assert main["Secrets"] == [{"Name": "TRACKER_KEY", "ValueFrom": main["Secrets"][0]["ValueFrom"]}]
    assert {"Name": "OMP_NUM_THREADS", "Value": "1"} in main["Environment"]
    assert [mount["ContainerPath"] for mount in data["MountPoints"]] == ["/pulse", "/tmp"]  # noqa: S108
    names = [d["JobDefinitionName"] for d in definitions.values()]
    assert "pulse-training-churn-ec2" in names


def test_has_a_role_of_its_own_that_reaches_no_other_secret(described):
    roles = [name for name in described.resources("IAM::Role") if "churn" in name.lower()]
    assert len(roles) == 2
    policies = json.dumps(
        [p for name, p in described.resources("IAM::Policy").items() if "churn" in name.lower()]
    )
    assert "secret:tracker-a1b2c3" in policies
    assert "checkpoints/*" in policies


def test_the_functions_know_it_and_may_submit_it(described):
    trainings = read_trainings([HERE], ROOT).values["trainings"]
    config = replace(
        load("local"), trainings={name: convert(one, Training) for name, one in trainings.items()}
    )
    code = build_for(config.functions, config.described)
    known = json.loads((code / TRAININGS_FILE).read_text())
    assert known["trainings"]["churn"]["metrics"]["file"] == "scores.json"
    assert known["definitions"]["churn"]["EC2"] == "pulse-training-churn-ec2"
    policies = json.dumps(described.resources("IAM::Policy"))
    assert "job-definition/pulse-training-churn:*" in policies
    assert "results/*/scores.json" in policies


def test_an_image_by_its_digest_is_pulled_from_its_own_repository_only(synthesize):
    image = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/churn@sha256:{'0a' * 32}"
    by_digest = synthesize(
        "by-digest", f"trainings: {{other: {{name: other, image: '{image}', command: [x], data: uri}}}}\n"
    )
    (main,) = by_digest.resources("Batch::JobDefinition")["TrainingsotherFargateDefinition"]["EcsProperties"][
        "TaskProperties"
    ][0]["Containers"]
    assert main["Image"] == image
    policies = json.dumps(by_digest.resources("IAM::Policy"))
    assert ":ecr:eu-west-1:123456789012:repository/team/churn" in policies
    assert [finding for finding in by_digest.findings if "other" in finding.lower()] == []


def test_nothing_of_it_is_found_wanting(described):
    assert [finding for finding in described.findings if "churn" in finding.lower()] == []
