"""Numbers of a model as people read them."""

_PLAIN_BELOW = 1000
_NEGLIGIBLE = 0.005
_WHOLE_BELOW = 1e15


def metric(value: float, sign: str = "") -> str:
    """Two places; what rounds to zero has no minus, a number out of all proportion few characters.

    `sign`: `+` where a number above zero has one.
    """
    rounded = 0.0 if abs(value) < _NEGLIGIBLE else value
    return f"{rounded:{sign}.2f}" if abs(rounded) < _PLAIN_BELOW else f"{rounded:{sign}.2g}"


def figure(value: float, sign: str = "") -> str:
    """A metric of which nothing is known but its value: whole numbers with all their digits, others with four
    that count.
    """
    if float(value).is_integer() and abs(value) < _WHOLE_BELOW:
        return f"{value:{sign}.0f}"
    return f"{value:{sign}.4g}"
