"""Nonces, and that each of their counts is good for one request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cherrypy._auth.nonces import issue_time, make_nonce
from cherrypy._auth.replay import WINDOW, MemoryReplayStore
from strategies import wild_text


def test_a_nonce_is_known_to_all_who_have_the_key() -> None:
    nonce = make_nonce(b"key", "realm", 1_700_000_000)
    assert issue_time(b"key", "realm", nonce) == 1_700_000_000
    assert issue_time(b"other", "realm", nonce) is None
    assert issue_time(b"key", "other", nonce) is None


def test_two_clients_get_two_nonces() -> None:
    assert make_nonce(b"key", "realm", 1) != make_nonce(b"key", "realm", 1)


@given(st.integers(0, 60), st.sampled_from("0123456789abcdefg:é"))
def test_a_changed_nonce_is_none_of_ours(position: int, character: str) -> None:
    nonce = make_nonce(b"key", "realm", 1_700_000_000)
    changed = nonce[:position] + character + nonce[position + 1 :]
    assert (issue_time(b"key", "realm", changed) is None) == (changed != nonce)


@given(wild_text())
def test_no_text_is_a_nonce(text: str) -> None:
    assert issue_time(b"key", "realm", text) is None


def test_a_longer_way_to_write_a_nonce_is_refused() -> None:
    """Else it would be one that nobody has seen."""
    nonce = make_nonce(b"key", "realm", 12)
    assert issue_time(b"key", "realm", "0" + nonce) is None


@given(
    st.lists(st.integers(1, 20) | st.integers(1, 2**32 - 1)),
    st.sampled_from([0, 1, 5, 128]),
)
@example([129, 1, 1, 2**32 - 1, 2**32 - 129, 2**32 - 130], 128)
def test_a_count_is_good_once_in_any_order_within_the_window(
    counts: list[int], window: int
) -> None:
    store = MemoryReplayStore(window=window)
    seen: set[int] = set()
    for count in counts:
        is_good = count not in seen and count >= max(seen, default=0) - window
        assert store.advance("nonce", count, 100.0) is is_good
        if is_good:
            seen.add(count)


def test_the_window_is_wider_than_what_browsers_send_at_once() -> None:
    """They open six connections to a host."""
    assert WINDOW > 100
    store = MemoryReplayStore()
    assert all(store.advance("nonce", count, 1.0) for count in range(WINDOW + 1, 0, -1))
    assert not any(store.advance("nonce", count, 1.0) for count in range(WINDOW + 2))


def test_memory_for_a_nonce_does_not_grow() -> None:
    store = MemoryReplayStore()
    for count in (1, 200, 2**32 - 1):
        store.advance("nonce", count, 1.0)
        assert store._seen["nonce"][1] < 2 << WINDOW


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3)), max_size=60), st.integers(1, 4))
def test_no_room_never_lets_a_replay_in(uses: list[tuple[int, int]], room: int) -> None:
    """Whatever is forgotten, no pair of nonce and count is admitted twice."""
    store = MemoryReplayStore(room)
    admitted = [use for use in uses if store.advance(str(use[0]), use[1], float(use[0]))]
    assert len(admitted) == len(set(admitted))


def test_a_nonce_that_is_newer_than_all_forgotten_ones_is_admitted() -> None:
    store = MemoryReplayStore(2)
    assert all(store.advance(f"n{time}", 1, time) for time in (1.0, 2.0, 3.0, 4.0))
    assert not store.advance("n1", 2, 1.0)
    assert store.advance("n4", 2, 4.0)


@pytest.mark.parametrize("count", [1, 7])
def test_of_simultaneous_replays_one_passes(count: int) -> None:
    store = MemoryReplayStore()
    with ThreadPoolExecutor(8) as threads:
        passed = list(threads.map(lambda _: store.advance("n", count, 1.0), range(200)))
    assert passed.count(True) == 1
