"""Programs that are frozen or zipped: they find their tools, server, modules and files.

Each is made of the same program, without any option that concerns CherryPy.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import HTTPBasicAuthHandler as Basic
from urllib.request import HTTPDigestAuthHandler as Digest

import pytest

from environments import environment
from memcached import find_free_port, wait_until
from repository import DISTRIBUTIONS, ROOT
from wheels import find_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = Path(__file__).parent / "frozen_site.py"
CERTIFICATE = ROOT / "packages/cherrypy-core/src/cherrypy/test/test.pem"
REQUIRED = ("cheroot==11.1.2", "filelock==4.3.1")
DEADLINE = 30.0


def run(command: list[str], folder: Path, **environ: str) -> None:
    done = subprocess.run(  # noqa: S603
        command,
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


@pytest.fixture(scope="session")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the distributions are installed, without what they require."""
    folder = tmp_path_factory.mktemp("installed")
    wheels = [str(find_wheel(built, name)) for name in DISTRIBUTIONS]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--no-deps", "--target", str(folder), *wheels], folder)
    return folder


class Visitor:
    """Asks a running program, and keeps its cookies.

    Args:
        base: URL of the program.
        *handlers: Handlers of urllib, such as for credentials.
    """

    def __init__(self, base: str, *handlers: urllib.request.BaseHandler) -> None:
        self._base = base
        trusting = ssl._create_unverified_context()  # noqa: S323 - a certificate of the tests
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=trusting),
            urllib.request.HTTPCookieProcessor(),
            *handlers,
        )

    def get(self, path: str, content: bytes | None = None, **fields: str) -> Any:
        """Return the response; its content is in ``content``."""
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        request = urllib.request.Request(self._base + path, content, headers)  # noqa: S310
        response: Any = self._opener.open(request, timeout=DEADLINE)
        response.content = response.read()
        return response


def with_password(base: str, kind: type[Basic | Digest]) -> Visitor:
    passwords = urllib.request.HTTPPasswordMgr()
    passwords.add_password("site", base, "ada", "secret")
    return Visitor(base, kind(passwords))


@contextmanager
def running(
    command: list[str], folder: Path, certificate: str = "", **environ: str
) -> Iterator[str]:
    """Run a program, and yield its URL when it answers."""
    port = find_free_port()
    files = folder / "site-files"
    files.mkdir(exist_ok=True)
    (files / "a.txt").write_text("a file", "ascii")
    environ = {**os.environ, **environ}
    environ.pop("PYTHONPATH", None)
    process = subprocess.Popen(  # noqa: S603
        [*command, str(port), str(files), *filter(None, [certificate])],
        cwd=folder,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    base = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, process.communicate()[0]
        with suppress(OSError):
            return bool(Visitor(base).get("/one"))
        return False

    try:
        wait_until(answers)
        yield base
        written, _ = process.communicate("", timeout=DEADLINE)
        assert "Traceback" not in written
    finally:
        process.kill()
        process.communicate()


def assert_that_all_works(base: str) -> None:
    visitor = Visitor(base)
    assert visitor.get("/").content == b'{"n": 1}'
    assert visitor.get("/").content == b'{"n": 2}'
    posted = visitor.get("/items", b'["\xc3\xa4"]', Content_Type="application/json")
    assert posted.content == b'["\\u00e4"]'
    assert visitor.get("/files/a.txt").content == b"a file"
    icon = visitor.get("/favicon.ico")
    assert icon.headers["Content-Type"] == "image/x-icon"
    assert icon.content[:4] == b"\0\0\1\0"
    assert visitor.get("/big", Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
    basic = with_password(base, Basic)
    assert basic.get("/basic").content == b"Hello ada"
    digest = with_password(base, Digest)
    assert digest.get("/digest").content == b"Hello ada"


def test_pyinstaller(installed: Path, tmp_path: Path) -> None:
    """By the hook that cherrypy-core announces."""
    python = environment("pyinstaller", ("pyinstaller==6.22.3", *REQUIRED))
    options = ["--noconfirm", "--onedir", "--log-level", "ERROR"]
    command = [str(python), "-m", "PyInstaller", *options, str(SITE)]
    cache = str(ROOT / ".cache" / "pyinstaller")
    run(command, tmp_path, PYTHONPATH=str(installed), PYINSTALLER_CONFIG_DIR=cache)
    program = [str(tmp_path / "dist" / "frozen_site" / "frozen_site")]
    with running(program, tmp_path) as base:
        assert_that_all_works(base)
    with running(program, tmp_path, str(CERTIFICATE)) as base:
        assert_that_all_works(base)


def unpacked(installed: Path, folder: Path) -> Path:
    """Return a folder with the program and everything that it requires."""
    content = folder / "content"
    shutil.copytree(installed, content)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*pip, "--target", str(content), *REQUIRED], folder)
    return content


def test_zipapp(installed: Path, tmp_path: Path) -> None:
    """Everything is read from the zip file."""
    content = unpacked(installed, tmp_path)
    shutil.copy(SITE, content / "__main__.py")
    run([sys.executable, "-m", "zipapp", str(content), "-o", "site.pyz"], tmp_path)
    shutil.rmtree(content)
    program = [sys.executable, "-I", "-S", "-W", "error::RuntimeWarning", "site.pyz"]
    with running(program, tmp_path) as base:
        assert_that_all_works(base)


def tool(name: str, *requirements: str) -> Path:
    """Return the program of an environment that has it."""
    return environment(name.lower(), requirements).with_name(name)


@pytest.mark.long
def test_shiv(built: Path, tmp_path: Path) -> None:
    shiv = tool("shiv", "shiv==1.0.8", "pip==26.0")
    links = ["--find-links", str(built), "--disable-pip-version-check"]
    wheel = str(find_wheel(built, "cherrypy"))
    run([str(shiv), "--quiet", "--output-file", "site.pyz", *links, wheel], tmp_path)
    program = [sys.executable, "site.pyz", str(SITE)]
    with running(program, tmp_path, SHIV_ROOT=str(tmp_path / "root")) as base:
        assert_that_all_works(base)


@pytest.mark.long
def test_pex(built: Path, tmp_path: Path) -> None:
    """It has each distribution in a folder of its own."""
    pex = tool("pex", "pex==2.105.2")
    root = str(tmp_path / "root")
    wheel = str(find_wheel(built, "cherrypy"))
    options = ["--find-links", str(built), "--pex-root", root, "--python", sys.executable]
    run([str(pex), wheel, "--output-file", "site.pex", *options], tmp_path)
    with running([sys.executable, "site.pex", str(SITE)], tmp_path, PEX_ROOT=root) as base:
        assert_that_all_works(base)


CX_FREEZE = """\
from importlib.metadata import distributions

from cx_Freeze import Executable, setup

metadata = [
    (str(each._path), f"lib/{each._path.name}")
    for each in distributions()
    if any(point.group.startswith("cherrypy.") for point in each.entry_points)
]
options = {"packages": ["cherrypy", "cheroot"], "include_files": metadata, "build_exe": "out"}
setup(name="site", executables=[Executable("frozen_site.py")], options={"build_exe": options})
"""


@pytest.mark.long
def test_cx_freeze(installed: Path, tmp_path: Path) -> None:
    """It has no hooks of others, so the program says what docs/howto/freezing.md tells."""
    python = environment("cx_freeze", ("cx_Freeze==8.7.3", *REQUIRED))
    (tmp_path / "setup.py").write_text(CX_FREEZE, "utf-8")
    shutil.copy(SITE, tmp_path)
    run([str(python), "setup.py", "build_exe"], tmp_path, PYTHONPATH=str(installed))
    with running([str(tmp_path / "out" / "frozen_site")], tmp_path) as base:
        assert_that_all_works(base)
