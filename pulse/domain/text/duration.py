"""Durations in words."""

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def in_words(seconds: float | None) -> str:
    """The two largest units: `2 h 5 min`, `41 s`, `0.4 s`; empty for None."""
    if seconds is None:
        return ""
    if seconds < 10:  # noqa: PLR2004 - below ten seconds a tenth still tells something
        return f"{seconds:.1f} s"
    rest = round(seconds)
    words = []
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words[:2])
