"""Every way a run can fail: its own exit code, and a last line that says what to do."""

import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest
from botocore.exceptions import FlexibleChecksumError, IncompleteReadError
from recursive_training.exit_codes import ExitCode

TRAINING = Path(__file__).parents[2] / "training"
COMMAND = [sys.executable, "-m", "recursive_training.run_training"]
COLUMNS = (
    "s3://pulse-test-data/datasets/market_daily.csv (columns: timestamp, spx_close, nasdaq_close, wti_spot)."
)
HALF_YEAR = ("--start-date", "2022-01-01", "--end-date", "2022-06-30")
NO_YIELD = (
    f"No data for us_10y_yield between 2022-01-01 and 2022-06-30 in {COLUMNS} Drop the variable or load it."
)
NO_X_AND_NASDAQ = (
    f"No data for x, nasdaq_close between 2022-01-01 and 2022-06-30 in {COLUMNS} "
    "nasdaq_close runs from 1999-01-04 to 2018-12-31. Drop these variables or load them."
)
KEY = ("--dataset-key", "datasets/m.csv")


def test_nothing_is_imported_before_the_first_window_that_only_the_end_or_some_runs_want():
    program = (
        "import sys; import recursive_training.run_training; from recursive_training.steps import training; "
        "print({'jinja2', 'distributed', 'dask', 'scipy', 'pyarrow'} & sys.modules.keys())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=TRAINING, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["--variables", "spx_close", "us_10y_yield", *HALF_YEAR], 67, NO_YIELD),
        (["--variables", "x", "nasdaq_close", *HALF_YEAR], 67, NO_X_AND_NASDAQ),
        (
            ["--start-date", "2023-06-01", "--end-date", "2023-07-01"],
            68,
            "No data for any variable between 2023-06-01",
        ),
        (["--start-date", "2024-01-01"], 68, "between 2024-01-01 and 2024-01-01"),
        (["--end-date", "1989-01-01"], 68, "Choose a period the data covers."),
        (
            ["--end-date", "1990-04-01"],
            69,
            "No window between 1990-01-02 and 1990-04-01 has enough history before it in s3://pulse-test-data/",
        ),
        (
            ["--dataset-key", "datasets/none.csv"],
            66,
            "s3://pulse-test-data/datasets/none.csv: S3 answered NoSuchKey",
        ),
        (
            [*KEY[:1], "datasets/market_daily.csv", "--dataset-version-id", "nope"],
            66,
            "(version nope): S3 answered",
        ),
        (["--s3-data-bucket", "no-such-bucket"], 66, "S3 answered NoSuchBucket"),
        (
            ["--s3-data-prefix", "empty/"],
            66,
            "No data set under s3://pulse-test-data/empty/ (0 other objects): names of tables end in .csv,",
        ),
        (
            ["--s3-results-bucket", "no-such-bucket"],
            73,
            "s3://no-such-bucket/results/run-1/retrodictions.parquet: S3",
        ),
        (
            ["--output-file", "/no/such/folder/m.json"],
            73,
            "--output-file /no/such/folder/m.json: No such file",
        ),
    ],
)
def test_a_failure_has_its_own_code_and_says_what_to_do(sample, train, argv, code, said):
    run = train(*argv)
    assert run.code == code
    assert said in run.last_message
    assert run.last_message.endswith(".")
    assert sample.result_keys() == []


def test_wrong_options_exit_2_with_every_fault_on_a_line(train):
    run = train("--batch-size-days", "x", "--start-date", "y")
    assert run.code == 2
    assert len(run.lines) == 2


@pytest.mark.parametrize("body", [b"not,a\ntable", b"\x00\xff\xfe", b""])
def test_an_unreadable_file_exits_65(store, train, body):
    store.put("datasets/bad.csv", body)
    run = train()
    assert run.code == 65
    assert "s3://pulse-test-data/datasets/bad.csv" in run.last_message


def test_a_table_without_a_column_of_numbers_exits_65(store, train):
    store.put("datasets/words.csv", "timestamp,word\n2020-01-01,a\n2020-01-02,b\n")
    run = train()
    assert run.code == 65
    assert "No column of numbers in s3://pulse-test-data/datasets/words.csv" in run.last_message


def test_something_nobody_foresaw_exits_1_with_its_traceback(sample, train, monkeypatch):
    monkeypatch.setattr("recursive_training.steps.walk.learn", lambda *_: 1 / 0)
    run = train()
    assert run.code == 1
    assert run.last_message == (
        "Run run-1 met an unexpected ZeroDivisionError: division by zero. Report it with the traceback above."
    )
    assert any("Traceback (most recent call last)" in line for line in run.lines)


def test_a_panic_of_a_library_exits_1_with_a_last_line_too(sample, train, monkeypatch):
    def panic(*_):
        raise pl.exceptions.PanicException("out-of-range date")

    monkeypatch.setattr("recursive_training.steps.walk.learn", panic)
    run = train()
    assert run.code == 1
    assert run.last_message.startswith("Run run-1 met an unexpected PanicException: out-of-range date.")


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_ENDPOINT_URL", "no endpoint"), ("AWS_PROFILE", "nobodys-profile")]
)
def test_an_environment_no_client_can_be_made_of_exits_2(train, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    run = train()
    assert run.code == 2
    assert run.last_message.startswith("No S3 client can be made:")
    assert name in run.last_message


@pytest.mark.parametrize(
    "broken",
    [
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        FlexibleChecksumError(error_msg="Expected checksum a did not match b"),
    ],
)
def test_a_body_that_breaks_off_on_its_way_is_temporary(sample, train, monkeypatch, broken):
    def read(*_, **__):
        raise broken

    monkeypatch.setattr("botocore.response.StreamingBody.read", read)
    run = train("--dataset-key", "datasets/market_daily.csv")
    assert run.code == 75
    assert run.last_message.startswith("s3://pulse-test-data/datasets/market_daily.csv: S3 is out of reach")
    assert run.last_message.endswith("Run the job again.")


@pytest.fixture
def s3_answers(monkeypatch, as_csv, market):
    """An S3 that serves one data set, or refuses to, and answers each PUT as told."""
    servers = []
    dataset = as_csv(market(200)).encode()

    def start(
        get: tuple[int, str] | None = None, put: tuple[int, str] | None = None, listing: bytes = b""
    ) -> list[str]:
        stored: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # knows Expect: 100-continue, which botocore sends and waits for

            def answer(self, refusal, body=b"") -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if refusal:
                    body = f"<Error><Code>{refusal[1]}</Code><Message>No.</Message></Error>".encode()
                self.send_response(refusal[0] if refusal else 200)
                for name, value in {
                    "Content-Length": len(body),
                    "ETag": '"e"',
                    "Last-Modified": "Wed, 01 Jan 2020 00:00:00 GMT",
                }.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                asks_for_list = bool(listing) and "list-type=2" in self.path
                self.answer(*((None, listing) if asks_for_list else (get, dataset)))

            def do_PUT(self) -> None:
                if not put:
                    stored.append(self.path)
                self.answer(put if not self.path.endswith(".parquet") else None)

            def log_message(self, *_args) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
        return stored

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("refusal", "argv", "ending"),
    [
        (
            ((403, "AccessDenied"), None),
            (),
            (77, "Allow s3:ListBucket on arn:aws:s3:::pulse-test-data to the job's role."),
        ),
        (
            ((403, "AccessDenied"), None),
            KEY,
            (77, "Allow s3:GetObject on arn:aws:s3:::pulse-test-data/datasets/m.csv"),
        ),
        (
            ((403, "AccessDenied"), None),
            (*KEY, "--dataset-version-id", "v"),
            (77, "Allow s3:GetObjectVersion on"),
        ),
        (
            ((503, "SlowDown"), None),
            KEY,
            (75, "S3 answered SlowDown (No.). Run the job again."),
        ),
        (
            ((500, "InternalError"), None),
            KEY,
            (75, "Run the job again."),
        ),
        (
            (None, (403, "AccessDenied")),
            KEY,
            (77, "Allow s3:PutObject on arn:aws:s3:::pulse-test-results/results/run-1/"),
        ),
        (
            (None, (503, "SlowDown")),
            KEY,
            (75, "S3 answered SlowDown"),
        ),
        (
            (None, (400, "EntityTooLarge")),
            KEY,
            (73, "S3 answered EntityTooLarge"),
        ),
    ],
)
def test_s3s_refusals_are_told_apart(s3_answers, train, refusal, argv, ending):
    s3_answers(*refusal)
    run = train(*argv)
    assert (run.code, ending[1] in run.last_message) == (ending[0], True), run.last_message


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("datasets/another.csv", 66, "there is no such object. Check the bucket, the key and the version."),
        ("datasets/m.csv", 77, "Allow s3:GetObject on"),
    ],
)
def test_a_key_that_is_denied_because_it_is_missing_is_told_apart(s3_answers, train, key, code, said):
    listing = f"<ListBucketResult><Contents><Key>{key}</Key></Contents></ListBucketResult>".encode()
    s3_answers(get=(403, "AccessDenied"), listing=listing)
    run = train(*KEY)
    assert (run.code, said in run.last_message) == (code, True), run.last_message


def test_metrics_and_manifest_are_stored_last(s3_answers, train):
    stored = s3_answers()
    assert train(*KEY).code == 0
    assert [path.split("/results/run-1/")[1].split("?")[0] for path in stored] == [
        "retrodictions.parquet",
        "forecast.parquet",
        "model/price.json",
        "report.html",
        "metrics.json",
        "manifest.json",
    ]


def test_an_s3_out_of_reach_is_temporary(train, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
        run = train()
    assert run.code == 75
    assert "S3 is out of reach" in run.last_message


def test_sigterm_ends_a_run_with_143_while_it_waits_for_an_answer():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        env = os.environ | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "PYTHONPATH": str(TRAINING),
        }
        process = subprocess.Popen(COMMAND, env=env, stdout=subprocess.PIPE, text=True)
        connection, _ = silent.accept()
        process.terminate()
        out, _ = process.communicate(timeout=50)  # sooner than the client gives up
        connection.close()
    assert process.returncode == 143
    assert out.splitlines()[-1].endswith(
        ": stopped by SIGTERM before the end: do not use what was written. Run the job again."
    )


def test_help_needs_no_data_and_no_heavy_import():
    code = (
        "import json, sys, recursive_training.run_training as program\n"
        "try: program.main(['--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(TRAINING)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--success-criterion" in done.stdout
    assert not {"sklearn", "polars", "boto3", "distributed"} & set(json.loads(done.stdout.splitlines()[-1]))


def test_the_codes_in_the_readme_are_those_of_the_table():
    readme = (TRAINING / "README.md").read_text()
    rows = [
        line.split("|")
        for line in readme.splitlines()
        if line.startswith("| ") and line.split("|")[1].strip().isdigit()
    ]
    assert {int(row[1]): "yes" in row[3] for row in rows} == {int(code): code.retry for code in ExitCode}
