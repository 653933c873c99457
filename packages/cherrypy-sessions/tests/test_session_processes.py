"""Locks and processes: who is killed, who is forked, and who removes the file of a lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from cherrypy._sessions.file_locks import lock_file, unlock_file
from cherrypy._sessions.locks import KeyedLocks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEADLINE = 20.0

HOLD = """
import sys, threading
from cherrypy._sessions.file_locks import lock_file
lock_file(sys.argv[1])
print("held", flush=True)
threading.Event().wait()
"""

COUNT = """
import sys
from cherrypy._sessions.file_locks import lock_file, unlock_file
folder = sys.argv[1]
for turn in range(300):
    lock = lock_file(f"{folder}/lock", 20)
    with open(f"{folder}/count") as file:
        count = int(file.read())
    with open(f"{folder}/count", "w") as file:
        file.write(str(count + 1))
    unlock_file(lock, f"{folder}/lock" if turn % 3 == 0 else None)
"""


def run(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603


def test_a_lock_keeps_other_processes_out_until_its_process_is_killed(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    holder = run(HOLD, path)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(TimeoutError):
        lock_file(path, 0.05)
    holder.kill()
    holder.communicate()
    unlock_file(lock_file(path, DEADLINE))


def test_processes_exclude_each_other_though_the_file_is_removed(tmp_path: Path) -> None:
    """A waiter gets the lock of a file that is gone by then, and takes the new one instead."""
    (tmp_path / "count").write_text("0")
    counters = [run(COUNT, str(tmp_path)) for _ in range(4)]
    assert [counter.wait(DEADLINE * 3) for counter in counters] == [0] * 4
    for counter in counters:
        counter.communicate()
    assert (tmp_path / "count").read_text() == "1200"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of a process with threads
class TestFork:
    def fork(self, action: Callable[[], object]) -> int:
        """Do something in a forked process; return its exit status."""
        child = os.fork()
        if not child:
            status = 1
            try:
                signal.alarm(int(DEADLINE))
                action()
                status = 0
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def test_a_forked_process_neither_holds_nor_releases_a_lock(self, tmp_path: Path) -> None:
        path = str(tmp_path / "lock")
        lock = lock_file(path)

        def be_refused() -> None:
            unlock_file(lock, path)  # it is not its own
            with pytest.raises(TimeoutError):
                lock_file(path, 0.05)

        assert self.fork(be_refused) == 0
        with pytest.raises(TimeoutError):
            lock_file(path, 0)
        unlock_file(lock)

        def get_it() -> None:
            unlock_file(lock_file(path, DEADLINE))

        assert self.fork(get_it) == 0

    def test_a_lock_ends_with_its_process_though_a_child_of_that_lives(
        self, tmp_path: Path
    ) -> None:
        path = str(tmp_path / "lock")
        orphan_may_end, told_to_end = os.pipe()

        def lock_and_fork_and_die() -> None:
            lock_file(path)
            if os.fork():
                os.kill(os.getpid(), signal.SIGKILL)
            os.close(told_to_end)
            os.read(orphan_may_end, 1)

        assert self.fork(lock_and_fork_and_die) == -signal.SIGKILL
        unlock_file(lock_file(path, DEADLINE))
        os.close(told_to_end)
        os.close(orphan_may_end)

    def test_a_forked_process_does_not_wait_for_threads_of_its_parent(self) -> None:
        locks = KeyedLocks()
        assert locks.acquire("a")
        is_inside, may_leave = threading.Event(), threading.Event()

        def hold_mutex() -> None:
            with locks._mutex:
                is_inside.set()
                may_leave.wait(DEADLINE)

        thread = threading.Thread(target=hold_mutex)
        thread.start()
        assert is_inside.wait(DEADLINE)

        def lock() -> None:
            assert locks.acquire("a", 1)

        status = self.fork(lock)
        may_leave.set()
        thread.join(DEADLINE)
        assert status == 0
        locks.release("a")
