"""The whole program from the command line to the five outputs."""

import io
import json
import re
from hashlib import sha256

import polars as pl
import pytest
import recursive_training.results.report
from recursive_training.code_digest import code_digest
from recursive_training.model.artifact import load

LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - recursive_training - (INFO|WARNING) - .+")
PERIOD = ("--start-date", "2018-01-01", "--end-date", "2018-12-31")


def test_a_run_writes_its_six_outputs(sample, train, monkeypatch, sample_path):
    monkeypatch.setenv("PULSE_JOB_ID", "batch-20220101000000-0123abcd")
    run = train(*PERIOD)
    assert run.code == 0
    folder = "results/batch-20220101000000-0123abcd/"
    assert sorted(sample.result_keys()) == [
        folder + name
        for name in (
            "forecast.parquet",
            "manifest.json",
            "metrics.json",
            "model/nasdaq_close.json",
            "model/spx_close.json",
            "model/wti_spot.json",
            "report.html",
            "retrodictions.parquet",
        )
    ]
    metrics = sample.metrics("batch-20220101000000-0123abcd")
    assert metrics["job_id"] == "batch-20220101000000-0123abcd"
    assert metrics["windows"] == 13
    assert metrics["peak_memory_mib"] > 50, "of this whole process"
    assert metrics["runtime_seconds"] > 0
    assert metrics["cpu_seconds"] > 0
    assert metrics["data"] == {"bytes": sample_path.stat().st_size, "rows": 8313, "columns": 3}
    assert all(LOG_LINE.fullmatch(line) for line in run.lines)


def test_the_log_shows_the_way_to_a_hundred_percent(sample, train):
    run = train(*PERIOD)
    percents = [
        int(found[1])
        for line in run.lines
        if (found := re.search(r" - (\d+) % - \d+ of \d+ windows - ", line))
    ]
    assert percents == sorted(percents)
    assert percents[-1] == 100


def test_the_manifest_vouches_for_what_was_read_and_written(sample, train, sample_path):
    train(*PERIOD, "--variables", "spx_close")
    manifest = json.loads(sample.result("manifest.json"))
    (read,) = manifest["read"]["objects"]
    assert read["sha256"] == sha256(sample_path.read_bytes()).hexdigest()
    assert (read["key"], read["rows"], read["bytes"]) == (
        "datasets/market_daily.csv",
        8313,
        sample_path.stat().st_size,
    )
    assert read["version_id"] == sample.metrics()["dataset"][0]["version_id"]
    assert len(read["etag"]) == 32
    written = {entry["key"]: entry for entry in manifest["written"]["objects"]}
    assert {*written, "results/run-1/manifest.json"} == set(sample.result_keys())
    for key, entry in written.items():
        body = sample.result(key.removeprefix("results/run-1/"))
        assert (entry["sha256"], entry["bytes"]) == (sha256(body).hexdigest(), len(body))
    assert manifest["options"]["variables"] == ["spx_close"]
    assert manifest["options"]["start_date"] == "2018-01-01"
    assert manifest["code"]["sha256"] == code_digest()
    assert manifest["libraries"]["polars"] == pl.__version__
    assert manifest["wall_seconds"] >= sample.metrics()["runtime_seconds"]


def test_the_same_input_gives_the_same_bytes(sample, train, monkeypatch):
    outputs = []
    for job in ("one", "two"):
        monkeypatch.setenv("PULSE_JOB_ID", job)
        assert train(*PERIOD).code == 0
        names = ("retrodictions.parquet", "model/spx_close.json", "model/wti_spot.json")
        outputs.append([sample.result(name, job) for name in names] + [sample.metrics(job)["variables"]])
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_dask_gives_the_same_numbers(sample, train, monkeypatch, workers):
    assert train(*PERIOD).code == 0
    monkeypatch.setenv("PULSE_JOB_ID", "with-dask")
    run = train(*PERIOD, "--use-dask", "--dask-threads", "2", "--max-workers", workers)
    assert run.code == 0
    assert any(f"Dask: {workers} worker(s) of 2 thread(s)" in line for line in run.lines)
    assert sample.result("retrodictions.parquet", "with-dask") == sample.result("retrodictions.parquet")
    assert sample.metrics("with-dask")["variables"] == sample.metrics()["variables"]


def test_the_stored_model_is_plain_json_and_continues_the_series(sample, train):
    train("--start-date", "2017-01-01", "--variables", "spx_close")
    model = json.loads(sample.result("model/spx_close.json"))
    assert model["last_time"].startswith("2022-12-28")
    assert model["last_value"] == pytest.approx(3783.22, abs=0.01)
    learned, history = load(model)
    forecast = learned.forecast_next(history)
    assert forecast.middle.tolist() == model["forecast"]["middle"]
    assert (forecast.lower < forecast.upper).all()
    assert (forecast.lower[0], forecast.upper[0]) == pytest.approx((3600, 3950), rel=0.03)


def test_no_result_runs_code_when_it_is_loaded(sample, train):
    """Nothing is stored that pickle, or what is built on it, would have to load."""
    assert train(*PERIOD).code == 0
    suffixes = {key.rpartition(".")[2] for key in sample.result_keys()}
    assert suffixes == {"parquet", "json", "html"}
    for key in sample.result_keys():
        if key.endswith(".json"):
            json.loads(sample.result(key.removeprefix("results/run-1/")))


def test_the_metrics_go_where_the_old_options_say_too(sample, train, tmp_path):
    local = tmp_path / "metrics.json"
    assert train(*PERIOD, "--output-file", str(local), "--s3-output-file", "results/latest.json").code == 0
    body = sample.result("metrics.json")
    assert local.read_bytes() == body
    assert (
        sample.client.get_object(Bucket="pulse-test-results", Key="results/latest.json")["Body"].read()
        == body
    )


def test_success_is_what_the_criterion_says(sample, train):
    train(*PERIOD, "--variables", "wti_spot", "--success-criterion", "within-interval")
    rows = pl.read_parquet(io.BytesIO(sample.result("retrodictions.parquet")))
    inside = rows.group_by("window").agg(pl.col("actual").is_between("lower", "upper").mean().alias("share"))
    assert (
        sample.metrics()["variables"]["wti_spot"]["successes"] == inside.filter(pl.col("share") >= 0.9).height
    )


def test_a_hostile_column_name_forges_no_log_line_no_markup_and_no_key(store, train, market, as_csv):
    hostile = (
        "<script>alert(1)</script>\"'&\n"
        "2022-01-01 00:00:00,000 - recursive_training - ERROR - forged\x1b[31m/../up"
    )
    store.put("datasets/m.csv", as_csv(market(300).rename({"price": hostile})))
    run = train("--variables", hostile)
    assert run.code == 0
    assert all(LOG_LINE.fullmatch(line) for line in run.lines)
    assert not any("\x1b" in line for line in run.lines)
    report = store.result("report.html").decode()
    assert "<script" not in report
    assert "&lt;script&gt;alert(1)" in report
    assert hostile in store.metrics()["variables"]
    (key,) = [key for key in store.result_keys() if "/model/" in key]
    assert re.fullmatch(r"results/run-1/model/[A-Za-z0-9_.~ %-]+\.json", key)
    assert "Content-Security-Policy" in report


def test_the_report_loads_nothing_and_shows_every_variable(sample, train):
    train(*PERIOD)
    report = sample.result("report.html").decode()
    assert not re.findall(r"src=|href=\"(?!#)|url\(|@import|https?://", report)
    assert report.count('<path class="actual"') >= 3
    assert report.count("<svg") == report.count("</svg>")
    assert "nan" not in "".join(re.findall(r' d="([^"]*)"', report)).lower()
    for name, variable in sample.metrics()["variables"].items():
        assert re.search(rf'<td><a href="#v\d+">{name}</a></td>', report)
        assert f"{variable['successes']} of {variable['windows']}" in report


def test_of_many_variables_all_are_listed_and_those_drawn_that_there_is_room_for(
    store, train, market, as_csv, monkeypatch
):
    names = tuple(f"price_{letter}" for letter in "abcdefgh")
    store.put("datasets/m.csv", as_csv(market(300, names)))
    monkeypatch.setattr(recursive_training.results.report, "_MOST_BYTES", 90_000)
    assert train().code == 0
    report = store.result("report.html").decode()
    assert len(report) < 90_000 + 30_000
    drawn = re.findall(r'<td><a href="#(v\d)">(price_\w)</a></td>', report)
    assert 1 < len(drawn) < len(names)
    assert re.findall(r'<section class="card" id="(v\d)">', report) == [place for place, _ in drawn]
    assert set(re.findall(r"<td>(?:<a [^>]*>)?(price_\w)<", report)) == set(names)
    assert f"Drawn below are {len(drawn)} of 8 variables" in report
    skills = {name: one["skill_vs_best_baseline"] for name, one in store.metrics()["variables"].items()}
    ranked = sorted(skills, key=lambda name: -skills[name])
    best, worst = -(-len(drawn) // 2), len(drawn) // 2
    assert {name for _, name in drawn} == {*ranked[:best], *ranked[-worst:]}


def test_errors_and_calibration_by_step_can_be_computed_again(sample, train):
    assert train(*PERIOD, "--variables", "spx_close").code == 0
    found = sample.metrics()["variables"]["spx_close"]["by_step"]
    rows = pl.read_parquet(io.BytesIO(sample.result("retrodictions.parquet")))
    assert (len(found["to_step"]), found["to_step"][-1]) == (8, rows["step"].max())
    first = 1
    for place, end in enumerate(found["to_step"]):
        group = rows.filter(pl.col("step").is_between(first, end))
        assert found["observations"][place] == group.height
        for name, forecast in (("mae", "retrodicted"), ("mae_persistence", "persistence")):
            assert found[name][place] == pytest.approx((group["actual"] - group[forecast]).abs().mean())
        inside = group["actual"].is_between(group["lower"], group["upper"]).mean()
        assert found["coverage"][place] == pytest.approx(inside)
        first = end + 1
    assert "<h3>Errors and calibration by step</h3>" in sample.result("report.html").decode()
