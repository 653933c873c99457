"""A client of the scheme Digest, written after RFC 7616 without looking at the server's code."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import Any

HASHES = {
    "MD5": "md5",
    "MD5-sess": "md5",
    "SHA-256": "sha256",
    "SHA-256-sess": "sha256",
    "SHA-512-256": "sha512_256",
    "SHA-512-256-sess": "sha512_256",
}


def digest(algorithm: str, *texts: str) -> str:
    """Hash texts with a colon between them, as bytes in UTF-8."""
    return hashlib.new(HASHES[algorithm], ":".join(texts).encode()).hexdigest()


def parameters(challenge: str) -> dict[str, str]:
    """Read the parameters of a challenge."""
    found = re.findall(r'([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))', challenge)
    return {name: quoted or bare for name, quoted, bare in found}


@dataclasses.dataclass
class Credentials:
    """What a client sends; each part can be made wrong.

    Attributes:
        content: Content of the request, for ``auth-int``.
        more: What is put at the end, as it is.
    """

    nonce: str
    username: str = "jon"
    password: str = "secret"  # noqa: S105 - of a test
    realm: str = "localhost"
    method: str = "GET"
    uri: str = "/"
    algorithm: str | None = "MD5"
    qop: str | None = "auth"
    nc: str = "00000001"
    cnonce: str = "0a4f113b"
    content: bytes = b""
    userhash: bool = False
    more: str = ""
    says: dict[str, str] = dataclasses.field(default_factory=dict)
    """Values that are sent in place of those that the response was made of."""

    @property
    def secret_hash(self) -> str:
        """HA1."""
        algorithm = self.algorithm or "MD5"
        found = digest(algorithm, self.username, self.realm, self.password)
        if algorithm.endswith("-sess"):
            found = digest(algorithm, found, self.nonce, self.cnonce)
        return found

    def answer_to(self, start: str, content: bytes) -> str:
        """Compute ``response``, or ``rspauth`` with an empty start."""
        algorithm = self.algorithm or "MD5"
        parts = [start, self.uri]
        if self.qop == "auth-int":
            parts.append(hashlib.new(HASHES[algorithm], content).hexdigest())
        message_hash = digest(algorithm, *parts)
        middle = [self.nc, self.cnonce, self.qop] if self.qop else []
        return digest(algorithm, self.secret_hash, self.nonce, *middle, message_hash)

    @property
    def field(self) -> str:
        """The Authorization field, as PEP 3333 has it."""
        name = self.username
        if self.userhash:
            name = digest(self.algorithm or "MD5", self.username, self.realm)
        given: dict[str, Any] = {
            "username": quoted(name),
            "realm": quoted(self.realm),
            "nonce": quoted(self.nonce),
            "uri": quoted(self.uri),
            "response": quoted(self.answer_to(self.method, self.content)),
        }
        if self.algorithm:
            given["algorithm"] = self.algorithm
        if self.qop:
            given |= {"qop": self.qop, "nc": self.nc, "cnonce": quoted(self.cnonce)}
        if self.userhash:
            given["userhash"] = "true"
        given |= self.says
        text = "Digest " + ", ".join(f"{key}={value}" for key, value in given.items()) + self.more
        return text.encode().decode("latin-1")


def quoted(text: str) -> str:
    """Write a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
