import json
import re
import string
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulse.domain.text import redaction
from pulse.domain.text.redaction import LINE_CHARACTERS, MARKER, redacted, redacted_lines
from tests.unit import gitleaks_rules

# Documentation's own examples, put together here so that no scanner takes this file for a leak.
KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
SESSION_TOKEN = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQ" + "D2mB9XJ+example=="
SIGNATURE = "733255ef022bec3f2a8701cd61d4b371" + "f3f28c9f193a1f02279211d48d5193d7"
GITHUB = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
SLACK = "T00000000/B00000000/" + "XXXXXXXXXXXXXXXXXXXXXXXX"
PEM = "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MaCq8xKVyh2lXvzG"

SECRETS = [
    (f"credentials {KEY_ID} were refused", KEY_ID),
    (f"AWS_SECRET_ACCESS_KEY={SECRET_KEY}", SECRET_KEY),
    (json.dumps({"SecretAccessKey": SECRET_KEY, "Version": 1}), SECRET_KEY),
    (json.dumps(json.dumps({"SecretAccessKey": SECRET_KEY})), SECRET_KEY),
    (f"tried {SECRET_KEY} and failed", SECRET_KEY),
    (f"SECRET={SECRET_KEY}", SECRET_KEY),
    (f"'SessionToken': '{SESSION_TOKEN}'", SESSION_TOKEN),
    (f"token {SESSION_TOKEN} expired", SESSION_TOKEN),
    (f"GET https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature={SIGNATURE}&x=1", SIGNATURE),
    (f"https://b.s3.amazonaws.com/k?X-Amz-Credential={KEY_ID}%2F20260302%2Fus-east-1", f"{KEY_ID}%2F2026"),
    ("https://b.s3.amazonaws.com/k?AWSAccessKeyId=abc&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D", "vjbyPxy"),
    (f"https://layers.s3.amazonaws.com/x?X-Amz-Security-Token={SESSION_TOKEN}", SESSION_TOKEN),
    (f"Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/x, Signature={SIGNATURE}", SIGNATURE),
    ("{'Authorization': 'Token abcdef', 'Host': 'x'}", "abcdef"),
    ("curl -H 'authorization: Basic dXNlcjpodW50ZXIy' https://x", "dXNlcjpodW50ZXIy"),
    ("sent Bearer abc.def-ghi", "abc.def-ghi"),
    ("postgresql://pulse:hunter2@db.internal:5432/ledger", "hunter2"),
    ("https://hunter2@github.com/pulse.git", "hunter2"),
    ('{"password": "hunter 2"}', "hunter 2"),
    ("psql --password hunter2 -h db", "hunter2"),
    ("db.password = hunter2", "hunter2"),
    (f"POST https://hooks.slack.com/services/{SLACK} 404", SLACK),
    (f"POST https://hooks.slack-gov.com/services/{SLACK} 404", SLACK),
    (json.dumps({"url": f"https://hooks.slack.com/services/{SLACK}"}).replace("/", "\\/"), "XXXXXXXX"),
    ("xoxb-1234567890-abcdefghij", "abcdefghij"),
    (f"git clone with {GITHUB}", GITHUB),
    ("github_pat_" + "11ABCDEFG0abcdefghijkl_mnop", "mnop"),
    (f"cookie={JWT}; path=/", "dozjgNryP4J3jVmNHl0w5N"),
    ("docker login -p QVdTOmV5" + "SndZWGxzYjJGa0lqb2laSFY=", "SndZWGxz"),
    (f"-----BEGIN RSA PRIVATE KEY-----\\n{PEM}\\n-----END RSA PRIVATE KEY-----", PEM),
    (f"-----BEGIN OPENSSH PRIVATE KEY-----{PEM}", PEM),
    (PEM, PEM),
    ("TOKEN=abc123secret", "abc123secret"),
    ("SECRET=abc", "abc"),
    ("HF_TOKEN=" + "hf_" + "a1" * 17, "a1a1"),
    ("DB_PASS=hunter2 of user x", "hunter2"),
    ("dbpass: hunter2", "hunter2"),
    ("GET /a?private_token=hunter2&page=2", "hunter2"),
    ("token: hunter2", "hunter2"),
    ("token := hunter2", "hunter2"),
    ("credentials='hunter 2'", "hunter 2"),
    ("DefaultEndpointsProtocol=https;AccountKey=aHVudGVyMg==;EndpointSuffix=x", "aHVudGVyMg=="),
    ('{"name":"DB_PASSWORD","value":"hunter2"}', "hunter2"),
    ("[{'ParameterKey': 'ApiToken', 'ParameterValue': 'hunter2'}]", "hunter2"),
    ("Set-Cookie: session=hunter2; Path=/", "hunter2"),
    ("{'Cookie': 'a=b; session=hunter2'}", "hunter2"),
    ("tool --registry-token hunter2 --secret-access-key x", "hunter2"),
    ("postgres://user:pa/ss@host", "pa/ss"),
    ("postgres://user:p@ssw0rd@host/db", "ssw0rd"),
    ("tried http://a:80/b,https://user:p/a@ss@host", "ss@"),
    ("use " + "sk-proj-" + "4f3c2b1a0987", "4f3c2b1a0987"),
    ("use " + "sk-ant-" + "api03-4f3c2b1a", "4f3c2b1a"),
    ("use " + "sk_live_" + "4f3c2b1a0987", "4f3c2b1a0987"),
    ("use " + "AIza" + "SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "9tSrke72"),
    ("use " + "npm_" + "4f3c2b1a09" * 4, "4f3c2b1a"),
    ("use " + "hf_" + "AbCdEfGhIj" * 3, "AbCdEfGh"),
    ("PASSWORD_PROD=hunter2", "hunter2"),
    ("API_KEY_LIVE=hunter2", "hunter2"),
    ("TOKEN1=hunter2", "hunter2"),
    ("SECRETS=hunter2", "hunter2"),
    ("DB_PASSWORD_EU_2: hunter2", "hunter2"),
    ("tokens: abc, hunter2", "abc"),
    ("<password>hunter 2</password>", "hunter 2"),
    ("<ns:DbPassword type='clear'> hunter2 </ns:DbPassword>", "hunter2"),
    ('<add key="ClearTextPassword" value="hunter 2" />', "hunter 2"),
    ("GET /a?next=x%26password%3Dhunter2&page=2", "hunter2"),
    ("POST https%3A%2F%2Fhooks.slack.com%2Fservices%2FT0%2FB0%2Fhunter2", "hunter2"),
    ("u=https%253A%252F%252Fhooks.slack.com%252Fservices%252Fhunter2", "hunter2"),
    ("dsn=postgres%3A%2F%2Fpulse%3Ahunter2%40db%3A5432%2Fx", "hunter2"),
    ("https://x.blob.core.windows.net/c/b?sv=2022&sig=hunter2%2Babc%3D&se=1", "hunter2"),
    ("https://contoso.webhook.office.com/webhookb2/1a2b@3c4d/IncomingWebhook/hunter2/5e6f", "hunter2"),
    ("https://prod-1.westus.logic.azure.com/workflows/1/triggers/x?sp=%2Fr&sv=1.0&sig=hunter2", "hunter2"),
    ("https://discord.com/api/webhooks/1234567890/hunter2", "hunter2"),
    ("https://discordapp.com/api/v10/webhooks/1234567890/hunter2", "hunter2"),
    ("https://api.telegram.org/bot123456:hunter2/sendMessage", "hunter2"),
    ("use " + "SG." + "hunter2abcdefghij" * 2, "hunter2"),
    ("use " + "hvs." + "hunter2abcdefghij" * 2, "hunter2"),
    ("use " + "glrt-" + "hunter2abcdefghij", "hunter2"),
    ("use " + "whsec_" + "hunter2abcdefghij", "hunter2"),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----hunter2", "hunter2"),
]


@pytest.mark.parametrize(("line", "secret"), SECRETS)
def test_should_replace_a_secret_and_say_so(line, secret):
    shown = redacted(line)
    assert secret not in shown
    assert MARKER in shown


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-02 09:33:47 - recursive_training - ERROR - No data for us_10y_yield in the period",
        "s3://pulse-data/datasets/market_daily.csv?versionId=3 (columns: timestamp, spx_close)",
        "arn:aws:sts::123456789012:assumed-role/PulseCompute-JobRole-1AB2C3/0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "https://registry-1.docker.io:443/v2/: net/http: request canceled",
        "image @sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        "commit 8c861395d0a1b6f2d3a1f4c5e6b7a8d9c0e1f2a3",
        "Basic statistics of spx_close; the bearer of the news",
        "KeyError: 'password'",
        "repository does not exist or may require authorization: server message: insufficient_scope",
        "key=datasets/x.csv, Key: requests/a.json, partition_key=7, monkey: 3 and turkey=0.4",
        "--dataset-key datasets/x.csv --dataset-version-id=3HL4kqtJvjVBH40Nrjfkd",
        "{'IsTruncated': True, 'NextToken': 'AAAAB3', 'ContinuationToken': 'x', 'next_page': 2}",
        "botocore.errorfactory.NoSuchKey: An error occurred (NoSuchKey) when calling GetObject: no such key",
        "the secret pulse/source was not found, nor a token; the first pass took 3 s, bypass=true",
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:pulse/source-AbCdEf",
        "https://123456789012.dkr.ecr.us-east-1.amazonaws.com:443/v2/pulse@sha256:2cf24dba",
        "s3://pulse-data/datasets/a@b:c.csv and https://github.com/@pulse",
        "max_tokens=4096, tokenizer=fast, task-force-of-the-long-name, sk-learn-pipeline",
        "token_type: id, secret_name=pulse/source, password_length=12, tokens: 17, api_key_id=3, sigma=0.3",
        "https%3A%2F%2Fdocs.aws.amazon.com%2Fbatch%40latest and basic internationalization",
        "linear: 0.25, sonar depth 1200.5 m, twitter volume of 2026-03-02, travis: county",
        "<passed>12</passed> <tokenizer>fast</tokenizer> <secretary>Ms. Jones</secretary>",
    ],
)
def test_should_leave_what_is_no_secret(line):
    assert redacted(line) == line


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("postgres://user:p@ssw0rd@host/db", f"postgres://{MARKER}@host/db"),
        ("DB_PASS=hunter2 of x", f"DB_PASS={MARKER} of x"),
        ('{"name":"DB_PASSWORD","value":"x"}', f'{{"name":"DB_PASSWORD","value":{MARKER}}}'),
    ],
)
def test_should_keep_what_names_the_secret(line, shown):
    assert redacted(line) == shown


@pytest.mark.parametrize("line", [line for line, _ in SECRETS])
def test_should_leave_as_it_is_what_was_redacted_before(line):
    once = redacted(line)
    assert redacted(once) == once


@pytest.mark.parametrize(("rule", "line"), gitleaks_rules.COVERED.items())
def test_should_know_what_a_rule_of_gitleaks_knows(rule, line):
    shown = redacted(line, limit=2000)
    assert MARKER in shown, rule
    assert gitleaks_rules.CODE not in shown


@pytest.mark.parametrize(("rule", "line"), gitleaks_rules.NOT_COVERED.items())
def test_should_say_which_rules_of_gitleaks_are_not_covered(rule, line):
    assert MARKER not in redacted(line), f"{rule} is covered: move it in docs/redaction.md"


def test_should_state_each_rule_of_gitleaks_in_the_document():
    covered, not_covered = gitleaks_rules.documented()
    assert covered == set(gitleaks_rules.COVERED)
    assert not_covered == set(gitleaks_rules.NOT_COVERED)


@pytest.mark.parametrize(
    "line",
    ["", "spx_close", "Essential container in task exited", "1 vCPU, 2048 MiB", "Dependent Job failed"],
)
def test_should_try_no_rule_on_a_line_without_anything_that_one_needs(monkeypatch, line):
    class Tried:
        def sub(self, *_):
            raise AssertionError(line)

    rules = [(*needed, Tried(), replacement) for *needed, _, replacement in redaction._rules()]
    monkeypatch.setattr(redaction, "_rules", lambda: rules)
    assert redacted(line) == line


@pytest.mark.parametrize("line", [*(line for line, _ in SECRETS), *gitleaks_rules.COVERED.values()])
def test_should_find_the_same_as_when_all_rules_are_tried(monkeypatch, line):
    expected = redacted(line)
    monkeypatch.setattr(redaction, "NEEDED", dict.fromkeys(redaction.NEEDED, re.compile("")))
    assert redacted(line) == expected


def test_should_keep_what_stands_around_a_secret():
    line = f"GET https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature={SIGNATURE}&versionId=3 403"
    expected = f"GET https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature={MARKER}&versionId=3 403"
    assert redacted(line) == expected


def test_should_show_one_printable_line_of_bounded_length():
    assert redacted("a\x1b[31mb\u202ec\nd") == "a\\x1b[31mb\\u202ec\\nd"
    assert redacted("x" * 10_000).endswith("…")
    assert len(redacted("\u202e" * 10_000)) == LINE_CHARACTERS
    assert len(redacted("x " * 10_000, limit=50)) == 50


@given(
    st.text(string.printable, max_size=9_000),
    st.sampled_from([SECRET_KEY, SESSION_TOKEN, GITHUB, JWT]),
)
@example("x " * 4_080, SECRET_KEY)
@example(f"{JWT} " + "a" * 8_000 + " ", SECRET_KEY)
def test_should_show_no_secret_that_stands_alone_wherever_it_stands(before, secret):
    assert secret[:20] not in redacted(f"{before} {secret} after", limit=10_000).replace(before, "")


@pytest.mark.parametrize(
    "lines", [["begin", "middle"], ["-----BEGIN PRIVATE KEY----- is not there", "next line"]]
)
def test_should_show_lines_that_are_no_key(lines):
    assert redacted_lines(lines)[-1] == lines[-1]


def test_should_show_nothing_of_a_private_key_over_several_lines():
    key = [
        "-----BEGIN RSA PRIVATE KEY-----",
        "Proc-Type: 4,ENCRYPTED",
        "",
        PEM,
        "kQ9short==",
        "-----END RSA PRIVATE KEY-----",
    ]
    assert redacted_lines(["before", *key, "after"]) == ("before", *[MARKER] * len(key), "after")


@pytest.mark.parametrize(
    "hostile",
    [
        "a", "A", "=", "/", " ", "-", "aA1", "aA1/", '\\"', "\u202e", "eyJ", "eyJa.", "AKIA", "IQoJb3JpZ2lu",
        "://", "://a", "://a:", "password=", "password ", "password='", "--password ", "authorization",
        "authorization: ", "Bearer ", "X-Amz-Signature=", "hooks.slack.com/", "ghp_", "xoxb-", "-----BEGIN ",
        "-----BEGIN PRIVATE KEY", "-----END PRIVATE KEY", "token=", "next_token:", "--a-b-token ", "pass",
        'token","value":', "://a@", "://a:b/c@", "cookie: ", "sk-proj-", "access_key",
        "<", "<password ", "<password>", "tokens", "password_a_b", "%3a%2f%2f", "%3a%2f%2fa%40", "twitter ",
        "twitter = a", "curl ", "curl -u ", "pat.", "discord.com/api/", "sig=", "https%3A%2F%2F", "t1.", "Q~",
    ],
)  # fmt: skip
def test_should_cost_no_more_than_the_length_of_a_hostile_line(hostile):
    line = hostile * (1_000_000 // len(hostile))
    started = time.process_time()
    redacted(line)
    redacted_lines([line] * 10)
    assert time.process_time() - started < 1
