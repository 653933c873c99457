"""The states of a session while a request is served, and what leads from one to another."""

from enum import Enum, auto


class Event(Enum):
    """What happens to a session."""

    __hash__ = object.__hash__  # PERF: that of Enum is written in Python

    READ = auto()
    CHANGE = auto()
    SAVE = auto()
    REMOVE = auto()
    """Its record is removed: it was deleted, or has moved to a new id."""
    VANISH = auto()
    """The record that was there is there no more: another request has ended the session."""
    SEAL = auto()
    """The head of the response is sent, so that no cookie can tell of a new session."""
    LOSE = auto()
    """The storage cannot be reached, and the request goes on without it."""


class State(Enum):
    """What a request has done with the data of its session."""

    __hash__ = object.__hash__

    UNUSED = auto()
    OPEN = auto()
    """The data are at hand, and are stored when the request ends."""
    SAVED = auto()
    """The data are stored and unlocked, so that others may change them: the next use reads them
    again."""
    UNREAD = auto()
    """Nothing was used, and ``locking`` is ``'none'``."""
    COPIED = auto()
    """The data at hand are a copy that is never stored."""


class RecordState(Enum):
    """What is stored under the id of a session, as far as its request knows."""

    __hash__ = object.__hash__

    ABSENT = auto()
    STORED = auto()
    SUPERSEDED = auto()
    """Nothing: the session that the client asked for ended while its request waited. Another
    response has told the client of a better one."""
    UNREACHABLE = auto()
    """Nobody knows: the storage cannot be reached, and the client keeps the id that it has."""
    TOO_LATE = auto()
    """Nothing, and the client could not be told of a record any more."""


_OPENS = dict.fromkeys((Event.READ, Event.CHANGE, Event.REMOVE), State.OPEN)

STATES: dict[State, dict[Event, State]] = {
    State.UNUSED: {**_OPENS, Event.SAVE: State.UNUSED},
    State.OPEN: {**_OPENS, Event.SAVE: State.SAVED},
    State.SAVED: {**_OPENS, Event.SAVE: State.SAVED},
    State.UNREAD: {Event.READ: State.COPIED, Event.SAVE: State.UNREAD},
    State.COPIED: {Event.READ: State.COPIED, Event.SAVE: State.COPIED},
}
"""The state after an event. An event that is not here is refused: a copy cannot be changed."""

_BEGINS = {Event.SAVE: RecordState.STORED, Event.SEAL: RecordState.TOO_LATE}
_ENDS = {Event.REMOVE: RecordState.ABSENT, Event.VANISH: RecordState.SUPERSEDED}
_LOST = {Event.LOSE: RecordState.UNREACHABLE}

RECORD_STATES: dict[RecordState, dict[Event, RecordState]] = {
    RecordState.ABSENT: {**_BEGINS, **_LOST},
    RecordState.STORED: {**_ENDS, **_LOST},
    RecordState.SUPERSEDED: {**_BEGINS, **_LOST},
    RecordState.UNREACHABLE: {},
    RecordState.TOO_LATE: {},
}
"""The state of the record after an event. One that is not here changes nothing."""
