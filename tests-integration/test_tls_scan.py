"""What testssl.sh finds at a server that is configured as the page about TLS says."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from services import find_program
from tls_shop import Shop

if TYPE_CHECKING:
    from pathlib import Path

GRAVE = {"MEDIUM", "HIGH", "CRITICAL", "FATAL"}
NOT_OURS = ("cert_", "DNS_", "HSTS", "security_headers")
"""What a certificate of a test lacks, and fields that are for the application to send."""


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("module", ["builtin", "pyopenssl"])
def test_nothing_grave_is_found(tmp_path: Path, module: str) -> None:
    program = find_program("testssl.sh")
    assert program is not None, "run tests-integration/support/services.py"
    shop = Shop(tmp_path)
    shop.issue("site", "localhost")
    shop.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    config = tmp_path / "tls.conf"
    config.write_text(config.read_text("utf-8") + f"server.ssl_module: {module!r}\n", "utf-8")
    command = [str(program), "--quiet", "--warnings", "batch", "--color", "0"]
    command += ["--add-ca", "ca.pem", "--jsonfile", "found.json", f"https://localhost:{shop.port}"]
    with shop.run("-m", "cherrypy", "-c", "tls.conf", "shop:Root"):
        subprocess.run(  # noqa: S603
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    checked = {entry["id"] for entry in found}
    assert {"heartbleed", "ROBOT", "secure_client_renego", "TLS1_3", "SWEET32"} <= checked
    grave = [
        f"{entry['severity']} {entry['id']}: {entry['finding']}"
        for entry in found
        if entry["severity"] in GRAVE and not entry["id"].startswith(NOT_OURS)
    ]
    assert grave == []
