"""The API's answers as exit codes, and its problems for people."""

from http import HTTPStatus
from typing import Any

import httpx
import typer

from pulse.cli import output
from pulse.cli.exit_codes import ExitCode
from pulse.domain.fault import printable

CODES: dict[int, ExitCode] = {HTTPStatus.NOT_FOUND: ExitCode.NOT_FOUND}
ADVICE: dict[int, str] = {
    HTTPStatus.FORBIDDEN: "These credentials may not call this API (execute-api:Invoke), or are those of "
    "another account. Who they are: aws sts get-caller-identity",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The same command finds the submission if it was made.",
}


Json = dict[str, Any]
"""An object of the API's."""


def content(answer: httpx.Response, *, as_json: bool) -> dict[str, Any]:
    """The JSON object of a good answer. A problem is printed, with `as_json` as it came on stdout, too, and
    ends the command: 404 with NOT_FOUND, other 4xx with REFUSED, 5xx with FAILED.
    """
    found = _object(answer)
    if answer.is_success and found:
        return found
    if as_json and found:
        output.as_json(found)
    raise _report(answer, found)


def title(answer: httpx.Response) -> str:
    """The title of a problem; empty for any other answer."""
    return printable(str(_object(answer).get("title") or ""))


def faults(rows: list[Any]) -> None:
    """What is wrong, a fault a row: the field, what is allowed, what was found."""
    names = ("field", "allowed", "found")
    cells = [[str(row.get(name, "")) for name in names] for row in rows if isinstance(row, dict)]
    output.table(output.messages, names, cells, "red")


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _report(answer: httpx.Response, problem: dict[str, Any]) -> typer.Exit:
    reason = title(answer) or printable(str(problem.get("message") or answer.reason_phrase))
    message = f"{reason} ({answer.status_code})"
    code = CODES.get(answer.status_code, ExitCode.REFUSED if answer.is_client_error else ExitCode.FAILED)
    if errors := problem.get("errors"):
        exit_ = output.failed(f"{message}:", code)
        faults(errors)
    else:
        exit_ = output.failed(
            ". ".join(filter(None, [message, printable(str(problem.get("detail", "")))])), code
        )
    if advice := ADVICE.get(answer.status_code):
        output.messages.print(advice, markup=False)
    return exit_
