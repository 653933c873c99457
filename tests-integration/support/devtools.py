"""Chromium, driven over its DevTools protocol, to see what it does when it is asked who it is.

The protocol goes through two pipes, which need no library: messages of JSON with NUL after each.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import select
import subprocess
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DEADLINE = 60.0
"""Seconds that anything may take at most; nothing waits so long unless it fails."""

START = """\
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Starts Chromium, which wants the pipes as the descriptors 3 and 4."""

Message = dict[str, Any]


@dataclasses.dataclass
class Visit:
    """What came of opening a page.

    Attributes:
        status: Status code of the page.
        text: What is to be read on it.
        picture: How it looks, as PNG.
        challenges: Scheme and realm of each time that the user would have been asked.
        loaded_pictures: How many pictures on it have been loaded.
    """

    status: int = 0
    text: str = ""
    picture: bytes = b""
    challenges: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    loaded_pictures: int = 0


class Browser:
    """A headless Chromium.

    Args:
        program: Its path.
        profile: An empty folder.
    """

    def __init__(self, program: Path, profile: Path) -> None:
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        options = (
            *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"),
        )
        ends = (str(to_browser), str(from_browser))
        self._process = subprocess.Popen(  # noqa: S603 - a program that the tests need
            [sys.executable, "-c", START, *ends, str(program), *options],
            pass_fds=[to_browser, from_browser],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._unread = b""
        self._events: deque[Message] = deque()
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(DEADLINE)
        os.close(self._write)
        os.close(self._read)

    def visit(self, url: str, credentials: Iterable[tuple[str, str]]) -> Visit:
        """Open a page as a user whom this browser does not know yet.

        Args:
            url: Its URL.
            credentials: Names and passwords that are entered, one after the other, when the user
                is asked; after the last one, the user cancels.
        """
        visit, left = Visit(), deque(credentials)
        context = self._ask("Target.createBrowserContext")["browserContextId"]
        options = {"url": "about:blank", "browserContextId": context}
        target = self._ask("Target.createTarget", options)["targetId"]
        attached = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True})
        session = attached["sessionId"]
        for domain in ("Page", "Network"):
            self._ask(f"{domain}.enable", session=session)
        self._ask("Fetch.enable", {"handleAuthRequests": True}, session)
        self._events.clear()
        self._tell("Page.navigate", {"url": url}, session)
        while True:
            event = self._next()
            given = event.get("params", {})
            match event.get("method"):
                case "Fetch.requestPaused":
                    self._tell("Fetch.continueRequest", {"requestId": given["requestId"]}, session)
                case "Fetch.authRequired":
                    challenge = given["authChallenge"]
                    visit.challenges.append((challenge["scheme"].lower(), challenge["realm"]))
                    answer = _entered(left)
                    options = {"requestId": given["requestId"], "authChallengeResponse": answer}
                    self._tell("Fetch.continueWithAuth", options, session)
                case "Network.responseReceived" if given["type"] == "Document":
                    visit.status = given["response"]["status"]
                case "Page.loadEventFired":
                    break
        visit.text = self._evaluate("document.body.innerText", session)
        counting = "[...document.images].filter(image => image.naturalWidth > 0).length"
        visit.loaded_pictures = self._evaluate(counting, session)
        shot = self._ask("Page.captureScreenshot", session=session)
        visit.picture = base64.b64decode(shot["data"])
        self._ask("Target.disposeBrowserContext", {"browserContextId": context})
        return visit

    def _evaluate(self, expression: str, session: str) -> Any:
        options = {"expression": expression, "returnByValue": True}
        return self._ask("Runtime.evaluate", options, session)["result"]["value"]

    def _ask(self, method: str, params: Message | None = None, session: str = "") -> Message:
        """Send a command, and return its result; events that come meanwhile are kept."""
        number = self._tell(method, params, session)
        kept: list[Message] = []
        while True:
            message = self._receive()
            if message.get("id") == number:
                self._events.extend(kept)
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                result: Message = message["result"]
                return result
            kept.append(message)

    def _tell(self, method: str, params: Message | None = None, session: str = "") -> int:
        """Send a command, and return its number."""
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        octets = json.dumps(message).encode() + b"\0"
        while octets:
            octets = octets[os.write(self._write, octets) :]
        return self._number

    def _next(self) -> Message:
        return self._events.popleft() if self._events else self._receive()

    def _receive(self) -> Message:
        """Read the next message.

        Raises:
            TimeoutError: None comes.
            RuntimeError: The browser has ended.
        """
        deadline = time.monotonic() + DEADLINE
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._read], [], [], deadline - time.monotonic())
            if not ready:
                raise TimeoutError("Chromium does not answer")
            octets = os.read(self._read, 65536)
            if not octets:
                raise RuntimeError("Chromium has ended")
            self._unread += octets
        line, _, self._unread = self._unread.partition(b"\0")
        message: Message = json.loads(line)
        return message


def _entered(credentials: deque[tuple[str, str]]) -> Message:
    """Return what a user enters who is asked."""
    if not credentials:
        return {"response": "CancelAuth"}
    username, password = credentials.popleft()
    return {"response": "ProvideCredentials", "username": username, "password": password}
