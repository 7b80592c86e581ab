"""Numbers of a model as people read them."""

_PLAIN_BELOW = 1000
_NEGLIGIBLE = 0.005


def metric(value: float, sign: str = "") -> str:
    """Two places; what rounds to zero has no minus, a number out of all proportion few characters.

    `sign`: `+` where a number above zero has one.
    """
    rounded = 0.0 if abs(value) < _NEGLIGIBLE else value
    return f"{rounded:{sign}.2f}" if abs(rounded) < _PLAIN_BELOW else f"{rounded:{sign}.2g}"
