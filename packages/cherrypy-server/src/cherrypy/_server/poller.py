"""Waiting for many clients at once, by what the system has for that.

Whatever is watched is reported once, and not again before it is watched again, so any number of
threads may wait at the same time.
"""

import select
import selectors
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar

Item = TypeVar("Item")

_MOST_EVENTS = 256  # of one call


class Poller(Protocol[Item]):
    """What waits for clients."""

    def __len__(self) -> int:
        """Return how much is watched."""

    def watch(self, item: Item, descriptor: int, *, is_write: bool = False) -> None:
        """Report something once, when it can be read from, or written to.

        Raises:
            OSError: It is closed.
        """

    def claim(self, item: Item) -> bool:
        """Stop watching something; False if it was not watched, or has been reported."""

    def watched(self) -> list[Item]:
        """Return everything that is watched."""

    def poll(self, seconds: float | None) -> Iterable[Item]:
        """Wait for something, so many seconds at most, and return what is ready."""

    def wake(self) -> None:
        """Let everything that waits return."""

    def end(self) -> None:
        """Let everything that waits return, and not wait again."""

    def close(self) -> None:
        """Free what the system keeps for it."""


class _OneShot(Generic[Item]):
    """What the pollers share: who is watched, and a descriptor to wake them by."""

    def __init__(self) -> None:
        self._items: dict[int, Item] = {}
        self._descriptors: dict[int, int] = {}  # by identity of the item
        self._waker, self._wakened = socket.socketpair()
        self._is_over = False
        self._waker.setblocking(False)
        self._wakened.setblocking(False)

    def __len__(self) -> int:
        return len(self._items)

    def watched(self) -> list[Item]:
        """Return everything that is watched."""
        return list(self._items.values())

    def claim(self, item: Item) -> bool:
        """Stop watching something; False if it was not watched, or has been reported."""
        descriptor = self._descriptors.pop(id(item), None)
        if descriptor is None or self._items.get(descriptor) is not item:
            return False
        return self._items.pop(descriptor, None) is not None

    def wake(self) -> None:
        """Let everything that waits return."""
        with suppress(OSError):  # it is full, and so wakes everybody
            self._waker.send(b"!")

    def end(self) -> None:
        """Let everything that waits return, and not wait again."""
        self._is_over = True
        self.wake()

    def _note(self, item: Item, descriptor: int) -> None:
        self._items[descriptor] = item
        self._descriptors[id(item)] = descriptor

    def _take(self, descriptors: list[int]) -> list[Item]:
        """Return what has been reported, unless somebody else has it."""
        found = []
        for descriptor in descriptors:
            item = self._items.pop(descriptor, None)
            if item is not None:
                self._descriptors.pop(id(item), None)
                found.append(item)
            elif descriptor == self._wakened.fileno() and not self._is_over:
                with suppress(OSError):
                    self._wakened.recv(4096)
        return found

    def _close_waker(self) -> None:
        self._waker.close()
        self._wakened.close()


class EpollPoller(_OneShot[Item]):
    """By ``epoll``, on Linux."""

    def __init__(self) -> None:
        super().__init__()
        self._epoll = select.epoll()
        self._epoll.register(self._wakened, select.EPOLLIN)

    def watch(self, item: Item, descriptor: int, *, is_write: bool = False) -> None:
        """Report something once; a closed descriptor raises OSError."""
        events = (select.EPOLLOUT if is_write else select.EPOLLIN) | select.EPOLLONESHOT
        self._note(item, descriptor)
        try:
            self._epoll.modify(descriptor, events)
        except FileNotFoundError:  # a new one
            self._register(item, descriptor, events)
        except (OSError, ValueError):
            self.claim(item)
            raise

    def poll(self, seconds: float | None) -> list[Item]:
        """Wait for something, so many seconds at most, and return what is ready."""
        try:
            events = self._epoll.poll(seconds, _MOST_EVENTS)
        except (OSError, ValueError):  # closed meanwhile
            return []
        return self._take([descriptor for descriptor, _ in events])

    def close(self) -> None:
        """Free what the system keeps for it."""
        self._epoll.close()
        self._close_waker()

    def _register(self, item: Item, descriptor: int, events: int) -> None:
        try:
            self._epoll.register(descriptor, events)
        except (OSError, ValueError):
            self.claim(item)
            raise


class KqueuePoller(_OneShot[Item]):
    """By ``kqueue``, on macOS and the BSDs."""

    def __init__(self) -> None:
        super().__init__()
        self._kqueue: Any = select.kqueue()  # type: ignore[attr-defined]  # not on Linux
        self._names: Any = select
        self._control(self._wakened.fileno(), self._names.KQ_FILTER_READ, 0)

    def watch(self, item: Item, descriptor: int, *, is_write: bool = False) -> None:
        """Report something once; a closed descriptor raises OSError."""
        self._note(item, descriptor)
        names = self._names
        kind = names.KQ_FILTER_WRITE if is_write else names.KQ_FILTER_READ
        try:
            self._control(descriptor, kind, names.KQ_EV_ONESHOT)
        except (OSError, ValueError):
            self.claim(item)
            raise

    def poll(self, seconds: float | None) -> list[Item]:
        """Wait for something, so many seconds at most, and return what is ready."""
        try:
            events = self._kqueue.control(None, _MOST_EVENTS, seconds)
        except (OSError, ValueError):
            return []
        return self._take([event.ident for event in events])

    def close(self) -> None:
        """Free what the system keeps for it."""
        self._kqueue.close()
        self._close_waker()

    def _control(self, descriptor: int, kind: int, flags: int) -> None:
        event = self._names.kevent(descriptor, kind, self._names.KQ_EV_ADD | flags)
        self._kqueue.control([event], 0, 0)


class SelectorPoller(_OneShot[Item]):
    """By the module ``selectors``, everywhere else."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wakened, selectors.EVENT_READ)
        self._lock = threading.Lock()  # one thread waits
        self._changes: list[tuple[int, Item, int]] = []

    def watch(self, item: Item, descriptor: int, *, is_write: bool = False) -> None:
        """Report something once; a closed descriptor raises OSError."""
        if descriptor < 0:
            raise OSError("the socket is closed")
        self._note(item, descriptor)
        events = selectors.EVENT_WRITE if is_write else selectors.EVENT_READ
        self._changes.append((descriptor, item, events))
        self.wake()  # what waits does not see what is registered meanwhile

    def poll(self, seconds: float | None) -> list[Item]:
        """Wait for something, so many seconds at most, and return what is ready."""
        with self._lock:
            self._apply()
            try:
                events = self._selector.select(seconds)
            except (OSError, ValueError):
                events = []
            descriptors = [key.fd for key, _ in events]
            for descriptor in descriptors:
                if descriptor != self._wakened.fileno():
                    self._selector.unregister(descriptor)  # reported once
        return self._take(descriptors)

    def close(self) -> None:
        """Free what the system keeps for it."""
        self._selector.close()
        self._close_waker()

    def _apply(self) -> None:
        changes, self._changes = self._changes, []
        for descriptor, item, events in changes:
            if self._items.get(descriptor) is not item:
                continue
            with suppress(KeyError, ValueError, OSError):
                self._selector.unregister(descriptor)
            with suppress(KeyError, ValueError, OSError):
                self._selector.register(descriptor, events)
        known = {key.fd for key in self._selector.get_map().values()}
        for claimed in known - set(self._items) - {self._wakened.fileno()}:
            self._selector.unregister(claimed)


def make_poller() -> Poller[Item]:
    """Make the best one that the system has."""
    if hasattr(select, "epoll"):
        return EpollPoller()
    if hasattr(select, "kqueue"):
        return KqueuePoller()
    return SelectorPoller()
