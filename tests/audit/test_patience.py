"""For how long servers are waited for."""

import math
from dataclasses import dataclass

import pytest

from ledger.audit import patience, tiles
from ledger.audit.patience import Patience, of_all, of_log
from ledger.audit.tiles import HttpFetch, TooSlow
from ledger.chain.nodes.http import Http


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_waited_for_is_spent() -> None:
    clock = Clock()
    one = Patience(10, clock=clock)
    clock.now += 1_000  # what we do ourselves in between
    assert one.left == 10
    with one.waiting():
        clock.now += 4
        assert one.left == 6
    assert one.left == 6
    with pytest.raises(OSError), one.waiting():
        clock.now += 7
        raise OSError
    assert one.left == -1


def test_what_several_wait_for_at_once_is_spent_once() -> None:
    clock = Clock()
    one = Patience(10, clock=clock)
    with one.waiting():
        clock.now += 1
        with one.waiting():
            clock.now += 2
        clock.now += 3
    assert one.left == 4


def test_what_is_spent_at_one_server_is_spent_of_all() -> None:
    clock = Clock()
    whole = Patience(10, clock=clock)
    one, other = Patience(6, whole, clock=clock), Patience(6, whole, clock=clock)
    with one.waiting():
        clock.now += 5
    assert (one.left, other.left, whole.left) == (1, 5, 5)
    with other.waiting():
        clock.now += 5
    assert (one.left, other.left, whole.left) == (0, 0, 0)


def test_a_long_log_gets_more() -> None:
    assert of_log(0).left == patience.FIRST
    assert of_log(1_000_000).left == patience.FIRST + 3907 * patience.EACH
    assert of_all(iter([256, 257])).left == patience.ALL_FIRST + 3 * patience.EACH
    # An owner may anchor any size.
    assert of_log(1 << 52).left == patience.MOST
    assert of_all(iter([1 << 52, 1])).left == patience.ALL_MOST
    assert HttpFetch(Http(verify=False), "http://127.0.0.1:1").patience.left == math.inf


def test_who_has_had_it_all_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    http = Http(verify=False)
    monkeypatch.setattr(tiles, "_PAUSES", (0.0, 0.0))
    with pytest.raises(TooSlow) as caught:
        HttpFetch(http, "http://127.0.0.1:1", Patience(0))("checkpoint", 100)
    assert caught.value.path == "checkpoint"
    http.close()
