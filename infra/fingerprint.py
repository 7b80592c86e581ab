"""Short names for values, by which a template shows that what it reads from another stack has changed.

A weak reference looks the same whatever it refers to, and the CDK does not deploy a template that is the
same.
"""

import hashlib
import json
from typing import Any


def fingerprint(value: Any) -> str:
    """Twelve hexadecimal digits of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
