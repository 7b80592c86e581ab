"""`pulse results` and `pulse open`: over moto's S3, against the API on loopback."""

import json
import webbrowser

import pytest
from typer.testing import CliRunner

from pulse.cli.client.results import path_of
from pulse.cli.main import app
from tests.functional.cli_server import connected

JOB = "batch-20260302093000-0a1b2c3d"
BUCKET = "pulse-results"
PREFIX = f"results/{JOB}/"
METRICS = {
    "variables": {
        "price": {
            "trust": 0.75,
            "skill_vs_persistence": 0.25,
            "mase": 0.9,
            "coverage": 0.9,
            "verdict": "no better",
        }
    }
}


@pytest.fixture
def api(monkeypatch, tmp_path, s3):
    with connected(monkeypatch, tmp_path) as api:
        api.answers = [(200, job("SUCCEEDED"))]
        yield api


@pytest.fixture
def written(s3):
    def put(name, body):
        s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}{name}", Body=body)

    put("metrics.json", json.dumps(METRICS).encode())
    put("report.html", b"<p>report</p>")
    put("models/price.json", b"{}")
    s3.put_object(Bucket=BUCKET, Key=f"results/{JOB}0/report.html", Body=b"of another job")
    return put


def job(status, **fields):
    place = {"results": f"s3://{BUCKET}/{PREFIX}"}
    return {"job_id": JOB, "status": status, "created_at": "2026-03-02T09:30:00Z"} | place | fields


def typed(*words):
    return CliRunner().invoke(app, list(map(str, words)))


@pytest.mark.usefixtures("written")
def test_should_show_what_a_run_found_and_its_files_only(api):
    ended = typed("results", JOB)

    assert ended.exit_code == 0, ended.stderr
    words = [line.split() for line in ended.stdout.splitlines() if line.strip()]
    assert ["price", "0.75", "+0.25", "0.90", "0.90"] in words
    assert ["price", "is", "no", "better."] in words
    assert ["models/price.json", "2", "B"] in words
    assert ["next", "pulse", "open", JOB] in words
    assert "of another" not in ended.stdout
    assert f"{JOB}0" not in ended.stdout


@pytest.mark.usefixtures("written")
def test_should_give_programs_the_metrics_and_the_keys(api):
    found = json.loads(typed("results", JOB, "--json").stdout)

    assert found["metrics"]["variables"]["price"]["trust"] == 0.75
    assert [file["key"] for file in found["files"]] == [
        f"{PREFIX}{name}" for name in ("metrics.json", "models/price.json", "report.html")
    ]


def test_should_copy_the_files_and_no_file_elsewhere(api, written, tmp_path):
    written("../../outside.txt", b"hostile")
    written("bad\nname.txt", b"hostile")
    folder = tmp_path / "down" / "here"

    ended = typed("results", JOB, "--download", folder)

    assert ended.exit_code == 0, ended.stderr
    copied = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert [path for path in copied if path.startswith("down/")] == [
        "down/here/metrics.json",
        "down/here/models/price.json",
        "down/here/report.html",
    ]
    assert not [path for path in copied if "outside" in path]
    assert (folder / "report.html").read_bytes() == b"<p>report</p>"
    assert "Copied 3 files" in ended.stderr
    assert "Not copied" in ended.stderr
    assert r"bad\nname.txt" in ended.stderr


@pytest.mark.usefixtures("written")
def test_should_overwrite_nothing(api, tmp_path):
    (tmp_path / "report.html").write_text("mine")

    ended = typed("results", JOB, "--download", tmp_path)

    assert ended.exit_code == 2
    assert "--download" in ended.stderr
    assert (tmp_path / "report.html").read_text() == "mine"


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [("FAILED", 5, f"pulse explain {JOB}"), ("RUNNING", 1, f"pulse watch {JOB}")],
)
@pytest.mark.parametrize("verb", ["results", "open"])
def test_should_say_what_to_do_where_there_are_no_results(api, verb, status, code, said):
    api.answers = [(200, job(status))]

    ended = typed(verb, JOB)

    assert (ended.exit_code, said in ended.stderr, ended.stdout) == (code, True, "")


@pytest.mark.usefixtures("written")
def test_should_show_what_follows_an_array(api):
    merge = JOB[:-1] + "9"
    api.answers = [
        (200, job("SUCCEEDED", follower=merge)),
        (200, job("SUCCEEDED", job_id=merge, follows=JOB)),
    ]

    ended = typed("results", JOB)

    assert ended.stdout.startswith(f"{merge} SUCCEEDED")


@pytest.mark.usefixtures("written")
def test_should_open_a_signed_address_of_the_report(api, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)

    ended = typed("open", JOB)

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.split() == opened
    assert f"{PREFIX}report.html?" in opened[0]
    assert "X-Amz-Signature=" in opened[0]


@pytest.mark.usefixtures("written")
def test_should_only_print_the_address_when_asked_to(api, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda _: pytest.fail("a browser was opened"))

    assert f"{PREFIX}report.html?" in typed("open", JOB, "--print").stdout


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a/../x", "/etc/x", "a//b", "a\\b", "a\x1b", "a\u202eb", "./x"]
)
def test_should_never_lead_out_of_its_folder(name):
    assert path_of(name) is None


def test_should_say_that_metrics_cannot_be_read_and_show_the_files_all_the_same(api, written):
    written("metrics.json", b'{"variables": {"pri')

    ended = typed("results", JOB)

    assert ended.exit_code == 0
    assert "Its metrics.json cannot be read here" in ended.stderr
    assert "models/price.json" in ended.stdout


@pytest.fixture
def churned(api, s3):
    """A run of a described training, which writes files of its own names."""
    headline = [{"name": "auc", "value": 0.914}]
    own = {"training": "churn", "metrics_file": "scores.json", "report": "plots.html", "headline": headline}
    api.answers = [(200, job("SUCCEEDED", **own))]
    child = {
        "rank": 1,
        "index": 2,
        "parameters": {"depth": 3},
        "metrics": {"auc": 0.914},
        "results": "s3://r/x",
    }
    for name, body in {
        "scores.json": json.dumps({"rows": 12, "auc": 0.914, "ranking": [child]}).encode(),
        "plots.html": b"<p>plots</p>",
        "metrics.json": b"of something else",
    }.items():
        s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}{name}", Body=body)
    return api


@pytest.mark.usefixtures("churned")
def test_should_show_the_metrics_of_a_described_training_and_what_its_sweep_found():
    ended = typed("results", JOB)

    assert ended.exit_code == 0, ended.output
    lines = [" ".join(line.split()) for line in ended.stdout.splitlines()]
    assert "auc 0.914" in lines
    assert "rows 12" in lines
    assert "1 depth=3 0.914" in lines
    assert "beats persistence" not in ended.output


@pytest.mark.usefixtures("churned")
def test_should_open_the_page_that_a_described_training_writes():
    ended = typed("open", JOB, "--print")

    assert ended.exit_code == 0, ended.output
    assert "plots.html" in ended.stdout
