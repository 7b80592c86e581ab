"""Which cells a message may quote: it travels to e-mail and chat, and a cell may hold a name or a password.

Only what looks like a number or a date is quoted, and what usually stands where nothing is known. Of any
other cell the message names the line.
"""

import re

from recursive_training.data.notes import quoted

_LONGEST_CELL = 60
_SIGNS = r"[^\w\s]{0,3}\s?"
_CURRENCY = r"(?:(?:USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|US)\s?|[A-Z]{1,3}\s)?"
_DIGITS = r"(?:\d{1,3}(?:[.,'’`´_\s]\d{2,3}){1,6}|\d{1,20})?(?:[.,]\d{1,20}|/\d{1,3})?(?:[eE][+-−]?\d{1,3})?"
_UNIT = r"\s?(?:[A-Za-zµμΩ°]{1,4}[²³]?(?:/[A-Za-z]{1,3}[²³]?)?)?"
_NUMBER = re.compile(rf"(?=\D{{0,8}}\d){_SIGNS}{_CURRENCY}{_SIGNS}{_DIGITS}{_UNIT}{_SIGNS}")

_APART = r"[-/.\s,]{1,2}"
_MONTH = r"[-/.\s,]{0,2}(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?[-/.\s,]{0,2}"
_WEEKDAY = r"(?:(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,?\s+)?"
_DAY = (
    rf"{_WEEKDAY}(?:\d{{4}}(?:{_APART}\d{{1,2}}{_APART}|{_MONTH})\d{{1,2}}|\d{{8}}|"
    rf"\d{{1,2}}(?:st|nd|rd|th)?(?:{_APART}\d{{1,2}}{_APART}|{_MONTH})['’]?(?:\d{{4}}|\d{{2}})|"
    rf"{_MONTH}(?:\d{{1,2}}(?:st|nd|rd|th)?{_APART})?['’]?(?:\d{{4}}|\d{{2}})|"
    rf"\d{{4}}(?:[-\s/.]?[QqWwMm]?\d{{1,3}}(?:-\d)?|{_MONTH})|[Qq]?\d{{1,2}}{_APART}\d{{4}})"
)
_ZONE = (
    r"(?:\s?(?:[A-Z]{1,5}\d?|[AaPp]\.?[Mm]\.?|[+-]\d{2}:?(?:\d{2})?|[A-Z][a-z]{1,12}/[A-Z][A-Za-z_]{1,20}|"
    r"\[[\w/+-]{1,32}\])){0,3}"
)
_CLOCK = rf"(?:[Tt\s]\s?\d{{1,2}}:?\d{{2}}|\d{{1,2}}:\d{{2}})(?::\d{{2}}(?:[.,]\d{{1,9}})?)?{_ZONE}"
_MOMENT = rf"(?:{_DAY}(?:{_CLOCK})?|{_CLOCK})"
_DATES = re.compile(rf"['\"]?{_MOMENT}(?:\s?(?:-|–|/|to|\.\.)\s?{_MOMENT})?['\"]?")
_NOTHING = re.compile(r"\W{0,4}|(?i:#?n\.?/?a\.?|nan|null|none|nil|missing|unknown|inf|#[a-z0-9/]{2,8}[!?])")


def example(cell: object) -> str:
    """The cell in quotes where it looks like a number or a date, or is a usual word for none; else empty."""
    text = str(cell).strip()
    is_shown = len(text) <= _LONGEST_CELL and any(
        form.fullmatch(text) for form in (_NUMBER, _DATES, _NOTHING)
    )
    return quoted(cell) if is_shown else ""
