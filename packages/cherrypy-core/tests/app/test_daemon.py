"""The command ``cherryd``, as far as it starts nothing; tests-integration has the rest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import cherrypy
from cherrypy import daemon

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("site", "folder")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder with a module; what is imported from there is forgotten at the end."""
    (tmp_path / "daemon_shop.py").write_text(
        "import cherrypy\n\n\nclass Root:\n    pass\n\n\n"
        "root = Root()\napplication = cherrypy.Application(root, '/shop')\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "daemon_shop", raising=False)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Run the command, which has to refuse; give the last line of what it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["cherryd", *options])
        with pytest.raises(SystemExit) as caught:
            daemon.run()
    assert caught.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["daemon_nothing:Root"], "there is no module 'daemon_nothing'"),
        (["daemon_shop"], "'daemon_shop' is not package.module:object, such as shop.pages:Root"),
        ([":Root"], "':Root' is not package.module:object, such as shop.pages:Root"),
        (["daemon_shop:Rooot"], "'daemon_shop:Rooot': there is no 'Rooot'"),
        (["-i", "daemon_nothing.inner"], "there is no module 'daemon_nothing'"),
        (["-i", "daemon_shop.inner"], "there is no module 'daemon_shop.inner'"),
        (["-c", "nothing.conf"], "there is no configuration file 'nothing.conf'"),
        (
            ["-e", "nothing"],
            "there is no environment 'nothing', but embedded, production, staging, test_suite",
        ),
        (["--port", "65536"], "argument --port: '65536' is not a port from 0 to 65535"),
        (["--port", "-1"], "argument --port: '-1' is not a port from 0 to 65535"),
        (["--workers", "0"], "argument --workers: '0' is not a number of processes"),
        (
            ["--workers", "2", "-d"],
            "workers go without -d and --reload: let a service manager do that",
        ),
    ],
)
def test_what_can_not_be_done_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], options: list[str], error: str
) -> None:
    assert told(capsys, *options) == f"cherryd: error: {error}"


@pytest.mark.parametrize("option", ["-f", "-s", "-x"])
def test_other_gateways_than_http_are_refused(
    capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert "(-f, -s, -x) are not supported: serve HTTP" in told(capsys, option)


def test_from_programs_they_are_refused_too() -> None:
    with pytest.raises(daemon.UsageError, match="are not supported: serve HTTP"):
        daemon.start(fastcgi=True)


def test_a_server_that_is_missing_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cherrypy._assembly.default_server._server", None)
    monkeypatch.setattr("cherrypy._assembly.find_extension", lambda *_: None)
    assert told(capsys, "daemon_shop:Root").endswith("pip install cherrypy-server")


def test_granian_is_named_where_it_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "granian", None)
    needed = "workers need granian: pip install 'cherrypy-core[workers]'"
    assert told(capsys, "daemon_shop:Root", "--workers", "2") == f"cherryd: error: {needed}"


def test_a_module_that_misses_another_one_shows_its_traceback(folder: Path) -> None:
    (folder / "daemon_broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
        daemon.Site(("",), ("daemon_broken",)).load()


@pytest.mark.parametrize(
    ("target", "mount_point"),
    [("daemon_shop:Root", ""), ("daemon_shop:root", ""), ("daemon_shop:application", "/shop")],
)
def test_an_object_is_mounted(target: str, mount_point: str) -> None:
    daemon.Site(("",), (), target, (), None, {"a.setting": 1}).load()
    assert list(cherrypy.tree.apps) == [mount_point]
    assert type(cherrypy.tree.apps[mount_point].root).__name__ == "Root"
    assert cherrypy.config["a.setting"] == 1


def test_the_version(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["cherryd", "--version"])
    with pytest.raises(SystemExit) as caught:
        daemon.run()
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"CherryPy {cherrypy.__version__}\n"
