"""The page about configuration: its tables are up to date, and its example is checked like ours."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import cherrypy
import settings_page
from cherrypy._config.settings import find_setting, known_settings
from cherrypy._config.signatures import arguments_of

PAGE = settings_page.PAGE.read_text(encoding="utf-8")
SECTION = PAGE.partition("## Settings of your own distribution\n")[2].partition("\n## ")[0]

RUN_CHECKER = """
import sys, warnings
import cherrypy
assert "importlib.metadata" not in sys.modules  # nothing is read at import
config = {config}
cherrypy.config.update(config)
cherrypy.tools.pool
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    cherrypy.checker()
print("\\n".join(str(warning.message) for warning in caught))
"""


def test_tables_are_up_to_date() -> None:
    """Run ``python tests-integration/support/settings_page.py`` if not."""
    written = PAGE.partition(settings_page.BEGIN)[2].partition(settings_page.END)[0]
    # in a process of its own, as other tests add tools
    command = [sys.executable, "-c", "import settings_page; print(settings_page.tables(), end='')"]
    run = subprocess.run(  # noqa: S603 - our own
        command,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(settings_page.__file__).parent,
    )
    assert written == run.stdout


def test_every_setting_is_told() -> None:
    for setting in known_settings().values():
        assert setting.doc, setting.name
        assert setting.accepts(setting.default), setting.name


def test_rows_about_arguments_agree_with_the_signature() -> None:
    """They may add a kind and a unit, but the name and the default are those of the function."""
    for name in settings_page.tool_names():
        prefix = f"tools.{name}"
        arguments, takes_more = arguments_of(prefix, getattr(cherrypy.tools, name).callable)
        for full, setting in known_settings().items():
            if full.startswith(f"{prefix}."):
                argument = arguments.get(full.removeprefix(f"{prefix}."))
                assert takes_more or argument is not None, full
                assert argument is None or argument.default == setting.default, full


def test_the_defaults_of_the_server() -> None:
    for name, setting in known_settings().items():
        namespace, _, attribute = name.rpartition(".")
        if namespace == "server" and setting.default is not None:
            assert getattr(cherrypy.server, attribute) == setting.default, name


def test_a_made_up_key_of_each_distribution_is_known() -> None:
    for key in ("server.2.socket_port", "tools.sessions.timeout", "tools.staticdir.max_age"):
        assert find_setting(key) is not None


def _install(folder: Path) -> None:
    """Make a folder in which the distribution of the page is installed."""
    for filename, code in re.findall(
        r"^```\{code-block\} python\n:caption: (\S+)\n\n(.*?)^```$",
        SECTION,
        re.MULTILINE | re.DOTALL,
    ):
        (folder / filename).write_text(code, encoding="utf-8")
    (toml,) = re.findall(r"(?ms)^```toml\n(.*?)^```$", SECTION)
    groups = tomllib.loads(toml)["project"]["entry-points"]
    metadata = folder / "pooling-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: pooling\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "".join(
            f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
            for group, points in groups.items()
        )
    )


def _check(folder: Path, config: str) -> list[str]:
    """Return the messages of the checker in a process of its own."""
    program = f"import sys; sys.path.insert(0, {str(folder)!r})" + RUN_CHECKER.format(config=config)
    finished = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return finished.stdout.splitlines()


def test_the_example_is_checked_like_ours(tmp_path: Path) -> None:
    _install(tmp_path)
    (config,) = re.findall(r"With this distribution, `([^`]+)`", SECTION)
    (messages,) = re.findall(r"(?ms)^```text\n(.*?)^```$", SECTION)
    assert _check(tmp_path, config) == messages.splitlines()
    empty_pool = {"pool.size": 0, "pool.url": "sqlite://"}
    assert _check(tmp_path, repr(empty_pool)) == [
        "pool.size = 0 (global config): nothing can be asked of the database"
    ]
    misspelt = {
        "pol.size": 3,
        "tools.pol.retries": 3,
        "tools.pool.retris": 3,
        "tool.pool.retris": 1,
    }
    found = _check(tmp_path, repr(dict.fromkeys(misspelt, 3)))
    assert [message.rpartition("did you mean ")[2] for message in found] == [
        "pool.size?",
        "tools.pool.retries?",
        "tools.pool.retries?",
        "tools.pool.retries?",
    ]
