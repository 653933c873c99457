"""Import ``cherrypy`` in a fresh process, and tell what else that did.

Run with ``-I -S``, so that nothing was imported before but what the interpreter and this script
need. The arguments are the folders to import from. Standard output is a JSON object.
"""

import atexit
import json
import logging  # has a function called at exit, which is not ours
import os
import signal
import sys
import threading
import warnings

NO_FILES = ("os.listdir", "os.scandir")  # the import system looks into the folders of sys.path
LOUD = ("_thread.", "os.", "shutil.", "signal.", "socket.", "subprocess.", "tempfile.", "urllib.")
SUFFIXES = (".py", ".pyc", ".so", ".pyd")

events: list[str] = []


def listen(event: str, arguments: tuple[object, ...]) -> None:
    """Note each event that an import has no need for."""
    if event == "open" and not str(arguments[0]).endswith(SUFFIXES):
        events.append(f"open {arguments[0]}")
    elif event.startswith(LOUD) and event not in NO_FILES:
        events.append(f"{event} {arguments}")


def state() -> dict[str, object]:
    """Give what the process has that an import could change for others."""
    return {
        "handlers of signals": {
            str(number): str(signal.getsignal(number)) for number in range(1, 32)
        },
        "functions to call at exit": atexit._ncallbacks(),
        "sys.path": list(sys.path),
        "sys.meta_path": [str(finder) for finder in sys.meta_path],
        "sys.excepthook": str(sys.excepthook),
        "warnings.filters": [str(entry) for entry in warnings.filters],
        "os.environ": dict(os.environ),
        "working folder": os.getcwd(),  # noqa: PTH109
    }


def main(folders: list[str]) -> None:
    """Import and report."""
    sys.path.extend(folders)
    before, modules = state(), set(sys.modules)
    sys.addaudithook(listen)
    import cherrypy  # noqa: F401

    during = list(events)
    imported = sorted(set(sys.modules) - modules)
    after = state()
    changed = [name for name, value in before.items() if after[name] != value]
    report = {
        "events": during,
        "modules": imported,
        "changed": changed,
        "threads": [thread.name for thread in threading.enumerate()],
        "handlers of the root logger": [str(each) for each in logging.getLogger().handlers],
    }
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
