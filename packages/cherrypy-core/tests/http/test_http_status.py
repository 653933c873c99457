"""Status codes: RFC 9110 section 15."""

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cherrypy._http import status as module
from cherrypy._http.status import format_status, response_codes, valid_status
from strategies import wild_text


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (None, 200, "OK"),
        (0, 200, "OK"),
        ("", 200, "OK"),
        (200, 200, "OK"),
        ("200", 200, "OK"),
        (b"200", 200, "OK"),
        ("200 ", 200, "OK"),
        ("200 Fine", 200, "Fine"),
        ("200  two  spaces ", 200, "two  spaces"),
        (HTTPStatus.NOT_FOUND, 404, "Not Found"),
        ("404 Not here", 404, "Not here"),
        (413, 413, "Request Entity Too Large"),  # whatever the Python: applications compare it
        (414, 414, "Request-URI Too Long"),
        (416, 416, "Requested Range Not Satisfiable"),
        (418, 418, "I'm a Teapot"),
        (422, 422, "Unprocessable Entity"),
        (451, 451, "Unavailable For Legal Reasons"),
        (200.7, 200, "OK"),
        (299, 299, ""),
        ("444 x", 444, "x"),
        (100, 100, "Continue"),
        (599, 599, ""),
        ("200 a\r\nb: c", 200, "ab: c"),
    ],
)
def test_valid_status(status: int | str, code: int, reason: str) -> None:
    result = valid_status(status)
    assert result[:2] == (code, reason)
    assert type(result[0]) is int
    assert result[2] == response_codes.get(code, ("", ""))[1]


@pytest.mark.parametrize(
    "status",
    [
        "abc",
        "200abc",
        " 404 x",
        "+200",
        "-200",
        "200.5",
        "2_00",
        "٢٠٠",
        "200\tx",
        b"200 x",
        (200, "x"),
    ],
)
def test_status_that_is_no_number(status: str) -> None:
    with pytest.raises(
        ValueError, match=r"Illegal response status from server \(.* is non-numeric\)."
    ):
        valid_status(status)


@pytest.mark.parametrize("status", [99, 600, 1000, "1000", "20", "0200", -200, True])
def test_status_out_of_range(status: int | str) -> None:
    with pytest.raises(
        ValueError, match=r"Illegal response status from server \(.* is out of range\)."
    ):
        valid_status(status)


def test_every_standard_code_has_reason_and_explanation() -> None:
    assert set(response_codes) >= {status.value for status in HTTPStatus}
    for reason, _ in response_codes.values():
        assert reason
    for code in (*range(400, 418), *range(500, 506)):
        assert response_codes[code][1]


def test_applications_add_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.response_codes, 299, ("Nearly", "It is nearly done"))
    assert valid_status("299") == (299, "Nearly", "It is nearly done")


@pytest.mark.parametrize(
    ("code", "reason", "line"),
    [
        (200, "OK", "200 OK"),
        (444, "", "444 "),
        (404, "é", "404 é"),
        (404, "日本", "404 =?utf-8?b?5pel5pys?="),
        (200, "a\r\nb: c\0", "200 ab: c"),
    ],
)
def test_format_status(code: int, reason: str, line: str) -> None:
    assert format_status(code, reason) == line


@given(st.integers(100, 599), wild_text())
def test_the_status_line_can_be_sent(code: int, reason: str) -> None:
    line = format_status(*valid_status(f"{code} {reason}")[:2])
    assert line[:4] == f"{code} "
    assert not set(line.encode("latin-1")) & {*range(32), 127}


@given(st.one_of(wild_text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_no_status_raises_anything_else(status: str) -> None:
    try:
        code, _, _ = valid_status(status)
    except ValueError:
        return
    assert 100 <= code <= 599
