"""Which words of YAML are read as something else than they look like.

YAML 1.1, which PyYAML reads, has notations that nobody means in a request or a configuration:
https://yaml.org/type/int.html, https://yaml.org/type/float.html, https://yaml.org/type/bool.html.
"""

import re

_PLAIN = {
    "int": (re.compile(r"[-+]?(0|[1-9][0-9]*)"), "a number in decimal digits, or a text in quotes"),
    "float": (
        re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"),
        "a number in decimal digits, or a text in quotes",
    ),
    "bool": (re.compile(r"true|false", re.IGNORECASE), "true or false, or a text in quotes"),
}


def misread(kind: str, text: str) -> str:
    """What to write instead of a word that YAML takes for a `kind` (int, float or bool) and a person would
    read otherwise; empty where both read the same.
    """
    plain, instead = _PLAIN.get(kind, (None, ""))
    return instead if plain and not plain.fullmatch(text) else ""
