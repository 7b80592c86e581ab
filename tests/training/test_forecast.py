"""What comes next: its times, its table, and a stored model that forecasts without the training."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from recursive_training import predict
from recursive_training.model.ahead import next_times
from recursive_training.series import Times

TRAINING = Path(__file__).parents[2] / "training"


def times(*texts: str) -> Times:
    return np.array(texts, dtype="datetime64[us]")


def business_days(start: str, end: str) -> Times:
    days = np.arange(start, end, dtype="datetime64[D]")
    return days[np.is_busday(days)].astype("datetime64[us]")


def test_business_days_go_on_as_business_days():
    # 2022-12-28 is a Wednesday
    found = next_times(business_days("2022-01-03", "2022-12-29"), 7)
    assert found.tolist() == business_days("2022-12-29", "2023-01-07").tolist()


def test_months_go_on_as_calendar_months_and_quarters_as_quarters():
    months = np.arange("2020-01", "2022-01", dtype="datetime64[M]").astype("datetime64[us]")
    assert next_times(months, 2).tolist() == times("2022-01-01", "2022-02-01").tolist()
    assert next_times(months[::3], 2).tolist() == times("2022-01-01", "2022-04-01").tolist()


def test_hours_go_on_by_the_hour_and_uneven_spacings_by_their_median():
    hours = np.arange("2022-01-01T00", "2022-02-01T00", dtype="datetime64[h]").astype("datetime64[us]")
    assert next_times(hours, 2).tolist() == times("2022-02-01T00", "2022-02-01T01").tolist()
    weeks = times("2022-01-05", "2022-01-12", "2022-01-20", "2022-01-26")
    assert next_times(weeks, 1).tolist() == times("2022-02-02").tolist()


def test_a_run_forecasts_the_next_period_after_its_last_observation(sample, train):
    assert train("--start-date", "2018-01-01", "--variables", "spx_close", "wti_spot").code == 0
    table = pl.read_parquet(io.BytesIO(sample.result("forecast.parquet")))
    assert table["variable"].unique().sort().to_list() == ["spx_close", "wti_spot"]
    spx = table.filter(variable="spx_close")
    stored = json.loads(sample.result("model/spx_close.json"))
    assert spx["forecast"].to_list() == stored["forecast"]["middle"]
    assert spx["timestamp"].min() > pl.Series([stored["last_time"]]).str.to_datetime()[0]
    assert spx["step"].to_list() == list(range(1, stored["steps"] + 1))
    page = sample.result("report.html").decode()
    assert f"<td>{spx['timestamp'][-1]:%Y-%m-%d}</td><td>{spx['forecast'][-1]:,.0f}</td>" in page
    assert (
        f"The retrodiction of spx_close is {sample.metrics()['variables']['spx_close']['verdict']}." in page
    )
    assert ((spx["lower"] < spx["forecast"]) & (spx["forecast"] < spx["upper"])).all()


def test_a_stored_model_forecasts_with_numpy_alone(sample, train, tmp_path):
    train("--start-date", "2021-01-01", "--variables", "spx_close")
    model = tmp_path / "model.json"
    model.write_bytes(sample.result("model/spx_close.json"))
    program = (
        "import sys; from recursive_training.predict import main; code = main(sys.argv[1:]); "
        "sys.exit(code or len({'polars', 'boto3', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(model), "3800"],
        capture_output=True, text=True, cwd=TRAINING, check=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[0] == "step,forecast,lower,upper"
    assert float(lines[1].split(",")[1]) == pytest.approx(3800, rel=0.02)


@pytest.mark.parametrize(
    "argv", [[], ["missing.json"], [__file__], ["MODEL", "nan"], ["MODEL", "x"], ["MODEL", "-1"]]
)
def test_what_cannot_be_forecast_exits_2_with_the_reason(sample, train, tmp_path, capsys, argv):
    model = tmp_path / "model.json"
    if "MODEL" in argv:
        train("--start-date", "2022-06-01", "--variables", "spx_close")
        model.write_bytes(sample.result("model/spx_close.json"))
    assert predict.main([str(model) if word == "MODEL" else word for word in argv]) == 2
    out, err = capsys.readouterr()
    assert out or err
