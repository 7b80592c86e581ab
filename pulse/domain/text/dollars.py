"""US dollars: of a limit, and for people."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from pulse.domain.fault import Fault, shown

Usd = Annotated[Decimal, Meta(description="US dollars above 0 and up to 1000000, as a number or in quotes")]
_MOST_USD = Decimal(1_000_000)
_FEW = Decimal("0.10")
_SMALLEST = Decimal("0.0001")


def limit_faults(field: str, amount: Decimal | None) -> list[Fault]:
    """Msgspec does not check the bounds of a Decimal; NaN is one, too, and cannot even be compared."""
    if amount is None or (amount.is_finite() and 0 < amount <= _MOST_USD):
        return []
    return [Fault(field, f"US dollars above 0 and up to {_MOST_USD}", shown(amount))]


def usd(amount: Decimal | str) -> str:
    """In cents; below ten cents with four digits: most small jobs cost less than one."""
    value = Decimal(amount)
    if 0 < value < _SMALLEST:
        return f"under ${_SMALLEST}"
    return f"${value:.4f}" if 0 < value < _FEW else f"${value:,.2f}"
