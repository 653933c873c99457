"""Answer raw requests with whichever CherryPy this interpreter has.

Run as a script, once for each implementation. Standard input is a JSON object that maps the
name of an application to its list of raw requests (text, one character for each octet);
standard output is a JSON object that maps the same names to lists of answers, each in a list of
its own, since ``socket_driver.py`` may have several to one request. Each application
is served by a forked child, so none sees what another one did to the global configuration.

This file imports nothing outside the standard library, and is the same for both sides.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Answer = dict[str, Any]
"""``status``, ``headers`` (pairs), ``body``, ``failure``, ``seconds`` (when it was given)."""

SECONDS_FOR_AN_APPLICATION = 60


def parse_request(raw: str) -> dict[str, Any]:
    """Make the WSGI environment that a server would make of a request.

    Args:
        raw: The request as sent, one character for each octet.

    Returns:
        The environment (PEP 3333). The path is decoded from percent-encoding except for
        ``%2F``, which stays as it is, as cheroot does it.
    """
    head, _, content = raw.partition("\r\n\r\n")
    request_line, *field_lines = head.split("\r\n")
    method, target, protocol = request_line.split(" ", 2)
    path, _, query = target.partition("?")
    pieces = (unquote_to_bytes(piece) for piece in _split_at_encoded_slash(path))
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": b"%2F".join(pieces).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": protocol,
        "ACTUAL_SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_URI": target,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_SOFTWARE": "compat",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "54321",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(content.encode("latin-1")),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for line in field_lines:
        name, _, value = line.partition(":")
        key = name.strip().upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = "HTTP_" + key
        if key in environ:
            environ[key] += ", " + value.strip()
        else:
            environ[key] = value.strip()
    return environ


def _split_at_encoded_slash(path: str) -> list[str]:
    return path.replace("%2f", "%2F").split("%2F")


def ask(application: Callable[..., Iterable[bytes]], raw: str) -> Answer:
    """Put one request to a WSGI application.

    Returns:
        What the server would have sent; ``failure`` is the exception that reached it, or None.
    """
    answer: Answer = {"status": "", "headers": [], "body": "", "failure": None}

    def start_response(
        status: str,
        headers: list[tuple[str, str]],
        exc_info: object = None,
    ) -> Callable[[bytes], None]:
        del exc_info
        answer["status"] = status
        answer["headers"] = [list(pair) for pair in headers]
        return sent.append

    sent: list[bytes] = []
    try:
        body = application(parse_request(raw), start_response)
        try:
            for piece in body:
                if not isinstance(piece, bytes):
                    message = f"{type(piece).__name__} instead of bytes reached the server"
                    raise TypeError(message)  # what every WSGI server does
                sent.append(piece)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
    except BaseException as error:
        answer["failure"] = f"{type(error).__name__}: {error}"
    answer["body"] = b"".join(sent).decode("latin-1")
    answer["seconds"] = time.time()
    return answer


def serve(name: str, requests: list[str]) -> list[list[Answer]]:
    """Build an application and let it answer all its requests in order."""
    try:
        application = importlib.import_module(name).build()
    except Exception as error:
        traceback.print_exc()
        failure = f"cannot be built: {type(error).__name__}: {error}"
        nothing = {"status": "", "headers": [], "body": "", "failure": failure}
        return [[nothing | {"seconds": time.time()}] for _ in requests]
    return [[ask(application, raw)] for raw in requests]


def serve_in_child(name: str, requests: list[str]) -> list[list[Answer]]:
    """Do the same in a forked child.

    Raises:
        RuntimeError: The child fails, or takes too long.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            signal.alarm(SECONDS_FOR_AN_APPLICATION)
            text = json.dumps(serve(name, requests))
            with os.fdopen(writing, "w", encoding="ascii") as pipe:
                pipe.write(text)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="ascii") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        message = f"application {name!r} ended with wait status {status}: see standard error"
        raise RuntimeError(message)
    answers: list[list[Answer]] = json.loads(text)
    return answers


def main() -> None:
    """Answer the batch on standard input."""
    sys.path.insert(0, str(Path(__file__).with_name("applications")))
    batch = json.load(sys.stdin)
    importlib.import_module("cherrypy").log.screen = False
    json.dump(
        {name: serve_in_child(name, requests) for name, requests in batch.items()}, sys.stdout
    )


if __name__ == "__main__":
    main()
