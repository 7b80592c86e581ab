"""A sweep runs each combination as a run of its own, and its summary ranks them."""

import json
import re
from itertools import product

import pytest
from recursive_training.steps.summary import rank

from pulse.domain.training.metrics import parse

GRID = {"batch_size_days": [30, 60], "variables": [["spx_close"], ["wti_spot", "nasdaq_close"]]}
END = ("--start-date", "2017-01-01", "--end-date", "2017-12-31")


@pytest.fixture
def swept(sample, train, monkeypatch):
    """The store after all children of the grid have run."""
    monkeypatch.setenv("PULSE_JOB_ID", "grid")
    for index in range(4):
        monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", str(index))
        assert train("--sweep", json.dumps(GRID), *END).code == 0
    monkeypatch.delenv("AWS_BATCH_JOB_ARRAY_INDEX")
    monkeypatch.setenv("PULSE_JOB_ID", "grid-summary")
    return sample


def summarize(train):
    return train("--summarize-sweep", json.dumps(GRID), "--results-of", "grid", *END)


def test_a_child_runs_its_combination_as_a_run_of_its_own(swept, train, monkeypatch):
    for index, (days, variables) in enumerate(product(*GRID.values())):
        options = json.loads(swept.result(f"sweep/{index}/manifest.json", "grid"))["options"]
        assert (options["batch_size_days"], options["variables"]) == (days, variables)
    monkeypatch.setenv("PULSE_JOB_ID", "alone")
    assert train("--batch-size-days", "60", "--variables", "wti_spot", "nasdaq_close", *END).code == 0
    child = json.loads(swept.result("sweep/3/metrics.json", "grid"))
    assert child["variables"] == swept.metrics("alone")["variables"]
    names = {key.removeprefix("results/grid/sweep/3/") for key in swept.result_keys() if "/sweep/3/" in key}
    assert names == {key.removeprefix("results/alone/") for key in swept.result_keys() if "/alone/" in key}


def test_the_summary_ranks_all_combinations_and_points_to_them(swept, train):
    assert summarize(train).code == 0
    summary = json.loads(swept.result("summary.json", "grid"))
    ranking = summary["ranking"]
    assert [row["rank"] for row in ranking] == [1, 2, 3, 4]
    assert sorted(row["index"] for row in ranking) == [0, 1, 2, 3]
    means = [row["mean_mase"] for row in ranking]
    assert means == sorted(means)
    for row in ranking:
        assert row["results"] == f"s3://pulse-test-results/results/grid/sweep/{row['index']}/"
        child = json.loads(swept.result(f"sweep/{row['index']}/metrics.json", "grid"))["variables"]
        assert row["mean_mase"] == pytest.approx(sum(v["mase"] for v in child.values()) / len(child))
        assert list(child) == row["options"]["variables"]
    assert summary["job_id"] == "grid"


def test_the_metrics_of_a_sweep_are_its_bests(swept, train):
    summarize(train)
    metrics = swept.metrics("grid")
    understood = parse(swept.result("metrics.json", "grid"))
    assert understood.ranking[0].results == metrics["ranking"][0]["results"]
    assert understood.ranking[3].options == metrics["ranking"][3]["options"]
    assert (understood.cpu_seconds, understood.data.rows) == (metrics["cpu_seconds"], 8313)
    ranking = metrics.pop("ranking")
    assert ranking == json.loads(swept.result("summary.json", "grid"))["ranking"]
    assert metrics == json.loads(swept.result(f"sweep/{ranking[0]['index']}/metrics.json", "grid"))


def test_the_report_shows_every_combination_and_links_to_its_own(swept, train):
    summarize(train)
    report = swept.result("report.html", "grid").decode()
    linked = re.findall(r'href="([^"]*)"', report)
    assert sorted(set(linked)) == [f"sweep/{index}/report.html" for index in range(4)]
    assert report.count("<circle") == 4
    assert "wti_spot, nasdaq_close" in report
    assert "market_daily.csv" in report
    assert "MASE favours short windows" in report
    assert not re.findall(r"src=|url\(|@import|https?://|<script", report)


def test_the_manifest_vouches_for_the_summary(swept, train):
    summarize(train)
    manifest = json.loads(swept.result("manifest.json", "grid"))
    assert [one["key"] for one in manifest["read"]["objects"]] == [
        f"results/grid/sweep/{index}/metrics.json" for index in range(4)
    ]
    assert manifest["options"]["role"]["grid"] == GRID
    assert {one["key"].rsplit("/", 1)[1] for one in manifest["written"]["objects"]} == {
        "summary.json",
        "report.html",
        "metrics.json",
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [(None, "of its 4 children these wrote no metrics.json: 2 "), (b"{}", "holds no metrics")],
)
def test_a_combination_without_metrics_exits_66(swept, train, body, said):
    where = {"Bucket": "pulse-test-results", "Key": "results/grid/sweep/2/metrics.json"}
    if body is None:
        swept.client.delete_object(**where)
    else:
        swept.client.put_object(**where, Body=body)
    run = summarize(train)
    assert (run.code, said in run.last_message) == (66, True), run.last_message


def test_ties_are_broken_by_trust_and_what_has_no_mase_is_last():
    def found(mase, trust):
        return {"variables": {"v": {"mase": mase, "trust": trust, "skill_vs_persistence": None}}}

    metrics = [found(None, 0.9), found(1.0, 0.5), found(1.0, 0.6), found(0.9, 0.1)]
    ranking = rank([{}] * 4, metrics, [""] * 4)
    assert [row["index"] for row in ranking] == [3, 2, 1, 0]
    assert ranking[0]["mean_skill"] is None


def test_a_hostile_value_is_no_markup(sample, train, monkeypatch):
    grid = json.dumps({"variables": [["spx_close"], ["wti_spot"]]})
    for index in range(2):
        monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", str(index))
        assert train("--sweep", grid, *END).code == 0
    monkeypatch.delenv("AWS_BATCH_JOB_ARRAY_INDEX")
    hostile = json.dumps({"variables": [["<script>alert(1)</script>"], ['"><b>']]})
    assert train("--summarize-sweep", hostile, "--results-of", "run-1").code == 0
    report = sample.result("report.html").decode()
    assert "<script>" not in report
    assert "<b>" not in report.replace("<br>", "")
