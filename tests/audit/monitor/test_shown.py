"""What members show beside the chain: logs, copies, gateways. Each fault with its code, told once,
and over when it is mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest

from ledger.audit.shown_checkpoint import STOLEN
from ledger.core import note
from ledger.core.ids import sha256
from ledger.core.keys import Purpose
from tests.audit.monitor.watched import HEBEI, Watched
from tests.support.doors import nobody
from tests.support.ledger import MemberLog, make_record
from tests.support.votes import compromise

HOUR = 3600


def entry(log: MemberLog, seed: bytes) -> bytes:
    return make_record(log, decided=date(2025, 10, 12), secret=sha256(seed)).entry


def place(log: MemberLog) -> str:
    return f"log/{log.log_id.hex()}"


def lasting(watched: Watched, code: str, where: str | None = None) -> dict[str, Any]:
    """It is told once, for as long as it lasts."""
    assert watched.round() == 1
    assert watched.codes() == [code]
    found = watched.found(code)
    assert where is None or found["where"] == where
    assert watched.round() == 1
    assert watched.codes() == []
    return found


def over(watched: Watched, code: str) -> None:
    """And it is told when it is over."""
    assert watched.round() == 0
    assert (watched.codes(), watched.codes("over")) == ([], [code])


# ---- the owner's log


def test_a_log_that_grows_as_it_may(watched: Watched) -> None:
    """Far beyond what is anchored, over the edge of a tile, and anchored then."""
    log = watched.ledger.beijing
    for count in (1, 3, 260, 40):
        log.put_raw(*(entry(log, b"%d/%d" % (count, at)) for at in range(count)))
        assert (watched.round(), watched.codes()) == (0, [])
    log.anchor()
    watched.mine()
    assert watched.round() == 0
    assert watched.codes() == []


def test_a_log_of_which_nothing_was_anchored(watched: Watched) -> None:
    """Its gateway shows it signed, empty, which is no other tree than that of the chain."""
    log = watched.gateways[HEBEI].log
    shown = note.parse_checkpoint(log.checkpoint())
    assert (shown.size, shown.root) == (0, sha256(b""))
    assert (watched.round(), watched.codes()) == (0, [])
    other = watched.ledger.beijing.key(Purpose.NOTE)
    log.served = {"checkpoint": log.checkpoint(signer=other).encode()}
    assert lasting(watched, "checkpoint-invalid")["member"] == HEBEI


Broken = Callable[[MemberLog, MemberLog], bytes | None]
CHECKPOINTS: dict[str, tuple[str, Broken]] = {
    "no checkpoint": ("checkpoint-invalid", lambda log, other: b"hello"),
    "not text": ("checkpoint-invalid", lambda log, other: b"\xff\xfe"),
    "of another log": ("checkpoint-invalid", lambda log, other: other.checkpoint().encode()),
    "signed by another": (
        "checkpoint-invalid",
        lambda log, other: log.checkpoint(signer=other.key(Purpose.NOTE)).encode(),
    ),
    "smaller than anchored": (
        "checkpoint-behind",
        lambda log, other: log.checkpoint(2).encode(),
    ),
    "not there": ("tiles-missing", lambda log, other: None),
    "of a later kind": (
        "checkpoint-version-unknown",
        lambda log, other: (
            log.checkpoint() + "— somebody.example/else AAAAAAAAAAAAAAAAAAAA\n"
        ).encode(),
    ),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_that_are_not_right(watched: Watched, name: str) -> None:
    log = watched.ledger.tianjin
    assert watched.round() == 0
    code, make = CHECKPOINTS[name]
    log.served = {"checkpoint": make(log, watched.ledger.beijing)}
    assert lasting(watched, code, f"{place(log)}/checkpoint")["member"] == log.member
    log.served = {}
    over(watched, code)


def test_a_checkpoint_that_is_not_what_was_anchored(watched: Watched) -> None:
    """It lasts while it is shown; that the owner signed two trees is told besides, for good."""
    log = watched.ledger.tianjin
    assert watched.round() == 0
    log.served = {"checkpoint": replace(log, entries=log.entries[::-1]).checkpoint().encode()}
    found = lasting(watched, "checkpoint-differs", f"{place(log)}/checkpoint")
    assert found["evidence"]["anchored"] == log.root().hex()
    log.served = {}
    assert watched.round() == 1
    [told] = [one for one in watched.told if one["event"] == "monitor.finding"]
    assert told["where"] == f"{place(log)}/checkpoint/3-3"
    assert watched.codes("over") == ["checkpoint-differs"]
    assert watched.round() == 0


def test_two_views_of_what_is_not_anchored_yet(watched: Watched) -> None:
    """At one size, and where the larger one does not hold the smaller one: both are evidence."""
    log = watched.ledger.tianjin
    log.put_raw(entry(log, b"a"), entry(log, b"b"))
    assert watched.round() == 0
    first = log.checkpoint()
    log.entries[-1] = entry(log, b"c")
    assert watched.round() == 1
    assert watched.codes() == ["checkpoint-differs"]
    told = watched.found("checkpoint-differs")
    assert told["where"] == f"{place(log)}/checkpoint/5-5"
    assert (told["evidence"]["was"], told["evidence"]["now"]) == (first, log.checkpoint())
    for text in told["evidence"].values():
        note.verify(note.parse_checkpoint(text), log.key(Purpose.NOTE).public_key)
    assert watched.round() == 0
    log.entries[-1] = entry(log, b"d")
    log.put_raw(entry(log, b"e"))
    assert watched.round() == 1
    assert watched.found("checkpoint-differs")["where"] == f"{place(log)}/checkpoint/5-6"
    # And one that does not hold what was anchored.
    log.entries[0] = entry(log, b"f")
    log.put_raw(entry(log, b"g"))
    assert watched.round() == 1
    assert watched.found("checkpoint-differs")["where"] == f"{place(log)}/checkpoint/7"


def test_a_log_that_shrinks(watched: Watched) -> None:
    """It lasts until it is as large again; and what is shown then has to go on from the larger."""
    log = watched.ledger.tianjin
    log.put_raw(entry(log, b"a"), entry(log, b"b"))
    assert watched.round() == 0
    larger, gone = log.checkpoint(), log.entries.pop()
    found = lasting(watched, "checkpoint-shrank", f"{place(log)}/checkpoint")
    assert found["evidence"] == {"was": larger, "now": log.checkpoint()}
    log.put_raw(gone)
    over(watched, "checkpoint-shrank")
    log.entries.pop()
    assert watched.round() == 1
    log.put_raw(entry(log, b"c"), entry(log, b"d"))
    assert watched.round() == 1
    assert watched.codes() == ["checkpoint-differs"]
    found = watched.found("checkpoint-differs")
    assert found["where"] == f"{place(log)}/checkpoint/5-6"
    assert found["evidence"]["was"] == larger


def test_an_old_answer_accuses_nobody(watched: Watched) -> None:
    """A proxy, or whoever sits on the line, gives what was right a while ago."""
    log = watched.ledger.tianjin
    old = log.checkpoint()
    log.put_raw(entry(log, b"a"), entry(log, b"b"))
    assert watched.round(patience=300) == 0
    log.served = {"checkpoint": old.encode()}
    assert watched.round(patience=300) == 0
    log.served = {}
    watched.ahead = 301
    assert watched.round(patience=300) == 0
    assert watched.codes() == watched.codes("over") == []


def test_a_stolen_key_proves_nothing_against_its_owner(watched: Watched) -> None:
    """Whoever has it signs any tree, and shows it where he is asked."""
    log, gateway = watched.ledger.tianjin, watched.gateways[HEBEI]
    assert watched.round() == 0
    compromise(watched.ledger.network, log.key(Purpose.NOTE).key_id, 1)
    watched.mine()
    assert watched.round() == 1
    assert watched.codes() == ["key-compromised"]  # what it signed of what was anchored stands
    other = replace(log, entries=[*log.entries[:2], entry(log, b"other")])
    gateway.checkpoints[log.log_id.hex()] = other.cosigned(3, HEBEI)
    found = lasting(watched, "mirror-differs", f"{place(log)}/mirror/{HEBEI}")
    assert (found["member"], found["evidence"]["problem"]) == (HEBEI, STOLEN)
    del gateway.checkpoints[log.log_id.hex()]
    over(watched, "mirror-differs")
    longer = replace(other, entries=[*other.entries, entry(log, b"more")])
    for forged in (other, longer):
        log.served = {"checkpoint": forged.checkpoint().encode()}
        if forged is longer:
            log.served |= {f"tile/0/000.p/{n}": b"".join(forged.leaves()[:n]) for n in (3, 4)}
        found = lasting(watched, "checkpoint-invalid", f"{place(log)}/checkpoint")
        assert found["evidence"] == {"problem": STOLEN}
        log.served = {}
        over(watched, "checkpoint-invalid")


@pytest.mark.parametrize("size", [128, 100, 0], ids=["another", "cut off", "nothing"])
def test_tiles_that_do_not_give_the_root(watched: Watched, size: int) -> None:
    log = watched.ledger.tianjin
    assert watched.round() == 0
    log.put_raw(entry(log, b"a"))
    log.served = {"tile/0/000.p/4": b"\0" * size}
    lasting(watched, "tile-mismatch", f"{place(log)}/tiles")
    log.served = {"tile/0/000.p/4": None, "tile/0/000": None}
    assert watched.round() == 1
    assert (watched.codes(), watched.codes("over")) == (["tiles-missing"], ["tile-mismatch"])
    log.served = {}
    over(watched, "tiles-missing")


def test_a_member_whose_machine_is_away(watched: Watched) -> None:
    """Gateway, log and copies, each told for itself, and none of it before its time."""
    door = watched.doors["120000"]
    assert watched.round(patience=300) == 0
    answer, door.answer = door.answer, nobody
    assert watched.round(patience=300) == 0
    watched.ahead = 299
    assert watched.round(patience=300) == 0
    watched.ahead = 300
    assert watched.round(patience=300) == 1
    assert sorted(watched.codes()) == ["endpoint-down", "tiles-unreachable"]
    assert watched.codes("news") == ["mirror-missing"]
    assert {one["member"] for one in watched.told if "member" in one} == {"120000"}
    door.answer = answer
    assert watched.round(patience=300) == 0
    assert sorted(watched.codes("over")) == ["endpoint-down", "mirror-missing", "tiles-unreachable"]
    # What was mended before it was told is no news at all.
    door.answer = nobody
    assert watched.round(patience=300) == 0
    door.answer = answer
    watched.ahead = 900
    assert watched.round(patience=300) == 0
    assert watched.told[0]["event"] == "round.done"


def test_a_log_that_stops(watched: Watched) -> None:
    """Entries that nobody anchors, or promises of which the gateway tells."""
    log, gateway = watched.ledger.tianjin, watched.gateways["120000"]
    assert watched.round() == 0
    watched.ahead = 13 * HOUR  # nothing to anchor: nothing is wrong
    assert watched.round(patience=0) in (0, 1)
    watched.ahead = 0
    log.put_raw(entry(log, b"a"))
    assert watched.round() == 0
    watched.ledger.network.anvil.mine(2, seconds=7 * HOUR)
    assert watched.round() == 1
    assert watched.codes() == ["log-stopped"]
    told = watched.found("log-stopped")
    assert (told["evidence"]["anchored"], told["evidence"]["size"]) == (3, 4)
    log.anchor()
    watched.mine()
    for gateway_ in watched.gateways.values():
        for copy in gateway_.copies.values():
            if copy.member == log.member:
                copy.entries[:], copy.anchors[:] = log.entries, log.anchors
    over(watched, "log-stopped")
    gateway.promised = 2
    assert watched.round() == 0
    watched.ledger.network.anvil.mine(2, seconds=7 * HOUR)
    lasting(watched, "log-stopped", f"{place(log)}/anchors")


# ---- copies


def copy_of(watched: Watched, log: MemberLog) -> MemberLog:
    return watched.gateways[HEBEI].copies[log.log_id.hex()]


def test_copies_that_are_behind_have_gaps_or_lie(watched: Watched) -> None:
    log = watched.ledger.tianjin
    where = f"{place(log)}/mirror/{HEBEI}"
    assert watched.round() == 0
    copy = copy_of(watched, log)
    copy.served = {"tile/entries/000.p/3": None, "tile/entries/000": None}
    assert lasting(watched, "mirror-gap", where)["member"] == HEBEI
    copy.served = {"tile/0/000.p/3": b"\0" * 96}
    assert watched.round() == 1
    assert (watched.codes(), watched.codes("over")) == (["mirror-differs"], ["mirror-gap"])
    copy.served = {}
    over(watched, "mirror-differs")
    log.put_raw(entry(log, b"a"))
    log.anchor()
    watched.mine()
    assert watched.round() == 0
    watched.ledger.network.anvil.mine(2, seconds=HOUR)
    assert watched.round() == 1
    behind = [one for one in watched.told if one.get("code") == "mirror-behind"]
    assert [one["member"] for one in behind] == ["110000", HEBEI, "140000"]
    del watched.gateways[HEBEI].copies[log.log_id.hex()]
    assert watched.round() == 1
    assert watched.codes("news") == ["mirror-missing"]


def test_a_copy_proves_that_the_owner_signed_twice(watched: Watched) -> None:
    """The chain has one of two trees of one size: who signed both is the owner."""
    log, gateway = watched.ledger.tianjin, watched.gateways[HEBEI]
    assert watched.round() == 0
    other = replace(log, entries=[*log.entries[:2], entry(log, b"other")])
    gateway.checkpoints[log.log_id.hex()] = other.cosigned(3, HEBEI)
    found = lasting(watched, "checkpoint-differs", f"{place(log)}/mirror/{HEBEI}")
    assert found["member"] == log.member
    note.verify(note.parse_checkpoint(found["evidence"]["note"]), log.key(Purpose.NOTE).public_key)
    # One that the owner did not sign is the mirror's own.
    gateway.checkpoints[log.log_id.hex()] = other.checkpoint(
        signer=watched.ledger.network.keys[HEBEI, Purpose.NOTE]
    )
    assert watched.round() == 1
    assert watched.found("mirror-differs")["member"] == HEBEI
    # Nor does a line count that another key made.
    gateway.checkpoints[log.log_id.hex()] = log.cosigned(
        3, HEBEI, signer=watched.ledger.network.keys["110000", Purpose.WITNESS]
    )
    assert watched.round() == 1
    assert watched.codes() == ["witness-line-false"]
    # A tree of a size that nobody anchored says nothing yet.
    log.put_raw(entry(log, b"more"))
    gateway.checkpoints[log.log_id.hex()] = log.cosigned(4, HEBEI)
    over(watched, "witness-line-false")


# ---- gateways


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"<html>", "endpoint-down"),
        (b"[]", "endpoint-down"),
        (b" " * (1 << 20) + b"{}", "endpoint-down"),
        (orjson.dumps({"code": "110000", "network": "eip155:1:0x00"}), "endpoint-of-another"),
        (orjson.dumps({"code": ["x"] * 9000, "network": None}), "endpoint-of-another"),
    ],
    ids=["a page", "a list", "endless", "of another network", "nonsense"],
)
def test_gateways_that_are_none(watched: Watched, answer: bytes, code: str) -> None:
    door = watched.doors["110000"]
    right = door.answer
    assert watched.round() == 0
    door.answer = lambda path: (200, answer) if path == "/v1/node" else right(path)
    assert watched.round() == 1
    assert watched.codes() == [code]
    assert len(orjson.dumps(watched.found(code))) < 1000
    door.answer = right
    over(watched, code)


def test_a_gateway_speaks_for_its_own_logs_alone(watched: Watched) -> None:
    """What another says of them neither accuses their owner nor covers up for it."""
    log, hebei = watched.ledger.tianjin, watched.gateways[HEBEI]
    hebei.node = {"logs": [{"log": log.log_id.hex(), "promisedSize": 1 << 40}]}
    assert watched.round() == 0
    watched.ledger.network.anvil.mine(2, seconds=13 * HOUR)
    assert (watched.round(), watched.codes()) == (0, [])
    watched.gateways["120000"].promised = 2
    hebei.node = {"logs": [{"log": log.log_id.hex(), "promisedSize": 0}]}
    assert watched.round() == 0
    watched.ledger.network.anvil.mine(2, seconds=13 * HOUR)
    lasting(watched, "log-stopped", f"{place(log)}/anchors")


def test_what_a_gateway_says_of_promises_may_be_anything(watched: Watched) -> None:
    gateway = watched.gateways["120000"]
    strange: list[Any] = [None, {}, [1, None], [{"log": 1}], [{"promisedSize": -1}], [{}] * 9]
    for logs in strange:
        gateway.node = {"logs": logs}
        assert (watched.round(), watched.codes()) == (0, [])
