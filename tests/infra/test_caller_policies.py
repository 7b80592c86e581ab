"""IAM for those who call the HTTP API: the managed policies, and the statements to copy in README.md."""

import json
import re
from pathlib import Path

from tests.infra.templates import text

README = Path(__file__).parents[2] / "README.md"
API = "arn:$Partition:execute-api:$Region:$AccountId:HttpApi/*"
TAGS = {"iam:ListRoleTags", "iam:ListUserTags"}


def statements(template):
    """By the name of a managed policy."""
    found = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            who = resource["Properties"]["Description"].split()[2]
            found[who] = resource["Properties"]["PolicyDocument"]["Statement"]
    return found


def routes(statement):
    resources = statement["Resource"]
    listed = resources if isinstance(resources, list) else [resources]
    return sorted(text(resource).partition("/*/")[2] for resource in listed)


def actions(statement):
    found = statement["Action"]
    return sorted([found] if isinstance(found, str) else found)


def in_readme():
    """The statements of the README, by whom they are for."""
    section = README.read_text().partition("### Who may call")[2].partition("\n### ")[0]
    policies = re.findall(r"(viewers|submitters|operators):\n\n```json\n(.*?)\n```", section, re.DOTALL)
    return {who: json.loads(policy)["Statement"] for who, policy in policies}


def test_policies_are_deployed_only_where_the_configuration_asks(synthesize):
    assert statements(synthesize("local").templates["PulseJobs"]) == {}
    assert statements(synthesize("everything").templates["PulseJobs"]).keys() == {
        "viewers",
        "submitters",
        "operators",
    }


def test_viewers_change_nothing_and_submitters_no_queue(synthesize):
    found = statements(synthesize("everything").templates["PulseJobs"])
    assert [routes(one) for one in found["viewers"]] == [["GET/*"]]
    assert [routes(one) for one in found["submitters"]] == [
        ["GET/*", "POST/jobs", "POST/jobs/*/cancel", "POST/jobs/*/rerun"]
    ]
    actions = {action for one in found["operators"][1:] for action in one["Action"]}
    assert {action.partition(":")[0] for action in actions} == {"sqs"}


def test_the_readme_has_the_same_statements(synthesize):
    deployed, written = statements(synthesize("everything").templates["PulseJobs"]), in_readme()
    assert written.keys() == deployed.keys()
    for who, found in deployed.items():
        assert [routes(one) for one in written[who] if one["Action"] == "execute-api:Invoke"] == [
            routes(one) for one in found if one["Action"] == "execute-api:Invoke"
        ]
        assert [actions(one) for one in written[who]] == [actions(one) for one in found]


def test_functions_read_the_tags_of_callers_only_where_rules_ask_for_them(synthesize):
    def readers(environment):
        return {
            name
            for name, resource in synthesize(environment).templates["PulseJobs"]["Resources"].items()
            if resource["Type"] == "AWS::IAM::Policy" and any(tag in json.dumps(resource) for tag in TAGS)
        }

    assert readers("local") == set()
    assert {re.match(r"[A-Z][a-z]+Job", name)[0] for name in readers("everything")} == {
        "SubmitJob",
        "CancelJob",
        "GetJob",
    }
