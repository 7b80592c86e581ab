"""US dollars, for people."""

from decimal import Decimal

_FEW = Decimal("0.10")
_SMALLEST = Decimal("0.0001")


def usd(amount: Decimal | str) -> str:
    """In cents; below ten cents with four digits: most small jobs cost less than one."""
    value = Decimal(amount)
    if 0 < value < _SMALLEST:
        return f"under ${_SMALLEST}"
    return f"${value:.4f}" if 0 < value < _FEW else f"${value:,.2f}"
