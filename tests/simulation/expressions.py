"""DynamoDB's expressions, compiled to functions of an item and of the #names and :values of a call.

Only what Pulse uses is here, over top-level attributes in their wire form; anything else raises Unsupported.
The rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html.
"""

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from tests.simulation.attributes import (
    ORDERS,
    Attribute,
    InvalidRequest,
    Item,
    Unsupported,
    added,
    begins,
    ordered,
    same,
)
from tests.simulation.expression_parser import Changes, Comparison, Joined, Node, Parser

Names = Mapping[str, str]
Values = Mapping[str, Attribute]
Condition = Callable[[Item, Names, Values], bool]
Operand = Callable[[Item, Names, Values], Attribute | None]


def check_placeholders(names: Names | None, values: Values | None, *expressions: str) -> None:
    """Raises InvalidRequest unless the call gives exactly the #names and :values that its expressions use."""
    used_names, used_values = _placeholders(expressions)
    _check_used("ExpressionAttributeNames", names, used_names)
    _check_used("ExpressionAttributeValues", values, used_values)


@lru_cache(maxsize=1024)
def condition(text: str) -> Condition:
    """Compiles a ConditionExpression."""
    return _compiled(Parser(text).condition())


def updated(text: str, item: Item, names: Names, values: Values) -> Item:
    """The item after an update; `item` stays as it is."""
    changes = _changes(text)
    touched = {names.get(name, name) for name in changes.touched}
    if len(touched) < len(changes.touched):
        raise InvalidRequest("Invalid UpdateExpression: Two document paths overlap with each other")
    if not touched.isdisjoint({"pk", "sk"}):
        raise InvalidRequest("Cannot update attribute. This attribute is part of the key")
    after = dict(item)
    for name, value in changes.sets:
        after[names.get(name, name)] = values[value]
    for name in changes.removes:
        after.pop(names.get(name, name), None)
    for name, value in changes.adds:
        attribute = names.get(name, name)
        after[attribute] = added(after.get(attribute), values[value])
    return after


@lru_cache(maxsize=1024)
def key_condition(text: str) -> tuple[Comparison, Comparison | None]:
    """The test of the hash key, which is `=`, and that of the range key, None without one. The hash key's
    stands first in the text.
    """
    node = Parser(text).condition()
    tests = node.parts if isinstance(node, Joined) and node.word == "AND" else (node,)
    first, second = tests[0], tests[1] if len(tests) > 1 else None
    if not isinstance(first, Comparison) or first.word != "=" or isinstance(second, Joined):
        raise Unsupported(f"KeyConditionExpression {text}")
    if second is not None and second.word not in {"=", *ORDERS, "BETWEEN", "begins_with"}:
        raise Unsupported(f"KeyConditionExpression {text}")
    for test in (first, second):
        if test and (test.operands[0][0] == ":" or any(value[0] != ":" for value in test.operands[1:])):
            raise Unsupported(f"KeyConditionExpression {text}")
    return first, second


@lru_cache(maxsize=1024)
def projection(text: str) -> tuple[str, ...]:
    """The names of a ProjectionExpression, as they are written."""
    parser = Parser(text)
    names = [parser.name()]
    while parser.takes(","):
        names.append(parser.name())
    parser.expect_end()
    return tuple(names)


# --- inside


@lru_cache(maxsize=1024)
def _changes(text: str) -> Changes:
    return Parser(text).update()


@lru_cache(maxsize=1024)
def _placeholders(expressions: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    found = [token for text in expressions for token in re.findall(r"[#:]\w+", text)]
    return (
        frozenset(token for token in found if token[0] == "#"),
        frozenset(token for token in found if token[0] == ":"),
    )


def _check_used(what: str, given: Mapping[str, object] | None, used: frozenset[str]) -> None:
    if given is not None and not given:
        raise InvalidRequest(f"{what} must not be empty")
    keys = given.keys() if given else frozenset()
    if keys == used:
        return
    if unused := sorted(keys - used):
        raise InvalidRequest(f"Value provided in {what} unused in expressions: keys: {{{', '.join(unused)}}}")
    raise InvalidRequest(f"{min(used - keys)} of an expression is not defined in {what}")


def _compiled(node: Node) -> Condition:
    if isinstance(node, Comparison):
        return _compiled_test(node)
    parts = [_compiled(part) for part in node.parts]
    first = parts[0]
    if node.word == "NOT":
        return lambda item, names, values: not first(item, names, values)
    second = parts[1]
    if node.word == "AND":
        return lambda item, names, values: first(item, names, values) and second(item, names, values)
    return lambda item, names, values: first(item, names, values) or second(item, names, values)


def _compiled_test(test: Comparison) -> Condition:
    if test.word in {"attribute_exists", "attribute_not_exists"}:
        return _compiled_presence(test.operands[0], wanted=test.word == "attribute_exists")
    first, second, *more = (_operand(text) for text in test.operands)
    if test.word == "BETWEEN":
        are_values = test.operands[1][0] == test.operands[2][0] == ":"
        return _compiled_between(first, second, more[0], are_values=are_values)
    if test.word == "<>":
        return lambda item, names, values: not same(first(item, names, values), second(item, names, values))
    if test.word in {"=", "begins_with"}:
        compare = same if test.word == "=" else begins
        return lambda item, names, values: compare(first(item, names, values), second(item, names, values))
    order = ORDERS[test.word]
    return lambda item, names, values: ordered(order, first(item, names, values), second(item, names, values))


def _compiled_between(operand: Operand, lowest: Operand, highest: Operand, *, are_values: bool) -> Condition:
    def holds(item: Item, names: Names, values: Values) -> bool:
        low, high = lowest(item, names, values), highest(item, names, values)
        if are_values and ordered(operator.gt, low, high):
            raise InvalidRequest("The BETWEEN operator requires upper bound to be at least the lower bound")
        found = operand(item, names, values)
        return ordered(operator.ge, found, low) and ordered(operator.le, found, high)

    return holds


def _compiled_presence(name: str, *, wanted: bool) -> Condition:
    if name[0] == ":":
        raise Unsupported(f"The presence of {name}")
    return lambda item, names, _values: (names.get(name, name) in item) is wanted


def _operand(text: str) -> Operand:
    if text[0] == ":":
        return lambda _item, _names, values: values[text]
    return lambda item, names, _values: item.get(names.get(text, text))
