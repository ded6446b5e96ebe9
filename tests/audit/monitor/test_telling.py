"""What is told, and to whom: once, signed, until it is taken, whatever dies between."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from ledger.audit.monitor.items import Condition, Item, Name, item_id
from ledger.audit.monitor.lines import nothing
from ledger.audit.monitor.sending import LIFE, PAUSES, TRIES, Sender, client, is_sendable
from ledger.audit.monitor.store import Store
from ledger.audit.monitor.telling import Teller
from ledger.core.errors import ConfigError
from ledger.hooks.messages import Message, is_secret, new_secret
from tests.audit.monitor.watched import Watched
from tests.support.doors import nobody
from tests.support.receiver import Got, Receiver, hang_up, start_receiver, status
from tests.support.votes import suspend

SECRET, FORMER = new_secret(), new_secret()
DAY = 86_400


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with start_receiver() as made:
        yield made


def sends(receiver: Receiver, *secrets: str) -> dict[str, Any]:
    return {"url": receiver.url, "secrets": secrets or (SECRET,)}


def is_signed(got: Got, secret: str) -> bool:
    """By the library of receivers, at the time that it says: that of the chain."""
    at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    wanted = Webhook(secret).sign(got.id, at, got.body.decode())
    return wanted in got.headers["webhook-signature"].split(" ")


# ---- as a receiver sees it


def test_everything_that_is_told_is_sent_once(watched: Watched, receiver: Receiver) -> None:
    assert watched.round(**sends(receiver)) == 0
    assert receiver.got == []
    watched.doors["110000"].answer = nobody
    suspend(watched.ledger.network, "demo-bank")
    watched.mine()
    assert watched.round(**sends(receiver)) == 1
    taken = receiver.values()
    assert [one["type"] for one in taken].count("audit.finding") == 2
    assert {one["data"]["code"] for one in taken} == {
        *("endpoint-down", "tiles-unreachable", "mirror-missing"),
        *("member-status", "proposal-made", "vote-cast", "proposal-carried-out"),
    }
    [down] = [one for one in taken if one["data"]["code"] == "endpoint-down"]
    assert down["data"]["member"] == "110000"
    assert down["data"]["network"] == watched.file.reference
    assert set(down["data"]["message"]) == set(down["data"]["remedy"]) == {"zh", "en"}
    assert all(is_signed(got, SECRET) and not is_signed(got, FORMER) for got in receiver.taken)
    assert len({got.id for got in receiver.got}) == len(receiver.got)
    assert watched.round(**sends(receiver)) == 1
    assert len(receiver.values()) == len(taken)


def test_what_is_over_is_sent_under_an_id_of_its_own(watched: Watched, receiver: Receiver) -> None:
    door = watched.doors["110000"]
    answer = door.answer
    for _ in range(2):  # and again: another time, another id
        door.answer = nobody
        assert watched.round(**sends(receiver)) == 1
        door.answer = answer
        watched.ahead += 10
        assert watched.round(**sends(receiver)) == 0
        watched.ahead += 10
    ids = [got.id for got in receiver.taken if got.value["data"]["code"] == "endpoint-down"]
    types = [got.value["type"] for got in receiver.taken if got.id in ids]
    assert types == ["audit.finding", "audit.over"] * 2
    assert len(set(ids)) == 4
    assert [ids[1], ids[3]] == [f"{ids[0]}_over", f"{ids[2]}_over"]


def test_a_receiver_that_is_away_gets_it_later(watched: Watched, receiver: Receiver) -> None:
    watched.doors["110000"].answer = nobody
    receiver.on(hang_up)
    assert watched.round(**sends(receiver)) == 1
    tried = [got.id for got in receiver.got]
    assert (len(tried), len(set(tried)), receiver.taken) == (3, 1, [])
    assert [one["code"] for one in watched.told if one["event"] == "webhook.failed"] == [
        "unreachable"
    ] * 3
    receiver.clear()
    assert watched.round(**sends(receiver)) == 1
    assert receiver.taken[0].id == tried[0]
    assert {one["data"]["code"] for one in receiver.values()} == {
        *("endpoint-down", "tiles-unreachable", "mirror-missing"),
    }


def test_an_answer_that_was_not_heard_is_a_second_delivery(
    watched: Watched, receiver: Receiver
) -> None:
    """The same id: the receiver drops it."""
    watched.doors["110000"].answer = nobody
    receiver.on(status(500), times=1)
    assert watched.round(**sends(receiver)) == 1
    assert receiver.got[0].id == receiver.got[1].id
    assert len(receiver.taken) == 3


def test_secrets_that_change(watched: Watched, receiver: Receiver) -> None:
    watched.doors["110000"].answer = nobody
    assert watched.round(**sends(receiver, SECRET, FORMER)) == 1
    assert all(is_signed(got, SECRET) and is_signed(got, FORMER) for got in receiver.taken)


# ---- one receiver, by itself


@pytest.fixture
def store(tmp_path: Any) -> Iterator[Store]:
    made = Store(tmp_path / "state")
    yield made
    made.close()


def posted(store: Store, count: int = 1, now: int = 1_700_000_000) -> None:
    with store.round():
        for at in range(count):
            store.post(Message(id=f"aud_{at}", type="audit.news", body=b"{}"), now)


class Clock:
    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.mark.parametrize(
    ("drawn", "left"),
    [(min, 1), (lambda low, high: (low + high) / 2, 1), (max, 0)],
    ids=["shortest", "middle", "longest"],
)
def test_it_is_tried_less_and_less_and_given_up(
    store: Store,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    drawn: Callable[[float, float], float],
    left: int,
) -> None:
    """Where the longest pauses were drawn, its days are over as well: what waited behind it is that
    old too, and is tried once."""
    monkeypatch.setattr("ledger.audit.monitor.sending.random.uniform", drawn)
    posted(store, 2)
    clock, http, waits = Clock(), client(), []
    sender = Sender(
        store=store, http=http, url=receiver.url, secrets=[SECRET], now=clock, log=nothing
    )
    receiver.on(status(503))
    while (wait := sender.run(threading.Event())) is not None and store.letters()[1] == 0:
        waits.append(wait)
        clock.time += wait + 1
    assert all(before <= after for before, after in pairwise(waits))
    assert 4 <= waits[0] <= 6
    assert DAY < sum(waits) < LIFE + 2 * PAUSES[-1]
    assert [got.id for got in receiver.got] == ["aud_0"] * TRIES + ["aud_1"]
    assert store.letters() == (left, 2 - left)
    receiver.clear()
    clock.time += DAY
    assert sender.run(threading.Event()) is None
    assert [got.id for got in receiver.taken] == ["aud_1"] * left
    assert store.letters() == (0, 2 - left)
    http.close()


def test_a_receiver_that_asks_for_a_pause(store: Store, receiver: Receiver) -> None:
    posted(store)
    http = client()
    sender = Sender(
        store=store, http=http, url=receiver.url, secrets=[SECRET], now=Clock(), log=nothing
    )
    receiver.on(status(429, ("retry-after", "600")))
    assert sender.run(threading.Event()) == 600
    http.close()


def test_no_redirect_is_followed(store: Store, receiver: Receiver) -> None:
    posted(store)
    http = client()
    receiver.on(status(307, ("location", receiver.url)), times=1)
    Sender(
        store=store, http=http, url=receiver.url, secrets=[SECRET], now=Clock(), log=nothing
    ).run(threading.Event())
    assert len(receiver.got) == 1
    assert store.letters() == (1, 0)
    http.close()


def test_where_clouds_keep_secrets_is_no_receiver(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a name leads there."""
    asked: list[str] = []

    def lookup(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", ("169.254.169.254", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    posted(store)
    http, told = client(), list[Any]()
    for url in ("http://169.254.169.254/x", "http://receiver.example/x"):
        Sender(
            store=store,
            http=http,
            url=url,
            secrets=[SECRET],
            now=Clock(),
            log=lambda event, level="info", **more: told.append(more["code"]),
        ).run(threading.Event())
        with store.round():
            letter = store.next_letter()
            assert letter is not None
            store.failed(letter, "", 0)
    assert told == ["target-refused"] * 2
    assert asked == ["169.254.169.254", "receiver.example"]
    http.close()


@pytest.mark.parametrize(
    ("url", "anywhere", "in_production"),
    [
        ("https://alerts.example/hook", True, True),
        ("https://10.0.0.7/hook", True, True),
        ("http://127.0.0.1:9093/hook", True, True),
        ("http://[::1]/hook", True, True),
        ("http://localhost/hook", True, True),
        ("http://10.0.0.7/hook", True, False),
        ("http://alerts.example/hook", True, False),
        ("ftp://alerts.example/hook", False, False),
        ("https://user:word@alerts.example/hook", False, False),
        ("https://alerts.example/hook#part", False, False),
        ("https:///hook", False, False),
        ("https://alerts.example/" + "x" * 2048, False, False),
        ("alerts.example", False, False),
    ],
)
def test_urls_of_an_operator(url: str, anywhere: bool, in_production: bool) -> None:
    assert is_sendable(url, production=False) is anywhere
    assert is_sendable(url, production=True) is in_production


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "whsec_AAAA",
        "whsec_" + "!" * 9,
        pytest.param(new_secret()[6:], id="no-prefix"),
    ],
)
def test_what_is_no_secret(text: str) -> None:
    assert not is_secret(text)
    assert is_secret(new_secret())


# ---- once


class Broken(Exception):
    pass


def teller(store: Store, **more: Any) -> Teller:
    values: dict[str, Any] = {"patience": 0, "sends": True, "news": True, "log": nothing}
    return Teller(store=store, network="eip155:1:0x00", **values | more)


def item(where: str = "node/a") -> Item:
    return Item(code="node-disagrees", member="", where=where)


def down(where: str = "node/a", **more: Any) -> Condition:
    return Condition(code="node-down", member="", where=where, **more)


def test_a_round_is_written_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(Broken), store.round():
        teller(store).facts([item()], 10)
        store.put("place", {"block": 1})
        raise Broken
    assert (store.letters(), store.get("place"), store.counts()) == ((0, 0), None, {})
    for _ in range(2):
        with store.round():
            teller(store).facts([item(), item()], 10)
            store.put("place", {"block": 1})
    assert store.letters() == (1, 0)
    assert store.counts() == {"finding/node-disagrees": 1}


def test_two_monitors_do_not_share_a_folder(store: Store, tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="another monitor uses it"):
        Store(tmp_path / "state")


def test_a_folder_of_later_software_or_none(store: Store, tmp_path: Any) -> None:
    with store.round():
        store.put("format", 2)
    store.close()
    with pytest.raises(ConfigError, match="later"):
        Store(tmp_path / "state")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ConfigError):
        Store(tmp_path / "file" / "state")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "monitor.sqlite").write_bytes(b"no database at all " * 100)
    with pytest.raises(ConfigError, match="not a database"):
        Store(tmp_path / "other")


def test_a_condition_must_last_and_belongs_to_who_found_it(store: Store) -> None:
    one = teller(store, patience=60)
    one.conditions("nodes", [down()], 100)
    one.conditions("nodes", [down()], 159)
    assert (one.fresh, store.letters()) == (0, (0, 0))
    one.conditions("nodes", [down()], 160)
    assert (one.fresh, store.letters()) == (1, (1, 0))
    # Somebody else finds the same, and does not find it any more.
    one.conditions("replay", [down()], 170)
    one.conditions("replay", [], 180)
    assert store.letters() == (1, 0)
    assert one.standing == [Name("node-down", "", "node/a")]
    one.conditions("nodes", [], 190)
    assert (one.standing, store.letters()) == ([], (2, 0))
    # Its own patience goes before that of the monitor.
    one.conditions("nodes", [down(patience=0)], 200)
    assert one.fresh == 2
    # What did not last long enough was never said to be over.
    one.conditions("nodes", [down("node/b"), down(patience=0)], 210)
    one.conditions("nodes", [down(patience=0)], 220)
    assert store.letters() == (3, 0)


def test_ids_are_of_the_thing_and_its_time() -> None:
    name = Name("node-down", "", "node/a")
    ids = {
        item_id("eip155:1:0x00", name, 0),
        item_id("eip155:2:0x00", name, 0),
        item_id("eip155:1:0x00", name, 1),
        item_id("eip155:1:0x00", name._replace(where="node/b"), 0),
        item_id("eip155:1:0x00", name._replace(code="node-behind"), 0),
        item_id("eip155:1:0x00", name._replace(member="110000"), 0),
    }
    assert len(ids) == 6
    assert item_id("eip155:1:0x00", name, 0) in ids
    assert all("." not in one for one in ids)  # which the standard has between signed parts


# ---- between rounds


def test_rounds_go_on_while_a_receiver_is_away(watched: Watched, receiver: Receiver) -> None:
    receiver.on(hang_up)
    watched.doors["110000"].answer = nobody
    thread = threading.Thread(target=_run, args=(watched, receiver))
    thread.start()
    try:
        _until(lambda: [one["event"] for one in watched.told].count("round.done") >= 3)
        receiver.clear()
        watched.ahead += 60
        _until(lambda: len(receiver.taken) >= 3)
    finally:
        watched.stop.set()
        thread.join(60)
    assert not thread.is_alive()
    assert [one["event"] for one in watched.told].count("monitor.finding") == 2


def _run(watched: Watched, receiver: Receiver) -> None:
    with watched.monitor(every=0.2, **sends(receiver)) as made:
        made.run()


def _until(done: Any) -> None:
    for _ in range(1200):
        if done():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not happen")
