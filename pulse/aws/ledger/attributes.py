"""Python values as DynamoDB's attributes and back. They are those of boto3, whose import a cold start would
wait for. Numbers go through Decimal, never through binary floats.
"""

from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from typing import Any

Attribute = dict[str, Any]

_NUMBERS = Context(prec=38, Emin=-128, Emax=126, traps=[Clamped, Inexact, Overflow, Rounded, Underflow])
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"""


def attribute(value: Any) -> Attribute:
    """Converts text, a number, a boolean, None, a list or a map. Raises TypeError for all others, and
    decimal's own errors for what is above the precision or range of DynamoDB's numbers.
    """
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | float() | Decimal():
            return {"N": _number(value)}
        case dict():
            return {"M": {name: attribute(one) for name, one in value.items()}}
        case list() | tuple():
            return {"L": [attribute(one) for one in value]}
        case None:
            return {"NULL": True}
    raise TypeError(f"A {type(value).__name__} has no place in the ledger")


def plain(attribute: Attribute) -> Any:
    """The value of an attribute; a number is an int where it is whole, else a float."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            number = _NUMBERS.create_decimal(value)
            return int(number) if number == number.to_integral_value() else float(number)
        case "M":
            return {name: plain(one) for name, one in value.items()}
        case "L":
            return [plain(one) for one in value]
        case "NULL":
            return None
    raise TypeError(f"An attribute of type {kind} has no place in the ledger")


def _number(value: float | Decimal) -> str:
    number = _NUMBERS.create_decimal(str(value))
    if not number.is_finite():
        raise TypeError(f"{value} has no place in the ledger")
    return str(number)
