"""A real nginx that keeps answers of a site, for tests."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import memcached
import services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ATTEMPTS = 10

CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=answers:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{site};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_cache answers;
            proxy_cache_key $scheme$http_host$request_uri;
            proxy_cache_valid any 10m;
            add_header X-Cache $upstream_cache_status always;
        }}
    }}
}}
"""
"""It keeps whatever it may, also what a more careful cache would not."""


def _has_begun_or_ended(port: int, process: subprocess.Popen[bytes]) -> bool:
    return memcached.accepts(port) or process.poll() is not None


@contextmanager
def caching(site: int, folder: Path) -> Iterator[int]:
    """Run nginx in front of a site.

    Args:
        site: Port of the site.
        folder: For its files.

    Yields:
        Its port.

    Raises:
        RuntimeError: It does not start.
    """
    program = services.find_program("nginx-light")
    if program is None:
        message = "The test needs nginx. On Debian and Ubuntu: sudo apt-get install nginx-light"
        raise RuntimeError(message)
    for _ in range(ATTEMPTS):
        port = memcached.find_free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(folder=folder, port=port, site=site), encoding="utf-8"
        )
        process = subprocess.Popen(  # noqa: S603 - a program that the tests need
            [str(program), "-c", str(configuration), "-p", str(folder), "-e", "stderr"],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
        try:
            memcached.wait_until(partial(_has_begun_or_ended, port, process))
            if process.poll() is None:
                yield port
                return
        finally:
            process.terminate()
            process.wait(memcached.DEADLINE)
    message = "nginx does not start: see standard error"
    raise RuntimeError(message)
