"""What may not be done to whoever runs an instance: by a web page in a real browser, by another user.

Each attack makes a function that writes a file, and calls it. The same requests, sent by a program with the
instance's keys, do write it: so what keeps the others out is the guard, and not a mistake in the request.
"""

import base64
import hashlib
import html
import http.server
import io
import json
import multiprocessing
import os
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localaws import instance

NOBODY = 65534
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    *("--host-resolver-rules=MAP *.example 127.0.0.1", "--virtual-time-budget=3000", "--dump-dom"),
)
browser = pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
HIDDEN = (
    "keys.json",
    "inbox.jsonl",
    "logs/localaws.log",
    "state/secretsmanager.json",
    "state",
    "s3",
    "tmp",
    "jobs",
)
OLD_KEYS = Credentials("test", "test")
"""What everybody knew: MiniStack's."""


class Attack:
    """`address` says where to send `body` to make the function and `call` where to call it."""

    def __init__(self, aws, folder, name, credentials):
        self.name, self.proof = name, folder / name
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.py", f"def f(event, context):\n open({str(self.proof)!r}, 'w').close()\n")
        function = {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Handler": "index.f",
            "Role": role["Arn"],
            "Code": {"ZipFile": base64.b64encode(code.getvalue()).decode()},
            # A form of the type text/plain sends `name=value`: this is where its equals sign goes.
            "Description": "a=b",
        }
        self.body = f"{json.dumps(function)}\r\n"
        self.address = _presigned(f"{aws.endpoint_url}/2015-03-31/functions", self.body, credentials)
        self.call = _presigned(f"{aws.endpoint_url}/2015-03-31/functions/{name}/invocations", "", credentials)


def _presigned(url, body, credentials):
    request = AWSRequest("POST", url)
    signer = SigV4QueryAuth(credentials, "lambda", "us-east-1")
    signer.payload = lambda _: hashlib.sha256(body.encode()).hexdigest()
    signer.add_auth(request)
    return request.url


@pytest.fixture
def attack(aws, tmp_path):
    """`attack(name)` by who got hold of signed addresses, `attack(name, OLD_KEYS)` by who guesses."""
    return lambda name, keys=None: Attack(aws, tmp_path, name, keys or aws.session().get_credentials())


@pytest.fixture
def visit(tmp_path):
    """`visit(host, page)` is what the browser shows of a page that another server of this machine serves;
    `visit(url)` of that address.
    """
    pages = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages.get(self.path, "").encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def open_page(where, page=None):
        if page is not None:
            pages["/attack"] = page
            where = f"http://{where}:{server.server_port}/attack"
        command = ["chromium", *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", where]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    yield open_page
    server.shutdown()
    server.server_close()


FETCH = """<body>not yet<script>
const attacks = %s, said = [];
async function tell(url, options) {
  try { const answer = await fetch(url, options); said.push(answer.type + " " + (await answer.text())); }
  catch (error) { said.push("failed"); }
}
(async () => {
  for (const [address, call, body] of attacks) {
    for (const mode of ["no-cors", "cors"]) {
      await tell(address, {method: "POST", mode, headers: {"content-type": "text/plain"}, body});
      await tell(call, {method: "POST", mode});
    }
  }
  for (const url of %s) await tell(url, {method: "POST", mode: "no-cors"}), await tell(url, {});
  document.body.textContent = "all was tried: " + JSON.stringify(said);
})();
</script>"""
FORM = """<form method="post" enctype="text/plain" action="%s"><input name="%s" value="%s"></form>
<script>document.forms[0].submit()</script>"""


def test_a_program_with_the_keys_does_what_the_attacks_try(aws, attack):
    ours = attack("ours")
    for url, body in ((ours.address, ours.body), (ours.call, "")):
        status, said = _answer(url, body.encode())
        assert status in {200, 201}, said
    assert ours.proof.exists()


@browser
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost"])
def test_a_page_of_another_origin_runs_nothing_and_reads_nothing(aws, attack, visit, host):
    name = host.replace(".", "-")
    aws.client("sqs").create_queue(QueueName=f"kept-{name}")
    attacks = [attack(f"guessed-{name}", OLD_KEYS), attack(f"signed-{name}")]
    others = [
        *(f"{aws.endpoint_url}/_ministack/reset", f"{aws.endpoint_url}/_localaws/health"),
        *(f"{aws.inbox_url}/messages", f"{aws.endpoint_url}/?Action=ListQueues"),
    ]
    tried = [(one.address, one.call, one.body) for one in attacks]
    shown = visit(host, FETCH % (json.dumps(tried), json.dumps(others)))
    assert "all was tried" in shown
    said = json.loads(shown.partition("all was tried: ")[2].partition("</body>")[0])
    assert set(said) == {"opaque ", "failed"}
    assert [one.proof.exists() for one in attacks] == [False, False]
    made = {one["FunctionName"] for one in aws.client("lambda").list_functions()["Functions"]}
    assert not made & {one.name for one in attacks}
    assert aws.client("sqs").list_queues(QueueNamePrefix=f"kept-{name}")["QueueUrls"]


@browser
def test_a_form_of_plain_text_that_takes_the_whole_window_runs_nothing(aws, attack, visit):
    for one in (attack("guessed-form", OLD_KEYS), attack("signed-form")):
        name, _, value = one.body.removesuffix("\r\n").partition("=")
        quoted = [html.escape(word) for word in (name, value)]
        shown = visit("evil.example", FORM % (html.escape(one.address), *quoted))
        assert "does not answer web pages of other origins" in shown
        assert one.name not in {f["FunctionName"] for f in aws.client("lambda").list_functions()["Functions"]}
        assert not one.proof.exists()


@browser
def test_a_name_that_points_here_by_rebinding_is_not_answered(aws, visit):
    rebound = aws.endpoint_url.replace("127.0.0.1", "evil.example")
    health = f"{aws.endpoint_url}/_localaws/health"
    assert "instance_id" in visit(health)
    for page in (
        f"{rebound}/_localaws/health",
        aws.inbox_url.replace(aws.endpoint_url, rebound),
        f"{rebound}/",
    ):
        shown = visit(page)
        assert "answers to 127.0.0.1, localhost" in shown
        assert "evil.example" in shown


@browser
def test_a_page_cannot_follow_a_link_to_ours_or_frame_it(aws, visit):
    shown = visit("evil.example", f'<script>location = "{aws.inbox_url}/"</script>')
    assert "what another web page asked the browser for" in shown
    shown = visit("evil.example", f'<iframe src="{aws.inbox_url}/"></iframe>')
    assert "webhook" not in shown


@pytest.fixture
def open_aws():
    """An instance in a folder whose parents everybody can read, as a home's often are."""
    parent = Path(tempfile.mkdtemp(prefix="localaws-", dir="/tmp"))
    parent.chmod(0o755)
    before = os.umask(0o022)
    try:
        yield instance.up(parent / "aws")
    finally:
        os.umask(before)
        instance.down(parent / "aws", erase=True)
        shutil.rmtree(parent)


def _as_nobody(question, channel):
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    channel.send(question())


def as_nobody(question):
    """What the question answers a process of another user."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_as_nobody, args=(question, theirs))
    process.start()
    try:
        assert ours.poll(60)
        return ours.recv()
    finally:
        process.join(10)


def _answer(url, body=None, method="POST"):
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=20)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        return answer.status, answer.read().decode()


def _status(url, body=None, method="POST"):
    return _answer(url, body, method)[0]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine_runs_nothing_and_reads_nothing(open_aws, tmp_path):
    open_aws.client("secretsmanager").create_secret(Name="webhook", SecretString="hush")
    guessed = Attack(open_aws, tmp_path, "guessed", OLD_KEYS)
    url = open_aws.endpoint_url

    def attacks():
        return {
            "make": _status(guessed.address, guessed.body.encode()),
            "call": _status(guessed.call),
            "unsigned": _status(f"{url}/2015-03-31/functions", guessed.body.encode()),
            "reset": _status(f"{url}/_ministack/reset"),
            "faults": _status(f"{url}/_localaws/batch/faults", b"{}", method="PUT"),
            "inbox": _status(f"{url}/_localaws/inbox/messages", method="GET"),
            "bucket": _status(f"{url}/bucket", method="PUT"),
            "image": _status(f"{url}/v2/a/blobs/uploads/", b"x"),
        }

    def read():
        try:
            return [path.name for path in open_aws.root.iterdir()]
        except PermissionError:
            return [one for one in HIDDEN if os.access(open_aws.root / one, os.R_OK)]

    _status(f"{url}/_localaws/health", method="GET")  # imports what the other user could not
    statuses = as_nobody(attacks)
    assert {name: code for name, code in statuses.items() if code not in {401, 403}} == {}
    assert as_nobody(read) == []
    assert not guessed.proof.exists()
    assert open_aws.client("lambda").list_functions()["Functions"] == []
    secret = open_aws.client("secretsmanager").get_secret_value(SecretId="webhook")
    assert secret["SecretString"] == "hush"
