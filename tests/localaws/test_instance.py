"""Up, running, down: one instance a folder, its state kept, nothing left behind."""

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from localaws import __main__, instance, processes
from localaws.errors import AlreadyRunning, FolderUnusable, NoKeys, PortInUse, PortOutOfRange, StartFailed
from localaws.layout import CACHE, Layout
from localaws.ministack import hooks


@pytest.fixture
def root(tmp_path):
    yield tmp_path / "aws"
    instance.down(tmp_path / "aws", erase=True)
    assert not (tmp_path / "aws").exists()


def test_state_survives_down_and_up_on_the_same_port(root):
    first = instance.up(root)
    s3, sqs = first.client("s3"), first.client("sqs")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="k", Body=b"body")
    url = sqs.create_queue(QueueName="kept")["QueueUrl"]
    first.client("dynamodb").create_table(
        TableName="kept",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    instance.down(root)
    instance.down(root)
    assert instance.running(root) is None
    assert not processes.command_line(first.pid)

    second = instance.up(root)
    assert second.port == first.port
    assert instance.running(root) == second
    assert second.client("s3").get_object(Bucket="kept", Key="k")["Body"].read() == b"body"
    assert second.client("dynamodb").list_tables()["TableNames"] == ["kept"]
    assert second.client("sqs").send_message(QueueUrl=url, MessageBody="x")["MessageId"]

    instance.down(root, erase=True)
    assert instance.up(root).client("s3").list_buckets()["Buckets"] == []


def test_a_second_up_names_port_and_process_of_the_first(root):
    first = instance.up(root)
    with pytest.raises(AlreadyRunning, match=rf"127\.0\.0\.1:{first.port} \(process {first.pid}\)"):
        instance.up(root)
    assert instance.running(root) == first


def test_a_taken_port_names_who_has_it(root):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"Port {port} is already in use by process {os.getpid()}"):
            instance.up(root, port)
    assert instance.running(root) is None


def test_an_asked_for_port_is_used(root):
    port = processes.free_port()
    assert instance.up(root, port).endpoint_url == f"http://127.0.0.1:{port}"


def test_a_folder_that_cannot_be_used_is_named(root):
    root.mkdir()
    (root / "state").write_text("not a folder")
    with pytest.raises(FolderUnusable, match=str(root)):
        instance.up(root)
    (root / "state").unlink()
    root.rmdir()


def test_a_folder_in_which_everybody_may_write_is_refused(root):
    root.mkdir()
    root.chmod(0o777)
    with pytest.raises(FolderUnusable, match="everybody may write"):
        instance.up(root)
    root.rmdir()


def test_a_server_from_before_it_had_keys_is_to_be_started_again(root):
    found = instance.up(root)
    Layout(root).keys.unlink()
    with pytest.raises(NoKeys, match="stop it and start it again"):
        found.environment()


@pytest.mark.parametrize("name", ["state", "s3", "tmp", "jobs"])
def test_a_folder_with_somebody_else_s_files_in_the_places_it_sweeps_is_refused(tmp_path, name):
    (tmp_path / name / "mine").mkdir(parents=True)
    with pytest.raises(FolderUnusable, match=rf"{name} belongs to something else"):
        instance.up(tmp_path)
    instance.down(tmp_path, erase=True)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == [name, f"{name}/mine"]


def test_of_two_starts_at_once_one_wins_and_the_other_says_so(root):
    def start(_):
        try:
            return instance.up(root)
        except AlreadyRunning as error:
            return error.port

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(start, range(2)))
    (won,) = [one for one in found if not isinstance(one, int)]
    assert won.port in found


def test_a_server_that_dies_at_start_is_a_start_failure_with_its_log(root, monkeypatch, tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('hooks are missing: services.s3._gone')")
    monkeypatch.setattr("localaws.server.LAUNCHER", broken)
    with pytest.raises(StartFailed, match=r"exit code 1[\s\S]*services\.s3\._gone"):
        instance.up(root)
    assert not Layout(root).record.exists()


def test_a_stale_record_is_not_taken_for_an_instance(root):
    """The pid of a dead server now belongs to somebody else: they are left alone, and up works."""
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        Layout(root).make()
        record = {"port": processes.free_port(), "pid": bystander.pid, "instance_id": "0" * 32}
        Layout(root).record.write_text(json.dumps(record))
        assert instance.running(root) is None
        assert instance.running(root) is None
        assert instance.up(root).pid != bystander.pid
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_another_instance_on_the_recorded_port_is_not_ours(root, tmp_path):
    """Port reuse: somebody's server answers there, under another id."""
    other = instance.up(tmp_path / "other")
    try:
        Layout(root).make()
        record = {"port": other.port, "pid": other.pid, "instance_id": "0" * 32}
        Layout(root).record.write_text(json.dumps(record))
        assert instance.running(root) is None
        instance.down(root)
        assert instance.running(tmp_path / "other") == other
    finally:
        instance.down(tmp_path / "other", erase=True)


@pytest.mark.parametrize("port", [-5, 65536, 99999])
def test_a_port_that_cannot_exist_is_refused_with_the_range(root, port):
    with pytest.raises(PortOutOfRange, match=rf"no port {port}\b.* 1 to 65535, or 0"):
        instance.up(root, port)


def test_erase_leaves_what_is_not_ours(root):
    instance.up(root)
    (root / "mine.txt").write_text("x")
    instance.down(root, erase=True)
    assert [path.name for path in root.iterdir()] == ["mine.txt"]
    (root / "mine.txt").unlink()
    root.rmdir()


def test_erase_forgets_all_that_belongs_to_the_instance(root):
    found = instance.up(root)
    (root / "inbox.jsonl").write_text("{}\n")
    for name in ("bootstrap", "cdk.out"):
        (root / name / "file").write_text("x")
    instance.down(root)
    assert instance.up(root, found.port)
    instance.down(root, erase=True)
    assert not root.exists()


def test_erase_of_an_instance_from_before_the_list_of_its_folders(root):
    instance.up(root)
    (root / "made").unlink()
    instance.down(root, erase=True)
    assert not root.exists()


def test_erase_keeps_the_folders_that_up_did_not_make(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "holiday.jpg").write_text("x")
    instance.up(tmp_path)
    instance.down(tmp_path)
    instance.up(tmp_path)
    instance.down(tmp_path, erase=True)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == [
        "images",
        "images/holiday.jpg",
    ]


def test_the_environment_points_every_client_here(root):
    found = instance.up(root)
    environment = found.environment()
    assert environment["AWS_ENDPOINT_URL"] == found.endpoint_url
    assert os.access(environment["CDK_DOCKER"], os.X_OK)
    done = subprocess.run(
        [sys.executable, "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"],
        env=environment | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "000000000000", done.stderr


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY"])
def test_a_shell_with_a_proxy_a_profile_and_a_token_reaches_this_machine(root, monkeypatch, variable):
    theirs = {variable: "http://127.0.0.1:9", "AWS_PROFILE": "nope", "AWS_SESSION_TOKEN": "theirs"}
    for name, value in (theirs | {"NO_PROXY": "corp.example"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("no_proxy", raising=False)
    found = instance.up(root)
    assert found.client("sts").get_caller_identity()["Account"] == "000000000000"
    assert found.session().get_credentials().token is None

    asks = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'], os.environ['NO_PROXY'])"
    done = subprocess.run(
        ["/bin/sh", "-c", 'eval "$LINES" && exec "$0" -c "import os; $1"', sys.executable, asks],
        env=os.environ | {"LINES": "\n".join(found.shell_lines())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "000000000000 corp.example,127.0.0.1,localhost", done.stderr


@pytest.mark.parametrize(
    ("said", "hosts"),
    [("", "127.0.0.1,localhost"), ("*", "*"), ("a.example", "a.example,127.0.0.1,localhost")],
)
def test_a_users_exceptions_from_the_proxy_stay(monkeypatch, said, hosts):
    monkeypatch.setenv("no_proxy", said)
    monkeypatch.setenv("NO_PROXY", "")
    assert processes.past_proxies() == {"no_proxy": hosts, "NO_PROXY": hosts}


def test_the_command_line_starts_prints_and_stops(root, capsys):
    assert __main__.main(["--root", str(root), "env"]) == 1
    assert "python -m localaws up" in capsys.readouterr().err
    assert __main__.main(["--root", str(root), "up"]) == 0
    port = instance.running(root).port
    assert f"{instance.running(root).inbox_url}/" in capsys.readouterr().out
    assert __main__.main(["--root", str(root), "up"]) == 1
    assert "already runs" in capsys.readouterr().err
    assert __main__.main(["--root", str(root), "env"]) == 0
    assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}\n" in capsys.readouterr().out
    assert __main__.main(["--root", str(root), "down"]) == 0
    assert instance.running(root) is None


def test_missing_hooks_are_reported_together():
    table = [
        hooks.Hook("json", "loads", "there"),
        hooks.Hook("json", "gone", "reason one"),
        hooks.Hook("parser", "suite", "reason two"),
        hooks.Hook("message", "Message.get_payload", "there", "self, i"),
        hooks.Hook("message", "Message.get_all", "reason three", "self, other"),
    ]
    with pytest.raises(hooks.MissingHooks) as missing:
        hooks.check([hook for hook in table if hook.module != "json"], package="email")
    assert len(missing.value.faults) == 2
    assert "email.parser.suite: not there; needed: reason two" in str(missing.value)
    assert "takes (self, name), not (self, other); needed: reason three" in str(missing.value)
    with pytest.raises(hooks.MissingHooks, match=r"email\.json: cannot be imported"):
        hooks.check(table[:1], package="email")


def test_no_hook_is_listed_twice():
    names = [(hook.module, hook.attribute) for hook in hooks.HOOKS]
    assert len(names) == len(set(names))


def test_the_interpreter_of_the_server_lies_in_the_cache(root):
    found = instance.up(root)
    assert processes.command_line(found.pid).startswith(str(CACHE / "localaws-venv-"))
