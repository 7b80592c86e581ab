"""Checks of single values. Faults are collected, so that a person mends the command once."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from recursive_training.model.inputs import LONGEST_SEASON, NAMES

AUTO = "auto"
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+")
_LONGEST_KEY = 1024  # bytes of UTF-8, https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html


class Check:
    """Each method returns the value it was given, read, and what it returns after a fault means nothing."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def fault(self, name: str, allowed: str, found: object) -> None:
        self.faults.append(f"{name} must be {allowed}, not {found!r}.")

    def number(self, name: str, text: str, lowest: int, highest: int) -> int:
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if not lowest <= value <= highest:
            self.fault(name, f"a whole number from {lowest} to {highest}", text)
        return value

    def day(self, name: str, found: object) -> date | None:
        try:
            return datetime.strptime(str(found), "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.fault(name, "a day that exists, as YYYY-MM-DD", found)
            return None

    def names(self, name: str, found: object) -> tuple[str, ...]:
        if isinstance(found, list) and all(isinstance(one, str) and one for one in found):
            return tuple(dict.fromkeys(found))
        self.fault(name, "a list of names", found)
        return ()

    def missing_values(self, name: str, text: str | None) -> tuple[float | str, ...]:
        """The numbers and texts in a JSON list; a text that is a number means both."""
        try:
            found = [] if text is None else json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or not all(_is_cell(one) for one in found):
            self.fault(name, "a JSON list of finite numbers and texts", text)
            return ()
        numbers = [float(one) for one in found if _is_number(one)]
        return (*dict.fromkeys(numbers), *dict.fromkeys(one for one in found if isinstance(one, str)))

    def boolean(self, name: str, text: str) -> bool:
        if text.strip().lower() not in _BOOLEANS:
            self.fault(name, "true or false", text)
        return _BOOLEANS.get(text.strip().lower(), False)

    def choice(self, name: str, found: object, allowed: Sequence[str]) -> str:
        if found not in allowed:
            self.fault(name, "one of " + ", ".join(allowed), found)
        return str(found)

    def model(self, name: str, found: object) -> tuple[str, ...]:
        """The names in the text, each once; none for auto."""
        if found == AUTO:
            return ()
        names = tuple(dict.fromkeys(str(found).split(",")))
        if not set(names) <= set(NAMES):
            self.fault(name, f"{AUTO}, or names joined by commas: {', '.join(NAMES)}", found)
        return names

    def season(self, name: str, text: str) -> int | None:
        if text == AUTO:
            return None
        return self.number(f"{name} ({AUTO}, or observations)", text, 1, LONGEST_SEASON)

    def bucket(self, option: str, variable: str, text: str | None, env: Mapping[str, str]) -> str:
        text = text or env.get(variable)
        if not text:
            self.faults.append(f"{option} is missing. Give it, or set {variable}.")
        elif not _BUCKET.fullmatch(text):
            self.fault(option, "a bucket name: 3 to 63 lower-case letters, digits, dots, hyphens", text)
        return text or ""

    def key(self, name: str, text: str | None) -> str | None:
        if text is not None and not 0 < len(text.encode(errors="replace")) <= _LONGEST_KEY:
            self.fault(name, f"1 to {_LONGEST_KEY} bytes long", text)
        return text

    def region(self, name: str, text: str) -> str:
        if not _REGION.fullmatch(text):
            self.fault(name, "a region such as us-east-1", text)
        return text

    def job_id(self, name: str, text: str) -> str:
        if not _JOB_ID.fullmatch(text):
            self.fault(name, "1 to 128 letters, digits, dots, colons, hyphens or underscores", text)
        return text

    def period(self, start: date | None, end: date | None) -> None:
        if start and end and end < start:
            self.faults.append(f"--end-date {end} is before --start-date {start}. Swap them.")


def _is_cell(value: object) -> bool:
    return isinstance(value, str) or (not isinstance(value, bool) and _is_number(value))


def _is_number(value: object) -> bool:
    """Whether it is a finite number, as text too."""
    try:
        return isinstance(value, int | float | str) and math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False
