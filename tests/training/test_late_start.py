"""Where no window of the period has enough history before it, the walk starts on the first day that has."""

import io

import polars as pl
import pytest


@pytest.mark.parametrize("observations", [1, 8, 18])
def test_rows_behind_enough_history_are_tried_where_no_window_of_the_period_has_it(
    store, train, market, as_csv, observations
):
    store.put("datasets/m.csv", as_csv(market(102 + observations)))
    run = train()
    assert run.code == 0, run.last_message
    metrics = store.metrics()
    assert (metrics["windows"], metrics["variables"]["price"]["observations"]) == (1, observations)
    assert metrics["left_out"] == [
        "No window from 2020-01-01 on has enough history before it: the first starts on 2020-04-12."
    ]


def test_one_row_less_is_too_little(store, train, market, as_csv):
    store.put("datasets/m.csv", as_csv(market(102)))
    assert train().code == 69


def test_the_tail_of_a_variable_starts_where_the_first_of_them_has_enough(store, train, market):
    """By the hour 332 are needed: 22 to look back on, 260 ahead (no window holds more), 50 to learn from."""
    hours = market(340).with_columns(
        pl.datetime_range(pl.datetime(2020, 1, 1), pl.datetime(2020, 1, 15, 3), "1h").alias("timestamp")
    )
    short = hours.select("timestamp", "price", pl.when(pl.int_range(340) > 300).then(1.0).alias("late"))
    store.put("datasets/m.csv", short.write_csv())
    assert train().code == 0
    assert list(store.metrics()["variables"]) == ["price"]
    rows = pl.read_parquet(io.BytesIO(store.result("retrodictions.parquet")))
    assert str(rows["timestamp"].min()) == "2020-01-15 00:00:00"
    assert rows.height == 4
