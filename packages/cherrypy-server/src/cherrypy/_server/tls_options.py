"""The settings of TLS, checked: what the server and ``--workers`` have to do."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from cherrypy._server.faults import SettingError

VERSIONS = ("1.2", "1.3")
"""Values of ``ssl_minimum_version``. Older versions are deprecated, by RFC 8996."""

_VERIFY: Mapping[object, str] = {
    False: "none",
    None: "none",
    "none": "none",
    "optional": "optional",
    True: "required",
    "required": "required",
}

Password = str | bytes | Callable[[], str | bytes] | None


class TLSSettings(Protocol):
    """The settings, as ``cherrypy.server`` has them."""

    ssl_context: Any
    ssl_certificate: str | None
    ssl_certificate_chain: str | None
    ssl_certificates: object
    ssl_private_key: str | None
    ssl_private_key_password: object
    ssl_ciphers: str | None
    ssl_minimum_version: object
    ssl_verify_client: object
    ssl_client_ca: str | None
    ssl_module: object
    ssl_redirect_port: int | None


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, by file name.

    Attributes:
        certificate: File in PEM form; the certificates that sign it may follow.
        private_key: File of the key, in PEM form; it is in ``certificate`` if None.
        label: The setting that names them, for messages.
        key_label: The setting that names the key.
    """

    certificate: str
    private_key: str | None = None
    label: str = "server.ssl_certificate"
    key_label: str = "server.ssl_private_key"

    @property
    def key_file(self) -> str:
        """File that has the private key."""
        return self.private_key or self.certificate

    @property
    def key_setting(self) -> str:
        """The setting that names this file, and its value, for messages."""
        if self.private_key:
            return f"{self.key_label} = {self.private_key!r}"
        return f"{self.label} = {self.certificate!r}"


@dataclass(frozen=True)
class TLSOptions:
    """What the settings of TLS say.

    Attributes:
        pairs: Certificates with their keys; the first is for clients that name no host, or an
            unknown one.
        chain: File of certificates that sign the first one, beside those in its own file.
        password: Of the private keys; text, or a function that returns it.
        minimum_version: Of :data:`VERSIONS`.
        ciphers: In the form of OpenSSL; ``None`` for the default.
        verify_client: ``none``, ``optional`` or ``required``.
        client_ca: File or folder of the certificates that sign those of clients.
        context: A context of the application, which is used instead of all this.
        module: ``builtin``, ``pyopenssl``, or a class of cheroot's kind.
    """

    pairs: tuple[Pair, ...] = ()
    chain: str | None = None
    password: Password = None
    minimum_version: str = "1.2"
    ciphers: str | None = None
    verify_client: str = "none"
    client_ca: str | None = None
    context: Any = None
    module: object = "builtin"

    def changed(self, *names: str) -> list[str]:
        """Tell which of these options are not as by default."""
        default = TLSOptions()
        return [name for name in names if vars(self)[name] != vars(default)[name]]


def is_encrypted(settings: TLSSettings) -> bool:
    """Tell whether the settings ask for TLS."""
    return bool(
        settings.ssl_certificate or settings.ssl_certificates or settings.ssl_context is not None
    )


def read_tls_options(settings: TLSSettings) -> TLSOptions | None:
    """Read the settings of TLS; ``None`` if the server is to speak plain HTTP.

    Raises:
        SettingError: One of them makes no sense, or goes with no other.
    """
    if not is_encrypted(settings):
        if settings.ssl_redirect_port is not None:
            raise SettingError(
                f"server.ssl_redirect_port = {settings.ssl_redirect_port!r}: expected None, as "
                "there is no server.ssl_certificate to speak HTTPS by"
            )
        for name, file in (
            ("ssl_private_key", settings.ssl_private_key),
            ("ssl_client_ca", settings.ssl_client_ca),
        ):
            if file:
                raise SettingError(
                    f"server.{name} = {file!r}: expected None, as there is no "
                    "server.ssl_certificate: the server would speak plain HTTP"
                )
        if _verify_of(settings) != "none":
            raise SettingError(
                f"server.ssl_verify_client = {settings.ssl_verify_client!r}: expected False, as "
                "there is no server.ssl_certificate: the server would speak plain HTTP"
            )
        return None
    verify_client, client_ca = _verify_of(settings), _path(settings.ssl_client_ca)
    options = TLSOptions(
        pairs=_read_pairs(settings),
        chain=_path(settings.ssl_certificate_chain),
        password=_password_of(settings),
        minimum_version=_version_of(settings),
        ciphers=settings.ssl_ciphers or None,
        verify_client=verify_client,
        client_ca=client_ca,
        context=settings.ssl_context,
        module=settings.ssl_module or "builtin",
    )
    if options.context is not None:
        _check_beside_context(options)
    elif verify_client != "none" and client_ca is None:
        raise SettingError(
            f"server.ssl_verify_client = {settings.ssl_verify_client!r}: set server.ssl_client_ca, "
            "too: the file of the certificates that sign those of clients"
        )
    elif client_ca is not None and verify_client == "none":
        raise SettingError(
            f"server.ssl_client_ca = {client_ca!r}: expected None, unless "
            "server.ssl_verify_client is 'optional' or True"
        )
    return options


def _check_beside_context(options: TLSOptions) -> None:
    """Refuse what a context of the application has to say itself."""
    settings = {
        "minimum_version": "ssl_minimum_version",
        "verify_client": "ssl_verify_client",
        "client_ca": "ssl_client_ca",
        "password": "ssl_private_key_password",
    }
    for name in options.changed(*settings):
        raise SettingError(
            f"server.{settings[name]} has no effect beside server.ssl_context: set that in the "
            "context"
        )
    if len(options.pairs) > 1:
        raise SettingError(
            "server.ssl_certificates has no effect beside server.ssl_context: choose among several "
            "certificates by the sni_callback of the context"
        )


def _read_pairs(settings: TLSSettings) -> tuple[Pair, ...]:
    pairs = []
    if settings.ssl_certificate:
        pairs.append(
            Pair(_path(settings.ssl_certificate) or "", _path(settings.ssl_private_key) or None)
        )
    several: object = settings.ssl_certificates or ()
    entries: Sequence[object] = several if isinstance(several, (list, tuple)) else [several]
    for number, entry in enumerate(entries):
        label = f"server.ssl_certificates[{number}]"
        files = entry if isinstance(entry, (list, tuple)) else [entry]
        names = [_path(file) for file in files if isinstance(file, (str, bytes, os.PathLike))]
        if len(names) != len(files) or len(names) not in {1, 2}:
            raise SettingError(
                f"{label} = {entry!r}: expected (certificate, private key), or one file with both"
            )
        pairs.append(
            Pair(names[0] or "", names[1] if len(names) > 1 else None, label, f"{label}[1]")
        )
    return tuple(pairs)


def _path(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, (str, bytes, os.PathLike)):
        name = os.fsdecode(value)
        return str(Path(name).absolute()) if name else None  # it is read again, wherever we are
    raise SettingError(f"{value!r}: expected the name of a file")


def _version_of(settings: TLSSettings) -> str:
    value = settings.ssl_minimum_version
    text = value.name if isinstance(value, Enum) else str(value)  # ssl.TLSVersion.TLSv1_2
    text = text.removeprefix("TLSv").replace("_", ".")
    if text not in VERSIONS:
        raise SettingError(
            f"server.ssl_minimum_version = {value!r}: expected '1.2' or '1.3'; for older versions, "
            "which are not safe, make a server.ssl_context"
        )
    return text


def _verify_of(settings: TLSSettings) -> str:
    value = settings.ssl_verify_client
    found = _VERIFY.get(value) if isinstance(value, (bool, int, str, type(None))) else None
    if found is None:
        raise SettingError(
            f"server.ssl_verify_client = {value!r}: expected False, 'optional' or True"
        )
    return found


def _password_of(settings: TLSSettings) -> Password:
    value = settings.ssl_private_key_password
    if value is None or value == "":
        return None
    if isinstance(value, (str, bytes)) or callable(value):
        return value
    raise SettingError(
        "server.ssl_private_key_password: expected text, or a function that returns it"
    )
