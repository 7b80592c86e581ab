"""Writes true tables the way people's programs write them: numbers, layouts, containers, each by its name.

Knows nothing of the reader: what comes out of it is compared with what was written here.
"""

import bz2
import csv
import gzip
import io
import lzma
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from tests.training.written_dates import DATES, EITHER, READ, REFUSED

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@dataclass(frozen=True)
class Numbers:
    """A notation of numbers. `write` is given the value and its row. `must`: what becomes of a column of
    -1234.50, 980.25, 1071.75 and the like.
    """

    write: Callable[[Decimal, int], str]
    must: str = READ


def grouped(thousands: str, decimal: str) -> Callable[[Decimal, int], str]:
    swap = str.maketrans({",": thousands, ".": decimal})
    return lambda value, _row: f"{value:,}".translate(swap)


def _indian(value: Decimal, _row: int) -> str:
    whole, dot, rest = str(value).partition(".")
    sign, digits = whole[: -len(whole.lstrip("-"))], whole.lstrip("-")
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return sign + ",".join([*pairs, tail]) + dot + rest


def _on_every(nth: int, change: Callable[[str], str]) -> Callable[[Decimal, int], str]:
    return lambda value, row: change(str(value)) if row % nth == nth - 1 else str(value)


def _minus(shown: str) -> Callable[[Decimal, int], str]:
    return lambda value, _row: shown.format(abs(value)) if value < 0 else str(value)


_FULL_WIDTH = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
_ARABIC = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")
NUMBERS: Mapping[str, Numbers] = {
    "plain": Numbers(lambda value, _row: str(value)),
    "1,234.5": Numbers(grouped(",", ".")),
    "1.234,5": Numbers(grouped(".", ",")),
    "1 234.5": Numbers(grouped(" ", ".")),
    "1 234,5": Numbers(grouped("\u00a0", ",")),
    "1 234,5, narrow": Numbers(grouped("\u202f", ",")),
    "1'234.5": Numbers(grouped("'", ".")),
    "1’234.5": Numbers(grouped("’", ".")),
    "1_234.5": Numbers(grouped("_", ".")),
    "1234,5": Numbers(lambda value, _row: str(value).replace(".", ",")),
    "a blank at both ends": Numbers(lambda value, _row: f" {value} "),
    "a plus": Numbers(lambda value, _row: f"{value:+}"),
    "a minus of Unicode": Numbers(_minus("\u2212{}")),
    "brackets": Numbers(_minus("({})"), REFUSED),
    "brackets around dollars": Numbers(
        lambda value, _row: f" $ ({abs(value):,})" if value < 0 else f" $ {value:,} ", REFUSED
    ),
    "a minus behind": Numbers(_minus("{}-"), REFUSED),
    "1.2345E+3": Numbers(lambda value, _row: f"{value:.10E}"),
    "1,2345E+3": Numbers(lambda value, _row: f"{value:.10E}".replace(".", ",")),
    "12 %": Numbers(lambda value, _row: f"{value} %"),
    "1.234,5 €": Numbers(lambda value, row: f"{grouped('.', ',')(value, row)} €"),
    "-$1,234.5": Numbers(
        lambda value, row: f"{'-' if value < 0 else ''}${grouped(',', '.')(abs(value), row)}"
    ),
    "1,2345E6": Numbers(lambda value, _row: f"{value.scaleb(-6):f}E6".replace(".", ",")),
    "12 kWh": Numbers(lambda value, _row: f"{value} kWh"),
    "12 kr.": Numbers(lambda value, _row: f"{value} kr.", EITHER),
    "some with %": Numbers(_on_every(7, "{}%".format), REFUSED),
    "some with €": Numbers(_on_every(7, "€{}".format), REFUSED),
    "some in thousands": Numbers(_on_every(7, "{}k".format), REFUSED),
    "12k": Numbers(lambda value, _row: f"{value}k", REFUSED),
    "limits": Numbers(_on_every(7, "<{}".format), REFUSED),
    "marks": Numbers(_on_every(7, "{}*".format), REFUSED),
    "12,34,567.5": Numbers(_indian, REFUSED),
    "full-width digits": Numbers(lambda value, _row: str(value).translate(_FULL_WIDTH), REFUSED),
    "Arabic digits": Numbers(lambda value, _row: str(value).translate(_ARABIC), REFUSED),
}


@dataclass(frozen=True)
class Layout:
    """How rows of cells become the bytes of a text."""

    separator: str = ","
    quoting: int = csv.QUOTE_MINIMAL
    before: Sequence[str] = ()
    units: bool = False
    after: Sequence[str] = ()
    line_end: str = "\n"
    encoding: str = "utf-8"
    blank_every: int = 0

    def text(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """The lines as they are before they get their own ends."""
        stream = io.StringIO()
        stream.writelines(f"{line}\n" for line in self.before)
        writer = csv.writer(stream, delimiter=self.separator, quoting=self.quoting, lineterminator="\n")
        writer.writerow(header)
        if self.units:
            writer.writerow(["", *["USD"] * (len(header) - 1)])
        for place, row in enumerate(rows):
            if self.blank_every and place % self.blank_every == 0:
                stream.write("\n")
            writer.writerow(row)
        stream.writelines(f"{line}\n" for line in self.after)
        return stream.getvalue()

    def encoded(self, text: str) -> bytes:
        return text.replace("\n", self.line_end).encode(self.encoding)


LAYOUTS: Mapping[str, Layout] = {
    "commas": Layout(),
    "semicolons": Layout(";"),
    "tabs": Layout("\t"),
    "bars": Layout("|"),
    "all quoted": Layout(quoting=csv.QUOTE_ALL),
    "all quoted, semicolons": Layout(";", quoting=csv.QUOTE_ALL),
    "sep=": Layout(";", before=["sep=;"]),
    "a title": Layout(before=["Prices of power, in EUR, as of today"]),
    "a blank line below the header": Layout(blank_every=1000),
    "comments and a blank line": Layout(before=["# source: the exchange", "# it's hourly", "", "# end"]),
    "six lines of metadata": Layout(before=[f"Key {n},value {n}" for n in range(6)]),
    "a row of units": Layout(units=True),
    "notes below": Layout(after=["", "Source: the exchange", "# end"]),
    "a mark of byte order": Layout(encoding="utf-8-sig"),
    "CRLF": Layout(line_end="\r\n"),
    "CR": Layout(line_end="\r"),
    "UTF-16": Layout("\t", encoding="utf-16"),
    "blank lines": Layout(blank_every=9),
    "a title, units, CRLF, quotes": Layout(
        quoting=csv.QUOTE_ALL, before=["A title", ""], units=True, line_end="\r\n"
    ),
}


def _zipped(payload: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data/table.parquet" if payload.startswith(b"PAR1") else "data/table.csv", payload)
    return stream.getvalue()


CONTAINERS: Mapping[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": lambda payload: gzip.compress(payload, mtime=0),
    "zstd": zstd.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": _zipped,
}


def _epochs(unit: str) -> Callable[[Sequence[datetime]], pl.Series]:
    return lambda times: pl.Series(
        [int(DATES[f"epoch {unit}"].write(moment)) for moment in times], dtype=pl.Int64
    )


def _instants(unit: str, zone: str) -> Callable[[Sequence[datetime]], pl.Series]:
    return lambda times: (
        pl.Series([moment.astimezone(UTC) for moment in times])
        .dt.cast_time_unit(unit)
        .dt.convert_time_zone(zone)
    )  # type: ignore[arg-type]


TYPED: Mapping[str, Callable[[Sequence[datetime]], pl.Series]] = {
    "microseconds": lambda times: _instants("us", "UTC")(times).dt.replace_time_zone(None),
    "milliseconds": lambda times: _instants("ms", "UTC")(times).dt.replace_time_zone(None),
    "nanoseconds": lambda times: _instants("ns", "UTC")(times).dt.replace_time_zone(None),
    "in UTC": _instants("us", "UTC"),
    "epoch seconds": _epochs("seconds"),
    "epoch milliseconds": _epochs("milliseconds"),
    "epoch microseconds": _epochs("microseconds"),
    "epoch nanoseconds": _epochs("nanoseconds"),
}


def parquet(columns: Mapping[str, pl.Series], *, feather: bool = False) -> bytes:
    stream = io.BytesIO()
    frame = pl.DataFrame([series.alias(name) for name, series in columns.items()])
    frame.write_ipc(stream) if feather else frame.write_parquet(stream)
    return stream.getvalue()
