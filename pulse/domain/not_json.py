"""Why bytes are not JSON, and where, for people."""

import json


def reason(body: bytes, error: Exception) -> str:
    """What is wrong with a body that msgspec did not decode; `error` is what it said.

    The standard library's parser is slower and tells the line and the column. It lets a few things pass that
    msgspec does not, such as a number beyond a double's range.
    """
    try:
        json.loads(body.decode())
    except json.JSONDecodeError as found:
        return f"line {found.lineno}, column {found.colno}: {found.msg}"
    except UnicodeDecodeError as found:
        return f"byte {found.start + 1} is not UTF-8 text"
    except RecursionError:
        return "it has too many levels"
    except ValueError:
        pass  # an integer of thousands of digits
    return str(error).partition(" - at ")[0].removeprefix("JSON is malformed: ")
