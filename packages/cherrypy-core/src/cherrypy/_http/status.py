"""Status codes and reason phrases (RFC 9110 section 15)."""

from http import HTTPStatus

from cherrypy._http.encoded_words import format_encoded_word
from cherrypy._http.fields import without_controls

# Newer versions of Python have other phrases; those that applications know stay.
_REASONS = {
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a Teapot",
    422: "Unprocessable Entity",
}
# As in RFC 2616, section 10.5: visitors read these two most.
_EXPLANATIONS = {
    500: "The server encountered an unexpected condition which prevented it from fulfilling "
    "the request.",
    503: "The server is currently unable to handle the request due to a temporary overloading "
    "or maintenance of the server.",
}

response_codes: dict[int, tuple[str, str]] = {
    status.value: (
        _REASONS.get(status.value, status.phrase),
        _EXPLANATIONS.get(status.value, status.description),
    )
    for status in HTTPStatus
}
"""Reason phrase and explanation by status code. Applications may add their own codes."""


def valid_status(status: int | str | bytes | None) -> tuple[int, str, str]:
    """Return code, reason phrase and explanation of a status.

    Args:
        status: A code such as ``404``, ``"404"``, or a code and a reason such as
            ``"404 No such song"``. Anything that is false, such as None, means 200.

    Returns:
        The code, its reason phrase without control characters, and a sentence for people. Both
        texts are empty for a code that is not in :data:`response_codes`.

    Raises:
        ValueError: It does not begin with three digits, or is not from 100 to 599.

    See: RFC 9110 section 15, RFC 9112 section 4.
    """
    if status is None:
        status = 200
    if status.__class__ is int and status in response_codes and 100 <= status <= 599:
        return status, *response_codes[status]  # PERF: nearly all are like this
    code_part: object = status or 200
    reason: str | None = None
    if isinstance(code_part, str):
        code_part, _, rest = code_part.partition(" ")
        reason = without_controls(rest).strip() or None
    code = _status_code(code_part)
    default_reason, explanation = response_codes.get(code, ("", ""))
    return code, default_reason if reason is None else reason, explanation


def _status_code(status: object) -> int:
    """Return a status code from 100 to 599.

    Raises:
        ValueError: It is not a status code.
    """
    if isinstance(status, (int, float)):
        code = int(status)
    else:
        text = status.decode("latin-1") if isinstance(status, bytes) else str(status)
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"Illegal response status from server ({status!r} is non-numeric).")
        code = int(text) if len(text) == 3 else 0
    if not 100 <= code <= 599:
        raise ValueError(f"Illegal response status from server ({status} is out of range).")
    return code


def format_status(code: int, reason: str) -> str:
    """Write code and reason phrase as ``start_response`` takes them, safe to send.

    Args:
        code: Status code.
        reason: Any text. Control characters are left out; text beyond Latin-1 becomes an encoded
            word.

    See: PEP 3333, "The start_response() Callable"; RFC 9112 section 4.
    """
    if reason.isascii() and reason.isprintable():  # PERF: nothing to leave out
        return f"{code} {reason}"
    reason = without_controls(reason)
    try:
        reason.encode("latin-1")
    except UnicodeEncodeError:
        reason = format_encoded_word(reason)
    return f"{code} {reason}"
