"""Writes moments the way people's programs write them, each notation of dates by its name.

Knows nothing of the reader: what comes out of it is compared with what was written here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY, HOUR, MINUTE, SECOND, MICROSECOND, MONTH = 86_400.0, 3600.0, 60.0, 1.0, 1e-6, 28 * 86_400.0
READ, REFUSED, EITHER = "read", "refused", "either"
IN_UTC, LOCAL = "in UTC", "local"
_YEAR_FIRST, _YEAR_LAST = "YYYY-x-x", "x/x/YYYY"


@dataclass(frozen=True)
class Dates:
    """A notation of dates. `grain`: the finest step that it writes, in seconds. `must`: what becomes of a
    long column in it. `zoned`: it writes instants, in UTC or with the offset of their place; else it writes
    what a clock shows. `shape`: notations that share it differ in the order of day and month alone, so that
    only days after the twelfth tell them apart.
    """

    write: Callable[[datetime], str]
    grain: float
    must: str = READ
    zoned: str = ""
    shape: str = ""


def by(form: str) -> Callable[[datetime], str]:
    return lambda moment: moment.strftime(form)


def _in_utc(form: str) -> Callable[[datetime], str]:
    return lambda moment: moment.astimezone(UTC).strftime(form)


def _with_offset(form: str, *, colon: bool = True, minutes: bool = True) -> Callable[[datetime], str]:
    def write(moment: datetime) -> str:
        offset = f"{moment:%z}"
        shown = offset[:3] if not minutes else f"{offset[:3]}:{offset[3:]}" if colon else offset
        return moment.strftime(form) + shown

    return write


def _at_24(form: str, midnight: str) -> Callable[[datetime], str]:
    """Midnight is written as the end of the day before."""

    def write(moment: datetime) -> str:
        if (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0):
            return (moment - timedelta(days=1)).strftime(midnight)
        return moment.strftime(form)

    return write


def _epoch(per_second: int, form: str = "{}") -> Callable[[datetime], str]:
    def write(moment: datetime) -> str:
        micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        return form.format(micros * per_second // 10**6)

    return write


def _epoch_float(moment: datetime) -> str:
    micros = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return f"{micros // 10**6}.{micros % 10**6:06}"


def _serial(moment: datetime) -> float:
    return (moment - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)


def _twelve(moment: datetime) -> str:
    return f"{(moment.hour + 11) % 12 + 1}:{moment:%M}"


DATES: Mapping[str, Dates] = {
    "YYYY-MM-DD": Dates(by("%Y-%m-%d"), DAY, shape=_YEAR_FIRST),
    "YYYY/MM/DD": Dates(by("%Y/%m/%d"), DAY),
    "YYYY.MM.DD": Dates(by("%Y.%m.%d"), DAY),
    "YYYYMMDD": Dates(by("%Y%m%d"), DAY, shape="YYYYxxxx"),
    "Y-M-D": Dates(lambda m: f"{m.year}-{m.month}-{m.day}", DAY, shape=_YEAR_FIRST),
    "YYYY-MM-DD hh:mm": Dates(by("%Y-%m-%d %H:%M"), MINUTE, shape=_YEAR_FIRST),
    "YYYY-MM-DDThh:mm:ss": Dates(by("%Y-%m-%dT%H:%M:%S"), SECOND, shape=_YEAR_FIRST),
    "YYYY/M/D h:mm": Dates(lambda m: f"{m.year}/{m.month}/{m.day} {m.hour}:{m:%M}", MINUTE),
    "YYYY.MM.DD hh:mm:ss": Dates(by("%Y.%m.%d %H:%M:%S"), SECOND),
    "YYYY-MM-DD hh:mm:ss.ffffff": Dates(by("%Y-%m-%d %H:%M:%S.%f"), MICROSECOND, shape=_YEAR_FIRST),
    "YYYY-MM-DD hh:mm:ss,ffffff": Dates(by("%Y-%m-%d %H:%M:%S,%f"), MICROSECOND, shape=_YEAR_FIRST),
    "YYYY-MM-DDThh:mm:ss.fffffffff": Dates(by("%Y-%m-%dT%H:%M:%S.%f000"), MICROSECOND, shape=_YEAR_FIRST),
    "an offset": Dates(_with_offset("%Y-%m-%dT%H:%M:%S"), SECOND, zoned=LOCAL),
    "an offset without a colon": Dates(_with_offset("%Y-%m-%d %H:%M:%S", colon=False), SECOND, zoned=LOCAL),
    "an offset behind a blank": Dates(_with_offset("%Y-%m-%d %H:%M:%S.%f "), MICROSECOND, zoned=LOCAL),
    "hours of an offset": Dates(_in_utc("%Y-%m-%d %H:%M:%S+00"), SECOND, zoned=IN_UTC),
    "Z": Dates(_in_utc("%Y-%m-%dT%H:%M:%SZ"), SECOND, zoned=IN_UTC),
    "Z behind fractions": Dates(_in_utc("%Y-%m-%dT%H:%M:%S.%fZ"), MICROSECOND, zoned=IN_UTC),
    "UTC": Dates(_in_utc("%Y-%m-%d %H:%M:%S UTC"), SECOND, zoned=IN_UTC),
    "YYYYMMDDThhmmssZ": Dates(_in_utc("%Y%m%dT%H%M%SZ"), SECOND, zoned=IN_UTC),
    "the name of a zone": Dates(by("%Y-%m-%d %H:%M:%S Europe/Paris"), SECOND, REFUSED),
    "DD/MM/YYYY": Dates(by("%d/%m/%Y"), DAY, shape=_YEAR_LAST),
    "MM/DD/YYYY": Dates(by("%m/%d/%Y"), DAY, shape=_YEAR_LAST),
    "DD.MM.YYYY": Dates(by("%d.%m.%Y"), DAY),
    "DD-MM-YYYY hh:mm": Dates(by("%d-%m-%Y %H:%M"), MINUTE),
    "D/M/YYYY": Dates(lambda m: f"{m.day}/{m.month}/{m.year}", DAY, shape=_YEAR_LAST),
    "M/D/YYYY h:mm": Dates(lambda m: f"{m.month}/{m.day}/{m.year} {m.hour}:{m:%M}", MINUTE, shape=_YEAR_LAST),
    "D/MM/YYYY": Dates(lambda m: f"{m.day}/{m:%m/%Y}", DAY, shape=_YEAR_LAST),
    "M/D/YYYY h:mm AM": Dates(
        lambda m: f"{m.month}/{m.day}/{m.year} {_twelve(m)} {m:%p}", MINUTE, shape=_YEAR_LAST
    ),
    "DD.MM.YYYY hh:mm:ss": Dates(by("%d.%m.%Y %H:%M:%S"), SECOND),
    "YYYY-DD-MM": Dates(by("%Y-%d-%m"), DAY, REFUSED, shape=_YEAR_FIRST),
    "DD/MM/YY": Dates(by("%d/%m/%y"), DAY, REFUSED),
    "YY-MM-DD": Dates(by("%y-%m-%d"), DAY, REFUSED),
    "3-Jan-2022": Dates(lambda m: f"{m.day}-{m:%b-%Y}", DAY),
    "03 January 2022": Dates(by("%d %B %Y"), DAY),
    "Jan 3, 2022": Dates(lambda m: f"{m:%b} {m.day}, {m.year}", DAY),
    "Jan 3 2022 9:30AM": Dates(lambda m: f"{m:%b} {m.day} {m.year} {_twelve(m)}{m:%p}", MINUTE),
    "Mon, 03 Jan 2022 09:30:00 GMT": Dates(_in_utc("%a, %d %b %Y %H:%M:%S GMT"), SECOND, zoned=IN_UTC),
    "2022-Jan-03": Dates(by("%Y-%b-%d"), DAY),
    "3-Jan-22": Dates(lambda m: f"{m.day}-{m:%b-%y}", DAY, REFUSED),
    "24:00": Dates(_at_24("%Y-%m-%d %H:%M", "%Y-%m-%d 24:00"), MINUTE, shape=_YEAR_FIRST),
    "YYYYMMDDHH to 24": Dates(_at_24("%Y%m%d%H", "%Y%m%d24"), HOUR, EITHER),
    "YYYYMMDDhhmm to 2400": Dates(_at_24("%Y%m%d%H%M", "%Y%m%d2400"), MINUTE, EITHER),
    "YYYY-DDD": Dates(by("%Y-%j"), DAY),
    "YYYYDDD": Dates(by("%Y%j"), DAY),
    "2022-W01-1": Dates(by("%G-W%V-%u"), DAY),
    "epoch seconds": Dates(_epoch(1), SECOND, zoned=IN_UTC),
    "epoch milliseconds": Dates(_epoch(10**3), SECOND, zoned=IN_UTC),
    "epoch microseconds": Dates(_epoch(10**6), MICROSECOND, zoned=IN_UTC),
    "epoch nanoseconds": Dates(_epoch(10**9), MICROSECOND, zoned=IN_UTC),
    "epoch seconds with .0": Dates(_epoch(1, "{}.0"), SECOND, zoned=IN_UTC),
    "epoch seconds with a fraction": Dates(_epoch_float, MICROSECOND, zoned=IN_UTC),
    "days of a spreadsheet": Dates(lambda m: f"{_serial(m):.0f}", DAY, REFUSED),
    "days of a spreadsheet with a fraction": Dates(lambda m: repr(_serial(m)), MINUTE, REFUSED),
    "YYYYMMDDHH": Dates(by("%Y%m%d%H"), HOUR),
    "YYYYMMDDhhmm": Dates(by("%Y%m%d%H%M"), MINUTE),
    "YYYYMMDDhhmmss": Dates(by("%Y%m%d%H%M%S"), SECOND),
    "YYYYMMDD hhmmss": Dates(by("%Y%m%d %H%M%S"), SECOND),
    "YYYYMMDDThhmm": Dates(by("%Y%m%dT%H%M"), MINUTE),
    "DDMMYYYY": Dates(by("%d%m%Y"), DAY, REFUSED),
    "MMDDYYYY": Dates(by("%m%d%Y"), DAY, REFUSED),
    "YYYYDDMM": Dates(by("%Y%d%m"), DAY, REFUSED, shape="YYYYxxxx"),
    "YYMMDD": Dates(by("%y%m%d"), DAY, REFUSED),
    "YYMMDDhhmm": Dates(by("%y%m%d%H%M"), MINUTE, REFUSED),
    "YYMMDDhhmmss": Dates(by("%y%m%d%H%M%S"), SECOND, REFUSED),
    "DDMMYYYYHH": Dates(by("%d%m%Y%H"), HOUR, REFUSED),
    "DDMMYYYYhhmm": Dates(by("%d%m%Y%H%M"), MINUTE, REFUSED),
    "DDMMYYhhmm": Dates(by("%d%m%y%H%M"), MINUTE, REFUSED),
    "YYYYDDDHH": Dates(by("%Y%j%H"), HOUR, REFUSED),
    "YYYYDDDhhmmss": Dates(by("%Y%j%H%M%S"), SECOND, REFUSED),
    "YYYYMMDDhhmmssff": Dates(
        lambda m: f"{m:%Y%m%d%H%M%S}{m.microsecond // 10_000:02}", MICROSECOND, REFUSED
    ),
    "a span of a quarter of an hour": Dates(
        lambda m: f"{m:%Y-%m-%d %H:%M}-{m + timedelta(minutes=15):%H:%M}", MINUTE, EITHER
    ),
    "2022-01": Dates(by("%Y-%m"), MONTH, REFUSED),
    "202201": Dates(by("%Y%m"), MONTH, REFUSED),
    "Jan 2022": Dates(by("%b %Y"), MONTH, REFUSED),
}
