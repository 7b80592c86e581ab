"""What a learned model is stored as: plain JSON, which runs no code when it is read and needs numpy alone.

`history` holds the values that it was learned on. A forecast needs them, because lags reach back and a place
in the season is counted from the first; what was observed since goes behind them.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from recursive_training.model.forecaster import Forecast, Learned, Weighed
from recursive_training.model.inputs import Model
from recursive_training.model.intervals import Interval
from recursive_training.model.retrodiction import INTERVAL_LEVEL
from recursive_training.model.ridge import Ridge
from recursive_training.series import Numbers, Series

SCHEMA = 2


def dump(learned: Learned, known: Series) -> dict[str, Any]:
    """`known`: what it was learned on. `forecast` is that of the next `steps` observations."""
    return {
        "schema": SCHEMA,
        "variable": known.name,
        "model": learned.name,
        "logarithmic": learned.logarithmic,
        "steps": learned.steps,
        "season": learned.season,
        "models": [
            {**asdict(one.model), "weight": one.weight, "ridge": one.ridge and _plain(one.ridge)}
            for one in learned.models
        ],
        "interval": _plain(learned.interval),
        "interval_level": INTERVAL_LEVEL,
        "history": known.values.tolist(),
        "last_value": float(known.values[-1]),
        "last_time": str(known.times[-1]),
        "forecast": _plain(learned.forecast_next(known.values)),
    }


def load(document: Mapping[str, Any]) -> tuple[Learned, Numbers]:
    """The model in the document, and the history that it was learned on. Raises ValueError if it is none."""
    try:
        if document["schema"] != SCHEMA:
            raise ValueError(f"Its schema is {document['schema']!r}, not {SCHEMA}.")
        models = [_weighed(dict(one)) for one in document["models"]]
        interval = Interval(**_arrays(document["interval"]))
        head = (bool(document["logarithmic"]), int(document["steps"]), int(document["season"]))
        return Learned(*head, models, interval), np.array(document["history"], dtype=float)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"It is no stored model: {error!r}.") from error


def _weighed(stored: dict[str, Any]) -> Weighed:
    weight, ridge = float(stored.pop("weight")), stored.pop("ridge")
    lags, harmonics = tuple(stored.pop("lags")), tuple(tuple(one) for one in stored.pop("harmonics"))
    return Weighed(
        Model(**stored, lags=lags, harmonics=harmonics), weight, Ridge(**_arrays(ridge)) if ridge else None
    )


def _plain(one: Ridge | Interval | Forecast) -> dict[str, Any]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(one).items()
    }


def _arrays(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: np.array(value, dtype=float) if isinstance(value, list) else value
        for name, value in stored.items()
    }
