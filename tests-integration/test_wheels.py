"""The distributions as users install them: each apart, in parts and all together."""

from __future__ import annotations

import email
import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from environments import create, environment, reference_python
from repository import DISTRIBUTIONS, ROOT
from versions import current_version
from wheels import build_wheel_of_sdist, contents, file_name, find_wheel

if TYPE_CHECKING:
    from email.message import Message

PARTS = [name for name in DISTRIBUTIONS if name != "cherrypy"]
SATELLITES = [name for name in PARTS if name != "cherrypy-core"]
PATHS_OF_CHERRYPY_18 = set(
    (ROOT / "packages" / "cherrypy" / "paths-of-cherrypy-18.txt").read_text("utf-8").split()
)
SHARED_INITS = {"cherrypy/__init__.py", "cherrypy/lib/__init__.py", "cherrypy/process/__init__.py"}


def metadata_of(wheel: Path) -> Message:
    (text,) = (data for name, data in contents(wheel).items() if name.endswith("/METADATA"))
    return email.message_from_bytes(text)


def look_into(python: Path) -> dict[str, Any]:
    """Import all that an environment has; a warning is an error."""
    script = Path(__file__).parent / "support" / "installed.py"
    command = [str(python), "-I", "-W", "error", str(script)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def modules_in(wheels: list[Path]) -> set[str]:
    """Give the names of the modules of ``cherrypy`` that wheels hold, ``__main__`` apart."""
    paths = {Path(name) for wheel in wheels for name in contents(wheel) if name.endswith(".py")}
    plain = {path.parent if path.name == "__init__.py" else path.with_suffix("") for path in paths}
    names = {".".join(path.parts) for path in plain if path.parts[0] == "cherrypy"}
    return names - {"cherrypy.__main__"}


def test_no_file_is_in_two_wheels(built: Path) -> None:
    """Those of the umbrella apart, which are copies."""
    owners: dict[str, list[str]] = {}
    for name in PARTS:
        for path in contents(find_wheel(built, name)):
            owners.setdefault(path, []).append(name)
    assert [path for path, names in owners.items() if len(names) > 1] == []


def test_the_umbrella_has_every_file_with_a_path_of_cherrypy_18_byte_for_byte(built: Path) -> None:
    """An upgrade removes the files of CherryPy 18 after it has installed the parts."""
    parts = {
        path: content
        for name in PARTS
        for path, content in contents(find_wheel(built, name)).items()
        if path in PATHS_OF_CHERRYPY_18
    }
    umbrella = contents(find_wheel(built, "cherrypy"))
    copies = {path: umbrella[path] for path in umbrella if ".dist-info/" not in path}
    assert copies == parts
    assert copies.keys() >= SHARED_INITS


def test_the_umbrella_has_the_command_of_cherrypy_18(built: Path) -> None:
    (announced,) = (
        content.decode()
        for path, content in contents(find_wheel(built, "cherrypy")).items()
        if path.endswith("/entry_points.txt")
    )
    assert announced.split() == ["[console_scripts]", "cherryd", "=", "cherrypy.daemon:run"]


def test_the_paths_of_cherrypy_18_are_those_that_it_installs() -> None:
    script = "from importlib.metadata import files; print(*files('CherryPy'), sep=chr(10))"
    command = [str(reference_python()), "-I", "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    installed = {path for path in run.stdout.split() if path.startswith("cherrypy/")}
    assert {path for path in installed if not path.endswith(".pyc")} == PATHS_OF_CHERRYPY_18


def test_core_alone_has_what_makes_the_shared_packages(built: Path) -> None:
    for name in PARTS:
        paths = contents(find_wheel(built, name)).keys()
        of_core = SHARED_INITS | {"cherrypy/py.typed"}
        assert of_core & paths == (of_core if name == "cherrypy-core" else set()), name


@pytest.mark.parametrize("name", PARTS)
def test_a_wheel_holds_its_sources_and_nothing_else(built: Path, name: str) -> None:
    source = ROOT / "packages" / name / "src"
    expected = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wheel = find_wheel(built, name)
    description = f"{file_name(name)}-{current_version()}.dist-info/"
    assert {path for path in contents(wheel) if not path.startswith(description)} == expected


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_metadata_of_a_wheel(built: Path, name: str) -> None:
    wheel = find_wheel(built, name)
    metadata = metadata_of(wheel)
    assert metadata["Name"] == name
    assert metadata["Version"] == current_version()
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert any(path.endswith("/licenses/LICENSE") for path in contents(wheel))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_an_sdist_makes_the_same_wheel(built: Path, name: str, tmp_path: Path) -> None:
    """Byte for byte, although the rest of the repository is not there."""
    sdist = built / f"{file_name(name)}-{current_version()}.tar.gz"
    ours, theirs = find_wheel(built, name), build_wheel_of_sdist(sdist, tmp_path)
    assert theirs.name == ours.name
    assert contents(theirs) == contents(ours)


def test_every_extra_of_the_umbrella_is_one_of_the_distribution_it_names(built: Path) -> None:
    metadata = metadata_of(find_wheel(built, "cherrypy"))
    for requirement in metadata.get_all("Requires-Dist", []):
        match = re.match(r"(?P<name>[a-z-]+)(\[(?P<extras>[a-z0-9_,-]+)\])?", requirement)
        assert match is not None
        if match["extras"]:
            provided = metadata_of(find_wheel(built, match["name"])).get_all("Provides-Extra", [])
            assert set(match["extras"].split(",")) <= set(provided), requirement


@pytest.mark.parametrize("extra", ["memcached_session", "memcached-session"])
@pytest.mark.parametrize("pip", ["23.2.1", "26.0"])
def test_the_extra_for_memcached_under_both_spellings(
    built: Path, tmp_path: Path, pip: str, extra: str
) -> None:
    """Before 23.3, pip knows an extra only by the very name that the metadata have."""
    installer = environment(f"pip-{pip}", (f"pip=={pip}",))
    target = create(tmp_path / "env", [])
    command = [str(installer), "-m", "pip", "--python", str(target), "install", "--dry-run"]
    command += ["--quiet", "--report", "-", "--disable-pip-version-check"]
    command += ["--find-links", str(built), f"cherrypy[{extra}]=={current_version()}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    names = {each["metadata"]["name"] for each in json.loads(run.stdout)["install"]}
    assert "pymemcache" in names


def test_core_alone(built: Path, tmp_path: Path) -> None:
    """It brings no HTTP server, and at most one other distribution."""
    wheels = [find_wheel(built, "cherrypy-core")]
    found = look_into(create(tmp_path / "env", [str(wheel) for wheel in wheels]))
    assert found["versions"].pop("cherrypy-core") == current_version()
    assert set(found["versions"]) == set()
    assert set(found["modules"]) == modules_in(wheels)
    assert found["providers"] == []


@pytest.mark.parametrize("name", SATELLITES)
def test_one_satellite_and_core(built: Path, tmp_path: Path, name: str) -> None:
    names = ["cherrypy-core", name]
    wheels = [find_wheel(built, each) for each in names]
    found = look_into(create(tmp_path / "env", [str(wheel) for wheel in wheels]))
    assert {each: found["versions"].get(each) for each in DISTRIBUTIONS} == {
        each: current_version() if each in names else None for each in DISTRIBUTIONS
    }
    assert set(found["modules"]) == modules_in(wheels)


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_all_together(built: Path, tmp_path: Path, kind: str) -> None:
    """The portions join to one package, from one folder or from several."""
    wheels = [find_wheel(built, name) for name in DISTRIBUTIONS]
    installed = wheels
    if kind == "editable":
        installed = [find_wheel(built / "editable", name) for name in DISTRIBUTIONS]
    found = look_into(create(tmp_path / "env", [str(wheel) for wheel in installed]))
    assert {found["versions"].get(name) for name in DISTRIBUTIONS} == {current_version()}
    assert set(found["modules"]) == modules_in(wheels)
    assert "cherrypy.servers: cheroot" in found["providers"]


def test_each_in_a_folder_of_its_own(built: Path, tmp_path: Path) -> None:
    """As PEX and Bazel lay them out; the copies of the umbrella are found first."""
    wheels = [find_wheel(built, name) for name in DISTRIBUTIONS]
    folders = [tmp_path / wheel.stem for wheel in wheels]
    for wheel, folder in zip(wheels, folders, strict=True):
        with ZipFile(wheel) as archive:
            archive.extractall(folder)
    python = create(tmp_path / "env", ["cheroot", "filelock"])
    (site_packages,) = tmp_path.glob("env/lib/python*/site-packages")
    (site_packages / "apart.pth").write_text("\n".join(map(str, folders)), "utf-8")
    found = look_into(python)
    assert {found["versions"].get(name) for name in DISTRIBUTIONS} == {current_version()}
    assert set(found["modules"]) == modules_in(wheels)


@pytest.mark.parametrize("name", SATELLITES)
def test_a_satellite_takes_no_other_version_of_the_core(built: Path, name: str) -> None:
    """An old satellite beside a new core would fail in some request; so it fails in pip."""
    requirements = metadata_of(find_wheel(built, name)).get_all("Requires-Dist", [])
    assert f"cherrypy-core=={current_version()}" in requirements
