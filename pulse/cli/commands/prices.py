"""The prices that quotes are made from, for people, and their renewal from the AWS Price List API."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
import yaml
from msgspec import to_builtins
from rich.markup import escape
from rich.table import Table

from pulse.aws.client import price_list
from pulse.cli import output
from pulse.cli.exit_codes import ExitCode
from pulse.domain.cost.instances import of_kind
from pulse.domain.cost.prices import Prices
from pulse.domain.errors import PulseError
from pulse.domain.fault import printable
from pulse.domain.validation import InvalidInput, convert

_HEAD = """\
# What an hour on AWS Fargate and on EC2 instances (Linux) costs. `pulse cost --refresh-prices` asks the AWS
# Price List API and writes this file anew, `--instance-type m7i.large` (or a family, `m7i`) adds to `ec2`.
# Amounts are US dollars, in quotes so that they are read as decimals. Fargate is billed by the second, 60 s
# at least, from the image pull on, every attempt; ephemeral storage beyond the first 20 GB. Spot has no fixed
# price and is in no price list: the discounts below are those that AWS and practice report, for quotes and
# for what ran on Fargate Spot. What ran on EC2 Spot is priced by its price history.
"""


def show(file: Path, *, region: str, instance_types: Sequence[str], refresh: bool, as_json: bool) -> None:
    """With `refresh`, as they are today in `region`, written to the file, those of `instance_types` added.
    Exits with FAILED when the file or the price list cannot be read.
    """
    try:
        old = convert(yaml.safe_load(file.read_bytes()), Prices, what=str(file))
        new = _refreshed(old, region or old.region, instance_types, file) if refresh else old
    except (PulseError, InvalidInput, yaml.YAMLError, OSError) as error:
        output.messages.print(str(error), style="red", markup=False)
        raise typer.Exit(ExitCode.FAILED) from None
    if as_json:
        output.as_json(to_builtins({"old": old, "new": new}))
    else:
        output.show(output.data, _table(old, new))


def _refreshed(old: Prices, region: str, instance_types: Sequence[str], file: Path) -> Prices:
    new = price_list.connect().prices(
        region,
        instance_types=[*old.ec2, *instance_types],
        spot_discount=old.spot_discount,
        today=datetime.now(UTC).date(),
    )
    if missing := [kind for kind in instance_types if not of_kind(new.ec2, [kind])]:
        output.messages.print(f"{region} has no {' and no '.join(missing)}.", style="yellow", markup=False)
    file.write_text(_HEAD + yaml.safe_dump(_plain(new), sort_keys=False), encoding="utf-8")
    output.messages.print(f"Written to {file}.", markup=False)
    return new


def _plain(prices: Prices) -> dict[str, Any]:
    """With dates as dates, which YAML has."""
    plain: dict[str, Any] = to_builtins(prices, builtin_types=(type(prices.as_of),))
    return plain


def _table(old: Prices, new: Prices) -> Table:
    """One column, or two when they are not the same."""
    columns = [old] if old == new else [old, new]
    table = Table("US dollars an hour", *(prices.region for prices in columns))
    rows = [_rows(prices) for prices in columns]
    for name in dict.fromkeys(name for column in rows for name in column):
        table.add_row(name, *(escape(column.get(name, "")) for column in rows))
    return table


def _rows(prices: Prices) -> dict[str, str]:
    fargate, spot = prices.fargate, prices.spot_discount
    return {
        "Fargate x86, vCPU": f"{fargate.x86_64.vcpu_hour_usd:f}",
        "Fargate x86, GB": f"{fargate.x86_64.gb_hour_usd:f}",
        "Fargate ARM, vCPU": f"{fargate.arm64.vcpu_hour_usd:f}",
        "Fargate ARM, GB": f"{fargate.arm64.gb_hour_usd:f}",
        "ephemeral storage, GB": f"{fargate.ephemeral_gb_hour_usd:f}",
        **{printable(name): f"{price.hour_usd:f}" for name, price in prices.ec2.items()},
        "Spot is less by": f"{spot.least_percent} to {spot.most_percent} %",
        "as of": str(prices.as_of),
        "source": printable(prices.source),
    }
