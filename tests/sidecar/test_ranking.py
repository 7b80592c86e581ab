"""The children of a sweep, ranked."""

import json

import pytest
from data_sidecar import ranking
from data_sidecar.ranking import Child
from data_sidecar.settings import Rank

HOW = Rank("array-1", "metrics.json", "auc", "higher")
SWEEP = {"rate": [0.1, 0.2], "note": ["<b>", "b"]}


def rank_env(**how: str) -> dict[str, str]:
    wanted = {"file": "metrics.json", "by": "auc", "better": "higher"} | how
    return {
        "PULSE_TASK": "rank",
        "PULSE_JOB_ID": "run-2",
        "PULSE_RESULTS_PREFIX": "results/run-2/",
        "PULSE_RESULTS_OF": "array-1",
        "PULSE_SWEEP": json.dumps(SWEEP),
        "PULSE_RANK": json.dumps(wanted),
        "PULSE_DATASET": "datasets/not-read.csv",
    }


def put(store, *bodies: str | None, file: str = "metrics.json") -> None:
    for index, body in enumerate(bodies):
        if body is not None:
            store.put(f"results/array-1/sweep/{index}/{file}", body, bucket="pulse-test-results")


def test_the_best_comes_first_with_its_metrics(store, run):
    put(
        store,
        '{"auc": 0.7, "loss": 1}',
        '{"auc": 0.9, "loss": 2}',
        '{"auc": 0.8}',
        '{"auc": 0.9, "note": "x"}',
    )
    run.go(run.end(), **rank_env())
    assert run.code == 0
    metrics = json.loads(store.result("results/array-1/metrics.json"))
    assert (metrics["auc"], metrics["loss"], metrics["warnings"]) == (0.9, 2, [])
    assert [(one["rank"], one["index"]) for one in metrics["ranking"]] == [(1, 1), (2, 3), (3, 2), (4, 0)]
    assert metrics["ranking"][0] == {
        "rank": 1,
        "index": 1,
        "parameters": {"rate": 0.1, "note": "b"},
        "metrics": {"auc": 0.9, "loss": 2},
        "results": "s3://pulse-test-results/results/array-1/sweep/1/",
    }
    manifest = store.manifest("results/array-1/")
    assert len(manifest["read"]["objects"]) == 4
    assert [one["key"] for one in manifest["written"]["objects"]] == [
        "results/array-1/report.html",
        "results/array-1/metrics.json",
    ]
    assert store.keys("results/run-2/") == []


def test_lower_is_better_where_that_is_said(store, run):
    put(store, *(f'{{"loss": {loss}}}' for loss in (3, 1, 2, 4)), file="scores.json")
    run.go(run.end(), **rank_env(file="scores.json", by="loss", better="lower"))
    ranked = json.loads(store.result("results/array-1/scores.json"))["ranking"]
    assert [one["index"] for one in ranked] == [1, 2, 0, 3]


@pytest.mark.parametrize(
    "body",
    [
        '{"auc": "0.9"}',
        '{"auc": NaN}',
        '{"auc": 1e999}',
        '{"auc": true}',
        "[1]",
        "[" * 99999,
        f'{{"auc": {"9" * 400}}}',
    ],
)
def test_a_metric_that_is_no_finite_number_is_ranked_last_and_told(store, run, body):
    put(store, body, '{"auc": -5}', '{"auc": -4}', '{"auc": -3}')
    run.go(run.end(), **rank_env())
    metrics = json.loads(store.result("results/array-1/metrics.json"))
    assert [one["index"] for one in metrics["ranking"]] == [3, 2, 1, 0]
    assert metrics["warnings"] == [
        "Child 0 has no finite number auc in its metrics.json, and is ranked last."
    ]


def test_a_child_without_metrics_is_named(store, run):
    put(store, '{"auc": 1}', None, '{"auc": 1}', None)
    run.go(run.end(), **rank_env())
    assert (run.code, run.failed) == (66, 66)
    assert "of its 4 children these wrote no metrics.json: 1, 3 (s3://pulse-test-results/" in run.why
    assert "results/array-1/metrics.json" not in store.keys("results/")


def test_a_child_whose_metrics_are_denied_may_have_none(store, run, refuse):
    put(store, *['{"auc": 1}'] * 4)
    refuse("GetObject", 403, "AccessDenied", path="/sweep/2/")
    run.go(run.end(), **rank_env())
    assert (run.code, run.failed) == (77, 77)
    assert (
        "Where s3:ListBucket is not allowed either, S3 answers so for an object that is missing." in run.why
    )


def test_the_report_has_no_script_and_everything_escaped(store, run):
    put(store, *['{"auc": 1, "<script>": 2}'] * 4)
    run.go(run.end(), **rank_env())
    page = store.result("results/array-1/report.html").decode()
    assert "<script" not in page
    assert "<b>" not in page
    assert "<td>&lt;b&gt;</td>" in page
    assert "<th>&lt;script&gt;</th>" in page
    head = store.client.head_object(Bucket="pulse-test-results", Key="results/array-1/report.html")
    assert head["ContentType"] == "text/html; charset=utf-8"


def test_a_main_that_could_not_even_do_nothing_ranks_nothing(store, run):
    run.go(run.end(127), **rank_env())
    assert store.keys("results/") == ["results/array-1/claim.json"]


@pytest.mark.parametrize("how", [{"better": "best"}, {"by": "\0"}])
def test_what_says_not_how_to_rank_is_refused(store, run, how):
    run.go(**rank_env(**how))
    assert (run.code, run.failed) == (2, 2)
    assert "PULSE_RANK is " in run.why


def many(count: int, names: int) -> list[Child]:
    metrics = {f"metric_{i}": 0.123456789 for i in range(names)} | {"auc": 0.5}
    return [Child(i, {"rate": 0.1}, metrics, f"s3://bucket/results/array/sweep/{i}/") for i in range(count)]


@pytest.mark.parametrize(
    ("count", "names", "rows", "told"), [(100, 10, 100, 0), (10_000, 30, 10_000, 1), (10_000, 0, 10_000, 0)]
)
def test_the_metrics_are_never_longer_than_pulse_reads(count, names, rows, told):
    text = ranking.metrics(many(count, names), HOW)
    assert len(text.encode()) <= ranking.MOST_BYTES
    document = json.loads(text)
    assert (len(document["ranking"]), len(document["warnings"])) == (rows, told)


@pytest.mark.parametrize(("length", "rows"), [(800, 2500), (10_000, 312)])
def test_of_rows_that_are_long_themselves_the_best_stay(length, rows):
    children = [Child(i, {"note": "x" * length}, {"auc": 1}, f"s3://b/{i}/") for i in range(5000)]
    text = ranking.metrics(children, HOW)
    assert len(text) <= ranking.MOST_BYTES
    document = json.loads(text)
    assert len(document["ranking"]) == rows
    assert document["warnings"][0].endswith(f"the ranking has the best {rows}, with auc alone.")
